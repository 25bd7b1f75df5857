"""The chain that shows what was altered, and what is counted along it."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.tickets.history import Counts, DoubleEntry, History, Pass, TypeCount
from functions.tickets.journal import Entry, Happening, Head, Kind, Proof, chain, prove
from functions.tickets.journal_keys import JournalKeys, is_signed
from functions.tickets.projection import project
from shared.ids import derived_id

CONFERENCE = derived_id("cnf", "1")
NINE = datetime(2026, 6, 1, 9, tzinfo=UTC)
KEYS = JournalKeys(b"root")
NOTHING = Counts({}, {})


def told(number: int, kind: Kind = "refused", **how: Any) -> Happening:
    return Happening(id=f"rec_{number}", conference_id=CONFERENCE, kind=kind, at=NINE + timedelta(seconds=number), **how)


def written(number: int) -> list[Entry]:
    """Entries in pages of four, each signed at its end."""
    entries = chain(Head.genesis(CONFERENCE), [told(each, ticket_id=f"tkt_{each}") for each in range(1, number + 1)])
    return [
        replace(entry, signature=KEYS.sign(entry.head(CONFERENCE))) if entry.seq % 4 == 0 or entry.seq == number else entry
        for entry in entries
    ]


def proof(entries: Sequence[Entry], *heads: Head) -> Proof:
    public_key = KEYS.public_key(CONFERENCE)
    return prove(CONFERENCE, entries, heads=heads, is_signed=lambda head, signature: is_signed(public_key, head, signature))


def rewritten(entries: Sequence[Entry], start: int) -> list[Entry]:
    """As somebody leaves it who alters entry `start` and makes all hashes after it anew, without the key that signs."""
    head = Head.genesis(CONFERENCE) if start == 1 else entries[start - 2].head(CONFERENCE)
    lines = [told(entry.seq, ticket_id="tkt_other" if entry.seq == start else f"tkt_{entry.seq}") for entry in entries[start - 1 :]]
    again = chain(head, lines)
    return [
        *entries[: start - 1],
        *(replace(new, signature=old.signature) for new, old in zip(again, entries[start - 1 :], strict=True)),
    ]


# the chain


def test_a_chain_that_nobody_touched_is_proved() -> None:
    entries = written(10)
    assert proof(entries, entries[6].head(CONFERENCE), entries[-1].head(CONFERENCE)) == Proof(entries[-1].head(CONFERENCE), None)
    assert proof([]) == Proof(Head.genesis(CONFERENCE), None)


def test_the_chain_is_as_it_is_documented() -> None:
    [first, second] = written(2)
    assert first.line == '{"at":"2026-06-01T09:00:01.000Z","id":"rec_1","kind":"refused","seq":1,"ticket":"tkt_1"}'
    assert json.loads(second.line)["seq"] == 2
    assert first.hash != second.hash


@given(st.integers(1, 12), st.sampled_from(["line", "hash", "gone", "twice", "rewritten"]))
@settings(max_examples=60, deadline=None)
def test_whatever_is_done_to_an_entry_it_is_named(seq: int, what: str) -> None:
    entries = written(12)
    place = seq - 1
    harmed = {
        "line": [*entries[:place], replace(entries[place], line=entries[place].line.replace("tkt", "tkx")), *entries[seq:]],
        "hash": [*entries[:place], replace(entries[place], hash="00" * 32), *entries[seq:]],
        "gone": [*entries[:place], *entries[seq:]],
        "twice": [*entries[:seq], entries[place], *entries[seq:]],
        "rewritten": rewritten(entries, seq),
    }[what]
    fault = proof(harmed, entries[-1].head(CONFERENCE)).fault
    assert fault is not None
    # Who makes the hashes anew is found at the end of the page, where the signature is.
    expected = {"twice": seq + 1, "rewritten": -(-seq // 4) * 4}.get(what, seq)
    assert fault.seq == expected


def test_a_chain_that_was_cut_off_shows_against_a_head_that_somebody_kept() -> None:
    entries = written(12)
    assert proof(entries[:8]).fault is None
    fault = proof(entries[:8], entries[9].head(CONFERENCE)).fault
    assert fault is not None
    assert (fault.seq, "10" in fault.why) == (9, True)


def test_a_head_of_another_chain_does_not_fit() -> None:
    entries = written(8)
    fault = proof(entries, replace(entries[5].head(CONFERENCE), hash="ab" * 32)).fault
    assert fault is not None
    assert fault.seq == 6


def test_a_signature_is_of_one_conference_and_key() -> None:
    head = written(1)[0].head(CONFERENCE)
    signature = KEYS.sign(head)
    assert is_signed(KEYS.public_key(CONFERENCE), head, signature)
    assert not is_signed(KEYS.public_key(derived_id("cnf", "2")), head, signature)
    assert not is_signed(JournalKeys(b"other").public_key(CONFERENCE), head, signature)
    assert not is_signed(KEYS.public_key(CONFERENCE), replace(head, seq=2), signature)
    assert not is_signed(KEYS.public_key(CONFERENCE), head, "no base 64")


# what is counted


def passed(name: str, at: datetime = NINE, *, direction: Any = "entry", gate: str = "A", **how: Any) -> Pass:
    given_ = {"operator_id": f"dev_{gate}", "away": True, "forced": False, "needs_exit": "exit" if direction == "entry" else None}
    return Pass(scan_id=name, direction=direction, at=at, gate=gate, gate_name=gate, **{**given_, **how})


def admitted(made: Pass, ticket: str = "tkt_1") -> Happening:
    return Happening(
        id=made.scan_id, conference_id=CONFERENCE, kind="admitted", at=NINE, ticket_id=ticket, ticket_type_id="typ_1", passed=made
    )


def annulled(scan_id: str, ticket: str = "tkt_1") -> Happening:
    return Happening(id=f"ann_{scan_id}", conference_id=CONFERENCE, kind="annulled", at=NINE, ticket_id=ticket, annuls=scan_id)


def issued(ticket: str = "tkt_1") -> Happening:
    return Happening(id=f"iss_{ticket}", conference_id=CONFERENCE, kind="issued", at=NINE, ticket_id=ticket, ticket_type_id="typ_1")


def cancelled(ticket: str = "tkt_1") -> Happening:
    return Happening(id=f"can_{ticket}", conference_id=CONFERENCE, kind="cancelled", at=NINE, ticket_id=ticket)


def follow(happenings: Sequence[Happening], at_once: int = 1) -> tuple[Counts, dict[str, History], dict[Any, int], set[str]]:
    """As the journal's scribe does, some at a time: counts, histories, arrivals and open double entries."""
    counts, histories, arrivals, open_ = NOTHING, dict[str, History](), dict[Any, int](), set[str]()
    for start in range(0, len(happenings), at_once):
        projection = project(counts, histories, happenings[start : start + at_once])
        counts, histories = projection.counts, {**histories, **projection.histories}
        for key, number in projection.arrivals.items():
            arrivals[key] = arrivals.get(key, 0) + number
        open_ = (open_ | {each.id for each in projection.found}) - {each.id for each in projection.settled}
    return counts, histories, {key: number for key, number in arrivals.items() if number}, open_


