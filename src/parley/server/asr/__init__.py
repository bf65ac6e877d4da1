"""The door of live recognition: messages and audio in, calls to a live session, its events out."""
