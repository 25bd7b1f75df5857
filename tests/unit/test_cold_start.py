"""What no function loads before something needs it: an import is a cold start for somebody (`make bench PARTS=imports`)."""

import subprocess
import sys

import pytest

from localstack.build import handlers

# Tens of milliseconds each, and asked for by few requests: pictures, papers, exports, calendars, imports, payments, caches.
FOR_FEW = {"PIL", "boto3", "defusedxml", "fontTools", "fpdf", "icalendar", "qrcode", "redis", "requests", "stripe", "uharfbuzz"}
# Whose messages the routes of a context tell: of the others' only its worker hears.
TELLS = {
    "auth": {"auth"},
    "contacts": {"contacts"},
    "events": {"events"},
    "notifications": set[str](),
    "orders": {"orders", "order_mail"},
    "tickets": {"tickets", "order_mail"},
}


def loaded(*modules: str) -> set[str]:
    """The names of all modules in a fresh process that imports these."""
    script = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split())


def test_no_function_loads_what_few_requests_need() -> None:
    modules = {handler.rpartition(".")[0] for handler in handlers().values()}
    assert not FOR_FEW & {name.partition(".")[0] for name in loaded(*modules)}


@pytest.mark.parametrize("context", TELLS)
def test_routes_make_no_messages_of_others(context: str) -> None:
    made = {name.rpartition(".")[2] for name in loaded(f"functions.{context}.api") if name.startswith("shared.messages.")}
    assert made - {"message"} == TELLS[context]


def test_the_collector_does_not_look_for_garbage_among_what_an_import_makes() -> None:
    script = "import gc, functions; before = gc.get_stats(); import functions.tickets.api; print(gc.get_stats() == before)"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "True\n"
