"""Metric names and log set-up, all in one place."""
