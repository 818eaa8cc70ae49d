"""Where abuse contacts are looked for: one small file for each source."""
