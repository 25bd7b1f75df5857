"""What becomes of a person's data here when they are erased. What others were told of them stays told, and names nobody."""

from shared.personal import Rules

RULES = Rules(
    deleted=frozenset({"Gathered", "Connection", "LiveTicket", "Listener", "Trouble"}),
    with_partition=frozenset({"PaidOrder"}),
    retold=frozenset({"Notification", "DigestEntry", "MailedTicket"}),
    of_account=frozenset({"Person"}),
)
