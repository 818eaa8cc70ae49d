"""Three pages for people: Home, Status, Scan. No script; text is escaped by Twisted."""
