"""The door of conversations: a microphone and typed turns in, answers out as text and audio."""
