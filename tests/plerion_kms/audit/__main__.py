"""`python -m plerion_kms.audit`."""

from plerion_kms.audit.cli import command

command()
