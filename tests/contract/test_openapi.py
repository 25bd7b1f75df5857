import json

from openapi_spec_validator import validate

from functions.openapi import document
from tests.contract.template import ROOT


def test_the_committed_document_is_what_the_code_says() -> None:
    committed = (ROOT / "docs" / "openapi.json").read_text()
    assert json.loads(committed) == document(), "run `make openapi` and commit docs/openapi.json"


def test_it_is_valid_openapi() -> None:
    validate(document())


def test_every_operation_is_summarised_and_tagged() -> None:
    for path, item in document()["paths"].items():
        for method, operation in item.items():
            assert operation.get("tags"), f"{method} {path}"
            assert not operation["summary"].startswith(method.upper()), f"{method} {path} has no summary of its own"
