"""What the WebSocket doors share: frames and their bounds, the line, and who may come in."""
