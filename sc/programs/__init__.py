"""Programs that look at a message: one process, one input, one bounded output."""
