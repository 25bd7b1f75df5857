"""Messages cross the bus unchanged, and old and new versions of them understand each other."""

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared import correlation, messages
from shared.messages import KINDS, Message, OrderRefunded, TicketIssued, UserRegistered, parse
from shared.money import Money

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
instants = st.datetimes(timezones=st.just(UTC))
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))  # JSON has no other


def every_field(kind: type[Message]) -> dict[str, st.SearchStrategy[Any]]:
    """Those with a default too, which `builds` would leave out."""
    hints: dict[str, Any] = {field.name: field.type for field in dataclasses.fields(kind)}
    return {name: instants if hint is datetime else st.from_type(hint) for name, hint in hints.items()}


anything = st.sampled_from(sorted(KINDS)).flatmap(lambda kind: st.builds(KINDS[kind], **every_field(KINDS[kind])))


def over_the_wire(message: Message) -> Message:
    return parse(type(message).__name__, json.loads(message.to_json()))


@given(anything)
def test_every_message_arrives_as_it_was_sent(message: Message) -> None:
    assert over_the_wire(message) == message


@given(anything)
def test_a_newer_producers_member_is_ignored(message: Message) -> None:
    detail = {**json.loads(message.to_json()), "added_later": {"by": "a newer version"}}
    assert parse(type(message).__name__, detail) == message


def test_an_older_producers_message_gets_the_default_of_what_it_lacks() -> None:
    refunded = OrderRefunded(
        conference_id="cnf_1", order_id="ord_1", buyer_id="usr_1", amount=Money(1, "EUR"), conference_name="PyCon"
    )
    detail = json.loads(refunded.to_json())
    del detail["conference_name"]
    assert parse("OrderRefunded", detail) == dataclasses.replace(refunded, conference_name="")


def test_a_message_without_what_it_needs_is_refused() -> None:
    with pytest.raises(ValidationError):
        parse("OrderRefunded", {"conference_id": "cnf_1"})


def test_an_unknown_message_is_refused() -> None:
    with pytest.raises(KeyError):
        parse("NobodySendsThis", {})


def test_every_message_says_which_context_it_is_of() -> None:
    sources = {kind.context for kind in KINDS.values()}
    assert sources <= {"auth", "events", "orders", "tickets", "contacts", "notifications"}
    assert UserRegistered(user_id="usr_1", email="ada@example.org", name="Ada").source == "ketemu.auth"
    assert {kind.__module__ for kind in KINDS.values()} == {f"{messages.__name__}.{context}" for context in sources}


def test_every_message_has_an_id_of_its_own() -> None:
    first, second = (UserRegistered(user_id="usr_1", email="ada@example.org", name="Ada") for _ in range(2))
    assert first.id != second.id
    assert first.occurred_at.tzinfo is UTC


def test_a_message_carries_on_the_correlation_id_of_what_caused_it() -> None:
    correlation.follow("abc-1")
    try:
        assert UserRegistered(user_id="usr_1", email="ada@example.org", name="Ada").correlation_id == "abc-1"
    finally:
        correlation.follow("")


def test_a_message_cannot_be_changed() -> None:
    registered = UserRegistered(user_id="usr_1", email="ada@example.org", name="Ada")
    with pytest.raises(dataclasses.FrozenInstanceError):
        registered.name = "Eve"  # type: ignore[misc]  # that is the test


def test_the_envelope_can_be_routed_without_knowing_the_message() -> None:
    assert {"id", "version", "occurred_at", "correlation_id", "conference_id"} <= {
        field.name for field in dataclasses.fields(TicketIssued)
    }


def test_a_paid_order_tells_its_state_by_its_tickets() -> None:
    def ticket(type_id: str, amount: int) -> messages.TicketLine:
        return messages.TicketLine(type_id, type_id.upper(), Money(amount, "EUR"), "Ada", "ada@example.org", NOON, NOON)

    paid = messages.OrderPaid(
        conference_id="cnf_1",
        order_id="ord_1",
        buyer_id="usr_1",
        buyer_name="Ada",
        buyer_email="ada@example.org",
        total=Money(5900, "EUR"),
        tickets=[ticket("a", 2000), ticket("b", 1900), ticket("a", 2000)],
        revision=2,
        created_at=NOON,
    )
    assert paid.order == messages.OrderState(
        revision=2,
        status="paid",
        created_at=NOON,
        total=Money(5900, "EUR"),
        refunded=Money(0, "EUR"),
        lines=(messages.LineState("a", "A", 2, Money(4000, "EUR")), messages.LineState("b", "B", 1, Money(1900, "EUR"))),
    )
    assert dataclasses.replace(paid, created_at=None).order is None
