"""SIP messages, read for who speaks to whom; where the media goes is in `asn1.sdp`, which this module passes on.

A reader for intercepted traffic, so it forgives what a proxy would refuse: bare LF line ends, unknown methods, a body
shorter than Content-Length (`truncated`). It bounds everything. `parse_sip` raises `DecodeError` only; the helpers on
URIs answer None or leave out what they cannot read. Header names come out in lower case, compact forms
(RFC 3261 section 7.3.3) under their long name, folded lines joined.

Sources: RFC 3261, RFC 3966 (tel), RFC 3325 (P-Asserted-Identity), RFC 2046 section 5.1 (multipart).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import unquote

from asn1.errors import DecodeError
from asn1.mime import parameters_of, parts_of
from asn1.sdp import SdpMedia, parse_sdp

__all__ = (
    "MAX_MESSAGE_OCTETS",
    "SdpMedia",
    "SipMessage",
    "canonical_uri",
    "host_of",
    "is_token",
    "long_name",
    "looks_like_sip",
    "message_octets",
    "number_of",
    "parse_sdp",
    "parse_sip",
    "sdp_of",
    "split_list",
    "tag_in",
    "tries_again",
    "uris_in",
    "user_of",
)

MAX_MESSAGE_OCTETS: Final = 65_535
"""A SIP message over UDP cannot be larger (RFC 3261 section 18.1.1); over TCP we hold peers to the same."""
MAX_HEADERS: Final = 256
MAX_LINE_OCTETS: Final = 8_192
MAX_URIS: Final = 32

_COMPACT: Final = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
    "y": "identity",
}

_REQUEST_LINE: Final = re.compile(r"([A-Za-z0-9\-.!%*_+`'~]{1,64}) +(\S{1,2048}) +SIP/2\.0 *")
_STATUS_LINE: Final = re.compile(r"SIP/2\.0 +([1-6]\d\d)(?: +(.*))?")
_TOKEN: Final = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]{1,128}")
_URI_IN_TEXT: Final = re.compile(r"(?:sips?|tel|im|pres):[^\s<>\",;?]+(?:[;?][^\s<>\",]*)?", re.IGNORECASE)
_ANGLE: Final = re.compile(r"<\s*([^<>]*?)\s*>")
_TAG: Final = re.compile(r";\s*tag\s*=\s*([^;\s,]+)", re.IGNORECASE)
_CSEQ: Final = re.compile(r"([0-9]{1,10})[ \t]+([A-Za-z0-9.!%*_+`'~-]{1,64})")
_URI_HEADERS: Final = re.compile(r"(:[^\s<>\"?:]*)\?[^\s<>\"]*")
_USER: Final = re.compile(r"(sips?|tel):([^@;?>\s]*)([^>\s]*)", re.IGNORECASE)
_SEPARATORS: Final = re.compile(r"[-.()\s]")
_CONTEXT: Final = re.compile(r";phone-context=(\+[\d\-.()]{1,20})(?:[;@?]|$)", re.IGNORECASE)


class SipMessage(NamedTuple):
    """One request (`method`, `uri`) or response (`status`, `reason`); the fields of the other kind are None.

    `headers` are (lower-case long name, value) in the order of the message. `octets_used` is what the message took of
    the octets given. `truncated`: the body is shorter than its Content-Length.
    """

    method: str | None
    uri: str | None
    status: int | None
    reason: str | None
    headers: tuple[tuple[str, str], ...]
    body: bytes
    octets_used: int
    truncated: bool = False

    def header(self, name: str) -> str | None:
        """The first value of a header, by its lower-case long name."""
        return next((value for key, value in self.headers if key == name), None)

    def header_values(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.headers if key == name)

    def uris(self, name: str) -> tuple[str, ...]:
        """Every URI in the values of a header, lists taken apart, display names and parameters of the header gone."""
        return tuple(uri for value in self.header_values(name) for uri in uris_in(value))[:MAX_URIS]

    @property
    def call_id(self) -> str | None:
        return self.header("call-id")

    @property
    def cseq(self) -> tuple[int, str] | None:
        """(number, method); None when the header is anything else (RFC 3261 section 20.16)."""
        match = _CSEQ.fullmatch((self.header("cseq") or "").strip())
        return (int(match.group(1)), match.group(2)) if match else None

    @property
    def transaction_method(self) -> str | None:
        """The method this message is about: its own, or for a response the one in CSeq."""
        return self.method or (self.cseq[1] if self.cseq else None)

    @property
    def from_uri(self) -> str | None:
        return next(iter(self.uris("from")), None)

    @property
    def to_uri(self) -> str | None:
        return next(iter(self.uris("to")), None)

    @property
    def from_tag(self) -> str | None:
        return tag_in(self.header("from"))

    @property
    def to_tag(self) -> str | None:
        return tag_in(self.header("to"))

    @property
    def asserted_uris(self) -> tuple[str, ...]:
        """P-Asserted-Identity (RFC 3325): who the network says the sender is."""
        return self.uris("p-asserted-identity")

    @property
    def remote_party_uris(self) -> tuple[str, ...]:
        return self.uris("remote-party-id")

    @property
    def called_party_uris(self) -> tuple[str, ...]:
        """P-Called-Party-ID (RFC 7315): whom a request was for before it was retargeted."""
        return self.uris("p-called-party-id")

    @property
    def redirected_by(self) -> tuple[str, ...]:
        """Who had the call sent on, newest first: Diversion (RFC 5806), and History-Info (RFC 7044) but for its last
        entry, which is where the call now goes."""
        return _unique(self.uris("diversion") + self.uris("history-info")[:-1])

    @property
    def redirected_to(self) -> tuple[str, ...]:
        """Where a call goes on to: the last History-Info of a message, the Contact of a redirection."""
        moved = self.uris("contact") if self.status is not None and 300 <= self.status < 400 else ()
        return _unique(self.uris("history-info")[1:][-1:] + moved)

    @property
    def origin_uris(self) -> tuple[str, ...]:
        """Who sent the request. In a response PAI and RPID speak of the responder, so From alone counts."""
        own = (self.from_uri,) if self.from_uri else ()
        return _unique(own + (self.asserted_uris + self.remote_party_uris if self.method else ()))

    @property
    def destination_uris(self) -> tuple[str, ...]:
        """Whom the request is for. The Request-URI counts when it names a user, P-Called-Party-ID always."""
        own = (self.to_uri,) if self.to_uri else ()
        asked = (self.uri,) if self.uri and user_of(self.uri) else ()
        answered = () if self.method else self.asserted_uris + self.remote_party_uris
        return _unique(own + asked + self.called_party_uris + answered)

    @property
    def content_type(self) -> str:
        """Media type in lower case without parameters; empty when there is none."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()


