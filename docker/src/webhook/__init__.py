"""From Benchling's request to the queue."""
