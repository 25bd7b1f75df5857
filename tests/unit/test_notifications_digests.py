"""Many news in a short time are one e-mail, of what is still news."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.notifications.digests import send_digest_when_due
from functions.notifications.letter import Mailbox
from functions.notifications.notices import NOTICES
from functions.notifications.use_cases import SENDING_LEASE, Person, tell
from shared.errors import Busy
from shared.messages import ContactExchanged, DigestOpened, Message
from shared.nobody import NOBODY
from tests.unit.post import NINE, FakeMailer, Office

ADA = Mailbox("Ada", "ada@example.org")


@dataclass
class FakeDelay:
    waiting: list[tuple[Message, int]] = field(default_factory=list)

    def send(self, message: Message, seconds: int) -> None:
        self.waiting.append((message, seconds))


def office() -> Office:
    opened = Office()
    opened.people.keep("usr_ada", ADA, NINE)
    return opened


def met(number: int) -> ContactExchanged:
    return ContactExchanged(
        id=f"msg_{number}",
        occurred_at=NINE + timedelta(seconds=number),
        exchange_id=f"xch_{number}",
        scanner_id="usr_ada",
        scanned_id=f"usr_{number}",
        scanner_name="Ada",
        scanned_name=f"Guest {number}",
    )


def hear(office: Office, *numbers: int) -> None:
    for number in numbers:
        tell(office.post, met(number), NOTICES[ContactExchanged](met(number)))


def opened(office: Office) -> list[DigestOpened]:
    return [message for message in office.digests.opened if message.user_id == "usr_ada"]


def come_due(office: Office) -> None:
    """Every digest that was ever opened comes (again) when its time is up."""
    office.at += timedelta(minutes=11)
    for message in opened(office):
        send_digest_when_due(office.digests, office.post, FakeDelay(), message)


def subjects(office: Office) -> list[str]:
    return [letter.subject for letter in office.mailer.sent]


def test_what_comes_in_a_short_time_is_one_mail() -> None:
    desk = office()
    hear(desk, *range(12))
    assert desk.mailer.sent == []
    come_due(desk)
    assert subjects(desk) == ["You met Guest 0, and 11 more"]


def test_one_alone_is_told_as_if_it_had_not_waited() -> None:
    desk = office()
    hear(desk, 3)
    come_due(desk)
    assert subjects(desk) == ["You met Guest 3"]
    assert desk.mailer.sent[0].template == "news"


def test_what_comes_after_is_another_mail() -> None:
    desk = office()
    hear(desk, 1, 2)
    come_due(desk)
    hear(desk, 3)
    come_due(desk)
    assert subjects(desk) == ["You met Guest 1, and 1 more", "You met Guest 3"]


def test_a_digest_waits_until_it_is_due() -> None:
    desk, delay = office(), FakeDelay()
    hear(desk, 1)
    (message,) = opened(desk)
    desk.at += timedelta(seconds=100, milliseconds=300)
    send_digest_when_due(desk.digests, desk.post, delay, message)
    assert delay.waiting == [(message, 500)]
    assert desk.mailer.sent == []


def test_what_was_read_or_deleted_meanwhile_is_not_mailed() -> None:
    desk = office()
    hear(desk, 1, 2, 3)
    first, second, third = desk.inbox.of["usr_ada"]
    desk.inbox.read("usr_ada", first)
    desk.inbox.delete("usr_ada", third)
    come_due(desk)
    assert subjects(desk) == ["You met Guest 2"]
    assert second in desk.inbox.of["usr_ada"]


def test_who_has_read_everything_is_not_mailed() -> None:
    desk = office()
    hear(desk, 1, 2)
    for each in list(desk.inbox.of["usr_ada"]):
        desk.inbox.read("usr_ada", each)
    come_due(desk)
    assert desk.mailer.sent == []


def test_who_mutes_it_while_it_waits_is_not_mailed() -> None:
    desk = office()
    hear(desk, 1, 2)
    desk.people.choose("usr_ada", {"contact-exchanged": {"email": False}})
    come_due(desk)
    assert desk.mailer.sent == []


def test_who_wants_mail_and_no_inbox_is_mailed() -> None:
    desk = office()
    desk.people.known["usr_ada"] = Person(ADA, {"contact-exchanged": {"inbox": False}})
    hear(desk, 1, 2)
    come_due(desk)
    assert subjects(desk) == ["You met Guest 1, and 1 more"]


def test_it_goes_to_the_address_of_the_moment() -> None:
    desk = office()
    hear(desk, 1)
    desk.people.keep("usr_ada", Mailbox("Ada", "new@example.org"), NINE)
    come_due(desk)
    assert desk.mailer.sent[0].to.email == "new@example.org"


def test_a_refused_digest_is_tried_again_and_keeps_what_it_had() -> None:
    desk = office()
    desk.mailer = FakeMailer(refuses=1)
    hear(desk, 1, 2)
    with pytest.raises(ConnectionError):
        come_due(desk)
    with pytest.raises(Busy):
        send_digest_when_due(desk.digests, desk.post, FakeDelay(), opened(desk)[0])
    hear(desk, 3)  # opens another
    desk.at += SENDING_LEASE
    come_due(desk)
    assert subjects(desk) == ["You met Guest 1, and 1 more", "You met Guest 3"]


steps = st.lists(st.one_of(st.integers(0, 9), st.just("due")), max_size=30)


@settings(deadline=None)
@given(steps)
def test_each_is_mailed_once_in_its_order_however_often_and_late_it_comes(happened: list[int | str]) -> None:
    desk = office()
    for step in [*happened, "due"]:
        if isinstance(step, int):
            hear(desk, step)
        else:
            come_due(desk)
    told: list[str] = []
    for letter in desk.mailer.sent:
        entries = letter.says.get("entries")
        titles = [entry.news.title for entry in entries] if isinstance(entries, list) else [letter.subject]
        assert titles == sorted(titles)
        told += titles
    assert sorted(told) == sorted({f"You met Guest {step}" for step in happened if isinstance(step, int)})


def test_who_was_erased_meanwhile_is_not_told_of() -> None:
    gathering = office()
    hear(gathering, 1, 2)
    for entries in gathering.digests.gathered.values():
        for id_, entry in entries.items():
            if "Guest 1" in entry.news.title:  # as erasure leaves it
                entries[id_] = replace(entry, news=replace(entry.news, title=f"You met {NOBODY}"))
    come_due(gathering)
    [letter] = gathering.mailer.sent
    assert letter.subject == "You met Guest 2"
