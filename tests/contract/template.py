"""template.yaml as it is written, and with its loops expanded; intrinsic functions in their long form."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from samcli.lib.cfn_language_extensions.sam_integration import expand_language_extensions
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

ROOT = Path(__file__).resolve().parents[2]

WRITTEN: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
TEMPLATE: dict[str, Any] = expand_language_extensions(WRITTEN, enabled=True).expanded_template
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
FUNCTIONS: dict[str, Any] = {
    name: resource["Properties"] for name, resource in RESOURCES.items() if resource["Type"] == "AWS::Serverless::Function"
}

OPENAPI: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text())
VPC_ACCESS = "AWSLambdaVPCAccessExecutionRole"
REGION = "eu-central-1"


@dataclass(frozen=True)
class Route:
    """A method of a resource of the API."""

    function: str
    authorizer: str


def routes() -> dict[tuple[str, str], Route]:
    """By (method, path)."""
    return {
        (event["Properties"]["Method"], event["Properties"]["Path"]): Route(
            name, event["Properties"].get("Auth", {}).get("Authorizer", "Caller")
        )
        for name, function in FUNCTIONS.items()
        for event in function.get("Events", {}).values()
        if event["Type"] == "Api"
    }


def route_of(method: str, path: str) -> Route:
    """As API Gateway chooses: letters before a parameter before all that is left; where that has no such method, the longest
    greedy one that has it. Of a path with ids, or with names of parameters."""
    known, parts = routes(), path.split("/")
    fitting = sorted((order, each) for each in {each for _, each in known} if (order := _fits(each, parts)))
    greedy = sorted((each for _, each in fitting if each.endswith("+}")), key=len, reverse=True)
    return next(known[method, each] for each in [fitting[0][1], *greedy] if (method, each) in known)


def _fits(route: str, parts: list[str]) -> list[int]:
    """How far each part of the path is from what the route says there; nothing where it does not fit."""
    wanted = route.split("/")
    if len(parts) != len(wanted) and not (len(parts) > len(wanted) and wanted[-1].endswith("+}")):
        return []
    pairs = list(zip(wanted, parts, strict=False))
    if any(want != part for want, part in pairs if not want.startswith("{")):
        return []
    return [2 if want.endswith("+}") else int(want.startswith("{")) for want, _ in pairs]


def translated(**parameters: str) -> dict[str, Any]:
    """The resources that SAM makes of the template with these parameters, whatever their conditions."""
    given = {"MailFrom": "tickets@example.org", "AWS::Region": REGION, **parameters}
    template = expand_language_extensions(WRITTEN, parameter_values=given, enabled=True).expanded_template
    template["Transform"] = "AWS::Serverless-2016-10-31"
    for function in (each for each in template["Resources"].values() if each["Type"] == "AWS::Serverless::Function"):
        function["Properties"]["CodeUri"] = {"Bucket": "artifacts", "Key": "code.zip"}
    managed = {name: f"arn:aws:iam::aws:policy/service-role/{name}" for name in ("AWSLambdaBasicExecutionRole", VPC_ACCESS)}
    translator = Translator(managed, Parser(), boto_session=boto3.Session(region_name=REGION))
    made: dict[str, Any] = translator.translate(template, given)["Resources"]
    return made
