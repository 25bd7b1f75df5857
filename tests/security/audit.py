"""`make audit`: whether a package that is pinned in requirements/ has a known vulnerability (pip-audit, from PyPI's advisories).

A vulnerability fails, and is named with the version that mends it. A database that cannot be reached is said, and fails nothing:
whoever is off line can still prove the rest.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.security import ROOT

# Every context's lock is a part of dev.txt (`make lock` holds them to it); these three are what is ever installed.
LOCKS = [ROOT / "requirements" / name for name in ("dev.txt", "emulator.txt", "uv.txt")]
CACHE = ROOT / ".local" / "cache" / "pip-audit"
PATIENCE = 120  # seconds for all packages of a lock, when none is in the cache
OUT_OF_REACH = ("ConnectionError", "Could not connect", "Timeout", "ServiceError")  # of pip-audit's words when it fails

Package = dict[str, Any]  # as pip-audit reports it


def main() -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(len(LOCKS)) as pool:
        packages = [package for report in pool.map(audited, LOCKS) for package in report]
    if found := sorted(set(vulnerable(packages))):
        sys.exit("\n".join(["audit: pinned packages with known vulnerabilities (raise them: `make lock`):", *found]))
    print(f"audit: {verdict(packages)}")


def audited(lock: Path) -> list[Package]:
    """What pip-audit knows of each package of a lock; nothing where its database does not answer in time."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.json"
        options = ["--disable-pip", "--require-hashes", "--timeout", "5", "--progress-spinner", "off", "--cache-dir", str(CACHE)]
        command = [sys.executable, "-m", "pip_audit", *options, "--format", "json", "-o", str(report), "-r", str(lock)]
        try:
            ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            return []
        if report.exists():
            packages: list[Package] = json.loads(report.read_text())["dependencies"]
            return packages
    if any(word in ended.stderr for word in OUT_OF_REACH):
        return []
    sys.exit(f"audit: pip-audit could not read {lock.name}:\n{ended.stderr}")


def vulnerable(packages: Iterable[Package]) -> Iterator[str]:
    """`package version: advisory (CVE …), mended in …`, for each that is known."""
    for package in packages:
        for known in package.get("vulns", []):
            names = ", ".join([known["id"], *known["aliases"]])
            mended = " or ".join(known["fix_versions"]) or "no version yet"
            yield f"  {package['name']} {package['version']}: {names}; mended in {mended}"


def verdict(packages: list[Package]) -> str:
    """What is known of packages without a vulnerability, in one line that says what nothing is known of."""
    skipped = sorted({package["name"] for package in packages if "skip_reason" in package})
    known = {package["name"] for package in packages} - set(skipped)
    if not known:
        return "NOTHING WAS AUDITED: the database of vulnerabilities cannot be reached from here"
    unknown = f"; it knows nothing of {', '.join(skipped)}" if skipped else ""
    return f"{len(known)} packages without a known vulnerability{unknown}"


if __name__ == "__main__":
    main()
