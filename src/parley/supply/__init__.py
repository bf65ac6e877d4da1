"""Brings engines and models onto this machine: environments of their own, downloads, what is lacking."""
