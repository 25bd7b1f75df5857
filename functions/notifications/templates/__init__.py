"""The words around what people are told: Jinja2 templates of e-mails."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from functions.notifications.domain import conference_named, one_line, price
from shared.clock import local_time


def render(template: str, said: Mapping[str, object]) -> str:
    return _templates().get_template(template).render(said)


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"line": one_line, "price": price, "local_time": local_time, "conference": conference_named}
    return environment
