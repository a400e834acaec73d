"""Runs all tests as two processes at once: `python -m tests.halves`, with any arguments of pytest for both.

In one process the window's tests would come after everything that the others have loaded, and the search for what a
test has left behind would go through all of it each time.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile

HALVES = (
    ("tests/app",),
    ("tests/core", "tests/end_to_end", "tests/architecture.py", "tests/test_conftest.py", "tests/test_results.py"),
)
NO_TESTS = 5
"""What pytest ends with where the arguments leave nothing to run."""


def main() -> int:
    """Print the first half as it goes and the second when it has ended; 0 only if both have passed."""
    first, second = ([sys.executable, "-m", "pytest", *half, *sys.argv[1:]] for half in HALVES)
    with tempfile.TemporaryFile() as said, subprocess.Popen(second, stdout=said, stderr=subprocess.STDOUT) as beside:
        try:
            ended = [subprocess.run(first, check=False).returncode, beside.wait()]
        except KeyboardInterrupt:
            beside.terminate()
            raise
        said.seek(0)
        sys.stdout.buffer.write(said.read())
        sys.stdout.flush()
    return 0 if 0 in ended and set(ended) <= {0, NO_TESTS} else max(ended)


if __name__ == "__main__":
    sys.exit(main())
