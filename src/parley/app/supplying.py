"""What the room of supplies is told of the settings."""

from __future__ import annotations

from parley.settings import Settings
from parley.storage.failures import storage_errors
from parley.supply.hubs import Access


def access_to_hubs(settings: Settings, hub: str | None = None) -> Access:
    """Which hub to ask, at which address; `hub` is what the command line says."""
    models = settings.models
    return Access(
        hub=hub or models.hub,
        huggingface=models.hf_endpoint,
        modelscope=models.modelscope_endpoint,
        token=models.hf_token.get_secret_value() if models.hf_token else "",
        offline=models.offline,
    )


def make_data_dir(settings: Settings) -> None:
    """Make the data directory as the store would: what people say will lie there, for its owner only."""
    with storage_errors():
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
