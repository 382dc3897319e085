"""What became of requests, read back from the lines that shells write (docs/evidence-format.md). Writes no evidence."""
