"""The names of hosts in packets: what a browser asked for, a name server was asked, a TLS client named. Pure, bounded.

Each is content (R-115 keeps it from a pen register); whoever asks here may read content. Sources: RFC 9112 section 3.2,
RFC 8446 and RFC 6066 section 3, RFC 1035 section 4.1. Readers answer None for octets that are not what they read.
"""

from __future__ import annotations

import re
from typing import Final

_HTTP: Final = re.compile(
    rb"\A(?:GET|POST|HEAD|PUT|DELETE|OPTIONS|PATCH|CONNECT) [!-~]{1,8000} HTTP/1\.[01]\r\n", re.DOTALL
)
_HOST: Final = re.compile(rb"\r\n[Hh][Oo][Ss][Tt]:[ \t]*([!-~]{1,255})[ \t]*\r\n")
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,253}(?::[0-9]{1,5})?")
MAX_LABELS: Final = 64


def host_in(octets: bytes, port: int | None) -> tuple[str, str] | None:
    """(name, what said it) of one transport payload on its way to `port`."""
    if port == 53 and (name := dns_name(octets)) is not None:
        return name, "DNS"
    if (name := http_host(octets)) is not None:
        return name, "HTTP"
    if (name := server_name(octets)) is not None:
        return name, "TLS"
    return None


def http_host(octets: bytes) -> str | None:
    """The Host of a request that begins here."""
    if not _HTTP.match(octets[:8_192]):
        return None
    found = _HOST.search(octets[:8_192])
    return _checked(found.group(1)) if found else None


def dns_name(octets: bytes) -> str | None:
    """The name that a query asks for."""
    if len(octets) < 17 or octets[2] & 0x80 or int.from_bytes(octets[4:6], "big") != 1:
        return None
    labels: list[str] = []
    at = 12
    while at < len(octets) and len(labels) < MAX_LABELS:
        size = octets[at]
        if size == 0:
            return _checked(".".join(labels).encode()) if labels else None
        if size > 63:
            return None
        labels.append(octets[at + 1 : at + 1 + size].decode("latin-1"))
        at += 1 + size
    return None


def server_name(octets: bytes) -> str | None:
    """The server that a TLS ClientHello names, as far as it is in this payload."""
    if len(octets) < 43 or octets[0] != 22 or octets[1] != 3 or octets[5] != 1:
        return None
    at = 43
    at += 1 + octets[at] if at < len(octets) else 0
    at = _behind(octets, at, 2)
    at = _behind(octets, at, 1)
    end = min(len(octets), at + 2 + int.from_bytes(octets[at : at + 2], "big"))
    at += 2
    while at + 4 <= end:
        kind, size = int.from_bytes(octets[at : at + 2], "big"), int.from_bytes(octets[at + 2 : at + 4], "big")
        at += 4
        if kind == 0 and at + 5 <= end and octets[at + 2] == 0:
            length = int.from_bytes(octets[at + 3 : at + 5], "big")
            return _checked(octets[at + 5 : at + 5 + length]) if at + 5 + length <= end else None
        at += size
    return None


def _behind(octets: bytes, at: int, width: int) -> int:
    """Behind a vector whose length takes `width` octets."""
    return at + width + int.from_bytes(octets[at : at + width], "big")


def _checked(octets: bytes) -> str | None:
    text = octets.decode("latin-1")
    return text.lower() if _NAME.fullmatch(text) else None
