"""A recording becomes a transcript: the recipe and its stages."""
