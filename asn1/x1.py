"""X1 (TS 103 221-1): XML requests and responses between the ADMF and a network element, both directions. Sans-IO.

    messages = parse_request(octets)        every message sound, or DecodeError
    read = read_request(octets)             the same, but a message whose body alone is unsound is an `Unsound`, so that
                                            it can be answered for itself (error 1010)
    replies = parse_response(octets)        X1TopLevelErrorResponse raises DecodeError
    build_request, build_response, build_top_level_error     EncodeError for what the schema has no place for

What a message holds is described once, in `x1_tables` (schema 1.22.1); values are in `x1_values`, codes in `x1_codes`.
Hostile input: bounded octets, elements and depth, UTF-8 alone, no DTD, no entities, no network (`hi1_xml`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, NamedTuple

from asn1.errors import DecodeError, EncodeError
from asn1.hi1_walk import Record
from asn1.hi1_xml import XSI, Writer, local, no_attributes, no_text, parse, split_tag, xsi_type
from asn1.x1_codes import (
    DID_EXISTS,
    DID_IN_USE,
    GENERIC_ERROR,
    NO_DID,
    NO_XID,
    SYNTAX_ERROR,
    UNSUPPORTED_REQUEST,
    XID_EXISTS,
)
from asn1.x1_tables import (
    COMMON,
    ERROR_RECORD,
    EXTENDED,
    HEAD_ALONE,
    KINDS,
    MAX_MESSAGES,
    PREFIXES,
    REPLY_ALONE,
    REQUEST_RECORDS,
    RESPONSE_RECORDS,
    TOP_LEVEL,
    X1,
)
from asn1.x1_values import (
    VERSION,
    DestinationDetails,
    ExtensionInformation,
    TaskDetails,
    TaskResponse,
    TaskStatus,
    TopLevelError,
    X1Error,
    X1Message,
    X1Reply,
    ip_destination,
)

__all__ = (
    "COMMON",
    "DID_EXISTS",
    "DID_IN_USE",
    "EXTENDED",
    "GENERIC_ERROR",
    "KINDS",
    "MAX_MESSAGES",
    "MAX_OCTETS",
    "NO_DID",
    "NO_XID",
    "SYNTAX_ERROR",
    "UNSUPPORTED_REQUEST",
    "VERSION",
    "X1",
    "XID_EXISTS",
    "XSI",
    "DestinationDetails",
    "TaskDetails",
    "TaskResponse",
    "TaskStatus",
    "TopLevelError",
    "Unsound",
    "X1Error",
    "X1Message",
    "X1Reply",
    "build_request",
    "build_response",
    "build_top_level_error",
    "ip_destination",
    "parse_request",
    "parse_response",
    "read_request",
)

MAX_OCTETS: Final = 1 << 20
_ERROR_RESPONSE: Final = "ErrorResponse"


class Unsound(NamedTuple):
    """A message whose header reads and whose body does not: `head` has neither task nor anything else of it."""

    head: X1Message
    why: DecodeError


def parse_request(octets: bytes) -> list[X1Message]:
    """The messages of an X1Request. A kind that is not of the schema comes back with its name, its body kept."""
    found = []
    for read in read_request(octets):
        if isinstance(read, Unsound):
            raise read.why
        found.append(read)
    return found


def read_request(octets: bytes) -> list[X1Message | Unsound]:
    """The messages of an X1Request. Raises DecodeError when one of them has no sound header."""
    found: list[X1Message | Unsound] = []
    for place, element in enumerate(_messages(octets, "X1Request", "x1RequestMessage")):
        path = f"x1RequestMessage[{place}]"
        kind = _kind(element, path, "Request")
        record = REQUEST_RECORDS.get(kind)
        try:
            found.append((record or HEAD_ALONE).read_typed(element, path, X1Message, kind=kind))
        except DecodeError as error:
            found.append(Unsound(_head(element, path, kind), error))
    return found


def parse_response(octets: bytes) -> list[X1Reply]:
    """The messages of an X1Response. An X1TopLevelErrorResponse raises DecodeError."""
    found = []
    for place, element in enumerate(_messages(octets, "X1Response", "x1ResponseMessage")):
        path = f"x1ResponseMessage[{place}]"
        kind = _kind(element, path, "Response")
        if f"{kind}Response" == _ERROR_RESPONSE:
            reply: X1Reply = ERROR_RECORD.read_typed(element, path, X1Reply)
            if reply.extension is not None and reply.kind == EXTENDED:
                reply = replace(reply, kind=reply.extension.request_type)
        else:
            reply = RESPONSE_RECORDS.get(kind, REPLY_ALONE).read_typed(element, path, X1Reply, kind=kind)
        found.append(reply)
    return found


def build_request(messages: list[X1Message]) -> bytes:
    """An X1Request. Raises EncodeError when a body is missing or has no place in the schema."""
    out = Writer(PREFIXES)
    out.open_root(_x("X1Request"))
    for message in messages:
        record = REQUEST_RECORDS.get(message.kind)
        if record is None and not message.kind.startswith("{"):
            raise EncodeError(f"{message.kind} is no request of X1")
        _write(out, record or HEAD_ALONE, "x1RequestMessage", message, f"{message.kind}Request")
    return _end(out, "X1Request")


def build_response(replies: list[X1Reply]) -> bytes:
    """An X1Response, one message a request."""
    out = Writer(PREFIXES)
    out.open_root(_x("X1Response"))
    for reply in replies:
        if reply.error is not None:
            if reply.kind not in KINDS:
                named = ExtensionInformation("TS133128", local(reply.kind))
                reply = replace(reply, kind=EXTENDED, extension=named)
            _write(out, ERROR_RECORD, "x1ResponseMessage", reply, _ERROR_RESPONSE)
            continue
        record = RESPONSE_RECORDS.get(reply.kind)
        if record is None and not reply.kind.startswith("{"):
            raise EncodeError(f"{reply.kind} is no request of X1")
        _write(out, record or REPLY_ALONE, "x1ResponseMessage", reply, f"{reply.kind}Response")
    return _end(out, "X1Response")


def build_top_level_error(admf_id: str, ne_id: str, time_us: int) -> bytes:
    """The answer to a request that could not be read at all."""
    out = Writer(PREFIXES)
    out.open_root(_x("X1TopLevelErrorResponse"))
    TOP_LEVEL.write_inside(out, TopLevelError(admf_id, ne_id, time_us))
    return _end(out, "X1TopLevelErrorResponse")


def _x(name: str) -> str:
    return f"{{{X1}}}{name}"


def _messages(octets: bytes, container: str, name: str) -> list[Any]:
    if len(octets) > MAX_OCTETS:
        raise DecodeError(DecodeError.OVERSIZED, f"an X1 message has at most {MAX_OCTETS} octets", MAX_OCTETS)
    root = parse(octets, _x(container))
    no_attributes(root, container, ())
    no_text(root, container)
    found = list(root)
    if not 1 <= len(found) <= MAX_MESSAGES:
        raise DecodeError(DecodeError.TOO_MANY, f"an {container} carries 1 to {MAX_MESSAGES} messages", 0, container)
    for element in found:
        if element.tag != _x(name):
            raise DecodeError(DecodeError.BAD_TAG, f"{name} was expected", 0, container)
    return found


def _kind(element: Any, path: str, suffix: str) -> str:  # noqa: ANN401  lxml has no public element type
    """The name without its suffix. A type without a namespace is taken as X1's: some peers write no prefix."""
    space, name = split_tag(xsi_type(element, path))
    kind = name.removesuffix(suffix)
    return kind if space in ("", X1) else f"{{{space}}}{kind}"


def _head(element: Any, path: str, kind: str) -> X1Message:  # noqa: ANN401
    head: X1Message = HEAD_ALONE.read_typed(element, path, X1Message, kind=kind)
    return replace(head, unknown=())


def _write(out: Writer, record: Record, name: str, value: X1Message | X1Reply, kind: str) -> None:
    try:
        record.write_typed(out, _x(name), value, kind if kind.startswith("{") else _x(kind))
    except (AttributeError, TypeError) as error:
        raise EncodeError(f"{value.kind} holds what has no place in it") from error


def _end(out: Writer, container: str) -> bytes:
    out.close(_x(container))
    return out.octets()
