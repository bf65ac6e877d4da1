"""The WebSocket protocol of FunASR's servers: JSON without an envelope, audio in binary frames."""
