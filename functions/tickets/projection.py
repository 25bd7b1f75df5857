"""What happenings change of that which is counted and watched: once each, as they are written into the journal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from functions.tickets.history import Counts, DoubleEntry, History, Pass
from functions.tickets.journal import Happening


@dataclass(frozen=True, slots=True)
class Projection:
    counts: Counts
    histories: Mapping[str, History]  # those that changed, by ticket
    arrivals: Mapping[tuple[str, datetime], int]  # entries more, or fewer, by gate and minute
    found: list[DoubleEntry]
    settled: list[DoubleEntry]  # that are none any more: an exit was heard of, or one was annulled


def project(counts: Counts, known: Mapping[str, History], happenings: Sequence[Happening]) -> Projection:
    after, made, gone = dict(known), list[Pass](), list[Pass]()
    for happening in happenings:
        if happening.ticket_id is None:
            continue
        history = after.get(happening.ticket_id, History(ticket_id=happening.ticket_id))
        after[happening.ticket_id] = _told(history, happening)
        came = after[happening.ticket_id].passes != history.passes
        if happening.passed and came:
            made.append(happening.passed)
        if happening.annuls and (annulled := history.found(happening.annuls)):
            gone.append(annulled)
    changed = {ticket_id: history for ticket_id, history in after.items() if history != known.get(ticket_id)}
    for ticket_id, history in changed.items():
        counts = counts.moved(known.get(ticket_id, History(ticket_id=ticket_id)), history)
    was, now = _double_entries(known), _double_entries(after)
    return Projection(
        counts=counts,
        histories=changed,
        arrivals=_arrivals(made, gone),
        found=[now[each] for each in now if each not in was],
        settled=[was[each] for each in was if each not in now],
    )


def _told(history: History, happening: Happening) -> History:
    if happening.ticket_type_id and not history.ticket_type_id:
        history = replace(history, ticket_type_id=happening.ticket_type_id)
    if happening.kind == "issued":
        return replace(history, issued=True)
    if happening.kind == "cancelled":
        return replace(history, cancelled=True)
    if happening.passed:
        return history.with_pass(happening.passed)
    return history.without_pass(happening.annuls) if happening.annuls else history


def _double_entries(histories: Mapping[str, History]) -> dict[str, DoubleEntry]:
    return {each.id: each for history in histories.values() for each in history.double_entries}


def _arrivals(made: Sequence[Pass], gone: Sequence[Pass]) -> dict[tuple[str, datetime], int]:
    counted: dict[tuple[str, datetime], int] = {}
    for passes, sign in ((made, 1), (gone, -1)):
        for each in passes:
            if each.direction == "entry":
                key = (each.gate, each.at.replace(second=0, microsecond=0))
                counted[key] = counted.get(key, 0) + sign
    return {key: number for key, number in counted.items() if number}
