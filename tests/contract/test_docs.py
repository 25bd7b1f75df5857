"""The documents say what the code does."""

import json
import re

from shared import messages
from tests.contract.template import FUNCTIONS, ROOT
from tests.contract.test_messages import REACHES

ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()


def test_the_table_of_messages_is_true() -> None:
    rows = re.findall(r"^\| (\w+) \| (\w+) \| (.+) \|$", ARCHITECTURE, re.MULTILINE)
    said = {name: (source, set() if to == "—" else set(to.split(", "))) for name, source, to in rows if name in messages.KINDS}
    assert said == {type(message).__name__: (message.context, {_named(queue) for queue in to}) for message, to in REACHES}


def _named(queue: str) -> str:
    """OrdersLedger: orders ledger."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", queue).lower()


def test_every_function_is_in_the_table_of_contexts() -> None:
    for name in FUNCTIONS:
        assert f"`{name}`" in ARCHITECTURE, name


def test_decisions_are_numbered_without_gaps_and_short() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [path.name[:4] for path in decisions] == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    assert all(path.read_text().startswith(f"# {path.name[:4]} ") for path in decisions)


def test_the_readme_has_every_route_with_a_call_and_no_other() -> None:
    rows = re.findall(r"^\| `([A-Z]+) (\S+)` \| .+ \| `curl .*\$API.+` \|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    paths = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
    assert sorted(rows) == sorted((method.upper(), path) for path, item in paths.items() for method in item)
