"""Tickets that change hands, codes that are replaced, and scanners without a network, over HTTP."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pypdfium2
import zxingcpp

from localstack.apart import Apart
from localstack.client import Person, wait_until
from localstack.stack import RunningStack


def offered_to(stack: RunningStack, http: httpx.Client, person: Person) -> str | None:
    """The token in the offer's e-mail."""
    sent = http.get(f"{stack.endpoint_url}/_ministack/ses/messages").json()["messages"]
    bodies = [mail["BodyText"] for account in sent.values() for mail in account if person.email in str(mail["To"])]
    return next((body.partition("Token: ")[2].split()[0] for body in bodies if "Token: " in body), None)


def test_a_ticket_changes_hands_and_one_code_of_it_opens_the_door(
    stack: RunningStack, http: httpx.Client, person: Callable[[str], Person], on_sale: Any
) -> None:
    conference_id, type_id = on_sale(capacity=5)
    ada, eva = person("Ada"), person("Eva")
    line = {"ticket_type_id": type_id, "quantity": 1}
    ada.post("/orders", {"conference_id": conference_id, "lines": [line], "payment": {"method": "simulated"}})
    ticket = wait_until(lambda: ada.get("/tickets")["items"], "the ticket")[0]
    path = f"/tickets/{ticket['id']}"
    offered = ada.post(f"{path}/transfer", {"email": eva.email})
    assert offered["state"] == "open"
    token = wait_until(lambda: offered_to(stack, http, eva), "the offer's e-mail")
    accepted = eva.post(f"{path}/transfer/accept", {"token": token}, expect=200)
    assert accepted["code"] != ticket["code"]
    ada.call("GET", path, expect=404)
    newest = eva.post(f"{path}/reissue", expect=200)["code"]
    pdf = eva.call("GET", f"{path}/pdf").content
    [page] = pypdfium2.PdfDocument(io.BytesIO(pdf))
    assert [
        found.text for found in zxingcpp.read_barcodes(page.render(scale=2).to_pil(), formats=zxingcpp.BarcodeFormat.QRCode)
    ] == [newest]


def test_scanners_without_a_network_lose_nothing(
    stack: RunningStack, http: httpx.Client, person: Callable[[str], Person], tmp_path: Path
) -> None:
    told: list[str] = []
    Apart(person("Hana"), person("Citra"), tmp_path, say=told.append).play()
    assert len(told) == 8
