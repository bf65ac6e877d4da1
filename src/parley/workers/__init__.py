"""The child process: loads engines and answers calls until told to stop."""
