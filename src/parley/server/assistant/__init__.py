"""The door of conversations: messages and audio in, calls to a session, its events and audio out."""
