"""What a person asked of an environment, completed by what this machine has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from parley.errors import DiskFull, InvalidOption
from parley.supply.disk import free_mib, size
from parley.supply.packages import Report
from parley.supply.recipes import Recipe
from parley.supply.torch_builds import TorchBuild, choose_build, cuda_driver, download_mib

_CUDA_MIB = 1_700


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to make: the recipe, its build of PyTorch, and libraries for NVIDIA cards or not."""

    recipe: Recipe
    torch: TorchBuild | None = None
    torch_index: str = ""
    cuda: bool = False

    @property
    def disk_mib(self) -> int:
        """About what it will take."""
        own = self.recipe.disk_mib + (_CUDA_MIB if self.cuda else 0)
        return own + (self.torch.disk_mib if self.torch else 0)


def plan(recipe: Recipe, torch: str | None, torch_index: str, cuda: bool | None) -> Wish:
    """Choose what was left open; raises InvalidOption for what the recipe does not have."""
    if torch is not None and not recipe.uses_torch:
        instead = "; --cuda says whether it uses NVIDIA cards" if recipe.cuda else ""
        raise InvalidOption(
            f"The environment '{recipe.name}' has no PyTorch, so --torch does not apply{instead}."
        )
    if cuda is not None and not recipe.cuda:
        instead = "; choose with --torch, for instance cu126" if recipe.uses_torch else ""
        raise InvalidOption(
            f"The environment '{recipe.name}' has no CUDA libraries of its own, so --cuda does not apply"
            f"{instead}."
        )
    return Wish(
        recipe=recipe,
        torch=choose_build(torch) if recipe.uses_torch else None,
        torch_index=torch_index,
        cuda=recipe.cuda and (cuda_driver() is not None if cuda is None else cuda),
    )


def announce(wish: Wish, folder: Path, report: Report) -> None:
    """Say what will be made and what it takes; raises DiskFull where there is no room for it."""
    if wish.torch is not None:
        report(f"PyTorch {wish.recipe.torch_version()}, build {wish.torch.kind}, {wish.torch.reason}")
    if wish.recipe.cuda:
        report(f"{'with' if wish.cuda else 'without'} libraries for NVIDIA cards")
    free = free_mib(folder)
    if free < wish.disk_mib:
        raise DiskFull(
            f"The environment takes about {size(wish.disk_mib)}, and only {size(free)} are free; make room, "
            "or name another place in the setting engines.dir."
        )
    report(f"about {size(download_mib(wish.disk_mib))} to download, {size(wish.disk_mib)} on the disk")
