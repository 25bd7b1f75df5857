"""What a scanner decides by itself: the rules of the platform, but for what it cannot know (how many are inside)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from scanner.codes import Code
from scanner.store import Passage

Direction = Literal["entry", "exit"]
# By the causes that the platform names: its reason, and what to say to the person.
CAUSES = {
    "already_inside": ("already_redeemed", "Already inside."),
    "already_used": ("already_redeemed", "Already used, and this gate lets nobody in twice."),
    "another_gate": ("rules", "This scanner does not keep that gate."),
    "cancelled": ("canceled", "The ticket was cancelled."),
    "gate_closed": ("invalid_time", "This gate is closed at this time."),
    "not_a_code": ("invalid", "Not a ticket of this conference."),
    "not_inside": ("rules", "Not inside, so it cannot leave."),
    "replaced_code": ("revoked", "The ticket has a newer code, which alone counts."),
    "too_early": ("invalid_time", "Too early for this ticket."),
    "too_late": ("invalid_time", "This ticket is no longer valid."),
    "unknown_gate": ("rules", "The conference has gates, and this is none of them. Choose one on the scanner."),
    "wrong_ticket_type": ("product", "Tickets of this type are not admitted at this gate."),
}


@dataclass(frozen=True, slots=True)
class Here:
    """Where the scanner stands: the rules of its gate (none: the conference has no gates), or what is wrong with it."""

    gate: dict[str, Any] | None = None
    cause: str | None = None


def here(gates: list[dict[str, Any]], kept: list[str], named: str | None) -> Here:
    """By the gate's id or name; by default the one that the scanner keeps, where it keeps one. `kept`: none means all."""
    if named is None and len(kept) == 1:
        named = kept[0]
    if not gates:
        return Here(cause="another_gate" if kept else None)
    found = next((gate for gate in gates if named and (gate["id"] == named or gate["name"].casefold() == named.casefold())), None)
    if found is None:
        return Here(cause="unknown_gate")
    return Here(found, "another_gate" if kept and found["id"] not in kept else None)


def refusal(
    code: Code, *, dead: str | None, passage: Passage | None, here: Here, direction: Direction, at: datetime, time_zone: str
) -> str | None:
    """The cause to refuse, or None. `dead` is what became of the code; `time_zone` is the conference's."""
    if dead:
        return dead
    if direction == "exit":  # whoever is inside may leave at any time and by any gate
        return None if passage and passage.inside else "not_inside"
    return (
        here.cause or _gate_cause(here.gate, code, at) or _time_cause(code, at) or _entry_cause(here.gate, passage, at, time_zone)
    )


def _gate_cause(gate: dict[str, Any] | None, code: Code, at: datetime) -> str | None:
    if gate is None:
        return None
    if gate["ticket_type_ids"] and code.ticket_type_id not in gate["ticket_type_ids"]:
        return "wrong_ticket_type"
    openings = [(datetime.fromisoformat(each["starts_at"]), datetime.fromisoformat(each["ends_at"])) for each in gate["openings"]]
    return None if not openings or any(start <= at < end for start, end in openings) else "gate_closed"


def _time_cause(code: Code, at: datetime) -> str | None:
    if at < code.valid_from:
        return "too_early"
    return None if at < code.valid_until else "too_late"


def _entry_cause(gate: dict[str, Any] | None, passage: Passage | None, at: datetime, time_zone: str) -> str | None:
    reentry = gate["reentry"] if gate else "after_exit"
    if passage is None or reentry == "always":
        return None
    if reentry == "never":
        return "already_used"
    if not passage.inside:
        return None
    if reentry == "each_day" and _local_day(at, time_zone) != _local_day(datetime.fromisoformat(passage.at), time_zone):
        return None
    return "already_inside"


def _local_day(instant: datetime, time_zone: str) -> date:
    return instant.astimezone(ZoneInfo(time_zone)).date()
