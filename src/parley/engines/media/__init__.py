"""Engines that decode a recording into 16 kHz mono PCM."""
