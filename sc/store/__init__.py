"""What outlives a message: the durable Store and the losable Cache."""
