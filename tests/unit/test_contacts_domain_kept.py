"""What is kept of a meeting, for how long, and what becomes of those who guess."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from functions.contacts.cards import EVERYONE, Card, Consent, Profile
from functions.contacts.domain import (
    MOST_TAGS,
    NOTE_LENGTH,
    Contact,
    Misses,
    TooManyMisses,
    meeting_time,
)
from shared.errors import Invalid
from tests.unit.meetings import ADA, BOOTH, MINUTE, NOON, THERE, meeting, shown_by


def contact(**changes: object) -> Contact:
    return replace(meeting().first().mine, **changes)  # type: ignore[arg-type]  # as named


def test_who_is_taken_off_a_list_leaves_nothing_on_it() -> None:
    gone = contact(note="tea", tags=("ux",), rating=5).removed(NOON)
    assert (gone.profile, gone.note, gone.tags, gone.rating, gone.removed_at) == (None, None, (), None, NOON)
    assert not gone.is_listed
    assert gone.consent == contact().consent


def test_who_withdraws_takes_along_what_was_noted_and_is_listed_again_when_they_show_something() -> None:
    gone = contact(note="tea", tags=("ux",), rating=5).showing(None)
    assert (gone.profile, gone.note, gone.tags, gone.rating, gone.is_listed) == (None, None, (), None, False)
    assert gone.showing(Profile("bob")).is_listed


def test_nobody_comes_back_to_a_list_that_they_were_taken_off_by_showing_more() -> None:
    off = contact().removed(NOON)
    assert off.showing(Profile("bob", title="Dr")) is off


@pytest.mark.parametrize(
    ("before", "new", "after"),
    [
        (None, None, None),
        (None, "", None),
        (None, "tea", "tea"),
        (None, "X", "X"),
        ("tea", None, "tea"),
        ("tea", "milk", "tea\nmilk"),
        ("tea and milk", "milk", "tea and milk"),
        ("", "tea", "tea"),
        ("x" * (NOTE_LENGTH - 1), "yz", "x" * (NOTE_LENGTH - 1) + "\n"),
    ],
)
def test_a_note_is_added_once_and_within_its_length(before: str | None, new: str | None, after: str | None) -> None:
    assert contact(note=before).noted(new, ()).note == after


def test_tags_are_added_in_order_once_and_up_to_a_limit() -> None:
    assert contact(tags=("ux", "api")).noted(None, ("db", "ux")).tags == ("ux", "api", "db")
    many = tuple(f"t{number}" for number in range(MOST_TAGS + 1))
    assert contact(tags=("ux",)).noted(None, many).tags == ("ux", *many[: MOST_TAGS - 1])


def test_a_decision_shows_the_other_at_once_what_it_allows() -> None:
    pair = meeting(ADA, shown_by(BOOTH)).first()
    confirmed = pair.consenting(Consent(confirmed=True), ADA.card(THERE))
    assert (confirmed.theirs.profile, confirmed.mine.awaits) == (Profile("ada", company="ada Ltd"), False)
    assert confirmed.mine.consent == Consent(confirmed=True)
    assert confirmed.mine.profile == pair.mine.profile
    undecided = pair.consenting(Consent(), ADA.card(THERE))
    assert (undecided.theirs.profile, undecided.mine.awaits) == (Profile("ada"), True)
    open_card = Card(Profile("ada", company="ada Ltd"), {"company": EVERYONE})
    assert not pair.consenting(Consent(), open_card).mine.awaits


def test_a_decision_about_an_attendee_is_about_what_attendees_see() -> None:
    decided = meeting().first().consenting(Consent(), ADA.card(THERE))
    assert (decided.theirs.profile, decided.mine.awaits) == (Profile("ada", company="ada Ltd"), False)


def test_a_meeting_happened_when_the_phone_says_in_utc_to_the_millisecond() -> None:
    at = datetime(2026, 6, 1, 18, 59, 59, 123_456, tzinfo=timezone(timedelta(hours=7)))
    assert meeting_time(at, NOON) == datetime(2026, 6, 1, 11, 59, 59, 123_000, tzinfo=UTC)
    assert meeting_time(at, NOON).utcoffset() == timedelta(0)
    assert meeting_time(None, NOON) == NOON


def test_a_phones_clock_may_be_five_minutes_ahead_and_no_more() -> None:
    assert meeting_time(NOON + 5 * MINUTE, NOON) == NOON + 5 * MINUTE
    with pytest.raises(Invalid, match="Set the clock"):
        meeting_time(NOON + 5 * MINUTE + timedelta(milliseconds=1), NOON)


@pytest.mark.parametrize(
    ("number", "after", "refused"),
    [
        (29, timedelta(0), False),
        (30, timedelta(0), True),
        (31, timedelta(0), True),
        (30, 10 * MINUTE, False),
        (30, 9 * MINUTE, True),
    ],
)
def test_who_sent_thirty_codes_that_are_none_waits_for_the_window_to_close(number: int, after: timedelta, refused: bool) -> None:
    misses = Misses(number, NOON + 10 * MINUTE)
    if refused:
        with pytest.raises(TooManyMisses) as told:
            misses.check(NOON + after)
        seconds = round((10 * MINUTE - after).total_seconds())
        assert told.value.headers == {"Retry-After": str(seconds)}
        assert f"Wait {seconds} s" in told.value.detail
    else:
        misses.check(NOON + after)


def test_nobody_is_told_to_wait_for_nothing() -> None:
    assert TooManyMisses(timedelta(milliseconds=10)).seconds == 1
