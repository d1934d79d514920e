"""`python -m plerion_kms.audit`."""

import sys

from plerion_kms.audit.cli import main

sys.exit(main())
