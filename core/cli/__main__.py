"""`python -m core.cli` is `relata`, too."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    from core.start import own_path

    sys.path[:] = own_path()
    from core.cli.command import main

    sys.exit(main())
