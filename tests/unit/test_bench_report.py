"""What `make bench` says of its figures."""

from collections import Counter

from bench import tally
from bench.artifacts import Import, Size
from bench.cpu_time import Cpu
from bench.documents import BENCHMARKS
from bench.report import Results, document, kept
from bench.speeds import Speed
from bench.tally import Count, Tally


def test_the_document_is_that_of_the_figures_that_are_kept() -> None:
    """Where this fails: `make bench PARTS=counts`."""
    assert BENCHMARKS.read_text() == document(tally.kept(), kept())


def test_what_is_over_its_budget_is_named_with_by_how_much() -> None:
    results = Results(
        cpu=[Cpu("check in, on line", 3, 1.62), Cpu("read the agenda, cached", 1, None)],
        imports=[Import("OrdersApi", 480, 1.99, loads_sdk=True), Import("AuthApi", 502, 2.07, loads_sdk=True)],
        sizes=[Size("tickets", 3, 15.24, 50), Size("auth", 4, 7.4, 20)],
    )
    own = Tally(write_units=9, round_trips=Counter(OrdersApi=3))
    said = document({"reserve one line": Count("reserve one line", own, Tally(), 0)}, results)
    assert (
        "Over budget: reserve one line: 3 round trips of 2; reserve one line: 9 write units of 8; "
        "check in, on line: CPU 1.62 × of 1.5 ×; "
        "AuthApi: import 2.07 × of 2.0 ×; tickets: 15.2 MB zipped of 15 MB."
    ) in said


def test_a_run_within_its_budgets_says_so() -> None:
    assert "Nothing is over its budget." in document({}, Results(sizes=[Size("auth", 4, 7.4, 20)]))


def test_what_was_not_measured_has_no_section() -> None:
    assert "##" not in document({}, Results())


def test_ten_times_as_fast_as_pretix_is_met_or_is_not() -> None:
    def said(rate: float) -> str:
        return document({}, Results(http=[Speed("buy a ticket", 8, int(rate * 10), 10.0, 1, 2, 3, cpu=30, functions=20)]))

    assert "| buy a ticket | 69.0 | 6.9 | 10.0 × | 30 | 20 | 240 | met |" in said(69)
    assert "| buy a ticket | 30.0 | 6.9 | 4.3 × | 30 | 20 | 240 | not met |" in said(30)
