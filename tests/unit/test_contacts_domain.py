"""The rules of a meeting: who meets whom, what each keeps, and what becomes of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from functions.contacts.cards import Card, Profile
from functions.contacts.domain import (
    OwnCode,
    Scan,
    UnknownCode,
    contact_id,
    introduce,
)
from functions.contacts.people import CODE_LIFE, LATE, Attendance, Held, NoCard, Person
from tests.unit.meetings import ADA, BOB, BOOTH, COLLEAGUE, MINUTE, NOON, THERE, meeting, person, shown_by


def test_a_scan_leads_to_the_contact_that_the_scanner_keeps() -> None:
    met = meeting(note="tea", tags=("ux",))
    assert (met.scan.owner_id, met.scan.contact_id) == ("usr_ada", met.first().mine.id)
    assert (met.scan.nonce, met.at, met.note, met.tags) == ("n1", NOON, "tea", ("ux",))


def test_who_has_no_card_meets_nobody() -> None:
    for stranger in (None, replace(ADA, cards={})):
        with pytest.raises(NoCard):
            meeting(stranger)


def test_a_code_that_is_nobodys_leads_nowhere() -> None:
    with pytest.raises(UnknownCode, match="Ask to see another"):
        introduce(ADA, None, Scan("usr_ada", "n1", "x"), at=NOON, now=NOON, note=None, tags=())


@pytest.mark.parametrize(
    ("scanned", "received", "meets"),
    [
        (CODE_LIFE, CODE_LIFE, True),
        (CODE_LIFE + MINUTE, CODE_LIFE + MINUTE, False),
        (CODE_LIFE, CODE_LIFE + LATE, True),
        (CODE_LIFE, CODE_LIFE + LATE + MINUTE, False),
    ],
)
def test_a_code_is_good_until_it_expires_and_for_what_was_scanned_by_then_for_a_while(
    scanned: timedelta,
    received: timedelta,
    meets: bool,  # a parameter
) -> None:
    if meets:
        assert meeting(at=NOON + scanned, now=NOON + received).at == NOON + scanned
    else:
        with pytest.raises(UnknownCode):
            meeting(at=NOON + scanned, now=NOON + received)


def test_a_conference_is_a_meeting_place_of_those_who_attend_it() -> None:
    with pytest.raises(UnknownCode):
        meeting(replace(ADA, attendance={}))
    handed_on = Attendance(tickets={"tkt_ada": Held(1, until=NOON)})
    assert meeting(person("ada", attendance=handed_on)).at == NOON
    with pytest.raises(UnknownCode):
        meeting(person("ada", attendance=handed_on), at=NOON + MINUTE, now=NOON + MINUTE)


def test_nobody_meets_themselves_or_a_colleague() -> None:
    with pytest.raises(OwnCode, match="Scan the code of the person you met"):
        meeting(ADA, shown_by(ADA))
    with pytest.raises(OwnCode):
        meeting(BOOTH, shown_by(COLLEAGUE))


@pytest.mark.parametrize(
    ("scanner", "bearer"),
    [
        (ADA, person("bob", blocked=frozenset({"usr_ada"}))),
        (person("ada", blocked=frozenset({"usr_bob"})), BOB),
        (person("ada", blocked=frozenset({BOOTH.party(THERE).id})), BOOTH),
        (BOOTH, person("bob", blocked=frozenset({BOOTH.party(THERE).id}))),
        (BOOTH, person("bob", blocked=frozenset({BOOTH.user_id}))),
    ],
    ids=["by who is scanned", "by who scans", "a team, by who scans", "a team, by who is scanned", "one of a team"],
)
def test_who_blocked_the_other_or_their_team_does_not_meet_them_and_nothing_says_so(scanner: Person, bearer: Person) -> None:
    with pytest.raises(UnknownCode):
        meeting(scanner, shown_by(bearer))


def test_each_keeps_the_other_as_they_show_themselves() -> None:
    pair = meeting(note="tea", tags=("ux",)).first()
    assert (pair.mine.owner_id, pair.mine.other_id, pair.mine.face_id, pair.mine.own_face_id) == (
        "usr_ada",
        "usr_bob",
        "usr_bob",
        "usr_ada",
    )
    assert (pair.theirs.owner_id, pair.theirs.other_id, pair.theirs.face_id, pair.theirs.own_face_id) == (
        "usr_bob",
        "usr_ada",
        "usr_ada",
        "usr_bob",
    )
    assert (pair.mine.profile, pair.theirs.profile) == (Profile("bob", company="bob Ltd"), Profile("ada", company="ada Ltd"))
    assert pair.mine.conference_id == pair.theirs.conference_id == THERE
    assert pair.mine.scans == pair.theirs.scans == {"usr_ada": NOON}
    assert pair.mine.met_at == NOON


def test_what_was_noted_with_a_scan_is_the_scanners_alone() -> None:
    pair = meeting(note="tea", tags=("ux",)).first()
    assert (pair.mine.note, pair.mine.tags) == ("tea", ("ux",))
    assert (pair.theirs.note, pair.theirs.tags) == (None, ())


def test_the_two_sides_of_an_exchange_know_each_other() -> None:
    pair = meeting().first()
    assert pair.mine.exchange_id == pair.theirs.exchange_id == meeting(BOB, shown_by(ADA)).first().mine.exchange_id
    assert pair.mine.other_side == (pair.theirs.owner_id, pair.theirs.id)
    assert pair.theirs.other_side == (pair.mine.owner_id, pair.mine.id)
    assert (pair.mine.exchange_id[:4], pair.mine.id[:4]) == ("xch_", "con_")


def test_the_same_two_are_other_contacts_elsewhere() -> None:
    ids = {contact_id(*of) for of in (("usr_1", "usr_2", "cnf_1"), ("usr_2", "usr_1", "cnf_1"), ("usr_1", "usr_2", "cnf_2"))}
    assert len(ids) == 3
    elsewhere = replace(meeting().first().mine, conference_id="cnf_2")
    assert elsewhere.exchange_id != meeting().first().mine.exchange_id


def test_whomever_one_meets_is_a_contact_and_an_exchange_of_their_own() -> None:
    met = [("usr_1", "usr_2"), ("usr_1", "usr_3"), ("usr_2", "usr_3"), ("usr_2", "usr_1")]
    assert len({contact_id(owner, other, THERE) for owner, other in met}) == 4
    pairs = [replace(meeting().first().mine, owner_id=owner, other_id=other) for owner, other in met]
    assert len({pair.exchange_id for pair in pairs}) == 3  # the first and the last are two sides of one


def test_a_card_of_the_conference_goes_before_the_usual_one() -> None:
    there = Card(Profile("Ada, speaker"))
    pair = meeting(replace(ADA, cards={**ADA.cards, THERE: there})).first()
    assert pair.theirs.profile == Profile("Ada, speaker")


def test_a_team_is_met_as_its_company_and_sees_what_exhibitors_see() -> None:
    pair = meeting(ADA, shown_by(BOOTH)).first()
    team = BOOTH.party(THERE).id
    assert (pair.mine.other_id, pair.mine.face_id, pair.mine.company) == (team, "usr_cyd", "Warung")
    assert (pair.theirs.owner_id, pair.theirs.company) == (team, None)
    assert pair.theirs.profile == Profile("ada")  # the company is for those whom she confirms
    assert (pair.mine.awaits, pair.theirs.awaits) == (True, False)
    scanned_by_them = meeting(BOOTH, shown_by(ADA)).first()
    assert (scanned_by_them.theirs.company, scanned_by_them.mine.company) == ("Warung", None)
    assert scanned_by_them.mine.profile == Profile("ada")
    assert (scanned_by_them.mine.awaits, scanned_by_them.theirs.awaits) == (False, True)
