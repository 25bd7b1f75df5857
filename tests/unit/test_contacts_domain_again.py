"""Meeting again: what is added, what comes back, and what stays away."""

from dataclasses import replace
from datetime import datetime

import pytest

from functions.contacts.cards import Card, Consent, Profile
from functions.contacts.domain import (
    Pair,
    UnknownCode,
)
from functions.contacts.people import GENERAL, Attendance, Person
from tests.unit.meetings import ADA, BOB, BOOTH, COLLEAGUE, COMPANY, MINUTE, NOON, THERE, meeting, shown_by


def again(before: Pair, scanner: Person = ADA, bearer: Person = BOB, at: datetime = NOON + MINUTE, note: str | None = None) -> Pair:
    return meeting(scanner, shown_by(bearer), at=at, now=at, note=note, tags=("more",) if note else ()).again(before)


def test_meeting_again_keeps_who_scanned_first_and_adds_what_was_noted() -> None:
    first = meeting(note="tea", tags=("ux",)).first()
    twice = again(first, note="milk")
    assert twice.mine.scans == twice.theirs.scans == {"usr_ada": NOON}
    assert (twice.mine.note, twice.mine.tags) == ("tea\nmilk", ("ux", "more"))
    assert again(twice, at=NOON - MINUTE).mine.scans == {"usr_ada": NOON - MINUTE}
    both = again(Pair(first.theirs, first.mine), BOB, ADA)
    assert both.mine.scans == both.theirs.scans == {"usr_ada": NOON, "usr_bob": NOON + MINUTE}
    assert both.mine.met_at == NOON


def test_meeting_again_shows_each_the_card_of_now() -> None:
    card = Card(Profile("Ada L.", company="Engines"), COMPANY)
    later = replace(ADA, cards={GENERAL: card})
    twice = again(meeting().first(), scanner=later)
    assert twice.theirs.profile == Profile("Ada L.", company="Engines")
    bob = replace(BOB, cards={GENERAL: Card(Profile("Bob B."), COMPANY)})
    assert again(meeting().first(), bearer=bob).mine.profile == Profile("Bob B.")


def test_who_withdrew_is_not_met_again_by_the_others_scan() -> None:
    first = meeting().first()
    withdrawn = replace(first, theirs=replace(first.theirs, consent=Consent(withdrawn_at=NOON)))
    with pytest.raises(UnknownCode):
        again(withdrawn)


def test_who_withdrew_shows_themselves_again_by_scanning() -> None:
    first = meeting().first()
    withdrawn = first.consenting(Consent(withdrawn_at=NOON), ADA.card(THERE))
    assert withdrawn.theirs.profile is None
    back = again(withdrawn)
    assert (back.mine.consent.withdrawn_at, back.theirs.profile) == (None, Profile("ada", company="ada Ltd"))
    assert again(withdrawn, at=NOON - MINUTE).theirs.profile is None  # it happened before


def test_what_waited_for_a_confirmation_before_a_withdrawal_waits_again_after_it() -> None:
    first = meeting(ADA, shown_by(BOOTH)).first()
    withdrawn = first.consenting(Consent(withdrawn_at=NOON), ADA.card(THERE))
    assert (first.mine.awaits, withdrawn.mine.awaits) == (True, False)
    assert again(withdrawn, bearer=BOOTH).mine.awaits
    refused = first.consenting(Consent(confirmed=False, withdrawn_at=NOON), ADA.card(THERE))
    assert not again(refused, bearer=BOOTH).mine.awaits
    decided = first.consenting(Consent(confirmed=False), ADA.card(THERE))
    assert not again(decided, bearer=BOOTH).mine.awaits


def test_nothing_waits_after_a_withdrawal_that_only_exhibitors_have_to_wait_for() -> None:
    withdrawn = meeting().first().consenting(Consent(withdrawn_at=NOON), ADA.card(THERE))
    assert not again(withdrawn).mine.awaits


