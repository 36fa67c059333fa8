"""Metrics in Prometheus's format: those read at a scrape, those that a process counts, and the alert rules."""
