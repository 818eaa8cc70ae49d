"""sc: one mail daemon that scans messages and reports abuse."""

__version__ = "0.1.0"
