"""What takes minutes, and is much the same as other tests: `make soak` runs it, CI does not."""

import os

import pytest

IS_SOAK = "FLOWC_SOAK" in os.environ

soak = pytest.mark.skipif(not IS_SOAK, reason="`make soak` runs it")
