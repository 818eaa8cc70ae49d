"""Is this message bad? Pipeline, health, policy, and the fields that tell."""
