"""What `make audit` makes of pip-audit's report."""

from typing import Any

from tests.security.audit import verdict, vulnerable

SOUND: dict[str, Any] = {"name": "httpx", "version": "0.28.1", "vulns": []}
SKIPPED: dict[str, Any] = {"name": "ours", "skip_reason": "Dependency not found on PyPI and could not be audited: ours (1.0)"}
WEAK: dict[str, Any] = {
    "name": "jinja2",
    "version": "3.1.2",
    "vulns": [
        {"id": "PYSEC-2024-1", "fix_versions": ["3.1.3", "4.0"], "aliases": ["CVE-2024-22195"], "description": "…"},
        {"id": "GHSA-2", "fix_versions": [], "aliases": [], "description": "…"},
    ],
}


def test_a_vulnerability_is_named_with_what_mends_it() -> None:
    assert list(vulnerable([SOUND, SKIPPED, WEAK])) == [
        "  jinja2 3.1.2: PYSEC-2024-1, CVE-2024-22195; mended in 3.1.3 or 4.0",
        "  jinja2 3.1.2: GHSA-2; mended in no version yet",
    ]


def test_what_is_not_known_of_is_said() -> None:
    assert verdict([SOUND]) == "1 packages without a known vulnerability"
    assert verdict([SOUND, SKIPPED]) == "1 packages without a known vulnerability; it knows nothing of ours"
    for nothing in ([], [SKIPPED]):
        assert verdict(nothing).startswith("NOTHING WAS AUDITED")