def test_who_took_somebody_off_their_list_has_them_again_by_scanning_later() -> None:
    first = meeting(note="tea").first()
    off = replace(first, mine=first.mine.removed(NOON + MINUTE))
    assert not again(off, at=NOON).mine.is_listed
    assert again(off, at=NOON).mine.removed_at == NOON + MINUTE
    assert not again(off, at=NOON + MINUTE, note="milk").mine.is_listed
    assert again(off, at=NOON + MINUTE, note="milk").mine.note is None
    back = again(off, at=NOON + 2 * MINUTE, note="milk").mine
    assert (back.is_listed, back.profile, back.note) == (True, Profile("bob", company="bob Ltd"), "milk")


def test_a_removal_stands_when_it_is_the_other_who_scans() -> None:
    first = meeting().first()
    off = Pair(first.theirs, first.mine.removed(NOON))
    assert not again(off, BOB, ADA).theirs.is_listed


def test_of_a_team_the_one_who_met_first_stays_its_face() -> None:
    first = meeting(ADA, shown_by(BOOTH)).first()
    twice = again(first, bearer=COLLEAGUE)
    assert (twice.mine.face_id, twice.mine.profile) == ("usr_cyd", first.mine.profile)
    assert twice.theirs.own_face_id == "usr_cyd"
    assert twice.theirs.profile == Profile("ada")
    by_a_colleague = again(Pair(first.theirs, first.mine), COLLEAGUE, ADA)
    assert (by_a_colleague.mine.own_face_id, by_a_colleague.theirs.face_id) == ("usr_cyd", "usr_cyd")
    assert by_a_colleague.theirs.profile == first.mine.profile
    assert by_a_colleague.mine.scans == {"usr_ada": NOON, "usr_dan": NOON + MINUTE}


def test_a_team_that_is_met_again_has_its_company_spelled_as_it_is_now() -> None:
    first = meeting(ADA, shown_by(BOOTH)).first()
    respelled = replace(BOOTH, attendance={THERE: Attendance(role="exhibitor", company="WARUNG")})
    assert again(first, bearer=respelled).mine.company == "WARUNG"


def test_a_team_that_was_taken_off_a_list_comes_back_with_the_face_of_who_was_scanned() -> None:
    first = meeting(ADA, shown_by(BOOTH)).first()
    back = again(replace(first, mine=first.mine.removed(NOON)), bearer=COLLEAGUE)
    assert (back.mine.face_id, back.mine.company, back.theirs.own_face_id) == ("usr_dan", "Warung", "usr_dan")
    assert back.mine.profile == Profile("dan", company="dan Ltd")


def test_a_team_that_withdrew_shows_the_one_who_scans_again() -> None:
    first = meeting(BOOTH, shown_by(ADA)).first()
    withdrawn = first.consenting(Consent(withdrawn_at=NOON), BOOTH.card(THERE))
    back = again(withdrawn, COLLEAGUE, ADA)
    assert (back.mine.own_face_id, back.theirs.face_id) == ("usr_dan", "usr_dan")
    assert back.theirs.profile == Profile("dan", company="dan Ltd")


def test_a_team_knows_the_names_of_its_own_who_scanned_and_of_whom_it_met() -> None:
    lead = again(meeting(BOOTH, shown_by(ADA)).first(), COLLEAGUE, ADA).mine
    assert lead.colleagues == {"usr_cyd": "cyd", "usr_dan": "dan"}
    first = meeting(ADA, shown_by(BOOTH)).first()
    scanned_too = again(Pair(first.theirs, first.mine), COLLEAGUE, ADA).mine
    assert [scanned_too.name_of(each) for each in ("usr_ada", "usr_dan", "usr_who")] == ["ada", "dan", None]


def test_who_scanned_for_a_team_is_named_on_no_other_list() -> None:
    booth = meeting(BOOTH, shown_by(ADA)).first()
    assert again(booth, COLLEAGUE, ADA).theirs.colleagues == {}
    assert meeting().first().mine.colleagues == {}
    assert booth.mine.naming("usr_dan", "dan") == booth.mine  # who did not scan


def test_nobody_is_named_beside_a_lead_who_is_listed_no_more() -> None:
    lead = meeting(BOOTH, shown_by(ADA)).first().mine
    for gone in (lead.removed(NOON), lead.showing(None)):
        assert gone.colleagues == {}
        assert gone.name_of("usr_cyd") is None
        assert gone.naming("usr_cyd", "cyd") == gone
