"""The page of the models: what each consists of and where it lies."""

from __future__ import annotations

from collections.abc import Iterator

from parley.engines.model import Hub, ModelSource, ModelSpec
from parley.engines.profiles import build_profiles
from parley.engines.registry import discover
from parley.supply.catalogue import catalogue, used_by
from parley.supply.hubs import HOMES, NAMES

_PREAMBLE = """\
# Model files

Generated from the engine files by `make docs`; `parley models list --json` says the same of this machine.
How models are downloaded, mirrored and filled by hand: [models.md](models.md).

A folder needs what stands under *needs* (`*` stands for any name in a folder, `**/` for any folder); each
source brings it. A revision `main` or `master` is a branch: the commit that it was is written down when it
is downloaded.
"""


def models_page() -> str:
    """One section a model."""
    specs = discover()
    profiles = build_profiles(specs, {}).values()
    sections = (
        "\n".join(_section(model, used_by(model, profiles))) for model in catalogue(specs.values()).values()
    )
    return "\n\n".join((_PREAMBLE.strip(), *sections)) + "\n"


def _section(model: ModelSpec, profiles: tuple[str, ...]) -> Iterator[str]:
    yield f"## `{model.name}`\n"
    users = f"; profiles {', '.join(f'`{name}`' for name in profiles)}" if profiles else ""
    yield f"About {model.size_mib} MiB; licence {model.licence}{users}.\n"
    yield f"* needs {_names(model.needs)}"
    for source in model.sources:
        yield f"* {_place(source)}{f': {_names(source.files)}' if source.files else ', all files'}"


def _place(source: ModelSource) -> str:
    inside = "models/" if source.hub == Hub.MODELSCOPE else ""
    address = f"{HOMES[source.hub]}/{inside}{source.repo}"
    return f"{NAMES[source.hub]} [{source.repo}]({address}) at `{source.revision}`"


def _names(patterns: tuple[str, ...]) -> str:
    return ", ".join(f"`{pattern}`" for pattern in patterns)
