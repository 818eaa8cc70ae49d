"""Where a short link leads, without telling the spammer who asks."""
