"""Multipart bodies as text protocols write them: SIP, and multimedia messages over IMS. Source: RFC 2046 section 5.1.

A reader for intercepted traffic: bare LF line ends are taken, a body whose last boundary is missing still gives its
parts, parts are binary unless a header says base64 or quoted-printable. Bounded in parts and depth. Raises DecodeError
only for a boundary that cannot be one; octets that hold no part give none.
"""

from __future__ import annotations

import binascii
import quopri
import re
from typing import Final, NamedTuple

from asn1.errors import DecodeError

MAX_PARTS: Final = 256
MAX_DEPTH: Final = 4
_MAX_HEAD_OCTETS: Final = 16_384
_BOUNDARY: Final = re.compile(r";\s*boundary\s*=\s*(?:\"([^\"\r\n]{1,70})\"|([^;\s\"]{1,70}))", re.IGNORECASE)
_PARAMETER: Final = re.compile(r";\s*([A-Za-z0-9!#$&.+^_-]{1,64})\s*=\s*(?:\"((?:\\.|[^\"\\])*)\"|([^;\s\"]*))")
_FIRST: Final = re.compile(rb"\s*--([^\r\n]{1,70}?)[ \t]*\r?\n")


class Part(NamedTuple):
    """One leaf of a multipart. `content_type` in lower case without parameters; names of parameters and headers are in
    lower case; `body` is decoded."""

    content_type: str
    parameters: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)

    @property
    def content_id(self) -> str | None:
        """Without the angle brackets."""
        value = self.header("content-id")
        return value.strip().strip('"').strip("<>") if value else None

    @property
    def name(self) -> str | None:
        """What the sender called it, from whichever of the usual places says so."""
        given = dict(self.parameters)
        disposition = dict(parameters_of(self.header("content-disposition") or ""))
        found = (self.header("content-location"), given.get("name"), given.get("filename"), disposition.get("filename"))
        return next((one for one in (*found, self.content_id) if one), None)

    @property
    def text(self) -> str | None:
        """The body of a text part; None for any other."""
        if not self.content_type.startswith("text/"):
            return None
        charset = dict(self.parameters).get("charset", "utf-8")
        return text_of(self.body, charset)


def text_of(octets: bytes, charset: str) -> str:
    """Octets of one of the character sets that messages use; others are read as UTF-8 with replacements."""
    known = {"us-ascii": "ascii", "iso-8859-1": "latin-1", "utf-16": "utf-16", "iso-10646-ucs-2": "utf-16-be"}
    return octets.decode(known.get(charset.lower(), "utf-8"), "replace")


def media_type(value: str) -> str:
    return value.partition(";")[0].strip().lower()


def parameters_of(value: str) -> tuple[tuple[str, str], ...]:
    """The parameters of a header value, names in lower case."""
    found = []
    for match in _PARAMETER.finditer(value[:_MAX_HEAD_OCTETS]):
        text = match.group(3) if match.group(2) is None else re.sub(r"\\(.)", r"\1", match.group(2))
        found.append((match.group(1).lower(), text))
    return tuple(found)


def boundary_of(content_type: str, body: bytes) -> str | None:
    """The boundary that the type names, or that the first line of the body shows."""
    if match := _BOUNDARY.search(content_type):
        return match.group(1) or match.group(2)
    first = _FIRST.match(body[:512])
    return first.group(1).decode("latin-1") if first else None


def parts_of(content_type: str, body: bytes) -> list[Part]:
    """The leaves of a multipart body in their order, nested ones included. Raises DecodeError TOO_DEEP, TOO_MANY."""
    out: list[Part] = []
    _collect(content_type, body, out, 0)
    return out


def _collect(content_type: str, body: bytes, out: list[Part], depth: int) -> None:
    if depth >= MAX_DEPTH:
        raise DecodeError(DecodeError.TOO_DEEP, f"a multipart in more than {MAX_DEPTH} others")
    boundary = boundary_of(content_type, body)
    if boundary is None:
        return
    for piece in _pieces(body, boundary.encode("latin-1", "replace")):
        if len(out) >= MAX_PARTS:
            raise DecodeError(DecodeError.TOO_MANY, f"more than {MAX_PARTS} parts")
        headers, held = _split(piece)
        own_type = next((value for name, value in headers if name == "content-type"), "text/plain")
        if media_type(own_type).startswith("multipart/"):
            _collect(own_type, held, out, depth + 1)
        else:
            out.append(Part(media_type(own_type), parameters_of(own_type), headers, _decoded(headers, held)))


def _pieces(body: bytes, boundary: bytes) -> list[bytes]:
    """What stands between the delimiter lines; the words before the first and behind the last are nobody's."""
    mark = re.compile(rb"(?:\A|\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    out: list[bytes] = []
    start: int | None = None
    for found in mark.finditer(body):
        if start is not None:
            out.append(body[start : found.start()].removesuffix(b"\r"))
        if found.group(1) or len(out) > MAX_PARTS:
            return out
        start = found.end() + (2 if body[found.end() : found.end() + 1] == b"\r" else 1)
    if start is not None and start < len(body):
        out.append(body[start:])
    return out


def _split(piece: bytes) -> tuple[tuple[tuple[str, str], ...], bytes]:
    """(headers, body) of one part; a part may begin with the empty line and have no headers."""
    if piece[:1] == b"\n" or piece[:2] == b"\r\n":
        return (), piece[1 if piece[:1] == b"\n" else 2 :]
    found = re.search(rb"\r?\n\r?\n", piece[:_MAX_HEAD_OCTETS])
    head, body = (piece[: found.start()], piece[found.end() :]) if found else (piece[:_MAX_HEAD_OCTETS], b"")
    lines = re.sub(rb"\r?\n[ \t]+", b" ", head).replace(b"\r\n", b"\n").split(b"\n")
    headers = []
    for line in lines:
        name, colon, value = line.decode("utf-8", "replace").partition(":")
        if colon:
            headers.append((name.strip().lower(), value.strip()))
    return tuple(headers), body


def _decoded(headers: tuple[tuple[str, str], ...], body: bytes) -> bytes:
    """By Content-Transfer-Encoding; what does not decode stays as it came."""
    coding = next((value.strip().lower() for name, value in headers if name == "content-transfer-encoding"), "")
    if coding == "base64":
        try:
            return binascii.a2b_base64(body)
        except binascii.Error:
            return body
    return quopri.decodestring(body) if coding == "quoted-printable" else body
