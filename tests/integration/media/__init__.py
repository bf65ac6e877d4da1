"""The media engine on real recordings, made ones and hostile ones."""
