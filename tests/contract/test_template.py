"""What an account review would ask of the stack, and what the code takes for granted of it."""

import json
import re
from importlib import import_module
from typing import Any

import pytest

from shared.http import PUBLIC, VISITORS
from tests.contract.template import FUNCTIONS, RESOURCES, ROOT, TEMPLATE, WRITTEN


def of_type(kind: str) -> dict[str, Any]:
    return {name: resource["Properties"] for name, resource in RESOURCES.items() if resource["Type"] == kind}


def routes() -> dict[tuple[str, str], str]:
    """(method, path) of each route of the API, and which authorizer stands before it."""
    found = {}
    for function in FUNCTIONS.values():
        for event in function.get("Events", {}).values():
            if event["Type"] == "Api":
                properties = event["Properties"]
                found[properties["Method"], properties["Path"]] = properties.get("Auth", {}).get("Authorizer", "Caller")
    return found


def authorizer_of(method: str, path: str) -> str:
    """As API Gateway chooses: the exact path, or the greedy one with the longest prefix. Parameters may have other names."""
    known = {(verb, re.sub(r"{\w+}", "{}", each)): authorizer for (verb, each), authorizer in routes().items()}
    parts = re.sub(r"{\w+}", "{}", path).split("/")
    greedy = ["/".join([*parts[:length], "{proxy+}"]) for length in range(len(parts) - 1, 0, -1)]
    return next(known[method, each] for each in ["/".join(parts), *greedy] if (method, each) in known)


OPENAPI = json.loads((ROOT / "docs" / "openapi.json").read_text())
OPERATIONS = [(method, path, operation) for path, item in OPENAPI["paths"].items() for method, operation in item.items()]
PUBLIC_ROUTES = {
    ("post", "/auth/register"),
    ("post", "/auth/login"),
    ("post", "/auth/refresh"),
    ("get", "/.well-known/jwks.json"),
    ("get", "/events/conferences/{conference_id}/agenda"),
    ("get", "/events/conferences/{conference_id}/agenda/now"),
    ("get", "/events/conferences/{conference_id}/agenda/releases"),
    ("get", "/events/conferences/{conference_id}/agenda/releases/{release}"),
    ("get", "/events/conferences/{conference_id}/agenda.ics"),
    ("get", "/events/conferences/{conference_id}/schedule.json"),
    ("get", "/events/conferences/{conference_id}/schedule.xml"),
    ("get", "/events/calendars/{token}"),
    ("get", "/orders/availability/{conference_id}"),
}


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=lambda value: value if isinstance(value, str) else "")
def test_the_gate_before_a_route_is_the_one_its_code_counts_on(method: str, path: str, operation: dict[str, Any]) -> None:
    security = operation.get("security")
    declared = "NONE" if security == PUBLIC else "Visitor" if security == VISITORS else "Caller"
    assert authorizer_of(method, path) == declared


def test_nothing_is_public_that_should_not_be() -> None:
    public = {route for route, authorizer in routes().items() if authorizer == "NONE" and route[0] != "options"}
    assert public == PUBLIC_ROUTES


def test_preflight_is_answered_on_every_path() -> None:
    paths = {path for _, path in routes()}
    assert {path for method, path in routes() if method == "options"} == paths


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_handler_exists(name: str) -> None:
    module, _, handler = FUNCTIONS[name]["Handler"].rpartition(".")
    assert callable(getattr(import_module(module), handler))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_policy_names_its_actions_and_its_resources(name: str) -> None:
    for policy in FUNCTIONS[name].get("Policies", []):
        for statement in policy["Statement"]:
            assert not any("*" in action for action in statement["Action"]), statement
            assert statement["Resource"] != "*", statement


