"""What becomes of a person's data here when they are erased. What others were told of them stays told, and names nobody."""

from functions.notifications.dynamo_people import DynamoAddresses, DynamoPeople
from functions.notifications.kinds import KINDS
from shared.clock import iso
from shared.errors import JsonObject
from shared.messages import UserErased
from shared.nobody import NOBODY
from shared.personal import Rules, gone


def _told_after(item: JsonObject) -> JsonObject:
    """What it was about, and no more whom it named: the inbox counts on."""
    kind = KINDS.get(item["what"])
    return {"title": kind.title if kind else NOBODY, "body": ""}


RULES = Rules(
    deleted=frozenset({"Gathered", "DigestEntry", "Connection", "LiveTicket", "Listener"}),
    retold=frozenset({"Notification", "DigestEntry"}),
    of_account=frozenset({"Person"}),
    theirs={"Connection": "user_id", "DigestEntry": "user_id"},
    passing={"Notification": _told_after, "DigestEntry": gone},
)


def forget_address(message: UserErased) -> None:
    """What is known of mail to it stands under its hash, which nothing tells whose it is."""
    DynamoAddresses().forget(message.email)


def address_in_trouble(user_id: str) -> list[JsonObject]:
    """Whether mail arrives at a person's address: kept under its hash, which no key of theirs leads to."""
    mailbox = DynamoPeople().get(user_id).mailbox
    trouble = DynamoAddresses().trouble(mailbox.email) if mailbox else None
    return [{"kind": "Trouble", "reason": trouble.reason, "since": iso(trouble.since)}] if trouble else []
