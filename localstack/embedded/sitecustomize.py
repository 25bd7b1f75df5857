"""For each Python process of the embedded emulator.

A function finds its packages where they were installed, without a copy: the emulator unpacks an artifact anew for each process that
it starts, in the one interpreter that all calls go through, and thousands of files of packages cost it more than everything that
the functions do. So an artifact for it names the directory (`build.py`).

A function's clock is as far off as its environment says: `make load-faults FAULTS=clock`.
"""

import os
import sys
from pathlib import Path

LINK = Path("packages.txt")  # in the artifact, which is the working directory of the function
CLOCK_OFF = "KETEMU_CLOCK_OFF"  # seconds

if LINK.is_file():
    sys.path.insert(0, LINK.read_text())

if CLOCK_OFF in os.environ:
    from datetime import timedelta

    import time_machine  # in the emulator's own environment

    time_machine.travel(timedelta(seconds=int(os.environ[CLOCK_OFF]))).start()
