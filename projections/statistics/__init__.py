"""Projections that count: how long things take and how often they happen, with the upload forgotten."""
