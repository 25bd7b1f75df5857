"""What SES says of the mail it took, by way of an SNS topic: Lambda asks again twice, then it is a dead letter."""

import json

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.notifications.dynamo_people import DynamoAddresses
from functions.notifications.feedback import troubles
from shared.errors import JsonObject
from shared.telemetry import logger


def handler(event: JsonObject, _: LambdaContext) -> None:
    addresses = DynamoAddresses()
    for record in event["Records"]:
        notice = json.loads(record["Sns"]["Message"])
        found = troubles(notice)
        for trouble in found:
            addresses.note(trouble)
        told = notice.get("eventType") or notice["notificationType"]
        logger.info("mail event", kind=told, mail=notice.get("mail", {}).get("messageId"), suppressed=len(found))
