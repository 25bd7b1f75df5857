"""What docs/runbook.md says to do can be done: its commands, routes, files, functions and alarms exist."""

import json
import re

from tests.contract.template import FUNCTIONS, ROOT
from tests.contract.test_operations import ALARMS

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def test_every_target_exists_and_takes_what_it_is_given() -> None:
    calls = re.findall(r"^make ([a-z][a-z-]*)((?: [A-Z_]+=\S+)*)", RUNBOOK, re.MULTILINE)
    assert len(calls) > 6
    for target, given in calls:
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), target
        assert all(f"$({name})" in MAKEFILE for name in re.findall(r"([A-Z_]+)=", given)), (target, given)


def test_every_route_exists() -> None:
    paths = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
    routes = re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/\S+)`", RUNBOOK)
    assert len(routes) > 5
    assert [(method, path) for method, path in routes if method.lower() not in paths.get(path, {})] == []


def test_every_page_and_section_exists() -> None:
    sections = {"#" + re.sub(r"\W+", "-", title.lower()) for title in re.findall(r"^## (.+)$", RUNBOOK, re.MULTILINE)}
    for link in re.findall(r"\]\(([^)]+)\)", RUNBOOK):
        assert link in sections if link.startswith("#") else (ROOT / "docs" / link).exists(), link


def test_every_alarm_has_a_row_and_every_row_an_alarm() -> None:
    rows = re.findall(r"^\| (\S+Alarm) \|", RUNBOOK, re.MULTILINE)
    named = {name for row in rows for name in ALARMS if name.endswith(row.removeprefix("…"))}
    assert named == set(ALARMS)
    assert all(any(name.endswith(row.removeprefix("…")) for name in ALARMS) for row in rows)


def test_every_function_whose_log_it_sends_one_to_exists() -> None:
    logs = re.findall(r"the log of `(\w+)`", RUNBOOK)
    assert logs
    assert set(logs) <= set(FUNCTIONS)
