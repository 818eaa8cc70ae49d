"""Values that flow through the daemon: frozen, typed, without I/O."""
