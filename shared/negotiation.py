"""Which of several representations a client likes best, by its Accept headers (RFC 9110, 12.5)."""

import re

from shared.errors import Problem

_WEIGHT = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)


class NotAcceptable(Problem):
    status, slug, title = 406, "not-acceptable", "Not to be had in this form"

    def __init__(self, offers: tuple[str, ...]) -> None:
        super().__init__(f"Send an Accept header that takes {' or '.join(offers)}, or none.", offers=list(offers))


def choose(accept: str, *offers: str) -> str:
    """The media type of `offers` that `accept` weighs highest, the first of equals; an empty `accept` takes anything.

    The most specific range decides what an offer weighs. Raises NotAcceptable.
    """
    weights = dict(_range(text) for text in (accept.strip() or "*/*").lower().split(","))
    best = max(offers, key=lambda offer: _weight(offer, weights))
    if not _weight(best, weights):
        raise NotAcceptable(offers)
    return best


def takes(coding: str, accept_encoding: str) -> bool:
    """Whether a client takes the content coding, by its Accept-Encoding; one that says nothing is not sent any."""
    weights = dict(_range(text) for text in accept_encoding.lower().split(","))
    return weights.get(coding, weights.get("*", 0.0)) > 0


def _range(text: str) -> tuple[str, float]:
    media_range, *parameters = (part.strip() for part in text.split(";"))
    weights = [float(found[1]) for parameter in parameters if (found := _WEIGHT.fullmatch(parameter))]
    return media_range, weights[0] if weights else 1.0


def _weight(offer: str, weights: dict[str, float]) -> float:
    kind = offer.partition("/")[0]
    return next((weights[wanted] for wanted in (offer, f"{kind}/*", "*/*") if wanted in weights), 0.0)
