"""`python -m rcm`: the same as the `rcm` command."""

from __future__ import annotations

import sys

from rcm.cli import main

if __name__ == "__main__":
    sys.exit(main())