def test_no_function_gets_beyond_the_stack() -> None:
    assert TEMPLATE["Globals"]["Function"]["PermissionsBoundary"] == {"Ref": "Boundary"}
    for statement in RESOURCES["Boundary"]["Properties"]["PolicyDocument"]["Statement"]:
        assert statement["Resource"] != "*"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_reads_only_variables_it_is_given(name: str) -> None:
    folder = ROOT / "functions" / FUNCTIONS[name]["Handler"].split(".")[1]
    read = {found for path in folder.glob("*.py") for found in re.findall(r"""\benv\("(\w+)"\)""", path.read_text())}
    given = {
        variable
        for function in FUNCTIONS.values()
        if function["Handler"].split(".")[1] == folder.name
        for variable in function["Environment"]["Variables"]
    }
    assert read <= given


@pytest.mark.parametrize("name", of_type("AWS::DynamoDB::Table"))
def test_a_table_is_encrypted_recoverable_and_paid_by_use(name: str) -> None:
    table = RESOURCES[name]["Properties"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}


def test_production_keeps_its_tables_and_secrets_whatever_happens_to_the_stack() -> None:
    for secret in ("SigningKeysSecret", "TicketSecret"):
        assert WRITTEN["Resources"][secret]["DeletionPolicy"] == {"Fn::If": ["IsProd", "Retain", "Delete"]}
    _, _, loop = WRITTEN["Resources"]["Fn::ForEach::Tables"]
    table = loop["${Context}Table"]
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == {"Fn::If": ["IsProd", "Retain", "Delete"]}
    assert table["Properties"]["DeletionProtectionEnabled"] == {"Fn::If": ["IsProd", True, False]}


def test_every_table_streams_its_outbox_to_the_relay() -> None:
    mappings = of_type("AWS::Lambda::EventSourceMapping").values()
    assert {mapping["EventSourceArn"]["Fn::GetAtt"][0] for mapping in mappings} == set(of_type("AWS::DynamoDB::Table"))
    for mapping in mappings:
        assert mapping["FunctionName"] == {"Ref": "Relay"}
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_every_work_queue_has_long_polling_and_a_watched_dead_letter_queue() -> None:
    queues = of_type("AWS::SQS::Queue")
    watched = {
        dimension["Value"]["Fn::GetAtt"][0]
        for alarm in of_type("AWS::CloudWatch::Alarm").values()
        for dimension in alarm["Dimensions"]
        if dimension["Name"] == "QueueName"
    }
    work = {name: queue for name, queue in queues.items() if not name.endswith("DeadLetters")}
    assert set(queues) - set(work) <= watched
    for name, queue in work.items():
        assert queue["ReceiveMessageWaitTimeSeconds"] == 20, name
        assert queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0] in queues
    assert all(queue["SqsManagedSseEnabled"] for queue in queues.values())


def test_every_worker_reports_failures_one_by_one_in_time() -> None:
    workers = {name: function for name, function in FUNCTIONS.items() if name.endswith("Worker")}
    for name, function in workers.items():
        (source,) = (event["Properties"] for event in function["Events"].values() if event["Type"] == "SQS")
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name
        assert RESOURCES[f"{name.removesuffix('Worker')}Queue"]["Properties"]["VisibilityTimeout"] >= 6 * function["Timeout"]


def test_logs_are_kept_for_a_set_time() -> None:
    assert TEMPLATE["Globals"]["Function"]["LoggingConfig"]["LogGroup"] == {"Ref": "Logs"}
    assert RESOURCES["Logs"]["Properties"]["RetentionInDays"]


def test_the_api_is_throttled_and_speaks_problems_itself() -> None:
    api = RESOURCES["Api"]["Properties"]
    assert api["MethodSettings"][0]["ThrottlingRateLimit"]
    for name, response in api["GatewayResponses"].items():
        assert response["ResponseParameters"]["Headers"]["Content-Type"] == "'application/problem+json'"
        document = json.loads(response["ResponseTemplates"]["application/json"])
        assert document["type"].startswith("urn:ketemu:problem:"), name
        assert document.get("status") == response.get("StatusCode")
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= set(api["GatewayResponses"])
