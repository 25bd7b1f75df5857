"""The rules of a conference, without a table."""

import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.events.domain import (
    Conference,
    CurrencyFixed,
    Desk,
    InvalidWindow,
    LimitReached,
    OrderLimits,
    Room,
    RoomTaken,
    Session,
    SessionOutsideConference,
    TicketType,
    UnknownTimeZone,
    Window,
    slug_of,
)
from functions.events.membership import (
    INVITATION_LIFE,
    AlreadyMember,
    Invitation,
    InvitationExpired,
    InvitationUsed,
    Member,
    hash_of,
    secret_of,
)
from shared.caller import Caller
from shared.errors import Forbidden, KeyReused, NotFound

NINE = datetime(2030, 6, 3, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
BOB = Caller("usr_bob", "bob@example.org", "Bob")

CONFERENCE = Conference(
    id="cnf_01JD0000000000000000000000",
    slug="pycon",
    name="PyCon",
    description=None,
    venue=None,
    time_zone="Europe/Berlin",
    starts_at=NINE,
    ends_at=NINE + 8 * HOUR,
    currency="EUR",
    hold_minutes=15,
    contact_email=None,
)
SESSION = Session(
    id="ses_1",
    title="Talk",
    abstract=None,
    type="talk",
    room_id="room_1",
    speaker_ids=(),
    starts_at=NINE,
    ends_at=NINE + HOUR,
    language=None,
)
TICKET_TYPE = TicketType(
    id="typ_1",
    name="Standard",
    description=None,
    price=4900,
    capacity=100,
    min_per_order=1,
    max_per_order=10,
    sale_starts_at=NINE - 24 * HOUR,
    sale_ends_at=None,
    hidden=False,
    valid_from=None,
    valid_until=None,
)
ROOM = Room(id="room_1", name="Hall", capacity=None)


def desk(conference: Conference = CONFERENCE, **changes: object) -> Desk:
    values = {
        "conference": conference,
        "role": "organizer",
        "parts": {"room_1": ROOM},
        "fingerprints": {"room_1": "f"},
        "versions": {"room_1": 1},
        "counts": {"room": 1},
    }
    return Desk(**{**values, **changes})  # type: ignore[arg-type]


def test_a_conference_ends_after_it_starts() -> None:
    with pytest.raises(InvalidWindow):
        CONFERENCE.changed({"ends_at": NINE})


@pytest.mark.parametrize("name", ["Mars/Olympus", "Europe", "../etc/passwd", "/etc/localtime", "a\0b", " "])
def test_a_time_zone_is_one_of_the_iana_database(name: str) -> None:
    with pytest.raises(UnknownTimeZone):
        CONFERENCE.changed({"time_zone": name})


def test_changing_nothing_is_no_revision() -> None:
    assert CONFERENCE.changed({"name": CONFERENCE.name}) is CONFERENCE


def test_every_change_is_a_greater_revision() -> None:
    assert CONFERENCE.changed({"name": "PyCon 2"}).revision == CONFERENCE.touched().revision == CONFERENCE.revision + 1


def test_the_currency_is_fixed_once_prices_are_on_sale() -> None:
    assert CONFERENCE.changed({"currency": "CHF"}).currency == "CHF"
    with pytest.raises(CurrencyFixed):
        CONFERENCE.with_release().changed({"currency": "CHF"})


@given(st.text(min_size=1, max_size=200))
def test_a_slug_made_of_any_name_is_one_that_could_be_sent(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9-]{3,60}", slug_of(name, CONFERENCE.id))


def test_a_session_lies_within_its_conference() -> None:
    SESSION.check(CONFERENCE)
    with pytest.raises(SessionOutsideConference):
        replace(SESSION, starts_at=NINE - HOUR).check(CONFERENCE)
    with pytest.raises(SessionOutsideConference):
        replace(SESSION, ends_at=CONFERENCE.ends_at + HOUR).check(CONFERENCE)
    with pytest.raises(InvalidWindow):
        replace(SESSION, ends_at=NINE).check(CONFERENCE)


def test_a_room_taken_by_another_names_it_and_by_itself_is_free() -> None:
    SESSION.check_clashes([SESSION])
    with pytest.raises(RoomTaken, match="ses_2") as refused:
        SESSION.check_clashes([replace(SESSION, id="ses_2", title="Keynote")])
    assert refused.value.extra == {"session_id": "ses_2"}


def test_a_ticket_type_follows_the_window_of_its_conference_where_it_sets_none() -> None:
    moved = replace(CONFERENCE, starts_at=NINE + HOUR, ends_at=NINE + 9 * HOUR)
    assert TICKET_TYPE.sale(moved) == Window(TICKET_TYPE.sale_starts_at, moved.ends_at)
    assert TICKET_TYPE.validity(moved) == Window(moved.first_midnight, moved.ends_at)
    assert replace(TICKET_TYPE, valid_from=NINE).validity(moved) == Window(NINE, moved.ends_at)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Jakarta", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_whoever_queues_before_the_opening_is_let_in(zone: str) -> None:
    conference = replace(CONFERENCE, time_zone=zone)
    begins = TICKET_TYPE.validity(conference).starts_at
    assert begins.astimezone(ZoneInfo(zone)).time() == time.min
    assert timedelta(0) <= conference.starts_at - begins < timedelta(days=1)


def test_a_ticket_type_that_nobody_could_buy_or_use_is_refused() -> None:
    with pytest.raises(InvalidWindow, match="sale"):
        replace(TICKET_TYPE, sale_starts_at=CONFERENCE.ends_at).check(CONFERENCE)
    with pytest.raises(InvalidWindow, match="validity"):
        replace(TICKET_TYPE, valid_until=CONFERENCE.first_midnight).check(CONFERENCE)
    with pytest.raises(OrderLimits):
        replace(TICKET_TYPE, min_per_order=11).check(CONFERENCE)


def test_a_draft_is_there_for_its_members_only() -> None:
    with pytest.raises(NotFound):
        desk(role=None).check_visible()
    with pytest.raises(NotFound):
        desk(role=None).check_organizer()
    desk(role="speaker").check_visible()
    with pytest.raises(Forbidden):
        desk(role="staff").check_organizer()
    with pytest.raises(Forbidden):
        desk(CONFERENCE.with_release(), role=None).check_organizer()


def test_a_repeated_command_finds_what_it_made_and_another_body_is_refused() -> None:
    assert desk().made(replace(ROOM, name="Else"), "f") == ROOM
    assert desk().made(replace(ROOM, id="room_2"), "f") is None
    with pytest.raises(KeyReused):
        desk().made(ROOM, "g")


def test_a_part_of_another_kind_is_not_found_by_its_id() -> None:
    with pytest.raises(NotFound):
        desk().find(Session, "room_1")


def test_the_last_room_fits_and_no_more() -> None:
    desk(counts={"room": 199}).check_limit(Room)
    with pytest.raises(LimitReached):
        desk(counts={"room": 200}).check_limit(Room)


def invitation(key: str = "k") -> Invitation:
    return Invitation(
        id="inv_1",
        conference_id=CONFERENCE.id,
        email="bob@example.org",
        role="staff",
        company=None,
        salt="salt",
        secret_hash=hash_of(secret_of("salt", key)),
        fingerprint="f",
        expires_at=NINE + INVITATION_LIFE,
    )


def test_only_the_secret_that_was_given_out_opens_an_invitation() -> None:
    secret = invitation().token("k").rpartition(".")[2]
    invitation().check_secret(secret)
    with pytest.raises(NotFound):
        invitation().check_secret(secret + "x")
    with pytest.raises(NotFound):
        invitation("other").check_secret(secret)


def test_an_invitation_makes_one_member_once_and_in_time() -> None:
    used, member = invitation().accept(BOB, None, None, NINE)
    assert (member.role, member.revision) == ("staff", 1)
    with pytest.raises(InvitationUsed):
        used.accept(BOB, None, None, NINE)
    with pytest.raises(InvitationExpired):
        invitation().accept(BOB, None, None, NINE + INVITATION_LIFE)
    with pytest.raises(AlreadyMember):
        invitation().accept(BOB, member, None, NINE)


def test_the_revision_of_a_member_goes_on_growing_after_removal() -> None:
    founder = Member.founder(CONFERENCE.id, BOB)
    removed = founder.removed()
    _, again = invitation().accept(BOB, removed, None, NINE)
    assert [founder.revision, removed.revision, again.revision] == [1, 2, 3]
    assert (removed.role, removed.email, removed.name) == (None, "", "")
