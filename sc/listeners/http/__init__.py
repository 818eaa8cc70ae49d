"""The HTTP door: report API, scan API, status and health, in JSON."""
