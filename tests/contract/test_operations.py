"""operations.yaml: who is told of what, and that template.yaml gives it what it needs."""

import json
import re
from typing import Any

from samcli.lib.cfn_language_extensions.sam_integration import expand_language_extensions
from samcli.yamlhelper import yaml_parse

from tests.contract.template import FUNCTIONS, RESOURCES, ROOT, TEMPLATE, WRITTEN

AS_WRITTEN: dict[str, Any] = yaml_parse((ROOT / "operations.yaml").read_text())
OPERATIONS: dict[str, Any] = expand_language_extensions(AS_WRITTEN, enabled=True).expanded_template
NESTED: dict[str, Any] = RESOURCES["Operations"]["Properties"]
ALARMS = {name: each["Properties"] for name, each in OPERATIONS["Resources"].items() if each["Type"] == "AWS::CloudWatch::Alarm"}
BODY: str = AS_WRITTEN["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
WIDGETS: list[dict[str, Any]] = json.loads(BODY)["widgets"]


def test_it_gets_every_parameter_and_no_other() -> None:
    assert set(NESTED["Parameters"]) == set(OPERATIONS["Parameters"])
    assert RESOURCES["Operations"]["Condition"] == "OnAws"
    assert WRITTEN["Conditions"]["OnAws"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "Stage"}, "local"]}]}
    for name in ("AlarmEmail", "MonthlyBudget"):
        assert WRITTEN["Resources"]["Operations"]["Properties"]["Parameters"][name] == {"Ref": name}
        assert TEMPLATE["Parameters"][name]["Default"] == OPERATIONS["Parameters"][name]["Default"]


def test_every_dead_letter_queue_is_watched() -> None:
    queues = {name for name, each in RESOURCES.items() if each["Type"] == "AWS::SQS::Queue" and name.endswith("DeadLetters")}
    given = {name: value for name, value in NESTED["Parameters"].items() if name.endswith("DeadLetters")}
    assert given == {name: {"Fn::GetAtt": [name, "QueueName"]} for name in queues}
    watched = {alarm["Dimensions"][0]["Value"]["Ref"] for alarm in ALARMS.values() if alarm.get("Namespace") == "AWS/SQS"}
    assert watched == queues


def test_every_stream_is_watched() -> None:
    readers = {
        each["Properties"]["FunctionName"]["Ref"] for each in RESOURCES.values() if each["Type"].endswith("EventSourceMapping")
    }
    watched = {alarm["Dimensions"][0]["Value"]["Ref"] for alarm in ALARMS.values() if alarm.get("MetricName") == "IteratorAge"}
    assert watched == readers <= set(FUNCTIONS)
    assert all(NESTED["Parameters"][name] == {"Ref": name} for name in readers)


def test_every_alarm_says_what_is_wrong_and_tells_somebody() -> None:
    assert len(ALARMS) == 15
    for name, alarm in ALARMS.items():
        assert len(alarm["AlarmDescription"]) > 40, name
        assert alarm["AlarmActions"] == [{"Ref": "Alarms"}], name
        assert alarm["TreatMissingData"] == "notBreaching", name  # a quiet night is no alarm


def test_the_latency_of_the_door_is_measured_at_the_path_that_scanners_call() -> None:
    dimensions = {each["Name"]: each["Value"] for each in ALARMS["DoorSlowAlarm"]["Dimensions"]}
    path, method = dimensions["Resource"], dimensions["Method"]
    assert method.lower() in json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"][path]
    assert dimensions["Stage"] == RESOURCES["Api"]["Properties"]["StageName"]
    [setting] = [each for each in RESOURCES["Api"]["Properties"]["MethodSettings"] if each.get("MetricsEnabled")]
    assert (setting["ResourcePath"].replace("~1", "/"), setting["HttpMethod"]) == ("/" + path, method)
    assert setting["ThrottlingRateLimit"] == RESOURCES["Api"]["Properties"]["MethodSettings"][0]["ThrottlingRateLimit"]


def test_the_dashboard_shows_metrics_that_the_code_counts() -> None:
    shown = set(re.findall(r'"Ketemu", "(\w+)"', json.dumps(WIDGETS)))
    shown |= set(re.findall(r'{Ketemu,conference,service} MetricName=\\*"(\w+)\\*"', json.dumps(WIDGETS)))
    sources = [path.read_text() for path in (ROOT / "functions").rglob("*.py")]
    counted = {
        name
        for source in sources
        for call in re.findall(r"\b(?:count|took)\(([^)]*)", source)
        for name in re.findall(r'"(\w+)"', call)
    }
    assert {"OrdersPaid", "OrdersReserved", "IssuingLag", "CheckIns"} <= shown <= counted


def test_the_dashboard_is_a_grid_without_overlaps_in_the_region_of_the_stack() -> None:
    fields = [
        (x, y)
        for each in WIDGETS
        for x in range(each["x"], each["x"] + each["width"])
        for y in range(each["y"], each["y"] + each["height"])
    ]
    assert len(fields) == len(set(fields)) == 24 * 18
    assert all(each["properties"]["region"] == "${AWS::Region}" for each in WIDGETS)


def test_a_budget_is_there_only_where_it_is_asked_for() -> None:
    assert OPERATIONS["Resources"]["Budget"]["Condition"] == "HasBudget"
    assert OPERATIONS["Parameters"]["MonthlyBudget"]["Default"] == 0
