"""What an account review would ask of the stack, and what the code takes for granted of it."""

import json
import re
from collections import Counter, defaultdict
from functools import cache
from importlib import import_module
from typing import Any

import pytest

from functions.tickets.happenings import TOLD
from shared.http import DOOR, PUBLIC, VISITORS, Api
from tests.contract.template import (
    FUNCTIONS,
    OPENAPI,
    RESOURCES,
    ROOT,
    TEMPLATE,
    VPC_ACCESS,
    WRITTEN,
    route_of,
    routes,
    translated,
)


def of_type(kind: str) -> dict[str, Any]:
    return {name: resource["Properties"] for name, resource in RESOURCES.items() if resource["Type"] == kind}


OPERATIONS = [(method, path, operation) for path, item in OPENAPI["paths"].items() for method, operation in item.items()]
PUBLIC_ROUTES = {
    ("post", "/auth/register"),
    ("post", "/auth/login"),
    ("post", "/auth/refresh"),
    ("post", "/auth/email/confirm"),
    ("post", "/auth/password/forgot"),
    ("post", "/auth/password/reset"),
    ("post", "/orders/webhooks/stripe"),
    ("get", "/auth/link"),
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
    ("post", "/tickets/devices/pair"),
    ("get", "/tickets/conferences/{conference_id}/keys"),
    ("get", "/tickets/conferences/{conference_id}/journal/head"),
    ("get", "/orders/availability/{conference_id}/vouchers/{code}"),
    ("get", "/orders/waiting-list/leave/{token}"),
    ("post", "/orders/waiting-list/leave/{token}"),
    ("get", "/notifications/unsubscribe/{token}"),
    ("post", "/notifications/unsubscribe/{token}"),
}


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=lambda value: value if isinstance(value, str) else "")
def test_the_gate_before_a_route_is_the_one_its_code_counts_on(method: str, path: str, operation: dict[str, Any]) -> None:
    security = operation.get("security")
    declared = "NONE" if security == PUBLIC else "Visitor" if security in (VISITORS, DOOR) else "Caller"
    assert route_of(method, path).authorizer == declared


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_request_reaches_the_function_that_has_its_route(method: str, path: str, operation: dict[str, Any]) -> None:
    assert (method.upper(), path) in routes_in(FUNCTIONS[route_of(method, path).function]["Handler"])


@cache
def routes_in(handler: str) -> set[tuple[str, str]]:
    """Those that the code behind a handler has."""
    app: Api = import_module(handler.rpartition(".")[0]).app
    return {(route.method, re.sub(r"<(\w+)>", r"{\1}", route.path)) for route in (*app._static_routes, *app._dynamic_routes)}


def test_a_level_of_the_api_has_one_variable_part() -> None:
    """API Gateway refuses another, a greedy one too; the emulator does not."""
    variable: dict[str, set[str]] = defaultdict(set)
    for _, path in routes():
        parts = path.split("/")
        for level, part in enumerate(parts):
            if part.startswith("{"):
                variable["/".join(parts[:level])].add(part)
    assert {below: parts for below, parts in variable.items() if len(parts) > 1} == {}


def test_no_function_has_more_routes_than_its_policy_holds() -> None:
    """Each is a statement of some 450 bytes, of the 20,480 that Lambda takes."""
    assert max(Counter(route.function for route in routes().values()).values()) <= 45


def test_nothing_is_public_that_should_not_be() -> None:
    public = {of for of, route in routes().items() if route.authorizer == "NONE" and of[0] != "options"}
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
    everywhere = [each for each in RESOURCES["Boundary"]["Properties"]["PolicyDocument"]["Statement"] if each["Resource"] == "*"]
    # EC2's describing actions take no resource, so what attaches a function to a network stands for all of them. It is Lambda that
    # does it, under the function's role: a function's own code sends lambda:SourceFunctionArn, and may not.
    assert everywhere == [
        {
            "Effect": "Allow",
            "Action": [
                "ec2:AssignPrivateIpAddresses",
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSubnets",
                "ec2:UnassignPrivateIpAddresses",
            ],
            "Resource": "*",
            "Condition": {"Null": {"lambda:SourceFunctionArn": "true"}},
        }
    ]


def network() -> dict[str, Any]:
    kinds = ("AWS::EC2::", "AWS::ElastiCache::")
    return {name: resource for name, resource in RESOURCES.items() if resource["Type"].startswith(kinds)}


def chosen(url: str) -> dict[str, Any]:
    """The resources as SAM makes them where AgendaCacheUrl is `url`."""
    made = translated(Stage="dev", AgendaCacheUrl=url)
    creates = url == "create"
    kept = {name: each for name, each in made.items() if each.get("Condition") != "CreatesCache" or creates}
    resolved: dict[str, Any] = _decided(kept, creates)
    return resolved


