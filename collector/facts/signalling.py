"""SIP, wherever a record holds it: who calls whom, what is signalling, where the media goes, which keys were pressed.

Of a body nothing is kept but the addresses and ports of a session description. Keys come as INFO with a DTMF body and
nothing else in it (RFC 6086 section 3 names the practice), or behind the number in an address (`postd`, pauses).
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from asn1 import sip
from asn1.conference_info import CONTENT_TYPE, parse_conference_info
from asn1.errors import DecodeError
from asn1.sdp import parse_sdp
from collector.facts import shapes
from collector.facts.plain_sip import read_plain
from collector.facts.record import Digits, present
from collector.facts.sip_values import LOCATION_SIP_HEADERS, METHODS, REASON_PHRASES, taken_apart, wrong_with
from mediation.law.orders import Service, Target

_DTMF_TYPES: Final = frozenset({"application/dtmf-relay", "application/dtmf"})
_DTMF_BODY: Final = re.compile(
    rb"\s*(?:Signal ?= ?)?([0-9A-Da-d*#])\s*(?:\r?\n\s*Duration ?= ?[0-9]{1,6}\s*)?", re.IGNORECASE
)


class Signalling(NamedTuple):
    """What one SIP message says. `originators` and `recipients` as in `RecordFacts`."""

    service: Service
    originators: frozenset[Target]
    recipients: frozenset[Target]
    opens: bool
    answers: bool
    content: tuple[str, ...]
    location: bool
    permitted: tuple[tuple[str, Any], ...]
    digits: Digits
    dialled: tuple[tuple[str, Any], ...]
    redirecting: frozenset[Target] = frozenset()

    @property
    def parties(self) -> frozenset[Target]:
        """Who takes part: both sides, and on whose behalf the call went on. Whom it might go to yet does not."""
        return self.originators | self.recipients | self.redirecting


def read_sip(octets: bytes) -> Signalling:
    """What a message says: of a plain one by the quick look (`plain_sip`). Raises DecodeError."""
    found = read_plain(octets)
    return read_reference(octets) if found is None else tuple.__new__(Signalling, found)


def read_reference(octets: bytes) -> Signalling:
    """`read_sip` without the quick look: for what that leaves over, and to hold it against. Raises DecodeError."""
    message = sip.parse_sip(octets)
    method = message.transaction_method
    content: list[str] = []
    keys = _keys(message)
    conference, plain = _conference(message)
    if (message.body and keys is None and not plain) or message.octets_used < len(octets):
        # Octets behind the message that Content-Length ends are no part of it and may be anything.
        content.append("sip_body")
    for name, value in message.headers:
        content += wrong_with(name, value)
    held = (message.uri or "", *(value for _, value in message.headers))
    if any("?" in text and sip.without_uri_headers(text) != text for text in held):
        content.append("uri_headers")
    if message.method is not None and message.method not in METHODS:
        content.append("sip_method")
    if (message.reason or "").lower() not in REASON_PHRASES:
        content.append("reason_text")
    request = None if message.uri is None else shapes.uri_of(message.uri)
    if request is not None:
        content += request.wrong
    appended = request is not None and request.appended
    if not appended and any(shapes.may_append_digits(text) for text in held):
        appended = _appended(message)
    status = message.status or 0
    shown, _, _ = taken_apart(message.header("from") or "")
    origin, destination = shapes.uri_targets(message.origin_uris), shapes.uri_targets(message.destination_uris)
    return Signalling(
        Service.SMS if method == "MESSAGE" else Service.VOICE,
        origin,
        destination,
        opens=message.method in ("INVITE", "MESSAGE") and message.to_tag is None,
        answers=200 <= status < 300 and method == "INVITE",
        content=tuple(dict.fromkeys(content)),
        location=any(name in LOCATION_SIP_HEADERS for name, _ in message.headers),
        permitted=(*_permitted(message, shown if shapes.is_name(shown) else None), *conference),
        digits=Digits.EXTRACTED if appended else Digits.KEYED if keys is not None else Digits.NONE,
        dialled=(("digits", keys),) if keys is not None else (),
        redirecting=shapes.uri_targets(message.redirected_by),
    )


def _permitted(message: sip.SipMessage, shown: str | None) -> tuple[tuple[str, Any], ...]:
    cseq, method = message.cseq, message.transaction_method
    call_id = message.call_id
    return present(
        [
            ("method", message.method if message.method in METHODS else None),
            ("status", message.status),
            ("transaction", method if method in METHODS else None),
            ("from", identity(message.from_uri)),
            ("from_name", shown),
            ("to", identity(message.to_uri)),
            ("request_uri", identity(message.uri)),
            ("asserted", _identities(message.asserted_uris)),
            ("redirected_by", _identities(message.redirected_by)),
            ("redirected_to", _identities(message.redirected_to)),
            ("refer_to", _identities(message.uris("refer-to"))),
            ("referred_by", _identities(message.uris("referred-by"))),
            ("call_id", call_id if shapes.is_identifier(call_id) else None),
            ("cseq", cseq[0] if cseq else None),
            ("body_octets", len(message.body)),
            ("media", media_of(sip.sdp_of(message) or b"") if message.body else None),
        ]
    )


def identity(uri: str | None) -> str | None:
    return None if uri is None else shapes.uri_of(uri).identity


def _conference(message: sip.SipMessage) -> tuple[tuple[tuple[str, Any], ...], bool]:
    """Who is in a conference by its notice, each with how they stand; and whether the notice says nothing else."""
    if message.method != "NOTIFY" or message.content_type != CONTENT_TYPE or message.truncated:
        return (), False
    try:
        info = parse_conference_info(message.body)
    except DecodeError:
        return (), False
    known = [(shapes.uri_of(user.entity), user.statuses) for user in info.users]
    inside = [" ".join((uri.identity, *statuses)) for uri, statuses in known if uri.identity is not None]
    plain = not info.more and all(shapes.uri_of(one).identity == one for one in info.addresses)
    return present([("conference", inside)]), plain


def _identities(uris: tuple[str, ...]) -> list[str]:
    return [found for uri in uris if (found := identity(uri)) is not None]


def media_of(description: bytes) -> list[dict[str, Any]]:
    """Where the media of a call goes: addresses and ports of a session description, nothing else of it."""
    found = []
    for line in parse_sdp(description):
        there: dict[str, Any] = {"port": line.port}
        if line.address is not None and shapes.is_address(line.address):
            there["address"] = line.address
        found.append(there)
    return found


def _keys(message: sip.SipMessage) -> str | None:
    """The key of an INFO whose body is that key and nothing else."""
    if message.method != "INFO" or message.content_type not in _DTMF_TYPES or message.truncated:
        return None
    found = _DTMF_BODY.fullmatch(message.body)
    return found.group(1).decode() if found else None


def _appended(message: sip.SipMessage) -> bool:
    for name in ("to", "contact", "p-called-party-id", "refer-to"):
        for uri in message.uris(name):
            if shapes.uri_of(uri).appended:
                return True
    return False
