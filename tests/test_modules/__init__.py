"""Tests of the modules."""

from pathlib import Path

CONFIGURATIONS = Path(__file__).parent
"""Configurations of these tests, and their data."""
