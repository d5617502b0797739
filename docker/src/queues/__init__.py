"""Events on their way through the queues: messages, claims, leases, and what a failure means."""
