"""What becomes of a person's data here when they are erased. What others were told of them stays told, and names nobody."""

from functions.notifications.dynamo_people import DynamoAddresses
from shared.messages import UserErased
from shared.personal import Rules

RULES = Rules(
    deleted=frozenset({"Gathered", "Connection", "LiveTicket", "Listener"}),
    retold=frozenset({"Notification", "DigestEntry"}),
    of_account=frozenset({"Person"}),
    theirs={"Connection": "user_id"},
)


def forget_address(message: UserErased) -> None:
    """What is known of mail to it stands under its hash, which nothing tells whose it is."""
    DynamoAddresses().forget(message.email)
