"""Doors: each accepts one protocol and translates it for flow."""
