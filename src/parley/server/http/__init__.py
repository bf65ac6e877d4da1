"""The HTTP doors (section 10 of the protocol): one file per kind of request."""
