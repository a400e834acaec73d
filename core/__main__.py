"""The command `relata`, and `python -m core`: where the program lies is settled before any of it is imported.

The folder of the user may be on the path though nobody asked for it: an empty entry of PYTHONPATH, as there is one in
`$PYTHONPATH:/opt/mine` where nothing was set before, is the working directory.
"""

from __future__ import annotations

import sys

from core.start import own_path


def main() -> int:
    """Run one verb; without one, open the window."""
    sys.path[:] = own_path()
    from core.cli.command import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
