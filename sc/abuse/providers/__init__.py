"""Who takes reports by a programming interface instead of mail, or besides it."""
