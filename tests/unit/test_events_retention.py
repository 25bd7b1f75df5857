"""How long what is known of people is kept: the organisers are told first, whatever they set, and then it goes once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from functions.events.domain import Conference, Overtaken
from functions.events.retention import NOTICE, due_at, kept_until
from functions.events.use_cases_retention import keep_retentions
from shared.messages import Message, RetentionEnded, RetentionEnding
from tests.unit.test_events_domain import CONFERENCE

DAY = timedelta(days=1)
KEPT = replace(CONFERENCE, retention_days=30)
UNTIL = CONFERENCE.ends_at + 30 * DAY


@dataclass
class Retained:
    conference: Conference = KEPT
    told: list[Message] = field(default_factory=list)
    overtaken: int = 0

    def due(self, at: datetime) -> Iterable[str]:
        due = due_at(self.conference)
        return [self.conference.id] if due and due <= at else []

    def get(self, conference_id: str) -> Conference | None:
        return self.conference if conference_id == self.conference.id else None

    def organizers(self, conference_id: str) -> tuple[str, ...]:
        return ("usr_ada", "usr_bob")

    def revise(self, conference: Conference, messages: Sequence[Message]) -> None:
        if self.overtaken:
            self.overtaken -= 1
            self.conference = self.conference.touched()
        if conference.revision != self.conference.revision + 1:
            raise Overtaken
        self.conference = conference
        self.told += messages

    def pass_time(self, at: datetime) -> list[type[Message]]:
        """What is told on that day, by a schedule that runs twice."""
        before = len(self.told)
        keep_retentions(self, lambda: at)
        keep_retentions(self, lambda: at)
        return [type(message) for message in self.told[before:]]


def test_nothing_ends_that_nobody_limited() -> None:
    retained = Retained(CONFERENCE)
    assert kept_until(CONFERENCE) is None
    assert retained.pass_time(UNTIL + 10_000 * DAY) == []


def test_the_organisers_are_told_two_weeks_before_and_then_it_ends_once() -> None:
    retained = Retained()
    assert retained.pass_time(UNTIL - NOTICE - DAY) == []
    assert retained.pass_time(UNTIL - NOTICE) == [RetentionEnding]
    [ending] = retained.told
    assert isinstance(ending, RetentionEnding)
    assert (ending.organizers, ending.ends_at) == (("usr_ada", "usr_bob"), UNTIL)
    assert retained.pass_time(UNTIL - DAY) == []
    assert retained.pass_time(UNTIL) == [RetentionEnded]
    assert retained.pass_time(UNTIL + 1000 * DAY) == []


def test_who_says_so_long_after_the_end_is_told_before_it_goes_all_the_same() -> None:
    retained, late = Retained(), UNTIL + 100 * DAY
    assert retained.pass_time(late) == [RetentionEnding]
    [ending] = retained.told
    assert isinstance(ending, RetentionEnding)
    assert ending.ends_at == late + NOTICE
    assert retained.pass_time(late + NOTICE - DAY) == []
    assert retained.pass_time(late + NOTICE) == [RetentionEnded]


@pytest.mark.parametrize("changes", [{"retention_days": 60}, {"ends_at": CONFERENCE.ends_at + 30 * DAY}])
def test_who_keeps_it_longer_is_told_again(changes: dict[str, object]) -> None:
    retained = Retained()
    retained.pass_time(UNTIL - NOTICE)
    retained.conference = retained.conference.changed(changes)
    assert retained.pass_time(UNTIL) == []
    assert retained.pass_time(UNTIL + 30 * DAY - NOTICE) == [RetentionEnding]
    assert retained.pass_time(UNTIL + 30 * DAY) == [RetentionEnded]


def test_who_keeps_it_for_ever_after_all_is_left_in_peace() -> None:
    retained = Retained()
    retained.pass_time(UNTIL - NOTICE)
    retained.conference = retained.conference.changed({"retention_days": None})
    assert retained.pass_time(UNTIL + 1000 * DAY) == []


def test_an_organiser_who_changes_the_conference_meanwhile_is_not_overwritten() -> None:
    retained = Retained(overtaken=1)
    assert retained.pass_time(UNTIL - NOTICE) == [RetentionEnding]
    assert retained.conference.revision == KEPT.revision + 2
