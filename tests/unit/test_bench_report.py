"""What `make bench` says of its figures."""

from bench.artifacts import Import, Size
from bench.report import Results, document

MACHINE = Results("2026-11-24", "a machine")


def test_what_is_over_its_budget_is_named_with_by_how_much() -> None:
    results = Results(
        "2026-11-24",
        "a machine",
        imports=[Import("OrdersApi", 480, 1.99, loads_sdk=True), Import("AuthApi", 502, 2.07, loads_sdk=True)],
        sizes=[Size("tickets", 3, 15.24, 50), Size("auth", 4, 7.4, 20)],
    )
    said = document(results)
    assert "Over budget: AuthApi: import 2.07 × of 2.0 ×; tickets: 15.2 MB zipped of 15 MB." in said


def test_a_run_within_its_budgets_says_so() -> None:
    assert "Nothing is over its budget." in document(Results("2026-11-24", "a machine", sizes=[Size("auth", 4, 7.4, 20)]))


def test_what_was_not_measured_has_no_section() -> None:
    assert "##" not in document(MACHINE)
