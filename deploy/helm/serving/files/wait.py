"""Wait until the Job has put the models there, so that no server starts with half of them.

wait.py FOLDER SECONDS
"""

import sys
import time
from pathlib import Path

DONE = ".complete"

if __name__ == "__main__":
    folder, until = Path(sys.argv[1]), time.monotonic() + float(sys.argv[2])
    while not (folder / DONE).exists():
        if time.monotonic() > until:
            sys.exit(f"{folder} was not filled within {sys.argv[2]} s: look at the Job that fills it")
        time.sleep(2)
