"""Engines that tell when a live turn has ended."""
