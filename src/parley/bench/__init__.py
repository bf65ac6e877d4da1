"""Measures WER, DER, time error, RTF and memory on known audio."""
