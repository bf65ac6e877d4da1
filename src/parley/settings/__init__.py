"""The only reader of the environment and the configuration file.

Order of precedence: command line, `PARLEY_*` variables, `.env` in the working directory, the file
`parley.toml` (or the one that `--config` or `PARLEY_CONFIG` names), the variables of other
tools (`borrowed`), defaults. Rooms are handed
frozen option values, never this object.
"""

from parley.settings.keys import MIB, Settings, default_data_dir
from parley.settings.layers import Origin, config_file
from parley.settings.loading import load_settings, load_with_origins

__all__ = [
    "MIB",
    "Origin",
    "Settings",
    "config_file",
    "default_data_dir",
    "load_settings",
    "load_with_origins",
]
