"""The figures in Prometheus's form: what is asked at a scrape, what a process counts by itself, and the alerts."""
