"""Which upload runs, and when: the queue, the dispatcher, the reconciler and the leases."""
