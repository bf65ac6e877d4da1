"""What a hub says about a model, and how Parley is to reach the hubs."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from parley.engines.model import Hub, ModelSource, ModelSpec
from parley.errors import DownloadRefused, InvalidOption, InvalidSettings
from parley.supply.patience import Patience

NAMES = {Hub.HUGGINGFACE: "Hugging Face", Hub.MODELSCOPE: "ModelScope"}
HOMES = {Hub.HUGGINGFACE: "https://huggingface.co", Hub.MODELSCOPE: "https://www.modelscope.cn"}

AUTO = "auto"
"""Take the first hub that answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Which hub to ask (`auto` or a name), where the hubs are ("" for their own addresses), with which
    token, and how long to wait for them. `offline` forbids to ask at all."""

    hub: str = AUTO
    huggingface: str = ""
    modelscope: str = ""
    token: str = field(default="", repr=False)
    offline: bool = False
    patience: Patience = field(default_factory=Patience)

    def endpoint(self, hub: Hub) -> str:
        """The address of a hub, without a slash at the end; raises InvalidSettings."""
        given = self.huggingface if hub == Hub.HUGGINGFACE else self.modelscope
        address = (given or HOMES[hub]).rstrip("/")
        try:
            parts = urlsplit(address)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            usable = False
        if not usable:
            key = "hf_endpoint" if hub == Hub.HUGGINGFACE else "modelscope_endpoint"
            raise InvalidSettings(f"models.{key} is no web address, such as {HOMES[hub]}; correct it.")
        return address

    def described(self, hub: Hub) -> str:
        """The hub as a person knows it, with the host that stands in for it where one does."""
        host = urlsplit(self.endpoint(hub)).hostname or ""
        return f"{NAMES[hub]} ({host})"

    def sources(self, model: ModelSpec) -> tuple[ModelSource, ...]:
        """Where to ask for a model, in order; raises InvalidOption, DownloadRefused."""
        if self.offline:
            raise DownloadRefused(
                f"Model '{model.name}' is not here, and downloads are switched off (models.offline or "
                f"HF_HUB_OFFLINE); fill its folder by hand: parley models pull {model.name} --from DIR"
            )
        if self.hub == AUTO:
            return model.sources
        chosen = tuple(source for source in model.sources if source.hub == self.hub)
        if not chosen:
            there = ", ".join(dict.fromkeys(source.hub.value for source in model.sources)) or "no hub"
            raise InvalidOption(f"Model '{model.name}' is not on {self.hub}; it is on: {there}.")
        return chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Checksum:
    """What a file's bytes must give. Git's own checksum covers a header with the length."""

    algorithm: str
    value: str

    @property
    def key(self) -> str:
        """A file name for bytes with this checksum."""
        return f"{self.algorithm}-{self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """A file on a hub. `path` is relative to the model's folder, `url` where it is fetched from."""

    path: str
    size_bytes: int
    checksum: Checksum
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A model as a hub has it: the commit behind the revision asked for, its files, its licence there.

    `headers` go to the hub's own host only.
    """

    source: ModelSource
    commit: str
    files: tuple[RemoteFile, ...]
    licence: str = ""
    headers: dict[str, str] = field(default_factory=dict[str, str], repr=False)

    @property
    def size_bytes(self) -> int:
        """All files together."""
        return sum(file.size_bytes for file in self.files)
