"""The door of voices: text in, speech out."""
