"""E-mails as they come over the wire: read back, their attachments opened, their links followed."""

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html.parser import HTMLParser
from itertools import count
from typing import Any
from urllib.parse import urljoin
from uuid import uuid4

import httpx
import pypdfium2
import zxingcpp
from icalendar import Calendar
from PIL import Image

from localstack.client import Person, wait_until
from tests.e2e.mailbox import Mailbox, files, links, text


def code_in(image: Image.Image) -> str:
    [code] = zxingcpp.read_barcodes(image.convert("L"), formats=zxingcpp.BarcodeFormat.QRCode)
    return str(code.text)


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
    wait_until(lambda: [item for item in host.get("/notifications")["items"] if "Second" in item["title"]], "the news")
    host.call("POST", "/auth/password/forgot", {"email": host.email}, expect=202)
    mailed(host, "Set a new password")  # which is sent after what was muted would have been
    assert not [each for each in wire.to(host.email) if "Second" in str(each["Subject"])]


def test_what_tickets_go_through_is_mailed_and_each_link_and_code_does_what_it_says(
    http: httpx.Client, person: Callable[[str], Person], on_sale: Any, mailed: Any
) -> None:
    """One sold-out ticket: a new code, handed on, waited for, given back. Each mail is read as it came over the wire."""
    host, ada, bob, cyd = (person(name) for name in ("Hostess", "Adaline", "Bobby", "Cydney"))
    conference_id, type_id = on_sale(capacity=1, organizer=host)
    order = buy(ada, conference_id, type_id)
    [ticket] = wait_until(lambda: ada.get("/tickets")["items"], "the ticket")

    cyd.post("/orders/waiting-list", {"conference_id": conference_id, "ticket_type_id": type_id})
    waits = mailed(cyd, "You wait for 1 × Regular")
    [leave] = links(waits, "/orders/waiting-list/leave/")

    ada.post(f"/tickets/{ticket['id']}/reissue", expect=200)
    reissued = files(mailed(ada, "has a new code"))
    assert {"tickets.pdf", "conference.ics"} <= set(reissued)
    [page] = pypdfium2.PdfDocument(reissued["tickets.pdf"])
    assert code_in(page.render(scale=2).to_pil()) == code_of(reissued)
    assert code_of(reissued) == ada.get(f"/tickets/{ticket['id']}")["code"] != ticket["code"]

    ada.post(f"/tickets/{ticket['id']}/transfer", {"email": bob.email})
    offered = text(mailed(bob, "Adaline offers you a ticket"), "plain")
    token = re.search(r"Token: (\S+)", offered)
    assert token, offered
    bob.post(f"/tickets/{ticket['id']}/transfer/accept", {"token": token[1]}, expect=200)
    received = files(mailed(bob, "Your ticket for E2E"))
    assert code_of(received) == bob.get(f"/tickets/{ticket['id']}")["code"]
    assert "Bobby's now" in str(mailed(ada, "Bobby's now")["Subject"])

    host.wait_for_role(conference_id, "organizer")
    host.post(f"/orders/{order['id']}/refunds", {}, expect=200)
    assert "49.00 EUR" in text(mailed(ada, "Refund for E2E"), "plain")
    mailed(bob, "is cancelled")  # the ticket is his
    mailed(cyd, "It is your turn: 1 × Regular")
    assert "You are not on the waiting list any more" in pressed(http, leave)
    wait_until(lambda: cyd.get("/orders/waiting-list")["items"][0]["status"] == "cancelled", "the offer is declined")


def test_an_invitation_is_accepted_by_its_link_and_many_contacts_are_one_mail(
    http: httpx.Client, person: Callable[[str], Person], on_sale: Any, mailed: Any, wire: Mailbox
) -> None:
    host, booth = person("Inviter"), person("Booth")
    conference_id, _ = on_sale(capacity=1, organizer=host)
    host.post(f"/events/conferences/{conference_id}/members", {"email": booth.email, "role": "exhibitor", "company": "Acme"})
    [link] = links(mailed(booth, "You are invited to be an exhibitor"), "/auth/link#invitation=")
    assert "Log in and accept" in http.get(link).text
    booth.post("/events/invitations/accept", {"token": link.partition("=")[2]}, expect=200)
    booth.wait_for_role(conference_id, "exhibitor")
    mailed(booth, "You are now an exhibitor")

    code = booth.call("PUT", "/contacts/card", {"name": "Booth"}).json()["code"]
    for number in count(1):
        first, second = (person(f"{name}{number}") for name in ("First", "Second"))
        told = meeting(wire, booth, code, first, second)
        if len(told) == 1:
            break  # on a busy machine the first is mailed before the second comes
    assert str(told[0]["Subject"]) == f"You met {first.name}, and 1 more"
    assert second.name in text(told[0], "html")


def meeting(wire: Mailbox, booth: Person, code: str, *guests: Person) -> list[EmailMessage]:
    """The mails that tell who stands there of all that meet them, one right after the other."""
    for guest in guests:
        guest.call("PUT", "/contacts/card", {"name": guest.name})
    for guest in guests:
        guest.post("/contacts/exchange", {"code": code, "nonce": uuid4().hex})

    def told() -> list[EmailMessage]:
        mails = [mail for mail in wire.to(booth.email) if any(guest.name in text(mail, "html") for guest in guests)]
        return mails if all(any(guest.name in text(mail, "html") for mail in mails) for guest in guests) else []

    return wait_until(told, "the mail of whom they met")


def code_of(attached: dict[str, Any]) -> str:
    return code_in(Image.open(io.BytesIO(attached["ticket.png"])))
