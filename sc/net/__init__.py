"""Our clients: resolver, guarded fetcher, exchanges with other servers."""
