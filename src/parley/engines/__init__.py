"""Adapters between model libraries and the roles of a profile."""