def parse_sip(octets: bytes | bytearray | memoryview) -> SipMessage:
    """Read the SIP message at the start of `octets`. Raises `DecodeError`.

    Without Content-Length the body is everything that follows (right for UDP, RFC 3261 section 20.14).
    """
    data = bytes(octets[: MAX_MESSAGE_OCTETS + 1])
    if len(data) > MAX_MESSAGE_OCTETS:
        data = data[:MAX_MESSAGE_OCTETS]
    start = len(data) - len(data.lstrip(b"\r\n"))
    head, body_at = _head(data, start)
    lines = _unfold(head, start)
    method, uri, status, reason = _start_line(lines[0], start)
    headers = tuple(_header(line, start) for line in lines[1:])
    available = len(data) - body_at
    length = _content_length(headers, body_at)
    wanted = available if length is None else length
    if wanted > MAX_MESSAGE_OCTETS - body_at:
        raise DecodeError(DecodeError.OVERSIZED, f"a body of {wanted} octets", body_at, "content-length")
    taken = min(wanted, available)
    body = data[body_at : body_at + taken]
    return SipMessage(method, uri, status, reason, headers, body, body_at + taken, taken < wanted)


def message_octets(octets: bytes | bytearray | memoryview) -> int | None:
    """On a TCP stream: octets of the first message, or None while its headers or body are not all there.

    Raises `DecodeError` when what is there cannot become a SIP message. A message without Content-Length has no body.
    """
    data = bytes(octets[: MAX_MESSAGE_OCTETS + 1])
    start = len(data) - len(data.lstrip(b"\r\n"))
    if start == len(data):
        return None
    if _head_end(data, start) is None:
        if len(data) > MAX_MESSAGE_OCTETS:
            raise DecodeError(DecodeError.OVERSIZED, "the headers never end", len(data))
        line_end = data.find(b"\n", start)
        if line_end >= 0 or len(data) - start > MAX_LINE_OCTETS:
            first = data[start : line_end if line_end >= 0 else len(data)]
            _start_line(first.rstrip(b"\r").decode("utf-8", "replace"), start)
        return None
    head, body_at = _head(data, start)
    lines = _unfold(head, start)
    _start_line(lines[0], start)
    length = _content_length(tuple(_header(line, start) for line in lines[1:]), body_at) or 0
    if body_at + length > MAX_MESSAGE_OCTETS:
        raise DecodeError(DecodeError.OVERSIZED, f"a body of {length} octets", body_at, "content-length")
    return body_at + length if body_at + length <= len(octets) else None


