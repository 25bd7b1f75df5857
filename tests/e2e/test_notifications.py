"""What people hear: digests, choices, and mail that comes back, over HTTP and through the emulator's mailboxes."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from localstack.client import Person, wait_until
from localstack.stack import DIGEST_SECONDS, RunningStack
from shared.clock import iso, now, parse

Mails = Callable[[Person], list[Any]]

MET = 6
DIGEST = timedelta(seconds=DIGEST_SECONDS)  # for which news are gathered, at least
NAMED = re.compile(r"^(?:\* )?You met (\w+)$", re.MULTILINE)  # alone, or in the list of a digest


def code_of(person: Person) -> str:
    return str(person.call("GET", "/contacts/card").json()["code"])


def titles(person: Person) -> list[str]:
    return [item["title"] for item in person.call("GET", "/notifications").json()["items"]]


def met(person: Person, name: str) -> list[Any]:
    """What the inbox says of it."""
    return [item for item in person.get("/notifications")["items"] if item["title"] == f"You met {name}"]


def meet(scanner: Person, *others: Person) -> None:
    for other in others:
        scanner.post("/contacts/exchange", {"code": code_of(other), "nonce": other.user_id})


def with_card(person: Person) -> Person:
    person.call("PUT", "/contacts/card", {"name": person.name, "email": person.email})
    return person


def told(mails: list[Any]) -> list[str]:
    """Who was met, as mails have it."""
    return [name for mail in mails for name in NAMED.findall(mail["BodyText"].replace("\r", ""))]


def test_contacts_of_one_break_are_told_once_each_in_fewer_mails(person: Callable[[str], Person], mails: Mails) -> None:
    maya = with_card(person("Maya"))
    guests = [with_card(person(f"Guest{number}")) for number in range(MET)]
    meet(maya, *guests)

    wait_until(lambda: len(told(mails(maya))) == MET, "all of them in the mail")
    names = [guest.name for guest in guests]
    assert sorted(told(mails(maya))) == names
    assert all(told([mail]) == sorted(told([mail])) for mail in mails(maya))  # in each as it happened
    assert len(mails(maya)) < MET


def test_what_was_read_meanwhile_is_not_mailed(person: Callable[[str], Person], mails: Mails) -> None:
    news = with_card(person("News"))
    in_time = False
    while not in_time:  # read before it is mailed, however slow the machine is
        maya, seen = (with_card(person(name)) for name in ("Maya", "Seen"))
        meet(maya, seen)
        [item] = wait_until(lambda who=maya: met(who, "Seen"), "it in the inbox")  # type: ignore[misc]  # a lambda's default
        maya.post("/notifications/read-all", expect=200)
        in_time = now() < parse(item["created_at"]) + DIGEST
    meet(maya, news)
    wait_until(lambda: mails(maya), "the mail")
    assert [mail["Subject"] for mail in mails(maya)] == ["You met News"]


def trouble(person: Person) -> Any:
    return person.get("/notifications/preferences")["email"]["trouble"]


def test_who_muted_it_whose_mail_came_back_or_who_called_it_spam_is_not_mailed(
    stack: RunningStack, person: Callable[[str], Person], mails: Mails
) -> None:
    muted, gone, cross, there = (with_card(person(name)) for name in ("Muted", "Gone", "Cross", "There"))
    muted.call("PUT", "/notifications/preferences", {"kinds": {"contact-exchanged": {"email": False}}})
    bounce = {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": gone.email}], "timestamp": iso(now())}
    complaint = {"complainedRecipients": [{"emailAddress": cross.email}], "timestamp": iso(now())}
    sns = stack.endpoint.client("sns")
    (topic,) = (each["TopicArn"] for each in sns.list_topics()["Topics"] if "MailEvents" in each["TopicArn"])
    for event in ({"eventType": "Bounce", "bounce": bounce}, {"eventType": "Complaint", "complaint": complaint}):
        sns.publish(TopicArn=topic, Message=json.dumps(event))
    wait_until(lambda: trouble(gone) and trouble(cross), "both")
    assert (trouble(gone)["reason"], trouble(cross)["reason"]) == ("bounce", "complaint")

    cross.call("POST", "/auth/password/forgot", {"email": cross.email}, expect=202)  # not even what nobody can mute
    meet(muted, gone, cross, there)
    wait_until(lambda: mails(there), "the mail of who left it on")
    meet(there, gone, cross)
    wait_until(lambda: {"Gone", "Cross"} <= set(told(mails(there))), "the next")
    assert mails(muted) == mails(gone) == mails(cross) == []

    gone.post("/notifications/preferences/email", expect=200)
    assert trouble(gone) is None
    late = with_card(person("Later"))
    meet(gone, late)
    wait_until(lambda: mails(gone), "mail after it was mended")
    assert mails(cross) == []


def test_the_inbox_forgets_what_is_deleted(person: Callable[[str], Person]) -> None:
    maya = person("Maya")
    wait_until(lambda: titles(maya), "the welcome")
    maya.post("/notifications/read-all", expect=200)
    assert maya.call("DELETE", "/notifications").json() == {"deleted": 1}
    assert titles(maya) == []
