"""What the emulator leaves out of a deployment, applied from the stack's processed template. Harmless where nothing is missing."""

import json
from typing import Any

from localstack.endpoint import Endpoint

RESERVED = "ReservedConcurrentExecutions"
GATEWAY_RESPONSES = "x-amazon-apigateway-gateway-responses"


def finish(endpoint: Endpoint, stack: str, mail_from: str) -> None:
    cloudformation = endpoint.client("cloudformation")
    template: dict[str, Any] = cloudformation.get_template(StackName=stack, TemplateStage="Processed")["TemplateBody"]
    resources = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    physical = {resource["LogicalResourceId"]: resource.get("PhysicalResourceId") for resource in resources}
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Events::Archive" and endpoint.is_ministack:  # which has archives, if not in templates
            keep_events(endpoint, stack, physical["Bus"], properties)
        if name not in physical:  # left out by its condition
            continue
        if resource["Type"] == "AWS::DynamoDB::Table" and "TimeToLiveSpecification" in properties:
            enable_time_to_live(endpoint, physical[name], properties["TimeToLiveSpecification"])
        if resource["Type"] == "AWS::Lambda::Function" and RESERVED in properties:
            reserve(endpoint, physical[name], properties[RESERVED])
        if resource["Type"] == "AWS::ApiGateway::RestApi" and GATEWAY_RESPONSES in properties.get("Body", {}):
            put_gateway_responses(endpoint, physical[name], properties["Body"][GATEWAY_RESPONSES])
    endpoint.client("ses").verify_email_identity(EmailAddress=mail_from)


def keep_events(endpoint: Endpoint, stack: str, bus: str, archive: dict[str, Any]) -> None:
    """In the embedded emulator's memory, and with its state: replayed by `make replay`."""
    events = endpoint.client("events")
    source = events.describe_event_bus(Name=bus)["Arn"]
    if not events.list_archives(EventSourceArn=source)["Archives"]:
        pattern, days = json.dumps(archive["EventPattern"]), int(archive["RetentionDays"])
        events.create_archive(ArchiveName=stack, EventSourceArn=source, EventPattern=pattern, RetentionDays=days)


def enable_time_to_live(endpoint: Endpoint, table: str, specification: dict[str, Any]) -> None:
    dynamodb = endpoint.client("dynamodb")
    status = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]["TimeToLiveStatus"]
    if status not in ("ENABLED", "ENABLING"):
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=specification)


def reserve(endpoint: Endpoint, function: str, concurrency: Any) -> None:
    """`concurrency` is a number, or a choice by a condition: the one for a local stage, which this is."""
    chosen = concurrency["Fn::If"][1] if isinstance(concurrency, dict) else concurrency
    endpoint.client("lambda").put_function_concurrency(FunctionName=function, **{RESERVED: int(chosen)})


def put_gateway_responses(endpoint: Endpoint, api: str, responses: dict[str, Any]) -> None:
    """They take effect with a deployment of the API to its stages."""
    gateway = endpoint.client("apigateway")
    for kind, response in responses.items():
        status = {"statusCode": str(response["statusCode"])} if "statusCode" in response else {}
        gateway.put_gateway_response(
            restApiId=api,
            responseType=kind,
            responseParameters=response.get("responseParameters", {}),
            responseTemplates=response.get("responseTemplates", {}),
            **status,
        )
    for stage in gateway.get_stages(restApiId=api)["item"]:
        gateway.create_deployment(restApiId=api, stageName=stage["stageName"])
