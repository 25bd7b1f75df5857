"""What a load says of itself: the arithmetic of its figures, and what it counts as an error."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from localstack.metering import Meter, Metered, Sample, operation, pace, percentile


def meter(*samples: tuple[str, float, str]) -> Meter:
    noted = Meter(clock=lambda: 0.0)
    for each in samples:
        noted.note(*each)
    return noted


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.95, 95), (0.99, 99), (1, 100)])
def test_a_percentile_is_a_value_that_was_seen(share: float, expected: int) -> None:
    assert percentile([float(each) for each in range(100, 0, -1)], share) == expected


def test_of_one_value_each_percentile_is_that_value() -> None:
    assert {percentile([7.0], share) for share in (0.01, 0.5, 1)} == {7.0}


def test_figures_are_by_operation_and_the_most_asked_is_first() -> None:
    found = meter(("GET /a", 0.001, "200"), ("GET /b", 0.002, "200"), ("GET /b", 0.004, "200")).figures()
    assert [(each.operation, each.asked, each.p50, each.slowest) for each in found] == [("GET /b", 2, 2, 4), ("GET /a", 1, 1, 1)]


def test_what_belongs_to_a_conference_day_is_no_error() -> None:
    part_of_it = ("200", "201", "304", "409 sold-out", "409 busy", "429 too-many-requests")
    errors = ("404 not-found", "502", "no answer", "no answer")
    assert meter(*(("GET /a", 0.1, outcome) for outcome in (*part_of_it, *errors))).errors() == {
        ("GET /a", "404 not-found"): 1,
        ("GET /a", "502"): 1,
        ("GET /a", "no answer"): 2,
    }


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/restapis/x1/v1/_user_request_/orders", "GET /orders"),
        ("/restapis/x1/v1/_user_request_/orders/ord_2FWRRSVCPK/payments", "GET /orders/{id}/payments"),
        ("/v1/tickets/check-in/0123456789abcdef0123456789abcdef", "GET /v1/tickets/check-in/{id}"),
        ("/tickets/conferences/cnf_1/stats", "GET /tickets/conferences/{id}/stats"),
    ],
)
def test_an_operation_is_what_is_asked_for_whichever_it_is_asked_of(path: str, expected: str) -> None:
    assert operation("GET", path) == expected


def test_a_phase_knows_its_samples_and_when_it_was() -> None:
    clock = iter(float(each) for each in range(10))
    noted = Meter(clock=lambda: next(clock))
    with noted.phase("doors"):
        noted.note("POST /tickets/check-in", 0.5, "200")
    noted.note("GET /tickets", 0.5, "200")
    assert noted.phases == [("doors", 1, 3)]
    assert [(each.at, each.phase) for each in noted.samples] == [(2, "doors"), (4, "")]


def test_how_it_goes_is_told_with_its_errors() -> None:
    samples = [Sample(0, "doors", "GET /a", seconds, outcome) for seconds, outcome in ((0.01, "200"), (0.03, "503 fault"))]
    assert pace(samples, 4) == "0.5 answers a second, p50 10 ms, p95 30 ms, errors: 1"
    assert pace([], 4) == "no answer yet"


def test_who_sends_and_gets_no_answer_is_noted_too(tmp_path: Path) -> None:
    noted = Meter()
    with httpx.Client(transport=Metered(noted, 1)) as http, pytest.raises(httpx.ConnectError):
        http.get("http://127.0.0.1:9/orders/ord_1")
    [sample] = noted.samples
    assert (sample.operation, sample.outcome, sample.is_error) == ("GET /orders/{id}", "no answer", True)
    noted.keep(tmp_path / "load.json")
    kept: dict[str, Any] = json.loads((tmp_path / "load.json").read_text())
    assert kept["samples"][0]["outcome"] == "no answer"
