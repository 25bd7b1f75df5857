"""Roles follow the messages, whatever the bus does to their order and number."""

from itertools import count
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.auth import worker
from functions.auth.domain import Credential, User
from functions.auth.dynamo import DynamoAccounts
from functions.auth.proofs import Proof
from functions.auth.use_cases import verification
from shared.caller import Role
from shared.clock import now
from shared.messages import MembershipChanged, UserRegistered
from tests.support import Table, deliver

NUMBERS = count(1)
ROLES: list[Role | None] = ["organizer", "staff", "exhibitor", "speaker", None]


def new_user() -> str:
    user_id, email = f"usr_{next(NUMBERS)}", f"{next(NUMBERS)}@example.org"
    user = User(user_id, email, "Ada", {}, now())
    credential = Credential(email, user_id, "unused", "reg_1", "Ada")
    proof, token = Proof.of("verify-email", proof_id="prf_1", user_id=user_id, email=email, now=now())
    registered = UserRegistered(user_id=user_id, email=email, name="Ada")
    DynamoAccounts().register(user, credential, proof, (registered, verification(user, proof, token)))
    return user_id


def change(user_id: str, conference_id: str, role: Role | None, revision: int) -> MembershipChanged:
    return MembershipChanged(conference_id=conference_id, user_id=user_id, role=role, revision=revision)


def roles(user_id: str) -> dict[str, Role]:
    user = DynamoAccounts().user(user_id)
    assert user
    return dict(user.roles)


# For each conference, the roles of its revisions 1, 2, 3…
histories = st.dictionaries(
    st.sampled_from(["cnf_1", "cnf_2", "cnf_3"]), st.lists(st.sampled_from(ROLES), min_size=1, max_size=4), min_size=1
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories, repeats=st.integers(1, 2), order=st.randoms(use_true_random=False))
def test_the_newest_revision_of_each_conference_wins_in_any_order_with_any_repeats(
    table: Table, history: dict[str, list[Role | None]], repeats: int, order: Random
) -> None:
    user_id = new_user()
    changes = [change(user_id, name, role, number) for name, past in history.items() for number, role in enumerate(past, 1)]
    messages = changes * repeats
    order.shuffle(messages)
    assert deliver(worker.handler, *messages) == []
    assert roles(user_id) == {name: past[-1] for name, past in history.items() if past[-1]}


def test_a_role_taken_is_not_given_back_by_a_late_message(table: Table) -> None:
    user_id = new_user()
    assert deliver(worker.handler, change(user_id, "cnf_1", None, 2), change(user_id, "cnf_1", "staff", 1)) == []
    assert roles(user_id) == {}


def test_a_role_given_to_nobody_goes_back_to_the_queue_alone(table: Table) -> None:
    user_id = new_user()
    failed = deliver(
        worker.handler,
        change("usr_nobody", "cnf_1", "staff", 1),
        change(user_id, "cnf_1", "staff", 1),
        change("usr_nobody", "cnf_1", None, 2),
    )
    assert failed == ["m-0"]
    assert roles(user_id) == {"cnf_1": "staff"}
    assert not [item for item in table.items() if "usr_nobody" in item["pk"]]


def test_the_roles_of_others_are_left_alone(table: Table) -> None:
    ada, bob = new_user(), new_user()
    deliver(worker.handler, change(ada, "cnf_1", "organizer", 1), change(bob, "cnf_1", "speaker", 1))
    assert (roles(ada), roles(bob)) == ({"cnf_1": "organizer"}, {"cnf_1": "speaker"})
