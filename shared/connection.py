"""The client that items are read and written through: botocore's, without what it would find out anew for every request.

Each goes in where botocore lets others in (a session's components, events and default configuration), and each was the dearest
of its kind in a profile of a warm function (docs/decisions/0041). What is asked and answered is the same.
"""

import base64
import json
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.parsers import JSONParser, ResponseParserFactory

if TYPE_CHECKING:
    from botocore.session import Session

_BYTES = (b'"B"', b'"BS"')  # the types of values that JSON has no form for


def make_frugal(session: "Session") -> None:
    """For clients of DynamoDB that `session` makes from now on."""
    # What a client says of itself is put together twice a request, from thirty parts. Endpoints of single accounts are for
    # credentials that name their account, which a function's do not.
    session.set_default_client_config(
        Config(user_agent=session.user_agent(), account_id_endpoint_mode="disabled", parameter_validation=False)
    )
    session.register_component("response_parser_factory", _Parsers())
    session.register("creating-client-class.dynamodb", _with_frugal_base)


class _AsSent(JSONParser):
    """An answer as it came: of what DynamoDB says of items, only bytes are something else in Python than in JSON."""

    def parse(self, response: Any, shape: Any) -> Any:
        body = response["body"]
        if response["status_code"] != 200 or any(kind in body for kind in _BYTES):
            return super().parse(response, shape)
        try:
            parsed = json.loads(body)
        except ValueError:  # botocore finds by its checksum that it was cut off, and asks again
            return super().parse(response, shape)
        headers = {name.lower(): value for name, value in response["headers"].items()}
        told = parsed["ResponseMetadata"] = {"HTTPStatusCode": 200, "HTTPHeaders": headers}
        if request_id := headers.get("x-amzn-requestid"):
            told["RequestId"] = request_id
        return parsed


class _Parsers(ResponseParserFactory):
    def create_parser(self, protocol_name: str) -> Any:
        return _ANSWERS if protocol_name == "json" else super().create_parser(protocol_name)


_ANSWERS = _AsSent()


class _AsGiven:
    """A request as it was given, which is what DynamoDB takes: bytes apart, it is JSON as it stands."""

    def __init__(self, serializer: Any) -> None:
        self._serializer = serializer
        self._empty: dict[str, dict[str, Any]] = {}  # by operation

    def serialize_to_request(self, parameters: Any, operation_model: Any) -> dict[str, Any]:
        empty = self._empty.get(operation_model.name)
        if empty is None:
            empty = self._empty[operation_model.name] = self._serializer.serialize_to_request({}, operation_model)
        body = json.dumps(parameters, default=_base64).encode()
        return {**empty, "headers": dict(empty["headers"]), "query_string": {}, "body": body}


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


class _Frugal:
    """A base of the client. Where a table is depends on the request only where it is named by an ARN, which none of ours is."""

    __found: tuple[str, dict[str, str], dict[str, Any]] | None = None

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments | {"serializer": _AsGiven(arguments["serializer"])})

    def _resolve_endpoint_ruleset(self, *asked: Any, **options: Any) -> tuple[str, dict[str, str], dict[str, Any]]:
        if self.__found is not None:
            return self.__found
        endpoint: tuple[str, dict[str, str], dict[str, Any]] = super()._resolve_endpoint_ruleset(*asked, **options)  # type: ignore[misc]  # of BaseClient
        if not endpoint[2]:  # with properties, it would say how to sign as well
            self.__found = endpoint
        return endpoint


def _with_frugal_base(**event: Any) -> None:
    event["base_classes"].insert(0, _Frugal)
