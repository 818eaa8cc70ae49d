"""What became of each message: the mail log's lines, kept for `scctl explain`."""
