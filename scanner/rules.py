"""What a scanner decides by itself: the rules of the platform, but for what it cannot know (how many are inside)."""

from datetime import datetime
from typing import Any, Literal

from scanner.codes import Code
from scanner.store import Passage

Direction = Literal["entry", "exit"]
# As the platform names them, and what to say to the person.
REASONS = {
    "already_redeemed": "Already inside.",
    "invalid": "Not a ticket of this conference.",
    "invalid_time": "Not at this time.",
    "product": "Tickets of this type are not admitted at this gate.",
    "revoked": "The ticket has a newer code, or was cancelled.",
    "rules": "Not inside, so it cannot leave.",
}


def refusal(
    code: Code, *, is_revoked: bool, passage: Passage | None, gate: dict[str, Any] | None, direction: Direction, at: datetime
) -> str | None:
    """The reason to refuse, or None."""
    if is_revoked:
        return "revoked"
    if direction == "exit":
        return None if passage and passage.inside else "rules"
    if gate and gate["ticket_type_ids"] and code.ticket_type_id not in gate["ticket_type_ids"]:
        return "product"
    if not code.valid_from <= at < code.valid_until or (gate and not _is_open(gate, at)):
        return "invalid_time"
    return "already_redeemed" if passage and not _may_return(gate["reentry"] if gate else "after_exit", passage) else None


def _is_open(gate: dict[str, Any], at: datetime) -> bool:
    openings = [(datetime.fromisoformat(each["starts_at"]), datetime.fromisoformat(each["ends_at"])) for each in gate["openings"]]
    return not openings or any(start <= at < end for start, end in openings)


def _may_return(reentry: str, passage: Passage) -> bool:
    """`each_day` is held like `after_exit`: the local day is the platform's to know, which reports what it would have refused."""
    return reentry == "always" or (reentry != "never" and not passage.inside)
