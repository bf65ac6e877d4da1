"""The doors: HTTP and WebSocket, one file per protocol; translate, call a room, translate back."""
