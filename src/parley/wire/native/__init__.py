"""The native protocol: JSON over WebSocket, with binary frames for the bytes of an upload."""
