"""`parley engines`: which engines there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from parley.engines.contract import EngineSpec


def command(json_output: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """List engines by role: what they do, whether they can run here, and how to install them."""
    import json

    from parley.cli.start import start
    from parley.engines.contract import Role
    from parley.engines.registry import by_role, discover

    specs = discover(start().engine_dirs)
    rows = [_facts(spec) for role in Role for spec in by_role(specs, role)]
    if json_output:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        state = f"missing; {row['install']}" if row["missing"] else "ready"
        typer.echo(f"{row['role']:<12} {row['name']:<12} {state:<8} {row['summary']} ({row['licence']})")


def _facts(spec: EngineSpec) -> dict[str, object]:
    from parley.engines.registry import missing_packages

    return {
        "name": spec.name,
        "role": spec.role.value,
        "summary": spec.summary,
        "licence": spec.licence,
        "languages": sorted(spec.languages) if spec.languages is not None else None,
        "capabilities": sorted(spec.capabilities),
        "missing": list(missing_packages(spec)),
        "install": spec.install,
    }
