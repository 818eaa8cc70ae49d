"""The durable queue of everything that we send."""
