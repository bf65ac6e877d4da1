"""The messages of live speech, voices and conversation."""
