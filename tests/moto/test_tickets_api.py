"""A ticket as its owner and the door see it, and its picture."""

import io
from datetime import datetime

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from functions.tickets import api, worker
from shared.caller import Caller
from tests.moto.tickets import (
    ADA,
    BOB,
    CONFERENCE,
    DOOR,
    HOST,
    REGULAR,
    STRANGER,
    check_in,
    handler_of,
    issued,
    keep_secret,
    order_paid,
)
from tests.support import CONTEXT, Answer, Table, api_event, call, deliver


@pytest.fixture(autouse=True)
def secret(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_secret(monkeypatch)


def get(url: str, caller: Caller = ADA, accept: str = "*/*") -> Answer:
    return call(handler_of(url), "GET", url, caller=caller, headers={"accept": accept})


def test_a_ticket_has_what_its_owner_needs(table: Table) -> None:
    ticket = issued()
    assert ticket == get(f"/tickets/{ticket['id']}").json
    assert ticket.keys() == {
        "id", "conference_id", "conference_name", "order_id", "ticket_type_id", "ticket_type_name", "attendee", "status",
        "code", "valid_from", "valid_until", "issued_at", "checked_in",
    }  # fmt: skip
    assert ticket["attendee"] == {"name": "Grace", "email": "grace@example.org"}
    assert (ticket["conference_id"], ticket["ticket_type_id"]) == (CONFERENCE, REGULAR)
    assert (ticket["status"], ticket["checked_in"]) == ("valid", None)
    assert all(str(ticket[instant]).endswith("Z") for instant in ("valid_from", "valid_until", "issued_at"))


def test_a_ticket_tells_of_its_first_entry(table: Table) -> None:
    ticket = issued()
    check_in(ticket["code"], gate="North")
    now = get(f"/tickets/{ticket['id']}").json
    assert (now["status"], now["checked_in"]["gate"]) == ("checked_in", "North")
    assert now["checked_in"]["at"].endswith("Z")


def test_my_tickets_come_in_pages_newest_first(table: Table) -> None:
    for order in ("1", "2", "3"):
        deliver(worker.handler, order_paid(2, order=order))
    deliver(worker.handler, order_paid(1, order="4", buyer=BOB))
    pages = [get("/tickets?limit=4").json]
    pages.append(get(f"/tickets?limit=4&cursor={pages[0]['next_cursor']}").json)
    listed = [ticket for page in pages for ticket in page["items"]]
    assert len({ticket["id"] for ticket in listed}) == len(listed) == 6
    issued_at = [datetime.fromisoformat(ticket["issued_at"]) for ticket in listed]
    assert issued_at == sorted(issued_at, reverse=True)
    assert pages[1]["next_cursor"] is None


def test_who_has_no_ticket_has_an_empty_list(table: Table) -> None:
    assert get("/tickets").json == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("view", ["", "/qrcode", "/pdf"])
def test_its_owner_may_see_a_ticket(table: Table, view: str) -> None:
    assert get(f"/tickets/{issued()['id']}{view}").status == 200


@pytest.mark.parametrize("caller", [BOB, STRANGER, DOOR, HOST])
@pytest.mark.parametrize("view", ["", "/qrcode", "/pdf"])
def test_to_anybody_else_it_does_not_exist(table: Table, caller: Caller, view: str) -> None:
    answer = get(f"/tickets/{issued()['id']}{view}", caller)
    assert (answer.status, answer.problem()) == (404, "not-found")


@pytest.mark.parametrize("box", [2, 8, 40])
def test_the_picture_reads_as_the_code(table: Table, box: int) -> None:
    ticket = issued()
    answer = get(f"/tickets/{ticket['id']}/qrcode?box={box}")
    image = Image.open(io.BytesIO(answer.body))
    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == ("image/png", "private, no-store")
    assert image.width == (49 + 8) * box
    assert [found.text for found in zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)] == [ticket["code"]]


@pytest.mark.parametrize(("level", "modules"), [("L", 45), ("M", 49), ("Q", 57), ("H", 65)])
def test_more_error_correction_makes_a_larger_symbol_of_the_same_code(table: Table, level: str, modules: int) -> None:
    ticket = issued()
    image = Image.open(io.BytesIO(get(f"/tickets/{ticket['id']}/qrcode?box=4&level={level}").body))
    assert image.width == (modules + 8) * 4
    assert [found.text for found in zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)] == [ticket["code"]]


def test_a_ticket_is_had_on_paper(table: Table) -> None:
    ticket = issued()
    answer = get(f"/tickets/{ticket['id']}/pdf")
    assert (answer.status, answer.headers["Content-Type"], answer.headers["Cache-Control"]) == (
        200,
        "application/pdf",
        "private, no-store",
    )
    [page] = pypdfium2.PdfDocument(answer.body)
    [found] = zxingcpp.read_barcodes(page.render(scale=2).to_pil(), formats=zxingcpp.BarcodeFormat.QRCode)
    assert found.text == ticket["code"]


def test_the_picture_is_sent_as_bytes_for_api_gateway(table: Table) -> None:
    event = api_event("GET", f"/tickets/{issued()['id']}/qrcode", caller=ADA)
    assert api.handler(event, CONTEXT)["isBase64Encoded"] is True


@pytest.mark.parametrize(
    ("accept", "kind"), [("image/svg+xml", "image/svg+xml"), ("image/png;q=0.1, image/*", "image/svg+xml"), ("", "image/png")]
)
def test_the_picture_comes_as_the_client_likes_it(table: Table, accept: str, kind: str) -> None:
    answer = get(f"/tickets/{issued()['id']}/qrcode", accept=accept)
    assert (answer.status, answer.headers["Content-Type"], answer.headers["Vary"]) == (200, kind, "Accept")
    assert answer.body.startswith(b"<?xml" if kind == "image/svg+xml" else b"\x89PNG")
