"""The Python library that talks to a server."""
