"""What comes back for a report, and what it says about its desk."""
