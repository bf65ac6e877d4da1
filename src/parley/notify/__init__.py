"""Tells the outside that something happened."""
