"""Become a program that is told to end (SIGTERM) when its starter is gone: `python leash.py <starter's pid> program arguments…`.

So nothing stays behind even where the starter is killed outright. Only Linux has this; elsewhere the program just runs. It is a
program of its own because code between fork and exec is not safe in a process that has threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>; survives exec


def main() -> None:
    starter, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != int(starter):
            sys.exit("the starter is gone already")
    os.execvp(command[0], command)  # noqa: S606  # no shell is wanted


if __name__ == "__main__":
    main()
