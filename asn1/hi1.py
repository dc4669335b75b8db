"""HI1 (TS 103 120): XML messages between who orders an interception and who carries it out. Sans-IO.

    message = parse_message(octets)         HI1Message; DecodeError and nothing else for any octets
    octets = build_message(message)         EncodeError for what the schema has no place for
    unknown(message)                        paths of what was kept and not understood

Read against the schema set V1.23.1; the receiver compares `header.version` (error 3021) and counts the action
identifiers. The JSON encoding is not spoken: a receiver may refuse it with 3019. Values are in `hi1_objects` and
`hi1_messages`, the bounds and the walker in `hi1_xml`.
"""

from __future__ import annotations

from typing import Final

from asn1.errors import EncodeError
from asn1.hi1_message_tables import MESSAGE
from asn1.hi1_messages import (
    ActionRequest,
    ActionResponse,
    Header,
    HI1Message,
    Payload,
    RequestBody,
    Requests,
    ResponseBody,
    Responses,
)
from asn1.hi1_objects import CORE, PREFIXES, ErrorInformation
from asn1.hi1_xml import MAX_DEPTH, MAX_ELEMENTS, MAX_OCTETS, Writer, parse, unknown_of

__all__ = (
    "MAX_DEPTH",
    "MAX_ELEMENTS",
    "MAX_OCTETS",
    "build_message",
    "parse_message",
    "refusal",
    "request",
    "response",
    "unknown",
)

_ROOT: Final = f"{{{CORE}}}HI1Message"


def parse_message(octets: bytes) -> HI1Message:
    """The message in `octets`. Raises DecodeError and nothing else."""
    message: HI1Message = MESSAGE.read(parse(octets, _ROOT), "HI1Message", [])
    return message


def build_message(message: HI1Message) -> bytes:
    """The message as XML. Raises EncodeError for a value that has no place in it."""
    out = Writer(PREFIXES)
    out.open_root(_ROOT)
    MESSAGE.write_inside(out, message)
    out.close(_ROOT)
    octets = out.octets()
    if len(octets) > MAX_OCTETS:
        raise EncodeError(f"a message has at most {MAX_OCTETS} octets")
    return octets


def unknown(message: HI1Message) -> tuple[str, ...]:
    """Where elements were kept that are not understood here, as paths of attributes ending in the element's name."""
    return unknown_of(message)


def request(header: Header, *bodies: RequestBody) -> HI1Message:
    """A request of these actions, counted from 0."""
    actions = tuple(ActionRequest(number, body) for number, body in enumerate(bodies))
    return HI1Message(header, Payload(Requests(actions)))


def response(header: Header, *bodies: ResponseBody) -> HI1Message:
    """The answers to the actions of one request, in their order."""
    actions = tuple(ActionResponse(number, body) for number, body in enumerate(bodies))
    return HI1Message(header, Payload(Responses(actions)))


def refusal(header: Header, error: ErrorInformation) -> HI1Message:
    """One error for a whole request."""
    return HI1Message(header, Payload(Responses(error)))