def _decided(value: Any, creates: bool) -> Any:
    """With each choice about the cache made, and what it leaves without a value left out."""
    if isinstance(value, list):
        return [_decided(each, creates) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("Fn::If", [None])[0] == "CreatesCache":
        return _decided(value["Fn::If"][1 if creates else 2], creates)
    decided = {key: _decided(each, creates) for key, each in value.items()}
    return {key: each for key, each in decided.items() if each != {"Ref": "AWS::NoValue"}}


CACHE_USERS = {"EventsApi"}


def test_the_network_of_the_cache_is_there_only_with_the_cache() -> None:
    assert WRITTEN["Conditions"]["CreatesCache"] == {"Fn::Equals": [{"Ref": "AgendaCacheUrl"}, "create"]}
    assert len(network()) == 11
    for name, resource in network().items():
        assert resource.get("Condition") == "CreatesCache", name


def test_the_network_of_the_cache_has_no_way_out_but_to_the_tables() -> None:
    ways_out = {"NatGateway", "InternetGateway", "VPCGatewayAttachment", "EgressOnlyInternetGateway", "EIP", "Route"}
    assert not ways_out & {resource["Type"].rpartition("::")[2] for resource in network().values()}
    (endpoint,) = of_type("AWS::EC2::VPCEndpoint").values()
    assert endpoint["VpcEndpointType"] == "Gateway"  # which costs nothing, unlike an interface
    (statement,) = endpoint["PolicyDocument"]["Statement"]
    assert statement["Resource"][0] == {"Fn::GetAtt": ["EventsTable", "Arn"]}
    assert len(statement["Resource"]) == 2


def test_the_cache_lets_in_only_the_functions_that_use_it_and_has_a_limit_to_its_cost() -> None:
    (cache,) = of_type("AWS::ElastiCache::ServerlessCache").values()
    assert cache["Engine"] == "valkey"
    assert cache["SecurityGroupIds"] == [{"Fn::GetAtt": ["CacheDoor", "GroupId"]}]
    assert cache["CacheUsageLimits"] == {"DataStorage": {"Maximum": 1, "Unit": "GB"}, "ECPUPerSecond": {"Maximum": 30000}}
    (entry,) = RESOURCES["CacheDoor"]["Properties"]["SecurityGroupIngress"]
    assert (entry["FromPort"], entry["ToPort"]) == (6379, 6379)
    assert entry["SourceSecurityGroupId"] == {"Fn::GetAtt": ["CacheClients", "GroupId"]}


def test_with_create_the_functions_of_events_are_in_the_network_and_use_its_cache() -> None:
    resources = chosen("create")
    functions = {name: each["Properties"] for name, each in resources.items() if each["Type"] == "AWS::Lambda::Function"}
    assert {name for name, function in functions.items() if "VpcConfig" in function} == CACHE_USERS
    for name in CACHE_USERS:
        assert functions[name]["VpcConfig"] == {
            "SubnetIds": [{"Ref": "CacheSubnetA"}, {"Ref": "CacheSubnetB"}],
            "SecurityGroupIds": [{"Fn::GetAtt": ["CacheClients", "GroupId"]}],
        }
        # As written: the expansion that SAM does here (not the one of a deployment) takes the Fn::Sub off what it cannot resolve.
        chosen_url = WRITTEN["Resources"][name]["Properties"]["Environment"]["Variables"]["AGENDA_CACHE_URL"]
        url = "rediss://${AgendaCache.Endpoint.Address}:${AgendaCache.Endpoint.Port}/0"
        assert chosen_url == {"Fn::If": ["CreatesCache", {"Fn::Sub": url}, {"Ref": "AgendaCacheUrl"}]}
        assert any(VPC_ACCESS in arn for arn in resources[f"{name}Role"]["Properties"]["ManagedPolicyArns"])


@pytest.mark.parametrize("url", ["off", "rediss://cache.example.org:6379/0"])
def test_without_create_no_function_is_in_a_network(url: str) -> None:
    resources = chosen(url)
    assert not [name for name, each in resources.items() if each["Type"].startswith(("AWS::EC2::", "AWS::ElastiCache::"))]
    for name in CACHE_USERS:
        function = resources[name]["Properties"]
        assert "VpcConfig" not in function
        assert function["Environment"]["Variables"]["AGENDA_CACHE_URL"] == url


@pytest.mark.parametrize(
    ("value", "accepted"),
    [("off", True), ("create", True), ("redis://h:6379/0", True), ("rediss://u:p@h:6379/0", True), ("", False), ("created", False)],
)
def test_the_cache_is_off_a_url_or_created(value: str, accepted: bool) -> None:
    parameter = TEMPLATE["Parameters"]["AgendaCacheUrl"]
    assert bool(re.fullmatch(parameter["AllowedPattern"], value)) is accepted
    assert parameter["Default"] == "off"
    assert parameter["NoEcho"] is True


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
    every = of_type("AWS::Lambda::EventSourceMapping").values()
    mappings = [mapping for mapping in every if mapping["FunctionName"] == {"Ref": "Relay"}]
    assert sorted(mapping["EventSourceArn"]["Fn::GetAtt"][0] for mapping in mappings) == sorted(of_type("AWS::DynamoDB::Table"))
    for mapping in mappings:
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_journal_hears_of_every_record_it_writes_down() -> None:
    [mapping] = [each for each in of_type("AWS::Lambda::EventSourceMapping").values() if each["FunctionName"] != {"Ref": "Relay"}]
    assert mapping["FunctionName"] == {"Ref": "TicketsJournal"}
    images = [json.loads(each["Pattern"])["dynamodb"]["NewImage"] for each in mapping["FilterCriteria"]["Filters"]]
    rows, messages = images
    assert set(rows["kind"]["S"]) == {"TicketScan", "TicketAnnulment", "DoorLookUp"}
    assert set(messages["detail_type"]["S"]) == set(TOLD)


def test_every_work_queue_has_long_polling_and_a_dead_letter_queue() -> None:
    queues = of_type("AWS::SQS::Queue")
    for name, queue in queues.items():
        assert queue["SqsManagedSseEnabled"], name
        if not name.endswith("DeadLetters"):
            assert queue["ReceiveMessageWaitTimeSeconds"] == 20, name
            assert queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0] in queues


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
