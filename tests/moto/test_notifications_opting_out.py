"""The unsubscribing link over HTTP, as a browser and as a mail program follow it."""

from email import message_from_string
from email.policy import default

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from functions.notifications import api, worker
from shared.caller import Caller
from shared.messages import OrderExpired, UserRegistered
from tests.support import Table, call, deliver

ADA = Caller("usr_ada", "ada@example.org", "Ada")
PAGE = "/notifications/unsubscribe/"
EXPIRED = OrderExpired(conference_id="cnf_1", order_id="ord_1", buyer_id="usr_ada", conference_name="PyCon")
BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
ONE_CLICK = "List-Unsubscribe=One-Click"
MULTIPART = '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'

pytestmark = pytest.mark.usefixtures("mailing")


def mails() -> int:
    return len(ses_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].sent_messages)


@pytest.fixture
def link(table: Table) -> str:
    """The path in the header of a mail that was sent."""
    assert not deliver(worker.handler, UserRegistered(user_id="usr_ada", email="ada@example.org", name="Ada"), EXPIRED)
    [mail] = ses_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].sent_messages
    header = str(message_from_string(mail.raw_data, policy=default)["List-Unsubscribe"])
    assert header.startswith("<https://api.example.org/a1b2c3/v1/notifications/unsubscribe/usr_ada.order-expired.")
    return header.strip("<>").removeprefix("https://api.example.org/a1b2c3/v1")


def email_is_on() -> bool:
    kinds = call(api.handler, "GET", "/notifications/preferences", caller=ADA).json["kinds"]
    [on] = [kind["email"]["on"] for kind in kinds if kind["kind"] == "order-expired"]
    return bool(on)


def test_the_page_asks_first_and_opening_it_changes_nothing(table: Table, link: str) -> None:
    before = table.items()
    page = call(api.handler, "GET", link, headers=BROWSER)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "A reservation of yours expired" in page.body.decode()
    assert '<form method="post">' in page.body.decode()
    assert table.items() == before


def test_a_program_is_told_in_json_what_the_link_is_about_and_that_it_has_ended(table: Table, link: str) -> None:
    assert call(api.handler, "GET", link).json == {"kinds": ["order-expired"], "ended": False}
    assert call(api.handler, "POST", link).json == {"kinds": ["order-expired"], "ended": True}
    assert call(api.handler, "GET", link, headers={"accept": "image/png"}).problem() == "not-acceptable"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (ONE_CLICK, "application/x-www-form-urlencoded"),
        (MULTIPART, "multipart/form-data; boundary=x"),
        (None, "application/x-www-form-urlencoded"),
        ("\xff" * 10, "application/x-www-form-urlencoded"),
    ],
)
def test_one_click_without_a_log_in_ends_mail_of_the_kind(table: Table, link: str, body: str | None, kind: str) -> None:
    for _ in range(2):
        answer = call(api.handler, "POST", link, body, headers={"content-type": kind, **BROWSER})
        assert answer.status == 200, answer
        assert "No more of these e-mails" in answer.body.decode()
    assert not email_is_on()
    deliver(worker.handler, OrderExpired(conference_id="cnf_1", order_id="ord_2", buyer_id="usr_ada"))
    assert mails() == 1


@pytest.mark.parametrize(
    "token", ["x", "usr_ada.order-expired.", "usr_ada.order-expired.AAAA", "usr_bob.order-expired.AAAA", "..."]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_that_is_not_whole_is_told_alike(table: Table, link: str, method: str, token: str) -> None:
    before = table.items()
    assert call(api.handler, method, f"{PAGE}{token}").problem() == "not-found"
    assert table.items() == before


@pytest.mark.parametrize(
    ("token", "status", "why"),
    [
        ("usr_bob.order-expired.AAAA", 404, "its account is gone. Log in"),
        ("x" * 600, 422, "It is not as the e-mail has it"),
        ("<script>", 422, "It is not as the e-mail has it"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_in_a_browser_a_dead_link_is_a_page_that_says_what_to_do(
    table: Table, method: str, token: str, status: int, why: str
) -> None:
    page = call(api.handler, method, f"{PAGE}{token}", headers=BROWSER)
    assert (page.status, page.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert page.headers["Cache-Control"] == "no-store"
    shown = page.body.decode()
    assert "This link does not work" in shown
    assert why in shown
    assert not [each for each in ("<form", "<script", token) if each in shown]


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/problem+json", "image/png", "text/html;q=0.1, */*"])
def test_a_program_is_told_of_a_dead_link_as_of_any_problem(table: Table, accept: str) -> None:
    assert call(api.handler, "GET", f"{PAGE}x", headers={"accept": accept}).problem() == "not-found"


def test_elsewhere_a_browser_is_told_of_a_problem_as_a_program_is(table: Table) -> None:
    assert call(api.handler, "POST", "/notifications/ntf_x/read", caller=ADA, headers=BROWSER).problem() == "not-found"


@pytest.mark.parametrize("token", ["x" * 600, "<script>", "a%20b"])
def test_what_is_no_token_is_not_looked_up(table: Table, token: str) -> None:
    answer = call(api.handler, "POST", f"{PAGE}{token}")
    assert answer.problem() in ("invalid", "not-found")


def test_elsewhere_a_form_is_not_taken(table: Table) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = call(api.handler, "PUT", "/notifications/preferences", "kinds=none", caller=ADA, headers=form)
    assert answer.problem() == "unsupported-media-type"
