"""The environment a function is given, read when it is needed and never at import."""

import os


class Misconfigured(RuntimeError):
    """A variable that template.yaml should set is missing: a fault of the deployment, not of the request."""


def env(name: str) -> str:
    """Raises Misconfigured where `name` is unset or empty."""
    value = os.environ.get(name, "")
    if not value:
        raise Misconfigured(f"environment variable {name} is not set: see the function's Environment in template.yaml")
    return value
