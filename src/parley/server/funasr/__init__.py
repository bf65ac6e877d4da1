"""The FunASR door: the 2pass WebSocket protocol of FunASR's servers, for its clients as they are."""
