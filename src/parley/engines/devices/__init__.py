"""What computes: one file for each numerical library, saying which devices it sees and which of them work."""
