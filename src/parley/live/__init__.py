"""A microphone becomes partials and finals."""
