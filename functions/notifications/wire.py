"""Frames to connections, through API Gateway's management API."""

import json
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

from functions.notifications.live import Frame
from shared.config import env
from shared.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient

_SIDE_BY_SIDE = 16  # each waits some 10 ms for its answer


def live_url() -> str | None:
    """Where clients connect: `wss://…`; None where the platform runs without live connections."""
    url = env("LIVE_URL").replace("{api}", env("LIVE_ID"))
    return None if url == "off" else url


@cache
def _gateway() -> "ApiGatewayManagementApiClient":
    import boto3
    from botocore.config import Config

    # A connection's messages are posted to where the connection was made, over HTTP.
    endpoint = env("LIVE_URL").replace("{api}", env("LIVE_ID")).replace("ws", "http", 1)
    config = Config(
        connect_timeout=2,
        read_timeout=3,
        max_pool_connections=_SIDE_BY_SIDE,
        retries={"mode": "standard", "total_max_attempts": 3},
    )
    return boto3.client("apigatewaymanagementapi", endpoint_url=endpoint, config=config)


class ApiGatewayWire:
    def send(self, connection_ids: Collection[str], frame: Frame) -> set[str]:
        data = json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode()
        if len(connection_ids) == 1:
            return {each for each in connection_ids if _is_gone(each, data)}
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            answers = pool.map(lambda each: (each, _is_gone(each, data)), connection_ids)
            return {each for each, gone in answers if gone}


def _is_gone(connection_id: str, data: bytes) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        _gateway().post_to_connection(ConnectionId=connection_id, Data=data)
    except ClientError as failure:
        if failure.response["ResponseMetadata"]["HTTPStatusCode"] == 410:
            return True
        logger.warning("not sent live", code=failure.response["Error"]["Code"])
    except BotoCoreError as failure:
        logger.warning("not sent live", code=type(failure).__name__)
    return False
