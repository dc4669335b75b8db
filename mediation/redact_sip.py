"""SIP as a pen register may have it: rebuilt from what is known to be signalling, not cut out of what came.

Each header that stays is written anew from its parts: numbers, known words, addresses with known parameters. Names
shown stay when they are names; reason phrases and texts, makers' words, places and bodies do not, but for who is in a
conference; nor do digits that go on behind a number. This is the carrier's own code: the agency has another, and
neither trusts the other's. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import unquote

from asn1.conference_info import CONTENT_TYPE as CONFERENCE
from asn1.errors import DecodeError
from asn1.sip import SipMessage, parse_sip, split_list, without_uri_headers
from mediation.law.orders import CourtOrder
from mediation.redact_conference import parties_only


class Granted(NamedTuple):
    """What an order names besides the plain signalling of a pen register: places (R-112), dialled digits (R-111)."""

    place: bool = False
    keys: bool = False


NOTHING: Final = Granted()


def granted(order: CourtOrder) -> Granted:
    return Granted(order.location_authorised, order.pctdd_authorised)


_METHODS: Final = (
    "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK", "SUBSCRIBE", "NOTIFY", "PUBLISH", "INFO",
    "REFER", "MESSAGE", "UPDATE",
)  # fmt: skip
_TAGS: Final = ("100rel", "timer", "replaces", "path", "gruu", "outbound", "precondition", "histinfo", "norefersub",
                "sec-agree", "privacy", "join", "tdialog", "eventlist", "from-change", "early-session")  # fmt: skip
_PLACES: Final = ("p-access-network-info", "geolocation", "cellular-network-info")
_KEY_TYPES: Final = ("application/dtmf-relay", "application/dtmf")
_KEY_BODY: Final = re.compile(rb"\s*(?:signal ?= ?)?[0-9a-d*#]\s*(?:duration ?= ?[0-9]{1,6}\s*)?", re.IGNORECASE)

_DISPLAYED: Final = re.compile(r'\s*"((?:\\.|[^"\\])*)"|\s*([^"<]*)')
_NAME: Final = re.compile(r"[^\W\d_]+(?:[ .'-]{1,2}[^\W\d_]+){0,4}\.?")
_MAX_NAME: Final = 40
_USER: Final = re.compile(r"[A-Za-z0-9.!~*'()&=+$/#_-]{1,64}")
_BEHIND_NUMBER: Final = re.compile(r"(\+?[0-9().-]{3,32})[,;pwtPWT].*")
_HOST: Final = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]{1,253})(?::[0-9]{1,5})?")
_PLAIN_ADDRESS: Final = re.compile(
    r"(?:im|pres|mailto):[A-Za-z0-9._+~-]{1,64}@[A-Za-z0-9.-]{1,253}|urn:[a-z0-9:.-]{1,128}", re.IGNORECASE
)
_VALUE: Final = re.compile(r"[A-Za-z0-9.:+*%_~\[\]-]{1,128}")
_OPAQUE: Final = re.compile(r"[!-~]{1,255}")
_SUBSCRIBED: Final = re.compile(
    r"(?:expires|retry-after)=[0-9]{1,10}"
    r"|reason=(?:deactivated|probation|rejected|timeout|giveup|noresource|invariant)"
)
_DATE: Final = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", re.ASCII)
_NUMBER: Final = re.compile(r"([0-9]{1,10})(.*)", re.DOTALL)
_REFRESHER: Final = re.compile(r"\s*;\s*(refresher=ua[cs])", re.IGNORECASE)
_CSEQ: Final = re.compile(r"([0-9]{1,10})[ \t]+([A-Z]+)")
_VIA: Final = re.compile(r"(SIP ?/ ?2\.0 ?/ ?(?:UDP|TCP|TLS|SCTP|WSS?|TLS-SCTP)) +(\S+)", re.IGNORECASE)
_REASON: Final = re.compile(r"(SIP|Q\.850)\s*(?:;.*)?", re.IGNORECASE | re.DOTALL)
_CAUSE: Final = re.compile(r";\s*cause\s*=\s*([0-9]{1,3})(?![0-9])", re.IGNORECASE)
_URI_PARAMETERS: Final = frozenset(
    (
        "user",
        "transport",
        "lr",
        "maddr",
        "ttl",
        "method",
        "gr",
        "ob",
        "phone-context",
        "npdi",
        "rn",
        "cic",
        "cpc",
        "cause",
    )
)


def _parameters(text: list[str], known: frozenset[str]) -> str:
    """The known ones among parameters, each with its semicolon in front."""
    kept = []
    for one in text:
        name, equals, value = one.strip().partition("=")
        if name.strip().lower() in known and (not equals or _VALUE.fullmatch(value.strip())):
            kept.append(f";{name.strip()}{equals}{value.strip()}")
    return "".join(kept)


def _uri(text: str) -> str | None:
    """An address without headers part, unknown parameters and digits behind its number; None for no address."""
    text = text.partition("?")[0].strip()
    scheme, _, rest = text.partition(":")
    if scheme.lower() == "tel":
        asked, *parameters = rest.split(";")
        number = _number(asked)
        if number is None:
            return None
        return f"{scheme}:{number}{_parameters(parameters, _URI_PARAMETERS)}"
    if scheme.lower() not in ("sip", "sips"):
        bare = text.partition(";")[0]
        return bare if _PLAIN_ADDRESS.fullmatch(bare) else None
    userinfo, at, hostpart = rest.rpartition("@")
    host, *parameters = hostpart.split(";")
    user, *more = userinfo.partition(":")[0].split(";")
    if not _HOST.fullmatch(host):
        return None
    user = _behind_cut(user)
    if at and not _USER.fullmatch(unquote(user)):
        return None
    middle = f"{user}{_parameters(more, _URI_PARAMETERS)}{at}" if at else ""
    return f"{scheme}:{middle}{host}{_parameters(parameters, _URI_PARAMETERS)}"


def _behind_cut(user: str) -> str:
    found = _BEHIND_NUMBER.fullmatch(user)
    return found.group(1) if found else user


def _number(text: str) -> str | None:
    text = _behind_cut(text)
    return text if re.fullmatch(r"\+?[0-9*#().-]{1,32}", text) else None


def _addresses(known: frozenset[str]) -> Callable[[str], str | None]:
    def write(value: str) -> str | None:
        if value.strip() == "*":
            return "*"
        kept = [one for part in split_list(value) if (one := _address(part, known)) is not None]
        return ", ".join(kept) or None

    return write


def _address(part: str, known: frozenset[str]) -> str | None:
    """One name-addr or addr-spec, written anew."""
    found = _DISPLAYED.match(part)
    shown, rest = "", part
    if found is not None and "<" in part[found.end() :]:
        shown = (found.group(1) if found.group(1) is not None else found.group(2)).strip()
        rest = part[found.end() :]
    before, bracket, inside = rest.partition("<")
    if not bracket:
        address, *parameters = before.split("?")[0].split(";")
        uri = _uri(address)
        return None if uri is None else f"{uri}{_parameters(parameters, known)}"
    address, _, behind = inside.partition(">")
    uri = _uri(address)
    if uri is None:
        return None
    name = f'"{shown}" ' if _is_name(shown) else ""
    return f"{name}<{uri}>{_parameters(behind.split(';'), known)}"


def _is_name(text: str) -> bool:
    """Letters in at most five words; a figure of any script makes it a text."""
    plain = len(text) <= _MAX_NAME and _NAME.fullmatch(text) is not None
    return plain and not any(letter.isnumeric() for letter in text)


def _listed(known: tuple[str, ...]) -> Callable[[str], str | None]:
    def write(value: str) -> str | None:
        return ", ".join(one.strip() for one in re.split("[,;]", value) if one.strip() in known) or None

    return write


def _shaped(pattern: re.Pattern[str]) -> Callable[[str], str | None]:
    return lambda value: value.strip() if pattern.fullmatch(value.strip()) else None


def _count(value: str) -> str | None:
    found = _NUMBER.fullmatch(value.strip())
    return found.group(1) if found else None


def _session(value: str) -> str | None:
    found = _NUMBER.fullmatch(value.strip())
    if found is None:
        return None
    refresher = _REFRESHER.match(found.group(2))
    return found.group(1) + (f";{refresher.group(1)}" if refresher else "")


def _sequence(value: str) -> str | None:
    found = _CSEQ.fullmatch(value.strip())
    return f"{found.group(1)} {found.group(2)}" if found and found.group(2) in _METHODS else None


def _via(value: str) -> str | None:
    kept = []
    for part in split_list(value):
        head, *parameters = part.strip().split(";")
        found = _VIA.fullmatch(head.strip())
        if found is not None and _HOST.fullmatch(found.group(2)):
            known = frozenset(("branch", "received", "rport", "maddr", "ttl"))
            kept.append(f"{found.group(1)} {found.group(2)}{_parameters(parameters, known)}")
    return ", ".join(kept) or None


def _reason(value: str) -> str | None:
    """Protocol and cause; its text is somebody's words."""
    kept = []
    for part in split_list(value):
        if found := _REASON.fullmatch(part.strip()):
            cause = _CAUSE.search(part.partition('"')[0])
            kept.append(found.group(1) + (f";cause={cause.group(1)}" if cause else ""))
    return ", ".join(kept) or None


