"""Who must hear about an address: registries, lists, what the operator says."""
