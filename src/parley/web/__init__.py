"""The page: plain modules for browsers, shipped as they are."""
