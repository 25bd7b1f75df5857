"""The page that a link of an e-mail opens. It changes nothing before its button is pressed: mail scanners follow links only."""

from collections.abc import Sequence
from html import escape
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON, TEXT_HTML

from shared.errors import Invalid, Problem
from shared.negotiation import NotAcceptable, choose

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
}
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{heading}</title>
</head>
<body style="font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif">
<main style="max-width:560px;margin:0 auto;padding:24px">
<h1 style="font-size:22px">{heading}</h1>
<ul>
{about}
</ul>
{form}
<p>{note}</p>
</main>
</body>
</html>
"""
_OF_THE_LINK = (404, 410, 422)  # the statuses of problems that another try does not end
_INCOMPLETE = "It is not as the e-mail has it: mail programs break long links in two."
_ONCE_MORE = "Open it from the newest e-mail once more, or copy the whole of it."
_FORM = '<form method="post"><button style="font:inherit;padding:12px 20px">{}</button></form>'


def page_or_json(
    accept: str, said: Any, *, heading: str, about: Sequence[str], note: str = "", button: str | None = None
) -> Response[Any]:  # `said`, or the text of a page
    """`said` as JSON, or for a browser a page that says what the link is about; its button posts to where the page is.

    Raises NotAcceptable.
    """
    if choose(accept, APPLICATION_JSON, TEXT_HTML) == APPLICATION_JSON:
        return Response(200, APPLICATION_JSON, said, headers=_HEADERS)
    return _page(200, heading, about, note, button)


def wants_page(accept: str) -> bool:
    try:
        return choose(accept, APPLICATION_JSON, TEXT_HTML) == TEXT_HTML
    except NotAcceptable:
        return False


def page_of(problem: Problem) -> Response[str]:
    """Why a link leads nowhere, and what to do, for who has opened it in a browser."""
    is_link = problem.status in _OF_THE_LINK
    about = _INCOMPLETE if isinstance(problem, Invalid) else problem.detail
    answer = _page(problem.status, "This link does not work" if is_link else problem.title, [about], _ONCE_MORE if is_link else "")
    answer.headers.update(problem.headers)
    return answer


def _page(status: int, heading: str, about: Sequence[str], note: str, button: str | None = None) -> Response[str]:
    lines = "\n".join(f"<li>{escape(line)}</li>" for line in about)
    form = _FORM.format(escape(button)) if button else ""
    body = _PAGE.format(heading=escape(heading), about=lines, form=form, note=escape(note))
    return Response(status, f"{TEXT_HTML}; charset=utf-8", body, headers=dict(_HEADERS))
