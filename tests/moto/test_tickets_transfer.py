"""A ticket changes hands with consent, and there is one live code of it at every instant."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.contacts import worker as contacts_worker
from functions.tickets import api, worker
from functions.tickets.dynamo_door import DynamoDoor
from functions.tickets.dynamo_keys import DynamoKeys
from functions.tickets.dynamo_transfer import DynamoTransfers
from functions.tickets.items import TicketItem
from functions.tickets.secret import entry_codes, offer_tokens
from functions.tickets.use_cases_door import Held
from functions.tickets.use_cases_door import check_in as check_in_now
from functions.tickets.use_cases_transfer import accept_offer
from shared.caller import Caller
from shared.clock import now
from shared.messages import Message, OrderRefunded, TicketTransferEnded, TicketTransferOffered, TicketTransferred
from shared.money import Money
from tests.moto.tickets import ADA, BOB, CONFERENCE, DOOR, HOST, STRANGER, check_in, issued, keep_secret
from tests.support import Answer, Table, call, deliver

EVA = Caller("usr_eva", "eva@example.org", "Eva")
RULE = f"/tickets/conferences/{CONFERENCE}/transfers"


@pytest.fixture(autouse=True)
def secret(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_secret(monkeypatch)


def offer(ticket: dict[str, Any], email: str = EVA.email, *, caller: Caller | None = ADA, key: str = "k1") -> Answer:
    body = {"email": email}
    return call(api.handler, "POST", f"/tickets/{ticket['id']}/transfer", body, caller=caller, headers={"idempotency-key": key})


def answer(ticket: dict[str, Any], how: str, token: str, caller: Caller | None = EVA) -> Answer:
    return call(api.handler, "POST", f"/tickets/{ticket['id']}/transfer/{how}", {"token": token}, caller=caller)


def withdraw(ticket: dict[str, Any], caller: Caller = ADA) -> Answer:
    return call(api.handler, "DELETE", f"/tickets/{ticket['id']}/transfer", caller=caller)


def mailed(table: Table) -> str:
    """The token in the latest offer's e-mail."""
    return told(table, TicketTransferOffered)[-1].token  # type: ignore[attr-defined,no-any-return]


def told(table: Table, kind: type[Message]) -> list[Message]:
    return [message for message in table.outbox() if type(message) is kind]


def owned(caller: Caller) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = call(api.handler, "GET", "/tickets", caller=caller).json["items"]
    return items


def test_until_an_offer_is_accepted_nothing_changes(table: Table) -> None:
    ticket = issued()
    made = offer(ticket)
    assert (made.status, made.json["state"], made.json["email"]) == (201, "open", EVA.email)
    assert owned(ADA) == [ticket]
    assert owned(EVA) == []
    assert check_in(ticket["code"]).json["status"] == "ok"


def test_the_token_is_mailed_and_shown_to_nobody_else(table: Table) -> None:
    made = offer(issued())
    [message] = told(table, TicketTransferOffered)
    assert isinstance(message, TicketTransferOffered)
    assert (message.email, message.owner_name) == (EVA.email, "Ada")
    assert message.token == offer_tokens().of(made.json["id"])
    assert message.token not in made.body.decode()


def test_an_accepted_ticket_is_the_new_owners_alone(table: Table) -> None:
    ticket = issued()
    offer(ticket)
    accepted = answer(ticket, "accept", mailed(table))
    assert accepted.status == 200
    assert owned(ADA) == []
    [theirs] = owned(EVA)
    assert theirs == accepted.json
    assert theirs["attendee"] == {"name": "Eva", "email": EVA.email}
    assert {name: theirs[name] for name in ("id", "order_id", "valid_from", "issued_at", "status")} == {
        name: ticket[name] for name in ("id", "order_id", "valid_from", "issued_at", "status")
    }


def test_of_the_two_codes_one_opens_the_door(table: Table) -> None:
    ticket = issued()
    offer(ticket)
    new = answer(ticket, "accept", mailed(table)).json["code"]
    assert new != ticket["code"]
    old = check_in(ticket["code"], "n1").json
    assert (old["status"], old["reason"]) == ("error", "revoked")
    assert "handed on" in old["detail"]
    assert check_in(new, "n2").json["status"] == "ok"
    assert check_in(ticket["code"], "n3").json["reason"] == "revoked"


def test_accepting_again_gives_the_same_ticket(table: Table) -> None:
    ticket = issued()
    offer(ticket)
    token = mailed(table)
    first = answer(ticket, "accept", token)
    before = table.items()
    assert answer(ticket, "accept", token).json == first.json
    assert table.items() == before


