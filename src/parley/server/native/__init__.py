"""The native protocol's door: frames in, one call to a room, frames out."""
