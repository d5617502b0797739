"""The worker's speed beside references: `make bench-worker`."""
