"""What a browser or a program sends, read within bounds of size and time and checked by a pydantic model.

Rules. A body that is too large, comes too slowly, has too many fields or is of another kind is refused before anything
is made of it. An empty field is one that was not filled in: the model's default holds, or it is missing. Models forbid
what they do not know (`FormModel`), so a field that somebody adds by hand is an error and never a right.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar, get_origin
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import BadHttpMessage
from pydantic import BaseModel, ConfigDict, ValidationError

from collector.console.errors import FormError, HttpError

BODY_S: Final = 15.0
"""A whole body; whoever needs longer on a closed network holds a place and nothing else."""
MAX_FIELDS: Final = 200
MAX_DEPTH: Final = 20
"""Of JSON."""
_MANY: Final = (list, tuple, set, frozenset)
CSRF_FIELD: Final = "csrf"

M = TypeVar("M", bound=BaseModel)


class FormModel(BaseModel):
    """Base of what pages take."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, arbitrary_types_allowed=True)


class QueryModel(BaseModel):
    """Base of query strings: what is not known is left alone, since lists keep their state there too."""

    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=True)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a multipart form. `name` and `media_type` are what the browser said, and nothing else."""

    name: str
    media_type: str
    octets: bytes


Fields = dict[str, list[Any]]


async def read_fields(request: web.Request, most_octets: int) -> Fields:
    """The fields of a form, each with all its values. Raises HttpError."""
    try:
        async with asyncio.timeout(BODY_S):
            if request.content_type == "multipart/form-data":
                return await _multipart(request, most_octets)
            if request.content_type == "application/x-www-form-urlencoded":
                return _urlencoded(await _body(request, most_octets))
            if not request.can_read_body:
                return {}
    except TimeoutError as error:
        raise HttpError(408, f"The form did not come within {BODY_S:.0f} s.") from error
    except (ValueError, BadHttpMessage, AssertionError) as error:
        raise FormError({"": "The form cannot be read."}) from error
    raise HttpError(415, "A form is sent as a browser sends it.")


async def read_json(request: web.Request, most_octets: int) -> dict[str, Any]:
    """A JSON object. Raises HttpError."""
    if request.content_type != "application/json":
        raise HttpError(415, "Send application/json.")
    try:
        async with asyncio.timeout(BODY_S):
            octets = await _body(request, most_octets)
    except TimeoutError as error:
        raise HttpError(408, f"The body did not come within {BODY_S:.0f} s.") from error
    try:
        value = json.loads(octets)
    except (ValueError, RecursionError) as error:
        raise FormError({"": "The body is not JSON."}) from error
    if not isinstance(value, dict) or not _shallow(value, MAX_DEPTH):
        raise FormError({"": f"The body is a JSON object, at most {MAX_DEPTH} deep."})
    return value


def model_of_fields(model: type[M], fields: Mapping[str, list[Any]]) -> M:
    """Raises FormError with a sentence a field."""
    return checked(model, _values(model, fields))


def query_of(model: type[M], parameters: Mapping[str, list[str]]) -> M:
    """A query string. Raises FormError."""
    return checked(model, _values(model, parameters))


def _values(model: type[BaseModel], fields: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """One value a field, the last one; all of them where the model has a list."""
    values: dict[str, Any] = {}
    for name, found in fields.items():
        filled = [one for one in found if one != ""]
        known = model.model_fields.get(name)
        if known is not None and get_origin(known.annotation) in _MANY:
            values[name] = filled
        elif filled:
            values[name] = filled[-1]
        elif known is None:
            values[name] = ""
    return values


def checked(model: type[M], values: Mapping[str, Any]) -> M:
    """Raises FormError."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults: dict[str, str] = {}
        for one in error.errors(include_url=False, include_context=False, include_input=False):
            where = ".".join(str(part) for part in one["loc"])
            faults.setdefault(where, _sentence(one["type"], one["msg"]))
        raise FormError(faults) from error


def _sentence(kind: str, message: str) -> str:
    if kind == "missing":
        return "This is needed."
    if kind == "extra_forbidden":
        return "There is no such field."
    return f"{message.removeprefix('Value error, ').rstrip('.')}."


async def _body(request: web.Request, most_octets: int) -> bytes:
    """Raises HttpError for more octets than are taken, before they are read where their number is told."""
    too_much = HttpError(413, f"At most {most_octets} octets are taken here.")
    if (request.content_length or 0) > most_octets:
        raise too_much
    octets = bytearray()
    async for part in request.content.iter_chunked(1 << 16):
        octets += part
        if len(octets) > most_octets:
            raise too_much
    return bytes(octets)


def _urlencoded(octets: bytes) -> Fields:
    fields: Fields = {}
    for name, value in parse_qsl(
        octets.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"
    ):
        fields.setdefault(name, []).append(value)
    return fields


async def _multipart(request: web.Request, most_octets: int) -> Fields:
    too_much = HttpError(413, f"At most {most_octets} octets are taken here.")
    if (request.content_length or 0) > most_octets:
        raise too_much
    fields: Fields = {}
    left, parts = most_octets, 0
    async for part in await request.multipart():
        parts += 1
        if parts > MAX_FIELDS or not isinstance(part, BodyPartReader) or part.name is None:
            raise FormError({"": "The form has too many fields, or fields in fields."})
        octets = bytearray()
        while chunk := await part.read_chunk():
            octets += chunk
            left -= len(chunk)
            if left < 0:
                raise too_much
        value: str | Upload
        if part.filename is None:
            value = octets.decode("utf-8")
        else:
            media_type = part.headers.get("Content-Type", "application/octet-stream")
            value = Upload(part.filename[:200], media_type[:100], bytes(octets))
            if not octets and not part.filename:
                value = ""
        fields.setdefault(part.name, []).append(value)
    return fields


def _shallow(value: object, depth: int) -> bool:
    if depth < 0:
        return False
    if isinstance(value, dict):
        return all(_shallow(one, depth - 1) for one in value.values())
    return not isinstance(value, list) or all(_shallow(one, depth - 1) for one in value)
