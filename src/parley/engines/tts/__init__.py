"""Engines that turn text into speech."""
