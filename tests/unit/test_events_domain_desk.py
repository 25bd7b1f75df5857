"""Who may do what to a conference, what a change may name, and what clashes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import tzset

import pytest

from functions.events.domain import (
    Archived,
    BelowSold,
    CurrencyFixed,
    InvalidWindow,
    LimitReached,
    NotPublished,
    OrderLimits,
    Overtaken,
    Pool,
    PoolFixed,
    References,
    Room,
    RoomTaken,
    Session,
    SessionOutsideConference,
    Speaker,
    SpeakerBusy,
    TicketType,
    Track,
    UnknownPool,
    UnknownRoom,
    UnknownSpeaker,
    UnknownTimeZone,
    UnknownTrack,
    Window,
    WorkInProgress,
    check_capacity,
    no_conference,
    of_kind,
    slug_of,
)
from shared.errors import Forbidden, NotFound, Problem
from shared.money import Money
from tests.unit.test_events_domain import CONFERENCE, HOUR, NINE, ROOM, SESSION, TICKET_TYPE, desk

TRACK = Track(id="trk_1", name="Systems", color=None)
POOL = Pool(id="pool_1", name="Hall", capacity=500)
SPEAKER = Speaker(id="spk_1", name="Ada", biography=None, company=None)
PUBLISHED = CONFERENCE.with_release()


# Windows


@pytest.mark.parametrize(
    ("starts", "ends", "within"),
    [(0, 8, True), (0, 1, True), (7, 8, True), (-1, 1, False), (7, 9, False), (-1, 9, False), (8, 9, False)],
)
def test_what_is_within_a_window_neither_begins_before_nor_ends_after_it(starts: int, ends: int, within: bool) -> None:
    assert (Window(NINE + starts * HOUR, NINE + ends * HOUR) in CONFERENCE.window) is within


def test_a_window_that_ends_before_it_starts_is_told_with_its_times() -> None:
    Window(NINE, NINE + timedelta(milliseconds=1)).check("It")
    with pytest.raises(InvalidWindow) as refused:
        Window(NINE, NINE - HOUR).check("It")
    assert "It must end after it starts" in refused.value.detail
    assert "from 2030-06-03T09:00:00.000Z to 2030-06-03T08:00:00.000Z" in refused.value.detail


# A conference


def test_a_change_is_the_conferences_own_version_and_a_part_of_it_touches_its_revision_alone() -> None:
    at_seven = replace(CONFERENCE, revision=7, version=3)
    assert (at_seven.changed({"name": "PyCon 2"}).revision, at_seven.changed({"name": "PyCon 2"}).version) == (8, 8)
    assert (at_seven.touched().revision, at_seven.touched().version) == (8, 3)
    released = at_seven.with_release()
    assert (released.revision, released.version, released.release, released.status) == (8, 8, 1, "published")
    assert released.with_release().release == 2


def test_changing_several_things_changes_just_these() -> None:
    changed = CONFERENCE.changed({"name": "PyCon 2", "venue": "Hall"})
    assert changed == replace(CONFERENCE, name="PyCon 2", venue="Hall", revision=2, version=2)


def test_a_draft_may_change_its_currency_and_what_is_on_sale_may_keep_it() -> None:
    assert PUBLISHED.changed({"currency": "EUR", "name": "PyCon 2"}).currency == "EUR"
    with pytest.raises(CurrencyFixed, match="sells in EUR; that cannot become CHF"):
        PUBLISHED.changed({"currency": "CHF"})


def test_organisers_are_told_again_when_the_day_is_another_on_which_data_goes() -> None:
    told = replace(CONFERENCE, retention_days=30, retention_told_at=NINE)
    assert told.changed({"name": "PyCon 2"}).retention_told_at == NINE
    assert told.changed({"retention_days": 60}).retention_told_at is None
    assert told.changed({"ends_at": CONFERENCE.ends_at + HOUR}).retention_told_at is None
    assert told.changed({"retention_days": 60}).retention_days == 60


@pytest.mark.parametrize(
    ("status", "published", "public"), [("draft", False, False), ("published", True, True), ("archived", False, True)]
)
def test_what_is_archived_is_still_to_be_read(status: str, published: bool, public: bool) -> None:
    conference = replace(CONFERENCE, status=status)  # type: ignore[arg-type]  # a parameter
    assert (conference.is_published, conference.is_public) == (published, public)


def test_a_conference_is_archived_once_and_a_draft_never() -> None:
    archived = PUBLISHED.archived()
    assert (archived.status, archived.revision, archived.version) == ("archived", 3, 3)
    assert archived.archived() is archived
    with pytest.raises(NotPublished, match="POST …/publish"):
        CONFERENCE.archived()


def test_what_is_archived_is_closed_to_changes() -> None:
    CONFERENCE.check_open()
    PUBLISHED.check_open()
    with pytest.raises(Archived, match=CONFERENCE.id):
        PUBLISHED.archived().check_open()


@pytest.mark.parametrize("name", ["Factory", "localtime", "europe/berlin", ""])
def test_a_time_zone_of_one_machine_alone_is_none(name: str) -> None:
    with pytest.raises(UnknownTimeZone, match="Europe/Berlin or UTC"):
        replace(CONFERENCE, time_zone=name).check()


def test_the_day_of_a_conference_begins_at_its_own_midnight() -> None:
    tokyo = replace(CONFERENCE, time_zone="Asia/Tokyo", starts_at=datetime(2030, 6, 3, 16, tzinfo=UTC))  # 4 June, 01:00
    assert tokyo.first_midnight == datetime(2030, 6, 3, 15, tzinfo=UTC)
    assert tokyo.first_midnight.utcoffset() == timedelta(0)


@pytest.fixture
def far_from_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "WIB-7")
    tzset()
    yield
    monkeypatch.undo()
    tzset()


@pytest.mark.usefixtures("far_from_utc")
def test_the_day_of_a_conference_is_told_in_utc_wherever_the_machine_is() -> None:
    assert CONFERENCE.first_midnight.utcoffset() == timedelta(0)


def test_a_conference_that_ends_before_it_starts_is_told_that_it_is_the_conference() -> None:
    with pytest.raises(InvalidWindow, match="The conference must end"):
        replace(CONFERENCE, ends_at=NINE - HOUR).check()


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("PyCon DE & PyData", "pycon-de-pydata-00000000"),
        ("  Zürich!  ", "zurich-00000000"),
        ("会議", "conference-00000000"),
        ("x" * 60, f"{'x' * 50}-00000000"),
        ("-" * 3 + "A.B", "a-b-00000000"),
    ],
)
def test_a_slug_is_made_of_the_name_and_of_the_end_of_the_id(name: str, slug: str) -> None:
    assert slug_of(name, CONFERENCE.id) == slug


def test_conferences_of_one_name_have_slugs_of_their_own() -> None:
    assert slug_of("PyCon", "cnf_01JD000000000000000000ABCD").endswith("-0000abcd")


# Who


def test_whoever_is_not_on_the_team_sees_what_is_public_alone() -> None:
    desk(PUBLISHED, role=None).check_visible()
    with pytest.raises(NotFound, match=CONFERENCE.id):
        desk(role=None).check_visible()


def test_what_a_team_works_on_is_its_own_until_a_release_and_what_is_sold_is_everybodys() -> None:
    desk(role="staff").check_shown(Session)
    desk(role=None).check_shown(TicketType)
    with pytest.raises(WorkInProgress, match=f"/events/conferences/{CONFERENCE.id}/agenda"):
        desk(PUBLISHED, role=None).check_shown(Session)


def test_a_refusal_says_what_one_is_instead_of_an_organizer() -> None:
    desk().check_organizer()
    with pytest.raises(Forbidden, match="you are staff"):
        desk(role="staff").check_organizer()
    with pytest.raises(Forbidden, match="you are not a member"):
        desk(PUBLISHED, role=None).check_organizer()


# Parts


def test_a_part_is_found_as_what_it_is() -> None:
    assert desk().find(Room, "room_1") == ROOM
    with pytest.raises(NotFound, match="no room 'room_2'"):
        desk().find(Room, "room_2")
    with pytest.raises(NotFound, match="no session 'room_1'"):
        desk().find(Session, "room_1")


def test_the_most_that_a_conference_holds_is_told() -> None:
    with pytest.raises(LimitReached, match="has 200 rooms"):
        desk(counts={"room": 201}).check_limit(Room)


def test_the_parts_of_one_kind_are_picked_in_their_order() -> None:
    other = replace(ROOM, id="room_2")
    assert of_kind(Room, [ROOM, TRACK, other]) == (ROOM, other)


@pytest.mark.parametrize(
    ("changes", "ids"),
    [
        ({}, ()),
        ({"room_id": "room_1", "name": "x"}, ("room_1",)),
        ({"room_id": None, "speaker_ids": ["spk_1", "spk_2"]}, ("spk_1", "spk_2")),
        ({"track_id": "trk_1", "pool_id": "pool_1", "room_id": "room_1"}, ("room_1", "trk_1", "pool_1")),
    ],
)
def test_what_a_change_names_is_looked_up(changes: dict[str, object], ids: tuple[str, ...]) -> None:
    assert References.of(changes).ids == ids


def test_a_change_names_each_kind_by_its_own_member() -> None:
    named = References.of({"room_id": "a", "speaker_ids": ["b"], "track_id": "c", "pool_id": "d"})
    assert named == References(room_id="a", speaker_ids=("b",), track_id="c", pool_id="d")


def test_what_a_part_names_is_of_its_kind() -> None:
    assert ROOM.references == References()
    session = replace(SESSION, speaker_ids=("spk_1",), track_id="trk_1")
    assert session.references == References(room_id="room_1", speaker_ids=("spk_1",), track_id="trk_1")
    assert replace(TICKET_TYPE, pool_id="pool_1").references == References(pool_id="pool_1")


KNOWN = {"room_1": ROOM, "trk_1": TRACK, "pool_1": POOL, "spk_1": SPEAKER}


def test_a_change_may_name_what_is_there() -> None:
    desk(parts=KNOWN).check_references(References("room_1", ("spk_1",), "trk_1", "pool_1"))
    desk(parts={}).check_references(References())


@pytest.mark.parametrize(
    ("names", "refusal", "said"),
    [
        (References(room_id="trk_1"), UnknownRoom, "'trk_1'. Add it first (POST …/rooms)"),
        (References(track_id="room_1"), UnknownTrack, "'room_1'. Add it first (POST …/tracks)"),
        (References(pool_id="pool_2"), UnknownPool, "'pool_2'. Add it first (POST …/pools)"),
        (References(speaker_ids=("spk_1", "spk_2")), UnknownSpeaker, "'spk_2'. Add them first (POST …/speakers)"),
        (References(speaker_ids=("room_1",)), UnknownSpeaker, "room_1"),
    ],
)
def test_what_is_not_there_or_of_another_kind_cannot_be_named(names: References, refusal: type[Problem], said: str) -> None:
    with pytest.raises(refusal) as refused:
        desk(parts=KNOWN).check_references(names)
    assert said in refused.value.detail


# Sessions


def test_a_session_outside_is_told_when_the_conference_is() -> None:
    with pytest.raises(SessionOutsideConference, match="lasts from 2030-06-03T09:00"):
        replace(SESSION, starts_at=NINE - HOUR).check(CONFERENCE)
    with pytest.raises(InvalidWindow, match="The session must end"):
        replace(SESSION, ends_at=NINE).check(CONFERENCE)


def test_a_speaker_is_in_one_place_at_a_time() -> None:
    mine = replace(SESSION, room_id=None, speaker_ids=("spk_1", "spk_2"))
    other = replace(mine, id="ses_2", title="Keynote", speaker_ids=("spk_3", "spk_2"))
    with pytest.raises(SpeakerBusy, match="spk_2 is in 'Keynote'") as refused:
        mine.check_clashes([mine, other])
    assert refused.value.extra == {"session_id": "ses_2", "speaker_id": "spk_2"}
    mine.check_clashes([mine, replace(other, speaker_ids=("spk_3",))])


def test_sessions_without_a_room_do_not_take_it_from_each_other() -> None:
    online = replace(SESSION, room_id=None)
    online.check_clashes([replace(online, id="ses_2")])
    SESSION.check_clashes([replace(SESSION, id="ses_2", room_id="room_2")])


def test_a_clash_is_found_behind_the_session_itself() -> None:
    with pytest.raises(RoomTaken, match="Choose another room or time"):
        SESSION.check_clashes([SESSION, replace(SESSION, id="ses_2")])


# Ticket types


def test_a_capacity_is_not_below_what_is_sold() -> None:
    check_capacity(7, 7)
    with pytest.raises(BelowSold, match=r"7 tickets are sold.* cannot be 6.* at least 7") as refused:
        check_capacity(6, 7)
    assert refused.value.extra == {"sold": 7}


def test_a_ticket_type_that_may_have_been_sold_keeps_its_pool() -> None:
    pooled = replace(TICKET_TYPE, pool_id="pool_1")
    pooled.check_pool(TICKET_TYPE, CONFERENCE)
    pooled.check_pool(pooled, PUBLISHED)
    with pytest.raises(PoolFixed, match="'Standard' has been on sale"):
        pooled.check_pool(TICKET_TYPE, PUBLISHED)


def test_a_sale_that_is_ended_ends_now_or_when_it_would_have() -> None:
    assert TICKET_TYPE.ended(CONFERENCE, NINE).sale_ends_at == NINE
    assert TICKET_TYPE.ended(CONFERENCE, CONFERENCE.ends_at + HOUR).sale_ends_at == CONFERENCE.ends_at
    over = replace(TICKET_TYPE, sale_ends_at=NINE - HOUR)
    assert over.ended(CONFERENCE, NINE).sale_ends_at == NINE - HOUR


def test_a_ticket_type_is_sold_and_valid_when_it_says_so() -> None:
    own = replace(TICKET_TYPE, sale_ends_at=NINE, valid_from=NINE + HOUR, valid_until=NINE + 2 * HOUR)
    assert own.sale(CONFERENCE) == Window(TICKET_TYPE.sale_starts_at, NINE)
    assert own.validity(CONFERENCE) == Window(NINE + HOUR, NINE + 2 * HOUR)
    assert own.cost(CONFERENCE) == Money(4900, "EUR")


@pytest.mark.parametrize(
    ("least", "most", "per_person", "sold"),
    [(1, 10, None, True), (10, 10, None, True), (11, 10, None, False), (2, 10, 2, True), (3, 10, 2, False), (1, 10, 1, True)],
)
def test_the_least_of_an_order_is_within_the_most_of_it_and_of_a_person(
    least: int,
    most: int,
    per_person: int | None,
    sold: bool,  # a parameter
) -> None:
    limited = replace(TICKET_TYPE, min_per_order=least, max_per_order=most, max_per_person=per_person)
    if sold:
        limited.check(CONFERENCE)
    else:
        with pytest.raises(OrderLimits, match=f"min_per_order is {least} and max_per_"):
            limited.check(CONFERENCE)


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (Overtaken, "send the request again"),
        (lambda: no_conference("cnf_1"), "'cnf_1'"),
    ],
)
def test_a_refusal_says_what_is_missing_or_to_do(refusal: Callable[[], Problem], said: str) -> None:
    assert said in refusal().detail
