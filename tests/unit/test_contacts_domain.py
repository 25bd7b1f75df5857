"""The rules of a meeting: who meets whom, what each keeps, and what becomes of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from functions.contacts.cards import EVERYONE, Card, Consent, Profile, Visible
from functions.contacts.domain import (
    MOST_TAGS,
    NOTE_LENGTH,
    Contact,
    Meeting,
    Misses,
    OwnCode,
    Pair,
    Scan,
    TooManyMisses,
    UnknownCode,
    contact_id,
    introduce,
    meeting_time,
)
from functions.contacts.people import CODE_LIFE, GENERAL, LATE, Attendance, Bearer, Code, Held, NoCard, Person
from shared.errors import Invalid

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
THERE = "cnf_1"
COMPANY = {"company": Visible("everyone", "confirmed")}


def person(name: str, *, attendance: Attendance | None = None, blocked: frozenset[str] = frozenset()) -> Person:
    card = Card(Profile(name, company=f"{name} Ltd"), COMPANY)
    going = attendance or Attendance(tickets={f"tkt_{name}": Held(1)})
    return Person(f"usr_{name}", {GENERAL: card}, {THERE: going}, blocked=blocked)


ADA, BOB = person("ada"), person("bob")
BOOTH = person("cyd", attendance=Attendance(role="exhibitor", company="Warung"))
COLLEAGUE = person("dan", attendance=Attendance(role="exhibitor", company="Warung"))


def shown_by(who: Person) -> Bearer:
    return who.bearer(Code.new(THERE, NOON))


def meeting(
    scanner: Person | None = ADA,
    bearer: Bearer | None = None,
    at: datetime = NOON,
    now: datetime = NOON,
    note: str | None = None,
    tags: tuple[str, ...] = (),
) -> Meeting:
    scan = Scan("usr_ada", "n1", "KETEMU:C1:X")
    return introduce(scanner, bearer or shown_by(BOB), scan, at=at, now=now, note=note, tags=tags)


# Who meets whom


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


# What each keeps


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


# Meeting again


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


# What is kept, and for how long


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


# Time, and those who guess


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
