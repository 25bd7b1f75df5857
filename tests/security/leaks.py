"""`make leaks`: whether a file of the repository holds a secret (detect-secrets), beyond those that .secrets.json excuses.

Everything is searched for what has a form of its own (keys of providers, private keys, tokens); what runs also for anything that
is as random as a secret or is called one. Examples and tests are full of made-up ones.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import BasePlugin

from tests.security import ROOT

EXCUSED = ROOT / ".secrets.json"  # {path: {hash of what is no secret: why}}
RUNS = ("functions/", "shared/", "scanner/", "localstack/", "samconfig.toml", "Makefile", ".ci/")
GUESSES: dict[str, dict[str, float]] = {
    "Base64HighEntropyString": {"limit": 4.9},  # an id (a ULID) has up to 4.7
    "HexHighEntropyString": {"limit": 3.0},
    "KeywordDetector": {},
}
NO_SECRETS = {"IPPublicDetector"}  # an address is none
HASHES = "requirements/"  # nothing else is in there


def main() -> None:
    if fresh := list(leaks(ROOT, tracked(ROOT), json.loads(EXCUSED.read_text()))):
        sys.exit("\n".join(["leaks: what looks like a secret (if it is none: excuse its hash in .secrets.json):", *fresh]))


def tracked(root: Path) -> list[str]:
    """What git holds, or would after the next `git add .`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.split("\0")
    return [name for name in names if name and not name.startswith(HASHES) and (root / name).is_file()]


def leaks(root: Path, names: list[str], excused: dict[str, dict[str, str]]) -> Iterator[str]:
    """`path:line: kind (hash)` of each find. Calls the detectors itself: detect-secrets' own loop takes three times as long."""
    every = {each.__name__: each for each in get_mapping_from_secret_type_to_class().values()}
    forms = [kind() for name, kind in every.items() if name not in NO_SECRETS | GUESSES.keys()]
    guesses = [every[name](**settings) for name, settings in GUESSES.items()]
    for name in names:
        try:
            lines = (root / name).read_text().splitlines()
        except UnicodeDecodeError:  # a picture
            continue
        detectors: list[BasePlugin] = forms + guesses if name.startswith(RUNS) else forms
        for number, line in enumerate(lines, 1):
            for detector in detectors:
                for found in detector.analyze_line(filename=name, line=line, line_number=number):
                    if found.secret_hash not in excused.get(name, {}):
                        yield f"  {name}:{number}: {found.type} ({found.secret_hash})"


if __name__ == "__main__":
    main()
