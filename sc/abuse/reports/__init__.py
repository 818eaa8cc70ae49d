"""One complaint in a format: words, evidence, redaction, signature."""
