"""The LMTP and SMTP door: a filter in front of a next hop, and a place to report."""
