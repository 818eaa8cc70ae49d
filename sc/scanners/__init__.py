"""Scanners: each looks at a message and states what it found."""
