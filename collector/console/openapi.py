"""The OpenAPI 3.1 document of `/api/v1`, made from the declarations of the routes alone. Pure.

What a declaration says of the law stands there too: `x-action` (the row of the table), `x-case` (the parameter that
names the case), `x-roles` (those with a cell). A test holds the document against the routes that are served.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from collector.console.errors import WORDS
from collector.console.route import Door, Route
from mediation.law.actors import Action, Role

VERSION: Final = "1"
_REF: Final = "#/components/schemas/{model}"
_PATTERN: Final = re.compile(r"\{(\w+):[^}]*\}")
_NUMBERS: Final = frozenset({"cin", "number", "part"})
"""Parameters of paths that are whole numbers; every other is text."""
_RECORD: Final = {"type": "string", "pattern": "^([1-9][0-9]{0,3}-)?[0-9]{1,16}$", "minLength": 1}
"""`17`, or `2-17` in a fleet (`store.stores`)."""
_FAILURES: Final = (400, 401, 403, 404, 405, 408, 409, 413, 415, 421, 429, 500, 503)
_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "RFC 9457. `chain` says which rule answered, `faults` what of the body is not in order.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "simulation": {"type": "boolean"},
        "event_id": {"type": "string"},
        "chain": {"type": "array", "items": {"type": "object"}},
        "faults": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


def document(declared: Iterable[Route]) -> dict[str, Any]:
    """Of the routes under `/api/v1/`."""
    routes = [one for one in declared if one.api]
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(_PATTERN.sub(r"{\1}", route.path), {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "calea-lab console SIMULATION",
            "version": VERSION,
            "description": "SIMULATION. Every identity is fictional. Times are microseconds UTC since 1970.",
        },
        "paths": paths,
        "components": {
            "schemas": {"Problem": _PROBLEM, **_schemas(routes)},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    words = inspect.getdoc(route.handler) or route.title
    made: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "summary": words.split("\n", 1)[0],
        "parameters": [*_path_parameters(route), *_query_parameters(route)],
        "responses": {"200": _answer(route), **{str(status): _failure(status) for status in _FAILURES}},
        "x-roles": sorted(str(role) for role in Role if route.cell(role)),
    }
    if route.access is not Door.OPEN:
        made["security"] = [{"bearer": []}]
    if isinstance(route.access, Action):
        made["x-action"] = str(route.access)
    if route.case:
        made["x-case"] = route.case
    if route.method == "POST":
        body = {"type": "object"} if route.form is None else _ref(route.form)
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return made


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    number, text = {"type": "integer", "minimum": 0}, {"type": "string", "minLength": 1}
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": number if name in _NUMBERS else _RECORD if name == "sequence" else text,
        }
        for name in route.parameters
    ]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    schema = route.query.model_json_schema(ref_template=_REF)
    needed = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": one}
        for name, one in schema["properties"].items()
    ]


def _answer(route: Route) -> dict[str, Any]:
    schema = {"type": "object"} if route.answer is None else _ref(route.answer)
    return {"description": "Done.", "content": {"application/json": {"schema": schema}}}


def _failure(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    words = WORDS.get(status, "That did not work")
    return {"description": words, "content": {"application/problem+json": {"schema": schema}}}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}


def _schemas(routes: Iterable[Route]) -> dict[str, Any]:
    models: dict[type[BaseModel], str] = {}
    for route in routes:
        if route.form is not None:
            models[route.form] = "validation"
        if route.answer is not None:
            models[route.answer] = "serialization"
        if route.query is not None:
            models.setdefault(route.query, "validation")
    if not models:
        return {}
    pairs: Any = list(models.items())
    _, schema = models_json_schema(pairs, ref_template=_REF)
    found: dict[str, Any] = schema.get("$defs", {})
    return found
