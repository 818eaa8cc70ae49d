"""YAML to each part's own frozen Settings. No part imports this package."""