def test_a_transfer_is_told_with_the_new_code_and_contacts_hear_of_it(table: Table) -> None:
    ticket = issued()
    offer(ticket)
    accepted = answer(ticket, "accept", mailed(table)).json
    [message] = told(table, TicketTransferred)
    assert isinstance(message, TicketTransferred)
    assert (message.from_id, message.owner_id, message.code, message.serial) == (ADA.user_id, EVA.user_id, accepted["code"], 2)
    assert not deliver(contacts_worker.handler, message, message)


def test_a_ticket_can_go_on_and_come_back(table: Table) -> None:
    ticket = issued()
    codes = [ticket["code"]]
    for giver, taker, key in ((ADA, EVA, "1"), (EVA, BOB, "2"), (BOB, ADA, "3")):
        assert offer(ticket, taker.email, caller=giver, key=key).status == 201
        codes.append(answer(ticket, "accept", mailed(table), taker).json["code"])
    assert len(set(codes)) == 4
    assert [check_in(code, f"n{number}").json["reason"] for number, code in enumerate(codes)] == ["revoked"] * 3 + [None]


def test_whose_address_is_verified_needs_no_token(table: Table) -> None:
    ticket = issued()
    offer(ticket, email="EVA@example.org")
    url = f"/tickets/{ticket['id']}/transfer/accept"
    unproven = call(api.handler, "POST", url, {}, caller=EVA)
    assert (unproven.status, unproven.problem()) == (404, "not-found")
    assert call(api.handler, "POST", url, {}, caller=replace(BOB, email_verified=True)).status == 404
    assert call(api.handler, "POST", url, {}, caller=replace(EVA, email_verified=True)).status == 200


@pytest.mark.parametrize("how", ["accept", "decline"])
@pytest.mark.parametrize(("caller", "token"), [(EVA, "guessed"), (BOB, "guessed"), (ADA, None), (STRANGER, "é")])
def test_an_offer_is_answered_by_who_has_its_token_and_not_by_who_made_it(
    table: Table, how: str, caller: Caller, token: str | None
) -> None:
    ticket = issued()
    offer(ticket)
    before = table.items()
    refused = answer(ticket, how, token or mailed(table), caller)
    assert (refused.status, refused.problem()) == (404, "not-found")
    assert table.items() == before


def test_a_repeated_offer_is_one_and_one_with_another_body_is_refused(table: Table) -> None:
    ticket = issued()
    first = offer(ticket)
    before = table.items()
    assert offer(ticket).json == first.json
    other = offer(ticket, "bob@example.org")
    assert (other.status, other.problem()) == (422, "idempotency-key-reused")
    assert table.items() == before


def test_a_ticket_is_offered_to_one_at_a_time(table: Table) -> None:
    ticket = issued()
    offer(ticket)
    second = offer(ticket, BOB.email, key="k2")
    assert (second.status, second.problem()) == (409, "transfer-offered")
    assert withdraw(ticket).status == 204
    assert offer(ticket, BOB.email, key="k3").status == 201


def test_the_token_of_an_offer_that_was_withdrawn_is_worthless(table: Table) -> None:
    ticket = issued()
    offer(ticket)
    token = mailed(table)
    assert [withdraw(ticket).status for _ in range(2)] == [204, 204]
    refused = answer(ticket, "accept", token)
    assert (refused.status, refused.problem(), refused.json["state"]) == (409, "offer-closed", "withdrawn")
    offer(ticket, BOB.email, key="k2")
    assert answer(ticket, "accept", token).status == 404
    assert [message.declined for message in told(table, TicketTransferEnded)] == [False]  # type: ignore[attr-defined]


def test_whoever_declines_leaves_the_ticket_where_it_is(table: Table) -> None:
    ticket = issued()
    offer(ticket)
    token = mailed(table)
    assert [answer(ticket, "decline", token).status for _ in range(2)] == [204, 204]
    assert answer(ticket, "accept", token).problem() == "offer-closed"
    assert owned(ADA) == [ticket]
    assert [message.declined for message in told(table, TicketTransferEnded)] == [True]  # type: ignore[attr-defined]
    assert call(api.handler, "GET", f"/tickets/{ticket['id']}/transfer", caller=ADA).json["state"] == "declined"


