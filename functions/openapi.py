"""The OpenAPI document of the whole API, made from the routes of every function (`make openapi` writes docs/openapi.json)."""

import json
import re
import tomllib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

from shared.errors import JsonObject
from shared.http import PROBLEM_JSON, Api, Command

APIS = ("auth.api", "events.api", "orders.api", "tickets.api", "tickets.papers_api", "contacts.api", "notifications.api")
PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key with the same body is the same command, and gives the same answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}

SECURITY_SCHEMES: JsonObject = {
    "access_token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "device": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`Device <credential>` of a paired scanner (POST /tickets/devices/pair)",
    },
}

PROBLEM = {
    "title": "Problem",
    "description": "What went wrong and how to mend it (RFC 9457). `type` is stable: match on it.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:ketemu:problem:sold-out"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
    "additionalProperties": True,
}


def document() -> JsonObject:
    """The merged document. Raises ValueError where two functions give one schema name to different shapes."""
    merged: JsonObject = {"paths": {}, "schemas": {"Problem": PROBLEM}}
    for module in APIS:
        app: Api = import_module(f"functions.{module}").app
        part = json.loads(
            app.get_openapi_json_schema(
                title=module,
                version="1",
                security_schemes=SECURITY_SCHEMES,
            )
        )
        _add_idempotency_keys(app, part["paths"])
        merged["paths"].update(part["paths"])
        _merge_schemas(merged["schemas"], part["components"].get("schemas", {}), module)
    for path in merged["paths"].values():
        for operation in path.values():
            _tell_what_has_no_body(operation)
            _answer_with_problems(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Ketemu",
            "version": tomllib.loads(PROJECT.read_text())["project"]["version"],
            "description": "Conferences: tickets, agenda, check-in by QR code, and the exchange of contacts.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{"access_token": []}],
        "paths": dict(sorted(merged["paths"].items())),
        "components": {
            "schemas": dict(sorted(merged["schemas"].items())),
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def _add_idempotency_keys(app: Api, paths: JsonObject) -> None:
    """To the routes that take one: what a dependency reads does not reach the document by itself."""
    for route in (*app._static_routes, *app._dynamic_routes):  # Powertools shows its routes no other way
        if Command in _dependencies(route.func):
            path = re.sub(r"<(\w+)>", r"{\1}", route.path)
            paths[path][route.method.lower()].setdefault("parameters", []).append(IDEMPOTENCY_KEY)


def _dependencies(function: Callable[..., Any]) -> set[Any]:
    return {hint.__origin__ for hint in get_type_hints(function, include_extras=True).values() if hasattr(hint, "__metadata__")}


def _merge_schemas(into: JsonObject, schemas: JsonObject, module: str) -> None:
    for name, schema in schemas.items():
        if name.endswith("ValidationError"):
            continue  # Powertools' own shapes, which shared.http never answers with
        if into.setdefault(name, schema) != schema:
            raise ValueError(f"{module} has another schema {name}: rename one of them")


def _tell_what_has_no_body(operation: JsonObject) -> None:
    """Powertools documents `null` as JSON where nothing is sent, and does not know that 304 follows from If-None-Match."""
    for answer in operation["responses"].values():
        if answer.get("content", {}).get("application/json", {}).get("schema", {}).get("type") == "null":
            del answer["content"]
    if any(each["name"] == "If-None-Match" for each in operation.get("parameters", ())):
        operation["responses"]["304"] = {"description": "It is as it was"}


def _answer_with_problems(operation: JsonObject) -> None:
    problem: JsonObject = {"content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    operation["responses"].pop("422", None)
    if {"application/json", "text/html"} <= operation["responses"].get("200", {}).get("content", {}).keys():
        problem["content"]["text/html"] = {}  # a page that the link of an e-mail opens
    operation["responses"]["4XX"] = {"description": "A problem of the request: mended, it may be sent again", **problem}
    operation["responses"]["5XX"] = {"description": "A problem of ours: it may be sent again as it is", **problem}


if __name__ == "__main__":
    print(json.dumps(document(), indent=2, ensure_ascii=False))
