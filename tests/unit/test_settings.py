"""What a play changes of a running stack is put back, also by others where the play was killed."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from localstack.settings import given, put_right, visible_again
from tests.aws import mock_aws

ROLE = "arn:aws:iam::123456789012:role/orders"
OWN = {"TABLE_NAME": "orders"}


class Stack:
    """A function with an alias, and a queue, under their logical names."""

    def __init__(self) -> None:
        self.functions, self.sqs = boto3.client("lambda"), boto3.client("sqs")
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as artifact:
            artifact.writestr("api.py", "")
        made = {"Role": ROLE, "Runtime": "python3.13", "Handler": "api.handler", "Code": {"ZipFile": code.getvalue()}}
        self.functions.create_function(FunctionName="OrdersApi", **made, Environment={"Variables": OWN}, Publish=True)
        self.functions.create_alias(FunctionName="OrdersApi", Name="live", FunctionVersion="1")
        self.url = self.sqs.create_queue(QueueName="OrdersQueue", Attributes={"VisibilityTimeout": "180"})["QueueUrl"]

    def client(self, service: str) -> Any:
        return {"lambda": self.functions, "sqs": self.sqs, "cloudformation": self}[service]

    def describe_stack_resource(self, *, LogicalResourceId: str, **_: str) -> Any:  # noqa: N803  # as CloudFormation names it
        physical = self.url if LogicalResourceId == "OrdersQueue" else LogicalResourceId
        return {"StackResourceDetail": {"PhysicalResourceId": physical}}

    def get_template(self, **_: str) -> Any:
        return {"TemplateBody": {"Resources": {"OrdersQueue": {"Properties": {"VisibilityTimeout": 180}}, "Bus": {}}}}

    @property
    def live(self) -> Any:
        """The environment of what answers requests."""
        return self.functions.get_function_configuration(FunctionName="OrdersApi", Qualifier="live")["Environment"]["Variables"]

    @property
    def seconds(self) -> str:
        answer = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["VisibilityTimeout"])
        return str(answer["Attributes"]["VisibilityTimeout"])


@pytest.fixture
def stack() -> Iterator[Any]:
    with mock_aws(config={"lambda": {"use_docker": False}, "iam": {"load_aws_managed_policies": False}}):
        boto3.client("iam").create_role(
            RoleName="orders",
            AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}',
        )
        yield Stack()


def killed(stack: Any) -> None:
    """What a play leaves that cannot put anything back."""
    with given(stack, {"OrdersApi": {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "TABLE_NAME": "other"}}):
        left = stack.live
    stack.functions.update_function_configuration(FunctionName="OrdersApi", Environment={"Variables": left})
    version = stack.functions.publish_version(FunctionName="OrdersApi")["Version"]
    stack.functions.update_alias(FunctionName="OrdersApi", Name="live", FunctionVersion=version)
    stack.sqs.set_queue_attributes(QueueUrl=stack.url, Attributes={"VisibilityTimeout": "2"})


def test_within_a_play_a_function_has_other_settings_and_then_its_own(stack: Any) -> None:
    with given(stack, {"OrdersApi": {"TABLE_NAME": "other"}}), visible_again(stack, {"Orders": 2}):
        assert stack.live["TABLE_NAME"] == "other"
        assert stack.seconds == "2"
    assert stack.live == OWN
    assert stack.seconds == "180"


def test_what_a_killed_play_has_left_is_put_right(stack: Any) -> None:
    killed(stack)
    assert stack.live["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"
    assert put_right(stack) == ["OrdersApi"]
    assert stack.live == OWN
    assert stack.seconds == "180"
    assert put_right(stack) == []


def test_the_next_play_begins_with_what_was_before_a_killed_one(stack: Any) -> None:
    killed(stack)
    with given(stack, {"OrdersApi": {"CLOCK": "1"}}):
        assert {name: stack.live[name] for name in ("TABLE_NAME", "CLOCK")} == OWN | {"CLOCK": "1"}
        assert "AWS_ENDPOINT_URL" not in stack.live
    assert stack.live == OWN
