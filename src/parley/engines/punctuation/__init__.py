"""Engines that punctuate text."""
