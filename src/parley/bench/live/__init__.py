"""Measures live speech over the socket: how many sessions fit, how late texts come, how right they are."""
