"""The only reader of the environment and the configuration file.

Order of precedence: command line, `PARLEY_*` variables, the file `parley.toml` (or the one that
`PARLEY_CONFIG` names), defaults. Rooms are handed frozen option values, never this object.
"""

from parley.settings.local import MIB, Settings, config_file, default_data_dir, load_settings

__all__ = ["MIB", "Settings", "config_file", "default_data_dir", "load_settings"]
