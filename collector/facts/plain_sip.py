"""The quick look at a SIP message: what `signalling.read_reference` says of it, of the messages that most are.

Rules of this file. It answers only where it is sure: CRLF lines of printable ASCII, no folding, a known method, each
header that says who and what once, no part in the addresses that could carry headers of its own. Every other message is
left to the reference, by the answer None; a single header of another shape is judged by the reference's own check of
that header. What is answered is the reference's answer, to the last item; a property test holds the one against the
other. Every octet of the head is looked at, none of the body but the media lines of a session description.

One source for two paths (ADR 0002, ADR 0026): `plain_sip.pxd` types it for Cython. What is remembered from one message
to the next are values that were found to be plain signalling, never content.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from asn1 import sip
from collector.facts import shapes
from collector.facts.record import Digits
from collector.facts.sip_values import LOCATION_SIP_HEADERS, METHODS, REASON_PHRASES, taken_apart, wrong_with
from mediation.law.orders import Service, Target

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if not cython.compiled:
    from collector.facts.sip_octets import (
        digits,
        is_call_id,
        is_host,
        is_number,
        is_tag,
        is_via,
        letters,
        media_lines,
        number,
    )

    _FROM, _TO, _CONTACT, _ASSERTED, _REMOTE, _CALLED, _ROUTE = 1, 2, 3, 4, 5, 6, 7
    _NUMBER, _LENGTH, _VIA, _CALL_ID, _CSEQ, _TYPE, _WORDS, _PLACE, _OTHER, _LEFT, _UNKNOWN = range(8, 19)
    _MAX_OCTETS, _MAX_HEADERS, _MAX_LINE, _MAX_URIS = 65_535, 256, 8_192, 32

COMPILED: Final[bool] = cython.compiled

Address = tuple[str | None, frozenset[Target], bool]
"""An address: as it may be kept, what it is known by, whether it names a user."""

_REMEMBERED: Final = 2048
_SMS: Final = Service.SMS
_VOICE: Final = Service.VOICE
_NO_DIGITS: Final = Digits.NONE
_NOBODY: Final[frozenset[Target]] = frozenset()
_NOTHING: Final[tuple[Any, ...]] = ()

_CODES: Final = {
    "from": 1, "to": 2, "contact": 3, "p-asserted-identity": 4, "remote-party-id": 5, "p-called-party-id": 6,
    "route": 7, "record-route": 7, "p-associated-uri": 7,
    "expires": 8, "max-forwards": 8, "min-expires": 8, "min-se": 8, "rseq": 8,
    "content-length": 9, "via": 10, "call-id": 11, "cseq": 12, "content-type": 13,
    "accept": 14, "accept-encoding": 14, "allow": 14, "allow-events": 14, "require": 14, "supported": 14,
    "unsupported": 14, "proxy-require": 14, "privacy": 14, "event": 14, "subscription-state": 14, "alert-info": 14,
    **dict.fromkeys(LOCATION_SIP_HEADERS, 15),
    "date": 16, "reason": 16, "retry-after": 16, "session-expires": 16, "rack": 16,
    "diversion": 17, "history-info": 17, "refer-to": 17, "referred-by": 17,
}  # fmt: skip
"""Headers by how they are read here: 14 are lists of known words, 16 have a check of the reference's, 17 are left to
the reference with all of their message."""
_SPELLED: Final = (
    "From", "To", "Contact", "P-Asserted-Identity", "Remote-Party-ID", "P-Called-Party-ID", "Route", "Record-Route",
    "P-Associated-URI", "Expires", "Max-Forwards", "Min-Expires", "Min-SE", "RSeq", "Content-Length", "Via", "Call-ID",
    "CSeq", "Content-Type", "Accept", "Accept-Encoding", "Allow", "Allow-Events", "Require", "Supported",
    "Proxy-Require", "Privacy", "Event", "Subscription-State", "Alert-Info", "Date", "Reason", "Session-Expires",
    "RAck", "P-Access-Network-Info", "f", "t", "m", "v", "i", "l", "c", "k",
)  # fmt: skip


def _names() -> dict[bytes, tuple[int, str]]:
    """The usual spellings of names, ready made."""
    found = {}
    for spelled in _SPELLED:
        name = sip.long_name(spelled)
        found[spelled.encode()] = (_CODES[name], name)
    return found


_NAMES: Final = _names()
_METHOD: Final = {method.encode(): method for method in METHODS}


class _NotPlain(Exception):  # noqa: N818  not an error: it keeps what is not plain from being remembered
    pass


@lru_cache(_REMEMBERED)
def _plain_words(name: str, value: bytes) -> bool:
    """True for a list of known words; raises for anything else, which so is not remembered."""
    if wrong_with(name, value.decode("ascii")):
        raise _NotPlain
    return True


@lru_cache(_REMEMBERED)
def _media_type(value: bytes) -> str:
    """Media type of a plain Content-Type; raises for any other."""
    text = value.decode("ascii")
    if wrong_with("content-type", text):
        raise _NotPlain
    return text.partition(";")[0].strip().lower()


@lru_cache(_REMEMBERED)
def _plain_reason(value: bytes) -> bool:
    """True for what a status is called where nobody adds words; raises for anything else."""
    if value.decode("ascii").strip().lower() not in REASON_PHRASES:
        raise _NotPlain
    return True


class Found:
    """Where the parts of an address of the usual shape are; one a message. `name` is empty without a name shown."""

    def __init__(self) -> None:
        self.name = 0
        self.name_end = 0
        self.uri = 0
        self.uri_end = 0
        self.port = 0
        self.tagged = False


class Head:
    """What the headers of one message said; `uris` of a kind are None while no header of it came."""

    def __init__(self) -> None:
        self.content: list[str] = []
        self.senders: list[str] | None = None
        self.receivers: list[str] | None = None
        self.contacts: list[str] | None = None
        self.odd_contact = False
        self.asserted: list[str] | None = None
        self.remote: list[str] | None = None
        self.called: list[str] | None = None
        self.shown: str | None = None
        self.to_tag = False
        self.call_id: str | None = None
        self.number = -1
        self.sequence_method: str | None = None
        self.length = -1
        self.media_type: str | None = None
        self.place = False


def read_plain(octets: bytes) -> tuple[Any, ...] | None:
    """The fields of `signalling.Signalling`, or None where the reference has to look."""
    size = len(octets)
    if size > _MAX_OCTETS or not size:
        return None
    if cython.compiled:  # noqa: SIM108  mypy passes over a branch, not over an expression
        buf = cython.cast("const unsigned char*", octets)
    else:
        buf = octets
    return _read(buf, size)


def _read(buf: bytes, size: int) -> tuple[Any, ...] | None:
    end = _line_end(buf, 0, size)
    if end < 1:
        return None
    method: str | None = None
    asked: str | None = None
    status = 0
    head = Head()
    plain_reason = True
    if end >= 11 and buf[0] == 0x53 and buf[3] == 0x2F and buf[:8] == b"SIP/2.0 ":
        status = _status(buf, end)
        if not status:
            return None
        if end > 12:
            try:
                _plain_reason(buf[12:end])
            except _NotPlain:
                plain_reason = False
    else:
        space = 0
        while space < end and buf[space] > 0x20:
            space += 1
        method = _METHOD.get(buf[:space])
        # INFO may be keys, NOTIFY a conference.
        if method is None or method in ("INFO", "NOTIFY"):
            return None
        stop = end - 8
        if stop <= space + 1 or stop - space - 1 > 2048 or buf[stop:end] != b" SIP/2.0":
            return None
        for at in range(space + 1, stop):
            if buf[at] <= 0x20:
                return None
        asked = buf[space + 1 : stop].decode("ascii")
    body = _headers(buf, end + 2, size, head)
    if body < 0:
        return None
    return _said(buf, size, body, head, method, asked, status, plain_reason)


def _line_end(buf: bytes, pos: int, size: int) -> int:
    """Where the CRLF of the line at `pos` is; -1 where it is not of printable ASCII, or has a question mark."""
    at = pos
    while at < size:
        octet = buf[at]
        if octet < 0x20:
            break
        if octet > 0x7E or octet == 0x3F:
            return -1
        at += 1
    if at + 1 >= size or buf[at] != 0x0D or buf[at + 1] != 0x0A or at - pos > _MAX_LINE:
        return -1
    return at


def _status(buf: bytes, end: int) -> int:
    """The status code of `SIP/2.0 ddd[ …]`; 0 for none."""
    if buf[8] < 0x31 or buf[8] > 0x36 or (end > 11 and buf[11] != 0x20):
        return 0
    second, third = buf[9] - 48, buf[10] - 48
    if second < 0 or second > 9 or third < 0 or third > 9:
        return 0
    return 100 * (buf[8] - 48) + 10 * second + third


def _headers(buf: bytes, pos: int, size: int, head: Head) -> int:
    """Reads the headers from `pos` on; where the body begins, -1 for a head that is not plain."""
    found = Found()
    for _ in range(_MAX_HEADERS + 1):
        end = _line_end(buf, pos, size)
        if end < 0:
            return -1
        if end == pos:
            return pos + 2
        colon = pos
        while colon < end and buf[colon] != 0x3A:
            colon += 1
        if colon in (end, pos):
            return -1
        named = _NAMES.get(buf[pos:colon])
        if named is None:
            named = _name(buf[pos:colon])
            if named is None:
                return -1
        start, stop = colon + 1, end
        while start < stop and buf[start] == 0x20:
            start += 1
        while stop > start and buf[stop - 1] == 0x20:
            stop -= 1
        code, name = named
        if not _header(buf, code, name, start, stop, head, found):
            return -1
        pos = end + 2
    return -1


def _name(octets: bytes) -> tuple[int, str] | None:
    """How a header with another spelling is read; None for what is no name."""
    text = octets.decode("ascii")
    if not sip.is_token(text):
        return None
    name = sip.long_name(text)
    return _CODES.get(name, _UNKNOWN), name


def _header(buf: bytes, code: int, name: str, start: int, stop: int, head: Head, found: Found) -> bool:
    """Takes one header; False leaves the message to the reference."""
    if code <= _ROUTE:
        return _addresses(buf, code, name, start, stop, head, found)
    if code == _NUMBER:
        if not is_number(buf, start, stop):
            head.content.append("sip_headers")
    elif code == _VIA:
        if not is_via(buf, start, stop):
            head.content += wrong_with(name, buf[start:stop].decode("ascii"))
    elif code == _WORDS:
        try:
            _plain_words(name, buf[start:stop])
        except _NotPlain:
            head.content += wrong_with(name, buf[start:stop].decode("ascii"))
    elif code == _LENGTH:
        if head.length >= 0 or not is_number(buf, start, stop):
            return False
        head.length = number(buf, start, stop)
    elif code == _CALL_ID:
        if head.call_id is not None or not is_call_id(buf, start, stop):
            return False
        head.call_id = buf[start:stop].decode("ascii")
    elif code == _CSEQ:
        return _sequence(buf, start, stop, head)
    elif code == _TYPE:
        if head.media_type is not None:
            return False
        try:
            head.media_type = _media_type(buf[start:stop])
        except _NotPlain:
            return False
    elif code == _PLACE:
        head.place = True
    elif code == _OTHER:
        head.content += wrong_with(name, buf[start:stop].decode("ascii"))
    elif code == _UNKNOWN:
        head.content.append("sip_headers")
    else:
        return False
    return True


def _addresses(buf: bytes, code: int, name: str, start: int, stop: int, head: Head, found: Found) -> bool:
    """A header of addresses: one of the usual shape, or what the reference finds in it."""
    usual = _usual_address(buf, start, stop, code <= _TO, found)
    if not usual:
        text = buf[start:stop].decode("ascii")
        head.content += wrong_with(name, text)
        head.odd_contact = head.odd_contact or code == _CONTACT
        if code == _ROUTE:
            return True
        uris = sip.uris_in(text)
        if code == _FROM:
            shown, _, _ = taken_apart(text)
            head.shown = shown if shapes.is_name(shown) else None
        elif code == _TO:
            head.to_tag = sip.tag_in(text) is not None
    elif code == _ROUTE:
        return True
    else:
        uris = [buf[found.uri : found.uri_end].decode("ascii")]
        if code == _FROM:
            head.shown = None if found.name == found.name_end else buf[found.name : found.name_end].decode("ascii")
        elif code == _TO:
            head.to_tag = found.tagged
    if code == _FROM:
        if head.senders is not None:
            return False
        head.senders = uris
    elif code == _TO:
        if head.receivers is not None:
            return False
        head.receivers = uris
    elif code == _CONTACT:
        head.contacts = uris if head.contacts is None else head.contacts + uris
    elif code == _ASSERTED:
        head.asserted = uris if head.asserted is None else head.asserted + uris
    elif code == _REMOTE:
        head.remote = uris if head.remote is None else head.remote + uris
    else:
        head.called = uris if head.called is None else head.called + uris
    return True


def _usual_address(buf: bytes, pos: int, end: int, may_have_tag: bool, found: Found) -> bool:
    """`["Name[ Name]" ]<sip[s]:[+]digits@host[:port]>` or `<tel:+digits>`, with `;tag=…` behind it where it may be."""
    found.name = found.name_end = 0
    found.tagged = False
    if end - pos < 10:
        return False
    if buf[pos] == 0x22:
        pos += 1
        at = letters(buf, pos, end)
        if at == pos or at - pos > 20 or at >= end:
            return False
        if buf[at] == 0x20:
            second = at + 1
            at = letters(buf, second, end)
            if at == second or at - second > 20 or at >= end:
                return False
        if buf[at] != 0x22 or at + 1 >= end or buf[at + 1] != 0x20:
            return False
        found.name, found.name_end = pos, at
        pos = at + 2
    if end - pos < 10 or buf[pos] != 0x3C:
        return False
    pos += 1
    found.uri = pos
    if buf[pos] == 0x73 and buf[pos + 1] == 0x69 and buf[pos + 2] == 0x70:
        pos += 3
        if buf[pos] == 0x73:
            pos += 1
        if buf[pos] != 0x3A:
            return False
        pos += 1
        if buf[pos] == 0x2B:
            pos += 1
        at = digits(buf, pos, end)
        if at - pos < 3 or at - pos > 15 or at >= end or buf[at] != 0x40:
            return False
        pos = at + 1
        at = pos
        while at < end and is_host(buf[at]):
            at += 1
        if at == pos or at - pos > 253:
            return False
        found.port = at
        if at < end and buf[at] == 0x3A:
            pos = at + 1
            at = digits(buf, pos, end)
            if at == pos or at - pos > 5:
                return False
    elif buf[pos] == 0x74 and buf[pos + 1] == 0x65 and buf[pos + 2] == 0x6C and buf[pos + 3] == 0x3A:
        if buf[pos + 4] != 0x2B:
            return False
        pos += 5
        at = digits(buf, pos, end)
        if at - pos < 3 or at - pos > 15:
            return False
        found.port = at
    else:
        return False
    if at >= end or buf[at] != 0x3E:
        return False
    found.uri_end = at
    pos = at + 1
    if pos == end:
        return True
    if not may_have_tag or end - pos < 6 or end - pos > 69 or buf[pos : pos + 5] != b";tag=":
        return False
    for at in range(pos + 5, end):
        if not is_tag(buf[at]):
            return False
    found.tagged = True
    return True


def _sequence(buf: bytes, pos: int, end: int, head: Head) -> bool:
    """CSeq: a number, one blank, a known method."""
    if head.sequence_method is not None:
        return False
    at = digits(buf, pos, end)
    if at == pos or at - pos > 10 or at >= end or buf[at] != 0x20:
        return False
    head.number = number(buf, pos, at)
    head.sequence_method = _METHOD.get(buf[at + 1 : end])
    return head.sequence_method is not None


def _said(
    buf: bytes, size: int, body: int, head: Head, method: str | None, asked: str | None, status: int, plain_reason: bool
) -> tuple[Any, ...] | None:
    """What the message says, in the order of the fields of `Signalling`."""
    available = size - body
    taken = available
    if head.length >= 0:
        if head.length > _MAX_OCTETS - body:
            return None
        taken = min(head.length, available)
    transaction = head.sequence_method if method is None else method
    media: list[dict[str, Any]] | None = None
    if taken and head.media_type is not None:
        if head.media_type == "application/sdp":
            media = media_lines(buf, body, body + taken)
            if media is None:
                return None
        elif head.media_type.startswith("multipart/"):
            return None
    content = head.content
    if taken or body + taken < size:
        content.insert(0, "sip_body")
    if not plain_reason:
        content.append("reason_text")
    senders, receivers = _each(head.senders), _each(head.receivers)
    # A contact of the usual shape has no digits behind it, and is kept of a redirection alone.
    moves = 300 <= status < 400
    contacts = _each(head.contacts if moves or head.odd_contact else None)
    asserted, remote, called = _each(head.asserted), _each(head.remote), _each(head.called)
    if senders is None or receivers is None or contacts is None or asserted is None or remote is None or called is None:
        return None
    request: Address | None = None
    if asked is not None:
        request = _address(asked)
        if request is None:
            return None
        if request[0] is None or request[0] != asked:
            content += shapes.uri_of(asked).wrong
    sender = senders[0] if senders else None
    receiver = receivers[0] if receivers else None
    origin: list[Address] = [] if sender is None else [sender]
    destination: list[Address] = [] if receiver is None else [receiver]
    if method is not None:
        origin += asserted
        origin += remote
        if request is not None and request[2]:
            destination.append(request)
        destination += called
    else:
        destination += called
        destination += asserted
        destination += remote
    pairs: list[tuple[str, Any]] = []
    if method is not None:
        pairs.append(("method", method))
    else:
        pairs.append(("status", status))
    if transaction is not None:
        pairs.append(("transaction", transaction))
    if sender is not None and sender[0] is not None:
        pairs.append(("from", sender[0]))
    if head.shown is not None:
        pairs.append(("from_name", head.shown))
    if receiver is not None and receiver[0] is not None:
        pairs.append(("to", receiver[0]))
    if request is not None and request[0] is not None:
        pairs.append(("request_uri", request[0]))
    if asserted:
        _keep_all(pairs, "asserted", asserted)
    if contacts and moves:
        # Each once, by the address as it stands there.
        moved = dict(zip(head.contacts, contacts, strict=False)) if head.contacts else {}
        _keep_all(pairs, "redirected_to", list(moved.values()))
    if head.call_id is not None:
        pairs.append(("call_id", head.call_id))
    if head.number >= 0:
        pairs.append(("cseq", head.number))
    pairs.append(("body_octets", taken))
    if media:
        pairs.append(("media", media))
    return (
        _SMS if transaction == "MESSAGE" else _VOICE,
        _targets(origin),
        _targets(destination),
        (method == "INVITE" or method == "MESSAGE") and not head.to_tag,
        200 <= status < 300 and transaction == "INVITE",
        tuple(dict.fromkeys(content)) if content else _NOTHING,
        head.place,
        tuple(pairs),
        _NO_DIGITS,
        _NOTHING,
        _NOBODY,
    )


@lru_cache(_REMEMBERED)
def _plain_address(uri: str) -> Address:
    """Addresses come again with each message of a call. Raises for one that is not plain."""
    found = shapes.uri_of(uri)
    if found.identity is None or found.wrong or found.appended:
        raise _NotPlain
    return (found.identity, shapes.uri_targets((uri,)), bool(sip.user_of(uri)))


def _address(uri: str) -> Address | None:
    """None for an address with digits behind it, which the reference tells apart."""
    try:
        return _plain_address(uri)
    except _NotPlain:
        found = shapes.uri_of(uri)
        if found.appended:
            return None
        return (found.identity, shapes.uri_targets((uri,)), bool(sip.user_of(uri)))


def _each(uris: list[str] | None) -> list[Address] | None:
    """The first addresses of a header; None where the reference has to tell."""
    out: list[Address] = []
    if uris is not None:
        for uri in uris[:_MAX_URIS]:
            found = _address(uri)
            if found is None:
                return None
            out.append(found)
    return out


def _keep_all(pairs: list[tuple[str, Any]], name: str, addresses: list[Address]) -> None:
    kept: list[str] = []
    for one in addresses:
        if one[0] is not None:
            kept.append(one[0])
    if kept:
        pairs.append((name, kept))


def _targets(addresses: list[Address]) -> frozenset[Target]:
    found = _NOBODY
    for one in addresses:
        if one[1] is not found:
            found = one[1] if found is _NOBODY else found | one[1]
    return found
