"""The paths of the project's parts."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
MODULES = PROJECT / "modules"
EXAMPLES = PROJECT / "examples"
