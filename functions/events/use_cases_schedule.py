"""A whole agenda in and out, in the frab schedule format."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from functions.events.agenda import Rendered
from functions.events.domain import Conference, Part, Room, Session, Speaker, Track, of_kind
from functions.events.schedule_entries import Remark, understand
from functions.events.schedule_export import Format, render_schedule
from functions.events.schedule_files import read_file
from functions.events.schedule_plan import Existing, Outcome, Plan, plan_import
from functions.events.use_cases import Conferences, afresh, latest_release, organised
from shared.caller import Caller
from shared.errors import JsonObject


class Schedules(Protocol):
    def store(self, conference: Conference, added: Sequence[Part], changed: Sequence[Part]) -> Iterator[Sequence[Part]]:
        """Write the parts in their order, piece by piece; each piece is all or nothing, a new revision of the conference, and
        yielded once it is there. Raises Overtaken where the conference is no more the revision that was handed in."""


@dataclass(frozen=True, slots=True)
class Counts:
    rooms: int
    tracks: int
    speakers: int
    sessions: int

    @classmethod
    def of(cls, outcomes: Mapping[str, Outcome], wanted: Outcome) -> "Counts":
        prefixes = [part_id.partition("_")[0] for part_id, outcome in outcomes.items() if outcome == wanted]
        return cls(*(prefixes.count(kind.prefix) for kind in (Room, Track, Speaker, Session)))


@dataclass(frozen=True, slots=True)
class ImportReport:
    """`refused`: what was left out; `adjusted`: what was taken, though not quite as the file says it."""

    dry_run: bool
    taken: Counts
    changed: Counts
    unchanged: Counts
    refused: list[Remark]
    adjusted: list[Remark]


def import_schedule(
    conferences: Conferences,
    schedules: Schedules,
    *,
    caller: Caller,
    conference_id: str,
    data: bytes,
    media_type: str,
    dry_run: bool,
) -> ImportReport:
    """Repeatable: what is there already is changed or left, never doubled; nothing is deleted.

    Drafts only: readers see nothing of it before a release. Where it ends half-way, the same request again does the rest.
    Raises UnsupportedFile, TooLarge, UnreadableFile, HostileFile, NotASchedule.
    """
    organised(conferences, conference_id, caller)
    schedule = read_file(data, media_type)
    if dry_run:
        return _report(_planned(conferences, caller, conference_id, schedule)[1], {}, dry_run=True)
    written: dict[str, Outcome] = {}
    plan = _import(conferences, schedules, caller, conference_id, schedule, written)
    return _report(plan, written, dry_run=False)


@afresh
def _import(
    conferences: Conferences,
    schedules: Schedules,
    caller: Caller,
    conference_id: str,
    schedule: JsonObject,
    written: dict[str, Outcome],
) -> Plan:
    """`written` outlives a try that is overtaken: what that one wrote is taken, though it is found to be there by the next."""
    conference, plan = _planned(conferences, caller, conference_id, schedule)
    for piece in schedules.store(conference, plan.added, plan.changed):
        for part in piece:
            written.setdefault(part.id, plan.outcomes[part.id])
    return plan


def _planned(conferences: Conferences, caller: Caller, conference_id: str, schedule: JsonObject) -> tuple[Conference, Plan]:
    conference = organised(conferences, conference_id, caller).conference
    parts = conferences.contents(conference_id)
    existing = Existing(
        rooms=of_kind(Room, parts), tracks=of_kind(Track, parts), speakers=of_kind(Speaker, parts), sessions=of_kind(Session, parts)
    )
    return conference, plan_import(conference, existing, understand(schedule, conference))


def _report(plan: Plan, written: Mapping[str, Outcome], *, dry_run: bool) -> ImportReport:
    outcomes = {**plan.outcomes, **written}
    counts = {name: Counts.of(outcomes, name) for name in ("taken", "changed", "unchanged")}
    return ImportReport(dry_run=dry_run, **counts, refused=plan.refused, adjusted=plan.adjusted)


def export_schedule(conferences: Conferences, *, conference_id: str, file_format: Format) -> Rendered:
    """The latest release. Raises NotFound for drafts too, AgendaTooLarge."""
    return render_schedule(latest_release(conferences, conference_id), file_format)
