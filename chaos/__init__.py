"""What a study goes through when things go wrong, and whether anything is lost, twice or wrong afterwards."""

import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
# Modules that tests, benchmarks and this share.
sys.path.insert(0, str(REPOSITORY / "tests/support"))
