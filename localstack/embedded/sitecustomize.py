"""For each Python process of the embedded emulator: a function finds its packages where they were installed, without a copy.

The emulator unpacks an artifact anew for each process that it starts, in the one interpreter that all calls go through: thousands
of files of packages cost it more than everything that the functions do. So an artifact for it names the directory (`build.py`).
"""

import sys
from pathlib import Path

LINK = Path("packages.txt")  # in the artifact, which is the working directory of the function

if LINK.is_file():
    sys.path.insert(0, LINK.read_text())
