"""A function may do what its code does, and nothing else: `tests/security/aws_calls.py` reads the one out of the sources."""

from typing import Any

import pytest

from tests.contract.template import FUNCTIONS, RESOURCES
from tests.security.aws_calls import Action, actions

READ_A_STREAM = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"}


def granted(name: str) -> set[Action]:
    found: set[Action] = set()
    for policy in FUNCTIONS[name].get("Policies", []):
        for statement in policy["Statement"]:
            allowed = statement["Fn::If"][1] if "Fn::If" in statement else statement
            resources = allowed["Resource"] if isinstance(allowed["Resource"], list) else [allowed["Resource"]]
            found |= {(action, part(resource)) for action in allowed["Action"] for resource in resources}
    return found


def part(resource: Any) -> str:
    """The index that a resource is of, or nothing."""
    return next((index for index in ("gsi1", "gsi2") if f"/index/{index}" in str(resource)), "")


def mapped(name: str) -> set[Action]:
    """What Lambda does under the function's role for the streams that it reads; for queues SAM grants it."""
    found: set[Action] = set()
    for mapping in (each["Properties"] for each in RESOURCES.values() if each["Type"] == "AWS::Lambda::EventSourceMapping"):
        if mapping["FunctionName"] == {"Ref": name}:
            found |= {(action, "") for action in READ_A_STREAM}
            if "OnFailure" in mapping.get("DestinationConfig", {}):
                found.add(("sqs:SendMessage", ""))
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_may_do_what_its_code_does_and_nothing_else(name: str) -> None:
    needed, allowed = actions(FUNCTIONS[name]["Handler"]) | mapped(name), granted(name)
    assert sorted(needed - allowed) == [], "the policy lacks what the code does"
    assert sorted(allowed - needed) == [], "the policy allows what no code does"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_touches_no_other_context(name: str) -> None:
    context = FUNCTIONS[name]["Handler"].split(".")[1].capitalize()
    of_others = [each for each in ("Auth", "Events", "Orders", "Tickets", "Contacts", "Notifications") if each != context]
    written = str(FUNCTIONS[name].get("Policies", []))
    if context != "Relay":
        assert not [each for each in of_others if f"{each}Table" in written or f"{each}Queue" in written]