def pair(first: str, second: str) -> str:
    return DoubleEntry(passed(first), passed(second)).id


def test_who_is_in_and_who_is_still_to_come_is_counted_by_type_and_gate() -> None:
    counts, _, arrivals, _ = follow(
        [issued("tkt_1"), issued("tkt_2"), issued("tkt_3"), admitted(passed("s1"), "tkt_1"), cancelled("tkt_3")], at_once=2
    )
    assert counts.types == {"typ_1": TypeCount(issued=3, cancelled=1, checked_in=1, coming=1)}
    assert (counts.inside, arrivals) == ({"A": 1}, {("A", NINE): 1})


def test_who_leaves_frees_a_place_at_the_gate_they_came_by() -> None:
    out = passed("s2", NINE + timedelta(hours=1), direction="exit", gate="B")
    counts, _, arrivals, _ = follow([issued(), admitted(passed("s1")), admitted(out)])
    assert (counts.inside, arrivals) == ({}, {("A", NINE): 1})
    assert counts.types["typ_1"].checked_in == 1


def test_an_annulled_entry_counts_nothing() -> None:
    counts, _, arrivals, _ = follow([issued(), admitted(passed("s1")), annulled("s1")])
    assert (counts.types["typ_1"], counts.inside, arrivals) == (TypeCount(issued=1, coming=1), {}, {})


