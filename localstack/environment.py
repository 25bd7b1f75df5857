"""Set up `.venv` (tools) and `.local/emulator` (the emulator alone) from the hashed lock files of `requirements/`.

Runs on any Python 3.7 with nothing but the standard library, so that it can say what is missing. What is up to date is left
alone: each environment holds the fingerprint of what it was made from. PIP_*, UV_* and proxy settings are respected.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
EMULATOR = ROOT / ".local" / "emulator"
OLDEST = (3, 11)


def main() -> None:
    check_python()
    tools = fingerprint("uv.txt", "dev.txt")
    if not is_current(VENV, tools):
        say("Setting up .venv from requirements/dev.txt")
        if not serves(VENV):
            run([sys.executable, "-m", "venv", "--clear", str(VENV)], "make .venv")
            pip = [str(python_of(VENV)), "-m", "pip", "--disable-pip-version-check"]
            run([*pip, "install", "--quiet", "--require-hashes", "-r", lock("uv.txt")], "install uv")
        sync(VENV, lock("dev.txt"))
        stamp(VENV, tools)
    emulator = fingerprint("emulator.txt")
    if not is_current(EMULATOR, emulator):
        say("Setting up .local/emulator from requirements/emulator.txt")
        run([uv(), "venv", "--quiet", "--clear", "--python", str(python_of(VENV)), str(EMULATOR)], "make .local/emulator")
        sync(EMULATOR, lock("emulator.txt"))
        stamp(EMULATOR, emulator)


def check_python() -> None:
    have = "{}.{}".format(*sys.version_info)
    if sys.version_info < OLDEST:
        sys.exit(
            "Ketemu needs Python {}.{} or newer; {} is {}. Name a newer one: make PYTHON=python3.13 …".format(
                *OLDEST, sys.executable, have
            )
        )
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            sys.exit(f"{sys.executable} lacks its module {module}. On Debian and Ubuntu: apt install python{have}-venv")


def fingerprint(*names: str) -> str:
    """Of the lock files and of the interpreter the environment is for."""
    digest = hashlib.sha256(sys.version.encode())
    for name in names:
        digest.update(Path(lock(name)).read_bytes())
    return digest.hexdigest()


def is_current(environment: Path, wanted: str) -> bool:
    mark = environment / ".fingerprint"
    return python_of(environment).exists() and mark.exists() and mark.read_text() == wanted


def serves(environment: Path) -> bool:
    """Whether it is of the interpreter that runs this, and whole enough to be brought up to date."""
    if not (python_of(environment).exists() and Path(uv()).exists()):
        return False
    version = subprocess.run([str(python_of(environment)), "-c", "import sys; print(sys.version)"], capture_output=True, text=True)
    return version.stdout.strip() == sys.version


def stamp(environment: Path, value: str) -> None:
    (environment / ".fingerprint").write_text(value)


def sync(environment: Path, requirements: str) -> None:
    command = [uv(), "pip", "sync", "--quiet", "--require-hashes", "--python", str(python_of(environment)), requirements]
    run(command, "install " + requirements)


def run(command: list[str], what: str) -> None:
    """Run it with its output shown. Ends this program where it fails."""
    settings = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    if subprocess.run(command, cwd=ROOT, env=settings, check=False).returncode:
        free = shutil.disk_usage(ROOT).free // 1_000_000
        sys.exit(
            f"Could not {what}: see the message above. Needed are the network (a package index, by PIP_INDEX_URL / "
            f"UV_INDEX_URL where you have your own) and about 1 GB of disk; {free} MB are free. Then try again."
        )


def lock(name: str) -> str:
    return str(ROOT / "requirements" / name)


def python_of(environment: Path) -> Path:
    return environment / "bin" / "python"


def uv() -> str:
    return str(VENV / "bin" / "uv")


def say(text: str) -> None:
    print(text + " …", flush=True)


if __name__ == "__main__":
    main()
