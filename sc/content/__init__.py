"""Pure reading of a message: MIME, HTML, links, Received fields."""