def _subscription(value: str) -> str | None:
    state, *more = (one.strip() for one in value.split(";"))
    if state not in ("active", "pending", "terminated"):
        return None
    return ";".join((state, *(one for one in more if _SUBSCRIBED.fullmatch(one))))


_TAG: Final = frozenset(("tag",))
_NONE: Final = frozenset[str]()
_WRITERS: Final[dict[str, tuple[str, Callable[[str], str | None]]]] = {
    "via": ("Via", _via),
    "from": ("From", _addresses(_TAG)),
    "to": ("To", _addresses(_TAG)),
    "call-id": ("Call-ID", _shaped(_OPAQUE)),
    "cseq": ("CSeq", _sequence),
    "contact": ("Contact", _addresses(frozenset(("expires", "q", "reg-id", "audio", "video", "isfocus")))),
    "max-forwards": ("Max-Forwards", _count),
    "route": ("Route", _addresses(_NONE)),
    "record-route": ("Record-Route", _addresses(_NONE)),
    "p-asserted-identity": ("P-Asserted-Identity", _addresses(_NONE)),
    "p-called-party-id": ("P-Called-Party-Id", _addresses(_NONE)),
    "remote-party-id": ("Remote-Party-Id", _addresses(frozenset(("party", "id-type", "privacy", "screen")))),
    "diversion": ("Diversion", _addresses(frozenset(("reason", "counter", "limit", "privacy", "screen")))),
    "history-info": ("History-Info", _addresses(frozenset(("index", "rc", "np", "mp")))),
    "refer-to": ("Refer-To", _addresses(_NONE)),
    "referred-by": ("Referred-By", _addresses(_NONE)),
    "p-associated-uri": ("P-Associated-URI", _addresses(_NONE)),
    "event": ("Event", _shaped(re.compile(r"(?:conference|dialog|refer|reg|message-summary)(?:;id=[0-9]{1,10})?"))),
    "subscription-state": ("Subscription-State", _subscription),
    "alert-info": ("Alert-Info", _shaped(re.compile(r"<urn:alert:service:(?:call-waiting|forward|normal)>"))),
    "require": ("Require", _listed(_TAGS)),
    "supported": ("Supported", _listed(_TAGS)),
    "allow": ("Allow", _listed(_METHODS)),
    "privacy": ("Privacy", _listed(("header", "session", "user", "id", "history", "none", "critical"))),
    "expires": ("Expires", _count),
    "date": ("Date", _shaped(_DATE)),
    "reason": ("Reason", _reason),
    "retry-after": ("Retry-After", _count),
    "session-expires": ("Session-Expires", _session),
    "min-se": ("Min-Se", _count),
}
KEPT_HEADERS: Final = tuple(_WRITERS)
_ONCE: Final = frozenset(("from", "to", "call-id", "cseq", "max-forwards"))
"""What a message has one of; any more are left out, since readers take the first."""


