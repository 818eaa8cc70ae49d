"""Links that hide in attachments: read in a process of its own, off by default."""
