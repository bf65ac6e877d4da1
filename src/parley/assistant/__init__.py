"""Whose turn it is: a pure state machine, and the driver that runs its effects."""
