"""What is remembered: PCM files, units, leases and transcripts."""
