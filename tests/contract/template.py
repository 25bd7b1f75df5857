"""template.yaml as it is written, and with its loops expanded; intrinsic functions in their long form."""

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

VPC_ACCESS = "AWSLambdaVPCAccessExecutionRole"
REGION = "eu-central-1"


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
