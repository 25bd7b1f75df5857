"""The client that items are read and written through: botocore's, without what it would find out anew for every request.

Each of the three goes in where botocore lets others in (a session's components, events and default configuration), and each is
the dearest of its kind in a profile of a warm function (docs/decisions/0041). What is asked and answered is the same.
"""

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
    session.set_default_client_config(Config(user_agent=session.user_agent(), account_id_endpoint_mode="disabled"))
    session.register_component("response_parser_factory", _Parsers())
    session.register("creating-client-class.dynamodb", _with_one_endpoint)


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


class _OneEndpoint:
    """A base of the client. Where a table is depends on the request only where it is named by an ARN, which none of ours is."""

    __found: tuple[str, dict[str, str], dict[str, Any]] | None = None

    def _resolve_endpoint_ruleset(self, *asked: Any, **options: Any) -> tuple[str, dict[str, str], dict[str, Any]]:
        if self.__found is not None:
            return self.__found
        endpoint: tuple[str, dict[str, str], dict[str, Any]] = super()._resolve_endpoint_ruleset(*asked, **options)  # type: ignore[misc]  # of BaseClient
        if not endpoint[2]:  # with properties, it would say how to sign as well
            self.__found = endpoint
        return endpoint


def _with_one_endpoint(**event: Any) -> None:
    event["base_classes"].insert(0, _OneEndpoint)
