"""What others see of a card, what a code gives away, and when two people met."""

import re
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.contacts.domain import (
    Card,
    CardVisibility,
    Contact,
    Meeting,
    NoCard,
    OwnCode,
    Profile,
    Scan,
    ShownCard,
    UnknownCode,
    card_name,
    introduce,
    meeting_time,
    new_code,
)
from shared.errors import Invalid

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ADA = Profile("Ada", "Engines Ltd", "Analyst", "ada@example.org", "+44 20 7946 0000", ("https://example.org/ada",))
AUDIENCES = st.sampled_from(["everyone", "nobody"])
VISIBILITIES = st.builds(CardVisibility, *([AUDIENCES] * 5))


def card(user_id: str = "usr_ada", profile: Profile = ADA) -> Card:
    return Card.first(user_id, profile, CardVisibility(), NOON)


def test_unless_its_owner_says_otherwise_a_card_shows_name_company_and_title_only() -> None:
    assert card().shown() == ShownCard("usr_ada", Profile("Ada", "Engines Ltd", "Analyst"))


@given(VISIBILITIES)
def test_a_field_is_shown_if_and_only_if_everyone_may_see_it(visibility: CardVisibility) -> None:
    shown = ADA.under(visibility)
    for field in fields(visibility):
        visible = getattr(visibility, field.name) == "everyone"
        assert getattr(shown, field.name) == (getattr(ADA, field.name) if visible else getattr(Profile(""), field.name))


@given(VISIBILITIES)
def test_the_name_is_always_shown(visibility: CardVisibility) -> None:
    assert ADA.under(visibility).name == "Ada"


def test_every_field_but_the_name_has_a_visibility() -> None:
    assert {field.name for field in fields(Profile)} - {field.name for field in fields(CardVisibility)} == {"name"}


def test_a_code_fits_the_qr_alphanumeric_set_and_is_never_the_same() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(re.fullmatch(r"KETEMU:C1:[A-Z2-7]{32}", code) for code in codes)


def test_a_code_stays_when_the_card_is_rewritten_and_goes_when_it_is_rotated() -> None:
    first = card()
    rewritten = first.rewritten(replace(ADA, name="Ada L."), CardVisibility(), NOON)
    assert rewritten.code == first.code
    assert rewritten.rotated(NOON).code != first.code


def test_a_name_from_elsewhere_becomes_one_line_of_bounded_length() -> None:
    assert card_name("  Ada\r\nLovelace\t ") == "Ada Lovelace"
    assert len(card_name("x" * 500)) == 100
    assert card_name(" \n ") == ""


def test_two_meet_when_the_phone_says_or_else_now() -> None:
    jakarta = timezone(timedelta(hours=7))
    assert meeting_time(None, NOON) == NOON
    assert meeting_time(datetime(2026, 6, 1, 9, 0, 0, 123456, jakarta), NOON) == datetime(2026, 6, 1, 2, 0, 0, 123000, UTC)


def test_a_clock_may_run_ahead_by_five_minutes_and_no_more() -> None:
    assert meeting_time(NOON + timedelta(minutes=5), NOON) == NOON + timedelta(minutes=5)
    with pytest.raises(Invalid, match="scanned_at"):
        meeting_time(NOON + timedelta(minutes=5, seconds=1), NOON)


def test_the_last_instant_there_is_has_not_come_yet() -> None:
    with pytest.raises(Invalid):
        meeting_time(datetime.max.replace(tzinfo=timezone(-timedelta(hours=12))), NOON)


def test_a_meeting_shows_each_what_the_other_shows_and_keeps_the_note_private() -> None:
    bob = Card.first("usr_bob", Profile("Bob", email="bob@example.org"), CardVisibility(email="everyone"), NOON)
    meeting = introduce(
        card(), bob.shown(), code=bob.code, nonce="n", met_at=NOON, note="asked about engines", conference_id="cnf_1"
    )
    assert (meeting.mine.owner_id, meeting.mine.user_id) == ("usr_ada", "usr_bob")
    assert meeting.mine.profile == Profile("Bob", email="bob@example.org")
    assert meeting.theirs.profile == Profile("Ada", "Engines Ltd", "Analyst")
    assert (meeting.mine.note, meeting.theirs.note) == ("asked about engines", None)
    assert (meeting.mine.conference_id, meeting.theirs.conference_id) == ("cnf_1", "cnf_1")


@pytest.mark.parametrize(
    ("own", "shown", "problem"),
    [
        (None, card().shown(), NoCard),
        (None, None, NoCard),
        (card(), None, UnknownCode),
        (card(), card().shown(), OwnCode),
    ],
)
def test_a_meeting_takes_two_cards(own: Card | None, shown: ShownCard | None, problem: type[Exception]) -> None:
    with pytest.raises(problem):
        introduce(own, shown, code="KETEMU:C1:X", nonce="n", met_at=NOON, note=None, conference_id=None)


@given(st.text(min_size=1), st.text(min_size=1))
def test_an_exchange_has_one_id_whoever_scanned_whom(one: str, other: str) -> None:
    def scanned(scanner: str, scanned: str) -> Meeting:
        mine, theirs = (
            Contact.of(scanner, ShownCard(scanned, ADA), NOON),
            Contact.of(scanned, ShownCard(scanner, ADA), NOON),
        )
        return Meeting(Scan(scanner, "n", "c", mine.id), mine, theirs)

    assert scanned(one, other).exchange_id == scanned(other, one).exchange_id
    if one != other:
        assert scanned(one, other).mine.id != scanned(other, one).mine.id
