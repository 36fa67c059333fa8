"""The application: commands, HTTP API, settings, storage and pages. It may import everything else."""
