"""What `make fuzz` tells schemathesis."""

import json
import re
import tomllib

from localstack.fuzz import FOUND_AT, LEFT_OUT, configuration
from tests.contract.template import ROOT

PATHS = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]


def test_what_is_deleted_is_not_what_the_other_calls_are_about() -> None:
    settings = tomllib.loads("\n".join(configuration("cnf_1", {"room_id": 'room_"1'})))
    assert settings["parameters"] == {"path.conference_id": "cnf_1"}
    [operations] = settings["operations"]
    assert "DELETE" not in operations["include-method"]
    assert operations["parameters"] == {"path.room_id": 'room_"1'}


def test_nobody_has_no_account_made_for_them() -> None:
    assert tomllib.loads("\n".join(configuration("cnf_1", {})))["auth"] == {"auto-signup": False}


def test_what_it_looks_for_is_in_the_api() -> None:
    named = {name for path in PATHS for name in re.findall(r"{(\w+)}", path)}
    assert set(FOUND_AT) <= named
    lists = {re.sub(r"{\w+}", "{}", path) for path, item in PATHS.items() if "get" in item}
    assert {path.partition("?")[0] for path in FOUND_AT.values()} <= lists
    assert set(LEFT_OUT) <= set(PATHS)
