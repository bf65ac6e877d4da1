"""Puts this parley into an environment, without its dependencies."""

from __future__ import annotations

import shutil
from pathlib import Path

import parley


def is_checkout(package: Path) -> bool:
    """Whether the folder that holds the package holds nothing else: then it can be linked as it is."""
    beside = {entry.name for entry in package.parent.iterdir() if not entry.name.startswith((".", "__"))}
    return not {name for name in beside if not name.endswith(".egg-info")} - {package.name}


def bring(site_packages: Path, package: Path | None = None) -> bool:
    """Link a checkout, or copy an installed package; whether it was linked.

    A link follows every change of the checkout. What is copied stays as it was, and its version
    tells when it is outdated.
    """
    package = package or Path(parley.__file__).parent
    if is_checkout(package):
        (site_packages / "parley.pth").write_text(f"{package.parent}\n", "utf-8")
        return True
    shutil.copytree(package, site_packages / "parley", ignore=shutil.ignore_patterns("__pycache__"))
    return False
