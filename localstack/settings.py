"""Settings of the running stack's functions and queues that a play changes for its time.

What a function's were stands beside them, in its own environment: whoever is killed before they are put back leaves what it takes
to do so. `make run`, `make restart` and the next play do it.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from localstack.deploy import STACK
from localstack.endpoint import Endpoint

ENDPOINT = "AWS_ENDPOINT_URL"
_BEFORE = "SETTINGS_BEFORE_THE_PLAY"  # a variable of the environment: all the others, as they were
_TIMEOUT = "VisibilityTimeout"

Variables = Mapping[str, str]


def physical(endpoint: Endpoint, name: str) -> str:
    found = endpoint.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=name)
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


@contextmanager
def given(endpoint: Endpoint, variables: Mapping[str, Variables]) -> Iterator[None]:
    """Within the block these functions have these variables besides their own, or in place of them."""
    functions = endpoint.client("lambda")
    with ExitStack() as undone:
        for name, more in variables.items():
            function = physical(endpoint, name)
            before = _before(functions.get_function_configuration(FunctionName=function)["Environment"]["Variables"])
            undone.callback(_deploy, functions, function, before)
            _deploy(functions, function, {**before, **more, _BEFORE: json.dumps(before)})
        yield


def _before(variables: Variables) -> Variables:
    """As they were before a play, if one has changed them."""
    return json.loads(variables[_BEFORE]) if _BEFORE in variables else variables


def _deploy(functions: Any, function: str, variables: Variables) -> None:
    """Give a function other settings, and have requests answered by a version that has them."""
    functions.update_function_configuration(FunctionName=function, Environment={"Variables": variables})
    for alias in functions.list_aliases(FunctionName=function)["Aliases"]:
        version = functions.publish_version(FunctionName=function)["Version"]
        functions.update_alias(FunctionName=function, Name=alias["Name"], FunctionVersion=version)


@contextmanager
def visible_again(endpoint: Endpoint, seconds: Mapping[str, int]) -> Iterator[None]:
    """Within the block what failed comes back to the workers of these queues after so many seconds."""
    sqs = endpoint.client("sqs")
    urls = {name: physical(endpoint, f"{name}Queue") for name in seconds}
    before = {name: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[_TIMEOUT])["Attributes"] for name, url in urls.items()}
    try:
        for name, url in urls.items():
            sqs.set_queue_attributes(QueueUrl=url, Attributes={_TIMEOUT: str(seconds[name])})
        yield
    finally:
        for name, url in urls.items():
            sqs.set_queue_attributes(QueueUrl=url, Attributes=before[name])


def put_right(endpoint: Endpoint) -> list[str]:
    """Give back what a play that was killed has not: the names of the functions that had other settings than their own."""
    functions = endpoint.client("lambda")
    changed = [
        each
        for each in functions.get_paginator("list_functions").paginate().search("Functions[]")
        if _BEFORE in each.get("Environment", {}).get("Variables", {})
    ]
    for each in changed:
        _deploy(functions, each["FunctionName"], _before(each["Environment"]["Variables"]))
    if changed:
        _put_queues_right(endpoint)
    return [str(each["FunctionName"]) for each in changed]


def _put_queues_right(endpoint: Endpoint) -> None:
    """As the template has them."""
    sqs = endpoint.client("sqs")
    template = endpoint.client("cloudformation").get_template(StackName=STACK, TemplateStage="Processed")["TemplateBody"]
    for name, resource in template["Resources"].items():
        if _TIMEOUT in resource.get("Properties", {}):
            seconds = str(resource["Properties"][_TIMEOUT])
            sqs.set_queue_attributes(QueueUrl=physical(endpoint, name), Attributes={_TIMEOUT: seconds})