def looks_like_sip(octets: bytes | bytearray | memoryview) -> bool:
    """A quick look at the first line, for traffic on any port."""
    line = bytes(octets[:2200]).lstrip(b"\r\n").partition(b"\n")[0].rstrip(b"\r")
    return line.startswith(b"SIP/2.0 ") or (line.endswith(b" SIP/2.0") and line.count(b" ") == 2)


def _head_end(data: bytes, start: int) -> tuple[int, int] | None:
    """(end of the header block, start of the body)."""
    ends = [(at, at + len(mark)) for mark in (b"\r\n\r\n", b"\n\n") if (at := data.find(mark, start)) >= 0]
    return min(ends) if ends else None


def _head(data: bytes, start: int) -> tuple[bytes, int]:
    found = _head_end(data, start)
    if found is None:
        raise DecodeError(DecodeError.TRUNCATED, "no empty line ends the headers", len(data))
    return data[start : found[0]], found[1]


def _unfold(head: bytes, start: int) -> list[str]:
    lines: list[str] = []
    for line in head.replace(b"\r\n", b"\n").split(b"\n"):
        if len(line) > MAX_LINE_OCTETS:
            raise DecodeError(DecodeError.OVERSIZED, f"a line of {len(line)} octets", start)
        text = line.decode("utf-8", "replace")
        if text[:1] in (" ", "\t") and len(lines) > 1:
            lines[-1] = f"{lines[-1]} {text.strip()}"
            if len(lines[-1]) > MAX_LINE_OCTETS:
                raise DecodeError(DecodeError.OVERSIZED, "a folded header is too long", start)
            continue
        lines.append(text)
        if len(lines) > MAX_HEADERS + 1:
            raise DecodeError(DecodeError.TOO_MANY, f"more than {MAX_HEADERS} headers", start)
    return lines


def _start_line(line: str, at: int) -> tuple[str | None, str | None, int | None, str | None]:
    if match := _STATUS_LINE.fullmatch(line):
        return None, None, int(match.group(1)), (match.group(2) or "").strip()
    if match := _REQUEST_LINE.fullmatch(line):
        return match.group(1), match.group(2), None, None
    raise DecodeError(DecodeError.BAD_VALUE, "no SIP/2.0 start line", at, "start-line")


def _header(line: str, at: int) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    name = name.strip()
    if not colon or not is_token(name):
        raise DecodeError(DecodeError.BAD_VALUE, "a header line without a name and colon", at, "headers")
    return long_name(name), value.strip()


def is_token(text: str) -> bool:
    """Whether a text can be the name of a header."""
    return _TOKEN.fullmatch(text) is not None


def long_name(name: str) -> str:
    """The name of a header in lower case, the long one of a compact form."""
    name = name.lower()
    return _COMPACT.get(name, name)


def _content_length(headers: tuple[tuple[str, str], ...], at: int) -> int | None:
    text = next((value for name, value in headers if name == "content-length"), None)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise DecodeError(DecodeError.BAD_LENGTH, "Content-Length is no number", at, "content-length")
    return int(text)


def tries_again(status: int) -> bool:
    """Whether an answer that is no success asks for the same request once more, under the same Call-ID: redirections
    (RFC 3261 section 8.1.3.4), challenges (section 22.2), and a session timer too short (RFC 4028)."""
    return 300 <= status < 400 or status in (401, 407, 422)


