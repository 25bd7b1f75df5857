"""The page that an e-mail's unsubscribing link opens, and what its button, or a mail program by itself, sends."""

from collections.abc import Sequence
from typing import Annotated

from aws_lambda_powertools.event_handler import Depends, Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.content_types import TEXT_HTML
from aws_lambda_powertools.event_handler.openapi.params import Path

from functions.notifications import use_cases_opting_out as use_cases
from functions.notifications.dynamo_people import DynamoPeople
from functions.notifications.kinds import Kind
from functions.notifications.use_cases import People
from shared.http import PUBLIC

router = Router()  # type: ignore[no-untyped-call]  # Powertools leaves its __init__ untyped

PeopleDep = Annotated[People, Depends(DynamoPeople)]
Token = Annotated[str, Path(max_length=512, pattern=r"^[A-Za-z0-9_.~=-]+$", description="As the e-mail has it")]

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@router.get(
    "/notifications/unsubscribe/<token>",
    summary="What the link of an e-mail would end: it changes nothing",
    tags=["notifications"],
    security=PUBLIC,
)
def get_unsubscribe(token: Token, people: PeopleDep) -> Response[str]:
    return _page(use_cases.look(people, token=token), done=False)


@router.post(
    "/notifications/unsubscribe/<token>",
    summary="End e-mails of these kinds (RFC 8058, one click); may be repeated",
    tags=["notifications"],
    security=PUBLIC,
)
def post_unsubscribe(token: Token, people: PeopleDep) -> Response[str]:
    return _page(use_cases.mute(people, token=token), done=True)


def _page(kinds: Sequence[Kind], *, done: bool) -> Response[str]:
    from functions.notifications.templates import render  # Jinja2: here, since nothing else in the API needs it

    return Response(200, TEXT_HTML, render("unsubscribe.html", {"kinds": kinds, "done": done}), headers=_HEADERS)
