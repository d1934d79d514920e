"""Measurements: `make bench` and `make load`. README.md says how to read the figures."""