def split_list(value: str) -> list[str]:
    """The items of a header that is a list: split at commas outside quotes and angle brackets."""
    if "," not in value:
        return [value]
    parts: list[str] = []
    start, quoted, angle, skip = 0, False, False, False
    for at, letter in enumerate(value):
        if skip:
            skip = False
        elif quoted:
            skip = letter == "\\"
            quoted = letter != '"'
        elif letter == '"':
            quoted = True
        elif letter == "<":
            angle = True
        elif letter == ">":
            angle = False
        elif letter == "," and not angle:
            parts.append(value[start:at])
            start = at + 1
    parts.append(value[start:])
    return parts


def _outside_quotes(text: str) -> str:
    return re.sub(r'"(?:\\.|[^"\\])*"', "", text)


def uris_in(value: str) -> list[str]:
    """Every URI in one value of a header, as `SipMessage.uris` takes them."""
    found: list[str] = []
    for part in split_list(value)[:MAX_URIS]:
        plain = _outside_quotes(part)
        if match := _ANGLE.search(plain):
            found.append(match.group(1))
        elif match := _URI_IN_TEXT.search(plain):
            # Without angle brackets what follows a semicolon belongs to the header (RFC 3261 section 20).
            found.append(match.group(0).partition(";")[0])
    return [uri for uri in found if uri]


def _unique(uris: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(uris))


def tag_in(value: str | None) -> str | None:
    """The tag behind the address in a From or To."""
    match = _TAG.search(_ANGLE.sub("", _outside_quotes(value))) if value else None
    return match.group(1) if match else None


def user_of(uri: str) -> str | None:
    """The user part of a sip, sips or tel URI, unescaped and without its parameters; None without one."""
    match = _USER.match(uri)
    if match is None:
        return None
    scheme, user, rest = match.groups()
    if scheme.lower() != "tel" and "@" not in rest:
        return None
    return unquote(user.partition(":")[0]) or None


def host_of(uri: str) -> str | None:
    """The host of a sip or sips URI in lower case, without brackets and port."""
    match = re.match(r"sips?:(?:[^@>\s]*@)?(\[[0-9A-Fa-f:.]+\]|[^:;?>\s\[\]]+)", uri, re.IGNORECASE)
    return match.group(1).strip("[]").lower() if match else None


def canonical_uri(uri: str) -> str:
    """`scheme:user@host` with scheme and host in lower case, no port and no parameters; other URIs as they are."""
    host, user = host_of(uri), user_of(uri)
    if host is None:
        return f"tel:{user}" if user else uri
    scheme = uri.partition(":")[0].lower()
    return f"{scheme}:{user}@{host}" if user else f"{scheme}:{host}"


def without_uri_headers(text: str) -> str:
    """A header's value (or a URI) without the headers part of its URIs, `?Subject=…&body=…` (RFC 3261 section 19.1.1):
    with it a URI carries whole headers and a body of its own, whatever its scheme (im:, mailto: and http: do too)."""
    return _URI_HEADERS.sub(r"\1", text)


def number_of(uri: str) -> str | None:
    """E.164 digits (country code, no plus) of a tel, sip or sips URI; None when its user is no number.

    Ten digits, and eleven that start with 1, are NANP numbers, as North American networks write them; other numbers
    without a plus or a `phone-context` are dialling strings and not E.164.
    """
    user = user_of(uri)
    if user is None:
        return None
    digits = _SEPARATORS.sub("", user.partition(";")[0])
    if digits.startswith("+"):
        digits = digits[1:]
        return digits if digits.isascii() and digits.isdigit() and len(digits) <= 15 else None
    if not (digits.isascii() and digits.isdigit()):
        return None
    if context := _CONTEXT.search(uri):
        whole = _SEPARATORS.sub("", context.group(1))[1:] + digits
        return whole if whole.isdigit() and len(whole) <= 15 else None
    if len(digits) == 10:
        return "1" + digits
    return digits if len(digits) == 11 and digits.startswith("1") else None


def sdp_of(message: SipMessage) -> bytes | None:
    """The SDP of a message: its body, or the first `application/sdp` part of a multipart body, however deep."""
    if message.content_type == "application/sdp":
        return message.body
    if not message.content_type.startswith("multipart/"):
        return None
    content_type = message.header("content-type") or ""
    if not any(name == "boundary" for name, _ in parameters_of(content_type)):
        return None
    try:
        parts = parts_of(content_type, message.body)
    except DecodeError:
        return None
    return next((part.body for part in parts if part.content_type == "application/sdp"), None)
