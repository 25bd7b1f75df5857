"""What `make invoke` and `make rotate-keys` make of a function's answer."""

import base64
import json

import pytest

from localstack.failure import Failure
from localstack.invoke import log_of, payload_of


def test_what_a_function_answers_is_shown() -> None:
    answer = {"StatusCode": 200, "Payload": '{"current": "k1"}', "LogResult": base64.b64encode("rotated · 1\n".encode()).decode()}
    assert payload_of("AuthRotation", answer) == '{"current": "k1"}'
    assert log_of(answer) == "rotated · 1"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"errorMessage": "the next key is younger than 0:00:10", "errorType": "TooSoon"}, "the next key is younger than 0:00:10"),
        ({"errorType": "Sandbox.Timedout", "errorMessage": ""}, "Sandbox.Timedout"),
        ({}, "{}"),
    ],
)
def test_a_function_that_failed_is_a_failure_that_says_why(told: dict[str, str], why: str) -> None:
    answer = {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": json.dumps(told)}
    with pytest.raises(Failure, match=rf"^AuthRotation failed: {why}$"):
        payload_of("AuthRotation", answer)
