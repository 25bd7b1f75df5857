"""What people hear: digests, choices, and mail that comes back, over HTTP and through the emulator's mailboxes."""

import json
import re
from collections.abc import Callable
from typing import Any

from localstack.client import Person, wait_until
from localstack.stack import RunningStack
from shared.clock import iso, now

Mails = Callable[[Person], list[Any]]

MET = 6
NAMED = re.compile(r"^(?:\* )?You met (\w+)$", re.MULTILINE)  # alone, or in the list of a digest


def code_of(person: Person) -> str:
    return str(person.call("GET", "/contacts/card").json()["code"])


def titles(person: Person) -> list[str]:
    return [item["title"] for item in person.call("GET", "/notifications").json()["items"]]


def meet(scanner: Person, *others: Person) -> None:
    for other in others:
        scanner.post("/contacts/exchange", {"code": code_of(other), "nonce": other.user_id})


def with_card(person: Person) -> Person:
    person.call("PUT", "/contacts/card", {"name": person.name, "email": person.email})
    return person


def test_contacts_of_one_break_are_told_once_each_in_fewer_mails(person: Callable[[str], Person], mails: Mails) -> None:
    maya = with_card(person("Maya"))
    guests = [with_card(person(f"Guest{number}")) for number in range(MET)]
    meet(maya, *guests)

    def told() -> list[str]:
        return [name for mail in mails(maya) for name in NAMED.findall(mail["BodyText"].replace("\r", ""))]

    wait_until(lambda: len(told()) == MET, "all of them in the mail")
    assert told() == [guest.name for guest in guests]
    assert len(mails(maya)) < MET


def test_what_was_read_meanwhile_is_not_mailed(person: Callable[[str], Person], mails: Mails) -> None:
    maya, seen, news = (with_card(person(name)) for name in ("Maya", "Seen", "News"))
    meet(maya, seen)
    wait_until(lambda: "You met Seen" in titles(maya), "it in the inbox")
    maya.post("/notifications/read-all", expect=200)
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
    for told in ({"eventType": "Bounce", "bounce": bounce}, {"eventType": "Complaint", "complaint": complaint}):
        sns.publish(TopicArn=topic, Message=json.dumps(told))
    wait_until(lambda: trouble(gone) and trouble(cross), "both")
    assert (trouble(gone)["reason"], trouble(cross)["reason"]) == ("bounce", "complaint")

    cross.call("POST", "/auth/password/forgot", {"email": cross.email}, expect=202)  # not even what nobody can mute
    meet(muted, gone, cross, there)
    wait_until(lambda: mails(there), "the mail of who left it on")
    meet(there, gone, cross)
    wait_until(lambda: len(mails(there)) == 2, "the next")
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
