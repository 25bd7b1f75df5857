"""How a new version of the code reaches people: on production bit by bit and back on an alarm, elsewhere at once."""

import json
from typing import Any

import pytest

from tests.contract.template import FUNCTIONS, translated

APIS = {name for name, function in FUNCTIONS.items() if function["Handler"].endswith("api.handler")}


def of(resources: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: each for name, each in resources.items() if each["Type"] == kind}


@pytest.fixture(scope="module")
def prod() -> dict[str, Any]:
    return translated(Stage="prod")


def test_what_answers_requests_is_reached_by_an_alias_and_shifted_bit_by_bit(prod: dict[str, Any]) -> None:
    aliases = of(prod, "AWS::Lambda::Alias")
    assert {each["Properties"]["FunctionName"]["Ref"] for each in aliases.values()} == APIS
    for name, alias in aliases.items():
        group = alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]["DeploymentGroupName"]["Ref"]
        [_, shifting] = prod[group]["Properties"]["DeploymentConfigName"]["Fn::Sub"]
        assert shifting == {"ConfigName": "Linear10PercentEvery1Minute"}, name
    body = json.dumps(prod["Api"]["Properties"]["Body"])
    for name in APIS:
        assert f"${{{name}Aliaslive}}/invocations" in body  # the alias itself, and never the newest code past it
        assert f"${{{name}.Arn}}/invocations" not in body


def test_a_deployment_goes_back_when_the_alarm_for_faults_goes_off(prod: dict[str, Any]) -> None:
    groups = of(prod, "AWS::CodeDeploy::DeploymentGroup")
    assert len(groups) == len(APIS)
    for group in groups.values():
        properties = group["Properties"]
        assert properties["AutoRollbackConfiguration"]["Enabled"] is True
        assert "DEPLOYMENT_STOP_ON_ALARM" in properties["AutoRollbackConfiguration"]["Events"]
        [alarm] = properties["AlarmConfiguration"]["Alarms"]
        assert alarm == {"Name": {"Fn::GetAtt": ["Operations", "Outputs.Faults"]}}


@pytest.mark.parametrize("stage", ["local", "dev"])
def test_elsewhere_a_deployment_is_there_at_once(stage: str) -> None:
    resources = translated(Stage=stage)
    assert not [name for name, each in resources.items() if each["Type"].startswith("AWS::CodeDeploy::")]
    assert all("UpdatePolicy" not in alias for alias in of(resources, "AWS::Lambda::Alias").values())