def test_an_offer_expires(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = issued()
    made = offer(ticket).json
    assert made["expires_at"] == ticket["valid_until"]  # sooner than 14 days
    monkeypatch.setattr("functions.tickets.api_transfer.now", lambda: now() + timedelta(days=3))
    refused = answer(ticket, "accept", mailed(table))
    assert (refused.status, refused.problem(), refused.json["state"]) == (409, "offer-closed", "expired")


def test_who_has_come_in_keeps_the_ticket(table: Table) -> None:
    ticket = issued()
    offer(ticket)
    check_in(ticket["code"], "n1")
    check_in(ticket["code"], "n2", type="exit")
    for refused in (answer(ticket, "accept", mailed(table)), offer(ticket, BOB.email, key="k2")):
        assert (refused.status, refused.problem()) == (409, "not-transferable")
    assert owned(ADA)[0]["code"] == ticket["code"]


def test_a_cancelled_ticket_is_nobodys_to_accept(table: Table) -> None:
    ticket = issued()
    offer(ticket)
    refund = OrderRefunded(conference_id=CONFERENCE, order_id=ticket["order_id"], buyer_id=ADA.user_id, amount=Money(0, "EUR"))
    deliver(worker.handler, refund)
    refused = answer(ticket, "accept", mailed(table))
    assert (refused.status, refused.problem()) == (409, "not-transferable")


def test_a_refund_after_a_transfer_cancels_and_tells_the_new_owner(table: Table) -> None:
    ticket = issued()
    offer(ticket)
    code = answer(ticket, "accept", mailed(table)).json["code"]
    refund = OrderRefunded(conference_id=CONFERENCE, order_id=ticket["order_id"], buyer_id=ADA.user_id, amount=Money(0, "EUR"))
    deliver(worker.handler, refund)
    assert check_in(code).json["reason"] == "canceled"
    [cancelled] = [message for message in table.outbox() if type(message).__name__ == "TicketCancelled"]
    assert cancelled.owner_id == EVA.user_id  # type: ignore[attr-defined]


def test_the_organiser_may_forbid_transfers(table: Table) -> None:
    ticket = issued()
    offer(ticket)
    token = mailed(table)
    assert call(api.handler, "PUT", RULE, {"allowed": False}, caller=HOST).json == {"conference_id": CONFERENCE, "allowed": False}
    for refused in (answer(ticket, "accept", token), offer(issued(order="2"), key="k2")):
        assert (refused.status, refused.problem()) == (403, "transfers-forbidden")
    call(api.handler, "PUT", RULE, {"allowed": True}, caller=HOST)
    assert answer(ticket, "accept", token).status == 200


def test_a_check_in_between_reading_and_accepting_wins(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = issued()
    offer(ticket)
    token = mailed(table)
    raced = TicketItem.is_as_read

    def scan_first(before: Any) -> Any:
        monkeypatch.setattr(TicketItem, "is_as_read", raced)
        entered = check_in_now(DynamoDoor(), entry_codes(), now, keeper=DOOR, held=Held(nonce="n1", code=ticket["code"]))
        assert entered.verdict.reason is None
        return raced(before)

    monkeypatch.setattr(TicketItem, "is_as_read", scan_first)
    refused = answer(ticket, "accept", token)
    assert (refused.status, refused.problem()) == (409, "not-transferable")
    assert owned(ADA)[0]["status"] == "checked_in"


def test_an_acceptance_between_reading_and_admitting_wins(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = issued()
    offer(ticket)
    token = mailed(table)
    raced = TicketItem.is_as_read

    def accept_first(before: Any) -> Any:
        monkeypatch.setattr(TicketItem, "is_as_read", raced)
        transfers, tokens, codes = DynamoTransfers(), offer_tokens(), entry_codes()
        accept_offer(transfers, tokens, codes, DynamoKeys(), now, caller=EVA, ticket_id=ticket["id"], token=token)
        return raced(before)

    monkeypatch.setattr(TicketItem, "is_as_read", accept_first)
    assert check_in(ticket["code"]).json["reason"] == "revoked"
    assert owned(EVA)[0]["status"] == "valid"


@pytest.mark.parametrize(
    ("method", "path", "body", "caller", "status", "slug"),
    [
        ("POST", "/transfer", {"email": "eva@example.org"}, None, 401, "unauthenticated"),
        ("POST", "/transfer", {"email": "eva@example.org"}, BOB, 404, "not-found"),
        ("POST", "/transfer", {"email": "eva@example.org"}, HOST, 404, "not-found"),
        ("POST", "/transfer", None, ADA, 422, "invalid"),
        ("POST", "/transfer", {}, ADA, 422, "invalid"),
        ("POST", "/transfer", {"email": "eva"}, ADA, 422, "invalid"),
        ("POST", "/transfer", {"email": "eva@example.org\r\nBcc: x@example.org"}, ADA, 422, "invalid"),
        ("POST", "/transfer", {"email": "e" * 250 + "@example.org"}, ADA, 422, "invalid"),
        ("POST", "/transfer", {"email": " ADA@example.org "}, ADA, 422, "invalid"),
        ("POST", "/transfer", {"email": "eva@example.org", "price": 1}, ADA, 422, "invalid"),
        ("GET", "/transfer", None, None, 401, "unauthenticated"),
        ("GET", "/transfer", None, ADA, 404, "not-found"),
        ("DELETE", "/transfer", None, None, 401, "unauthenticated"),
        ("DELETE", "/transfer", None, ADA, 404, "not-found"),
        ("DELETE", "/transfer", None, BOB, 404, "not-found"),
        ("POST", "/transfer/accept", {"token": "x"}, None, 401, "unauthenticated"),
        ("POST", "/transfer/accept", {"token": "x"}, BOB, 404, "not-found"),
        ("POST", "/transfer/accept", {"token": ""}, BOB, 422, "invalid"),
        ("POST", "/transfer/accept", {"token": "x" * 101}, BOB, 422, "invalid"),
        ("POST", "/transfer/accept", {}, BOB, 404, "not-found"),
        ("POST", "/transfer/accept", None, BOB, 422, "invalid"),
        ("POST", "/transfer/decline", {"token": "x"}, BOB, 404, "not-found"),
        ("POST", "/reissue", None, None, 401, "unauthenticated"),
        ("POST", "/reissue", None, BOB, 404, "not-found"),
        ("POST", "/reissue", None, HOST, 404, "not-found"),
    ],
)
def test_what_is_refused_changes_nothing(
    table: Table, method: str, path: str, body: Any, caller: Caller | None, status: int, slug: str
) -> None:
    ticket = issued()
    before = table.items()
    refused = call(api.handler, method, f"/tickets/{ticket['id']}{path}", body, caller=caller)
    assert (refused.status, refused.problem()) == (status, slug)
    assert table.items() == before


@pytest.mark.parametrize(
    ("method", "path", "body", "caller", "status", "slug"),
    [
        ("PUT", "transfers", {"allowed": False}, None, 401, "unauthenticated"),
        ("PUT", "transfers", {"allowed": False}, ADA, 403, "forbidden"),
        ("PUT", "transfers", {"allowed": False}, DOOR, 403, "forbidden"),
        ("PUT", "transfers", {"allowed": "maybe"}, HOST, 422, "invalid"),
        ("PUT", "transfers", {}, HOST, 422, "invalid"),
        ("POST", "tickets/<the id>/cancel", None, None, 401, "unauthenticated"),
        ("POST", "tickets/<the id>/cancel", None, ADA, 403, "forbidden"),
        ("POST", "tickets/<the id>/cancel", None, DOOR, 403, "forbidden"),
        ("POST", "tickets/tkt_unknown/cancel", None, HOST, 404, "not-found"),
        ("POST", "tickets/<the id>/reissue", None, ADA, 403, "forbidden"),
        ("POST", "tickets/<the id>/reissue", None, DOOR, 403, "forbidden"),
        ("POST", "tickets/tkt_unknown/reissue", None, HOST, 404, "not-found"),
    ],
)
def test_what_is_not_the_callers_to_do_at_a_conference_changes_nothing(
    table: Table, method: str, path: str, body: Any, caller: Caller | None, status: int, slug: str
) -> None:
    ticket = issued()
    before = table.items()
    url = f"/tickets/conferences/{CONFERENCE}/{path.replace('<the id>', ticket['id'])}"
    refused = call(api.handler, method, url, body, caller=caller)
    assert (refused.status, refused.problem()) == (status, slug)
    assert table.items() == before


def test_an_organiser_elsewhere_does_not_reach_a_ticket_through_their_own_conference(table: Table) -> None:
    ticket = issued()
    elsewhere = replace(HOST, roles={"cnf_elsewhere": "organizer"})
    for what in ("cancel", "reissue"):
        url = f"/tickets/conferences/cnf_elsewhere/tickets/{ticket['id']}/{what}"
        assert call(api.handler, "POST", url, caller=elsewhere).problem() == "not-found"
