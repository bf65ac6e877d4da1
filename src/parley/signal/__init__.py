"""Arithmetic on speech: arrays in, values out, no I/O."""
