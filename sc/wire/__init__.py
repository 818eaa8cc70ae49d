"""Codecs without I/O: bytes in, events out, bytes back."""
