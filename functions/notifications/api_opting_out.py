"""The page that an e-mail's unsubscribing link opens, and what its button, or a mail program by itself, sends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Depends, Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Path

from functions.notifications import use_cases_opting_out as use_cases
from functions.notifications.dynamo_people import DynamoPeople
from functions.notifications.kinds import Kind
from functions.notifications.use_cases import People
from shared.http import PUBLIC, Accept
from shared.pages import page_or_json

router = Router()  # type: ignore[no-untyped-call]  # Powertools leaves its __init__ untyped

PeopleDep = Annotated[People, Depends(DynamoPeople)]
Token = Annotated[str, Path(max_length=512, pattern=r"^[A-Za-z0-9_.~=-]+$", description="As the e-mail has it")]

_STAYS = (
    "They will still come to your inbox. Tickets you buy, money that is returned and what protects your account is mailed in any "
    "case."
)
_CAME_BACK = "They still come to your inbox. You can have them by e-mail again in your preferences."


@dataclass(frozen=True, slots=True)
class OptOutView:
    """Of which kinds a link ends e-mails, and whether it has."""

    kinds: list[str]
    ended: bool


_ANSWERS: dict[int, Any] = {
    200: {"description": "What it is about", "content": {"application/json": {"model": OptOutView}, "text/html": {}}}
}


@router.get(
    "/notifications/unsubscribe/<token>",
    summary="What the link of an e-mail would end, or by Accept a page that asks: it changes nothing",
    tags=["notifications"],
    security=PUBLIC,
    responses=_ANSWERS,
)
def get_unsubscribe(token: Token, people: PeopleDep, accept: Accept = "*/*") -> Response[Any]:
    return _answer(accept, use_cases.look(people, token=token), ended=False)


@router.post(
    "/notifications/unsubscribe/<token>",
    summary="End e-mails of these kinds (RFC 8058, one click); may be repeated",
    tags=["notifications"],
    security=PUBLIC,
    responses=_ANSWERS,
)
def post_unsubscribe(token: Token, people: PeopleDep, accept: Accept = "*/*") -> Response[Any]:
    return _answer(accept, use_cases.mute(people, token=token), ended=True)


def _answer(accept: str, kinds: Sequence[Kind], *, ended: bool) -> Response[Any]:
    return page_or_json(
        accept,
        OptOutView([kind.name for kind in kinds], ended),
        heading="No more of these e-mails" if ended else "Stop these e-mails?",
        about=[kind.title for kind in kinds],
        note=_CAME_BACK if ended else _STAYS,
        button=None if ended else "Stop them",
    )
