"""The door of the FunASR 2pass protocol."""