def test_a_ticket_that_came_in_twice_while_apart_is_a_double_entry() -> None:
    first, second = passed("s1"), passed("s2", NINE + timedelta(minutes=5), gate="B")
    _, histories, _, open_ = follow([admitted(second), admitted(first)])
    assert open_ == {pair("s1", "s2")}
    [found] = histories["tkt_1"].double_entries
    assert (found.first, found.second) == (first, second)


def test_an_exit_or_an_annulment_that_is_heard_of_later_settles_it() -> None:
    entries = [admitted(passed("s1")), admitted(passed("s2", NINE + timedelta(minutes=5)))]
    out = admitted(passed("s3", NINE + timedelta(minutes=2), direction="exit"))
    assert follow([*entries, out])[3] == set()
    assert follow([*entries, annulled("s1")])[3] == set()


@pytest.mark.parametrize(
    ("first", "second", "is_double"),
    [
        ({}, {}, True),
        ({"away": False}, {}, True),
        ({}, {"away": False}, True),
        ({"away": False}, {"away": False}, False),
        ({}, {"forced": True}, False),
        ({"forced": True}, {}, True),
        ({"needs_exit": None}, {"needs_exit": None}, False),
        ({"needs_exit": "2026-06-01"}, {"needs_exit": "2026-06-01"}, True),
        ({"needs_exit": "2026-06-01"}, {"needs_exit": "2026-06-02"}, False),
    ],
)
def test_what_a_gate_allows_or_a_person_decided_is_no_double_entry(
    first: dict[str, Any], second: dict[str, Any], is_double: bool
) -> None:
    entries = [admitted(passed("s1", **first)), admitted(passed("s2", NINE + timedelta(minutes=5), **second))]
    assert bool(follow(entries)[3]) is is_double


@given(st.randoms(use_true_random=False), st.integers(1, 7))
@settings(max_examples=80, deadline=None)
def test_the_same_is_counted_in_whatever_order_and_batches_it_is_heard_of(random_: random.Random, at_once: int) -> None:
    happenings = [
        *(issued(f"tkt_{number}") for number in range(4)),
        admitted(passed("s1"), "tkt_0"),
        admitted(passed("s2", NINE + timedelta(minutes=5), gate="B"), "tkt_0"),
        admitted(passed("s3", NINE + timedelta(minutes=2)), "tkt_1"),
        admitted(passed("s4", NINE + timedelta(minutes=3), direction="exit"), "tkt_1"),
        admitted(passed("s5", NINE + timedelta(minutes=4)), "tkt_1"),
        admitted(passed("s6"), "tkt_2"),
        annulled("s6", "tkt_2"),
        cancelled("tkt_3"),
    ]
    expected = follow(happenings)
    random_.shuffle(happenings)
    counts, histories, arrivals, open_ = follow(happenings, at_once)
    assert (counts, arrivals, open_) == (expected[0], expected[2], expected[3])
    assert open_ == {pair("s1", "s2")}
    assert {key: history.passes for key, history in histories.items()} == {key: each.passes for key, each in expected[1].items()}
