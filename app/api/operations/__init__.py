"""The endpoints for operators: /healthz, /readyz and /metrics."""
