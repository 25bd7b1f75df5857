"""A release as an iCalendar file (RFC 5545, 7986): the same bytes every time, for calendar clients that follow it by its URL.

There is no METHOD: a file that is fetched is no scheduling message, and RFC 5546 would ask for an ORGANIZER with an address.
Without it DTSTAMP says when the session was last revised, which is what keeps the bytes the same.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from functions.events.agenda import Agenda, Rendered, check_size
from functions.events.history import Entry, Revision

if TYPE_CHECKING:
    from icalendar import Event, Timezone

MEDIA_TYPE = "text/calendar; charset=utf-8"
_REFRESH = timedelta(minutes=15)  # how often clients are asked to look again
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)


def render_calendar(agenda: Agenda, session_ids: Collection[str] | None = None) -> Rendered:
    """All of the release, or only `session_ids`; sessions of earlier releases that are no more are shown as canceled.

    Raises AgendaTooLarge.
    """
    from icalendar import Calendar  # 0.1 s of CPU that a reader of the JSON agenda need not wait for

    from shared.calendar_text import CalendarText

    conference = agenda.conference
    calendar = Calendar()
    calendar.add("prodid", "-//Ketemu//Agenda//EN")
    calendar.add("version", "2.0")
    calendar.calendar_name = CalendarText(conference.name)
    calendar.add("last-modified", agenda.released_at)
    calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    listed, canceled = agenda.entries, agenda.history.canceled
    gone = {entry.session_id for entry in canceled}
    revisions = {revision.session_id: revision for revision in agenda.history.revisions}
    shown = [entry for entry in (*listed, *canceled) if session_ids is None or entry.session_id in session_ids]
    for entry in sorted(shown, key=lambda entry: (entry.starts_at, entry.session_id)):
        revision = revisions.get(entry.session_id) or Revision(entry.session_id, 0, agenda.released_at)
        calendar.add_component(_event(agenda, entry, revision, is_canceled=entry.session_id in gone))
    for tzid in calendar.get_used_tzids():  # the conference's, or none where all is in UTC
        first, last = min(entry.starts_at for entry in shown), max(entry.ends_at for entry in shown)
        calendar.subcomponents.insert(0, _time_zone(tzid, first.replace(microsecond=0) - _DAY, last + _DAY))
    body = calendar.to_ical()
    check_size(body)
    return Rendered.of(agenda.release, body)


def _event(agenda: Agenda, entry: Entry, revision: Revision, *, is_canceled: bool) -> "Event":
    from icalendar import Event

    from shared.calendar_text import CalendarText

    event = Event()
    event.add("uid", f"{entry.session_id}@{agenda.conference.id}")
    event.add("dtstamp", revision.revised_at)
    event.add("last-modified", revision.revised_at)
    event.add("sequence", revision.sequence)
    event.add("status", "CANCELLED" if is_canceled else "CONFIRMED")
    event.add("summary", CalendarText(entry.title))
    starts_at, ends_at = _local(agenda.conference.time_zone, entry.starts_at, entry.ends_at)
    event.add("dtstart", starts_at)
    event.add("dtend", ends_at)
    event.add("categories", [entry.type.upper()])
    if entry.location:
        event.add("location", CalendarText(entry.location))
    if description := _description(entry):
        event.add("description", CalendarText(description))
    return event


def _local(time_zone: str, *instants: datetime) -> list[datetime]:
    """In the conference's time zone, or in UTC where its clocks show one of them twice: a TZID means the first (RFC 5545)."""
    local = [instant.astimezone(ZoneInfo(time_zone)) for instant in instants]
    return [instant.astimezone(UTC) for instant in local] if any(instant.fold for instant in local) else local


def _time_zone(name: str, first: datetime, last: datetime) -> "Timezone":
    """What its clocks show from `first` to `last`, every change of them written out.

    The library's own `Timezone.from_tzid` strides over changes that are taken back within weeks, as Morocco's in Ramadan.
    """
    from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

    zone = ZoneInfo(name)
    time_zone = Timezone()
    time_zone.add("tzid", name)
    before = _offset(zone, first)
    for onset in (first, *_clock_changes(zone, first, last)):
        local = onset.astimezone(zone)
        observance = TimezoneDaylight() if local.dst() else TimezoneStandard()
        observance.add("dtstart", (onset + before).replace(tzinfo=None))  # as the clocks show it that are to be changed
        observance.add("tzoffsetfrom", before)
        observance.add("tzoffsetto", _offset(zone, onset))
        observance.add("tzname", local.tzname())
        time_zone.add_component(observance)
        before = _offset(zone, onset)
    return time_zone


def _clock_changes(zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[datetime]:
    """The instants from which `zone` has another offset, to the second; no zone changes twice within a day."""
    while first < last:
        following = min(first + _DAY, last)
        if _offset(zone, first) != _offset(zone, following):
            yield _clock_change(zone, first, following)
        first = following


def _clock_change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        if _offset(zone, middle) == _offset(zone, before):
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()


def _description(entry: Entry) -> str:
    return "\n\n".join(text for text in (", ".join(entry.speakers), entry.abstract) if text)
