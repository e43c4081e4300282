"""`python -m flowc.cli`: the same as `flowc`, from a checkout that is not installed."""

import sys

from flowc.cli import main

sys.exit(main())
