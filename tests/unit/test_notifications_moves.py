"""The words for sessions that moved or were canceled."""

import json
from datetime import datetime, timedelta, timezone

from functions.notifications.domain import News
from functions.notifications.notices import NOTICES
from shared.messages import AgendaMoved, CanceledSession, MovedSession, parse

JAKARTA = timezone(timedelta(hours=7))
TEN = datetime(2027, 6, 1, 10, tzinfo=JAKARTA)
QUEUES = MovedSession("ses_1", "Queues without tears", TEN, "Hall", TEN + timedelta(minutes=90), "Pendopo")
LOCKS = CanceledSession("ses_2", "Locks", TEN, "Hall")


def news(*, moved: list[MovedSession], canceled: list[CanceledSession], more: int = 0) -> News:
    """As the message tells it that crossed the bus."""
    sent = AgendaMoved(
        conference_id="cnf_1", user_id="usr_ada", release=3, moved=moved, canceled=canceled, more=more, conference_name="PyCon"
    )
    [notice] = NOTICES[AgendaMoved](parse("AgendaMoved", json.loads(sent.to_json())))
    assert notice.user_id == "usr_ada"
    return notice.news


def test_a_move_is_told_with_its_local_time_and_room() -> None:
    told = news(moved=[QUEUES], canceled=[])
    assert (told.kind, told.title) == ("agenda-moved", "Queues without tears moved to 11:30 in Pendopo")
    assert told.data == {"conference_id": "cnf_1", "release": "3"}


def test_a_move_to_another_day_names_the_day() -> None:
    moved = MovedSession("ses_1", "Queues", TEN, None, TEN + timedelta(days=1), None)
    assert news(moved=[moved], canceled=[]).title == "Queues moved to 2 June, 10:00"


def test_a_cancellation_says_when_it_would_have_been() -> None:
    assert news(moved=[], canceled=[LOCKS]).title == "Locks on 1 June, 10:00, is canceled"


def test_several_changes_are_one_piece_of_news_cancellations_first() -> None:
    told = news(moved=[QUEUES], canceled=[LOCKS])
    assert told.title == "2 sessions at PyCon changed"
    assert told.body == "Locks on 1 June, 10:00, is canceled; Queues without tears moved to 11:30 in Pendopo."


def test_of_very_many_changes_the_first_are_named() -> None:
    told = news(moved=[QUEUES] * 20, canceled=[], more=5)
    assert told.title == "25 sessions at PyCon changed"
    assert told.body.count("Queues") == 10
    assert told.body.endswith("and 15 more.")
