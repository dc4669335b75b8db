"""The octets of SIP that `plain_sip` looks at: runs of letters and digits, a Via, a Call-ID, the media lines of SDP.

Each function looks at `buf[pos:end]` alone and answers where a run ends, or whether the whole is of a shape. A shape
that is not known here is never an error: the message is then left to the reference. One source for two paths
(ADR 0002): `sip_octets.pxd` types it for Cython.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from collector.facts import shapes

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if not cython.compiled:
    _MAX_MEDIA = 32

COMPILED: Final[bool] = cython.compiled


def letters(buf: bytes, pos: int, end: int) -> int:
    while pos < end and 0x61 <= buf[pos] | 0x20 <= 0x7A:
        pos += 1
    return pos


def digits(buf: bytes, pos: int, end: int) -> int:
    while pos < end and 0x30 <= buf[pos] <= 0x39:
        pos += 1
    return pos


def is_host(octet: int) -> bool:
    """[a-z0-9.-]"""
    return 0x61 <= octet <= 0x7A or 0x30 <= octet <= 0x39 or octet in (0x2E, 0x2D)


def is_tag(octet: int) -> bool:
    """[A-Za-z0-9.-]"""
    return 0x61 <= octet | 0x20 <= 0x7A or 0x30 <= octet <= 0x39 or octet in (0x2E, 0x2D)


def is_number(buf: bytes, pos: int, end: int) -> bool:
    return 1 <= end - pos <= 10 and digits(buf, pos, end) == end


def number(buf: bytes, pos: int, end: int) -> int:
    value = 0
    while pos < end:
        value = 10 * value + buf[pos] - 48
        pos += 1
    return value


def is_call_id(buf: bytes, pos: int, end: int) -> bool:
    """[!-~]{1,128}: within what is a Call-ID and what may be kept as an identifier."""
    if not 1 <= end - pos <= 128:
        return False
    while pos < end:
        if buf[pos] <= 0x20:
            return False
        pos += 1
    return True


def is_via(buf: bytes, pos: int, end: int) -> bool:
    """`SIP/2.0/UDP|TCP|TLS sent-by;branch=…`, sent-by in lower case."""
    if end - pos < 22 or buf[pos : pos + 8] != b"SIP/2.0/" or buf[pos + 11] != 0x20:
        return False
    if buf[pos + 8 : pos + 11] not in (b"UDP", b"TCP", b"TLS"):
        return False
    pos += 12
    at = pos
    while at < end and (is_host(buf[at]) or buf[at] == 0x3A):
        at += 1
    if at == pos or at - pos > 253 or end - at < 9 or buf[at : at + 8] != b";branch=":
        return False
    pos = at + 8
    if end - pos > 128:
        return False
    while pos < end:
        if not is_tag(buf[pos]):
            return False
        pos += 1
    return True


def media_lines(buf: bytes, pos: int, end: int) -> list[dict[str, Any]] | None:
    """Ports and addresses of the media lines; None where the reference has to look."""
    out: list[dict[str, Any]] = []
    session: str | None = None
    there: dict[str, Any]
    while pos < end:
        stop = pos
        while stop < end and buf[stop] != 0x0A:
            stop += 1
        after = stop + 1
        if stop - pos >= 2 and buf[pos + 1] == 0x3D and buf[pos] in (0x6D, 0x63):
            if stop < end and buf[stop - 1] == 0x0D:
                stop -= 1
            for at in range(pos, stop):
                if buf[at] < 0x20 or buf[at] > 0x7E:
                    return None
            if buf[pos] == 0x6D:
                if len(out) == _MAX_MEDIA:
                    return None
                port = _port(buf, pos + 2, stop)
                if port >= 0:
                    there = {"port": port}
                    if session is not None:
                        there["address"] = session
                    out.append(there)
            else:
                address = _connection(buf, pos + 2, stop)
                if not out:
                    session = address
                else:
                    there = out[len(out) - 1]
                    there.pop("address", None)
                    if address is not None:
                        there["address"] = address
        pos = after
    return out


def _word(buf: bytes, pos: int, end: int) -> int:
    """Behind the word at `pos`."""
    while pos < end and buf[pos] != 0x20:
        pos += 1
    return pos


def _blank(buf: bytes, pos: int, end: int) -> int:
    """Behind the blanks at `pos`."""
    while pos < end and buf[pos] == 0x20:
        pos += 1
    return pos


def _port(buf: bytes, pos: int, end: int) -> int:
    """The port of an `m=` line of at least four words; -1 where it has none."""
    pos = _blank(buf, pos, end)
    pos = _blank(buf, _word(buf, pos, end), end)
    stop = _word(buf, pos, end)
    third = _blank(buf, stop, end)
    if _blank(buf, _word(buf, third, end), end) >= end:
        return -1
    behind = digits(buf, pos, stop)
    if behind == pos or behind - pos > 5 or (behind < stop and buf[behind] != 0x2F):
        return -1
    port = number(buf, pos, behind)
    return port if port <= 65_535 else -1


def _connection(buf: bytes, pos: int, end: int) -> str | None:
    """The address of a `c=` line, where it is one."""
    pos = _blank(buf, pos, end)
    stop = _word(buf, pos, end)
    if stop - pos != 2 or buf[pos] != 0x49 or buf[pos + 1] != 0x4E:
        return None
    pos = _blank(buf, stop, end)
    pos = _blank(buf, _word(buf, pos, end), end)
    stop = pos
    while stop < end and buf[stop] != 0x20 and buf[stop] != 0x2F:
        stop += 1
    if stop == pos:
        return None
    text = buf[pos:stop].decode("ascii")
    if _is_ipv4(buf, pos, stop) or shapes.is_address(text):
        return text
    return None


def _is_ipv4(buf: bytes, pos: int, end: int) -> bool:
    """Four numbers 0..255 without leading zeros."""
    for part in range(4):
        at = digits(buf, pos, end)
        if at == pos or at - pos > 3 or (buf[pos] == 0x30 and at - pos > 1) or number(buf, pos, at) > 255:
            return False
        if part == 3:
            return at == end
        if at >= end or buf[at] != 0x2E:
            return False
        pos = at + 1
    return False
