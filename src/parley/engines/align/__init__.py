"""Engines that find the times of known words."""
