"""Every message of every protocol, defined once."""
