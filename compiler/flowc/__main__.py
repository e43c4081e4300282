"""`python -m flowc`: the same as `flowc`, also from a checkout that is not installed."""

import sys

from flowc.cli import main

sys.exit(main())
