"""E-mails as they come over the wire: read back, their attachments opened, their links followed."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import httpx
import pypdfium2
import pytest
import zxingcpp
from icalendar import Calendar
from PIL import Image

from localstack.client import PATIENCE, Person, wait_until
from tests.e2e.mailbox import Mailbox


@pytest.fixture
def mailed(wire: Mailbox) -> Callable[[Person, str], EmailMessage]:
    """The mail to somebody whose subject says so, once it is there, in HTML and plain text."""

    def to(person: Person, subject: str, number: int = 1) -> EmailMessage:
        def found() -> list[EmailMessage]:
            return [mail for mail in wire.to(person.email) if subject in str(mail["Subject"])]

        mail = wait_until(lambda: found()[number - 1 : number], f"mail {number}: {subject}", seconds=PATIENCE)[0]
        assert text(mail, "plain")
        assert "<h1" in text(mail, "html")
        return mail

    return to


def text(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def code_in(image: Image.Image) -> str:
    [code] = zxingcpp.read_barcodes(image.convert("L"))
    return str(code.text)


def files(mail: EmailMessage) -> dict[str, Any]:
    return {str(part.get_filename()): part.get_content() for part in mail.iter_attachments()}


class Button(HTMLParser):
    """The form of a page: how and where its button sends."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.form: dict[str, str | None] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "form":
            self.form = dict(attrs)


def pressed(http: httpx.Client, link: str) -> str:
    """The page after the button of the page that `link` opens, as a browser shows both."""
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    opened = http.get(link, headers=browser)
    assert (opened.status_code, opened.headers["content-type"]) == (200, "text/html; charset=utf-8")
    form = Button(opened.text).form
    assert form["method"] == "post"
    told = http.post(urljoin(link, form.get("action") or link), headers=browser, data={})
    assert told.status_code == 200
    assert not Button(told.text).form
    return told.text


def buy(buyer: Person, conference_id: str, type_id: str, quantity: int = 1, **more: Any) -> Any:
    line = {"ticket_type_id": type_id, "quantity": quantity, **more}
    return buyer.post("/orders", {"conference_id": conference_id, "lines": [line], "payment": {"method": "simulated"}})


def test_an_order_comes_as_one_mail_on_paper_and_for_the_calendar_first_and_again(
    person: Callable[[str], Person], on_sale: Any, mailed: Any
) -> None:
    conference_id, type_id = on_sale(capacity=5)
    buyer = person("Reader")
    order = buy(buyer, conference_id, type_id, 2)
    for number in (1, 2):
        mail = mailed(buyer, "Your tickets for E2E", number)
        codes = {ticket["code"] for ticket in buyer.get("/tickets")["items"]}
        attached = files(mail)
        assert set(attached) == {"tickets.pdf", "conference.ics"}
        pages = list(pypdfium2.PdfDocument(attached["tickets.pdf"]))
        assert {code_in(page.render(scale=2).to_pil()) for page in pages} == codes
        shown = [part.get_content() for part in mail.walk() if part.get_content_type() == "image/png"]
        assert {code_in(Image.open(io.BytesIO(picture))) for picture in shown} == codes
        [visit] = Calendar.from_ical(attached["conference.ics"]).walk("VEVENT")
        assert (str(visit["SUMMARY"]), visit.start < visit.end) == ("E2E", True)
        assert order["id"] in text(mail, "plain")
        assert mail["List-Unsubscribe"] is None
        if number == 1:
            buyer.call("POST", f"/orders/{order['id']}/mails", expect=202)


def test_one_click_without_a_log_in_ends_mail_of_its_kind(
    http: httpx.Client, person: Callable[[str], Person], mailed: Any, wire: Mailbox
) -> None:
    host, opening = person("Host"), datetime.now(UTC).replace(microsecond=0) + timedelta(days=9)

    def found(name: str) -> None:
        times = {"starts_at": opening.isoformat(), "ends_at": (opening + timedelta(days=1)).isoformat()}
        host.post("/events/conferences", {"name": name, "time_zone": "UTC", "currency": "EUR", **times})

    found("First")
    mail = mailed(host, "You are now an organizer of First")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = str(mail["List-Unsubscribe"]).strip("<>")
    assert link in text(mail, "plain")
    assert "No more" in pressed(http, link)
    assert http.post(link, data={"List-Unsubscribe": "One-Click"}).json()["ended"] is True
    assert http.post(f"{link}x", data={"List-Unsubscribe": "One-Click"}).status_code == 404
    found("Second")
    wait_until(
        lambda: [item for item in host.get("/notifications")["items"] if "Second" in item["title"]], "the news", seconds=PATIENCE
    )
    host.call("POST", "/auth/password/forgot", {"email": host.email}, expect=202)
    mailed(host, "Set a new password")  # which is sent after what was muted would have been
    assert not [each for each in wire.to(host.email) if "Second" in str(each["Subject"])]
