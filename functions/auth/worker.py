"""What auth hears on the bus: roles gained and lost."""

from functions.auth.dynamo import DynamoAccounts
from functions.auth.use_cases import follow_membership
from shared.messages import MembershipChanged
from shared.worker import Worker


def on_membership_changed(message: MembershipChanged) -> None:
    follow_membership(DynamoAccounts(), message)


handler = Worker({MembershipChanged: on_membership_changed})
