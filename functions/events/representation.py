"""What is rendered once, as HTTP sends it: compressed for whoever takes it so, and not again to whoever has it."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Header

from functions.events.agenda import Rendered, matches
from shared.http import binary
from shared.negotiation import takes

IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", max_length=1024)]
AcceptEncoding = Annotated[str, Header(alias="Accept-Encoding", max_length=255, description="gzip is understood")]


def represent(
    rendered: Rendered, media_type: str, *, accept_encoding: str, if_none_match: str | None, cache_control: str
) -> Response[Any]:  # of str or None; Response is invariant
    is_gzipped = takes("gzip", accept_encoding)
    etag = rendered.gzipped_etag if is_gzipped else rendered.etag
    headers = {"ETag": etag, "Cache-Control": cache_control, "Vary": "Accept-Encoding"}
    if matches(etag, if_none_match):
        return Response(304, headers=headers)
    if is_gzipped:
        return binary(media_type, rendered.gzipped, {**headers, "Content-Encoding": "gzip"})
    return Response(200, media_type, rendered.body.decode(), headers)
