"""What auth hears on the bus: roles gained and lost, passwords forgotten, tokens delivered, and who leaves."""

from functions.auth.dynamo import DynamoAccounts
from functions.auth.dynamo_doors import DynamoDoors
from functions.auth.dynamo_proofs import DynamoProofs
from functions.auth.privacy import RULES
from functions.auth.use_cases import follow_membership
from functions.auth.use_cases_proofs import offer_reset
from shared.clock import now
from shared.messages import (
    EmailChangeRequested,
    EmailVerificationRequested,
    MembershipChanged,
    PasswordForgotten,
    PasswordResetRequested,
    UserErased,
)
from shared.personal import about_people
from shared.table import Outbox
from shared.worker import Worker


def on_membership_changed(message: MembershipChanged) -> None:
    follow_membership(DynamoAccounts(), message)


def on_password_forgotten(message: PasswordForgotten) -> None:
    offer_reset(DynamoAccounts(), DynamoProofs(), now, message)


def forget_tries(message: UserErased) -> None:
    DynamoDoors().forget(message.email)


# The bus has it: the table need not keep the token in the clear until the outbox expires.
handler = Worker(
    {
        MembershipChanged: on_membership_changed,
        PasswordForgotten: on_password_forgotten,
        EmailVerificationRequested: Outbox.forget,
        EmailChangeRequested: Outbox.forget,
        PasswordResetRequested: Outbox.forget,
        **about_people(RULES, before=forget_tries),
    }
)