def signalling_only(octets: bytes, allowed: Granted = NOTHING) -> bytes | None:
    """The SIP message written anew without body, texts and places, but for what was granted; None when it cannot be
    read, or is a request that is not known, or names no address."""
    try:
        message = parse_sip(octets)
    except DecodeError:
        return None
    start = _start_line(message)
    if start is None:
        return None
    lines, seen = [start], set[str]()
    for name, value in message.headers:
        if allowed.place and name in _PLACES:
            lines.append(f"{'-'.join(part.capitalize() for part in name.split('-'))}: {value}")
        writer = _WRITERS.get(name)
        if writer is None or (name in _ONCE and name in seen):
            continue
        seen.add(name)
        written = writer[1](without_uri_headers(value))
        if written is not None:
            lines.append(f"{writer[0]}: {written}")
    body = _keys(message) if allowed.keys else b""
    if message.method == "NOTIFY" and message.content_type == CONFERENCE and not message.truncated:
        body = parties_only(message.body, _uri)
    if body:
        lines.append(f"Content-Type: {message.content_type}")
    lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape") + body


def _start_line(message: SipMessage) -> str | None:
    if message.method is None:
        return f"SIP/2.0 {message.status}"
    uri = _uri(message.uri or "")
    return f"{message.method} {uri} SIP/2.0" if uri is not None and message.method in _METHODS else None


def _keys(message: SipMessage) -> bytes:
    """The body of an INFO that is one key and nothing else."""
    key = message.method == "INFO" and message.content_type in _KEY_TYPES and not message.truncated
    return message.body if key and _KEY_BODY.fullmatch(message.body) else b""
