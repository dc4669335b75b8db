"""The guard rail of scenario files: whatever looks like an identity, anywhere in a file, belongs to nobody.

Rules. A number is +1 NPA 555 01XX; a subscriber identity is of the test network 001-01; an address is one of
documentation (RFC 5737, RFC 3849) or loopback; a name of a host ends in `.invalid` (RFC 2606). What looks like one and
is not is refused, in injected traffic, in papers and in prose alike. Pure. Times of day are no identities.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any, Final

from carrier_sim.subscribers import Identity, is_fictional, is_fictional_number

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?")
_V4: Final = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)")
_V6: Final = re.compile(r"(?<![\w:])[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?![\w:])")
_HOST: Final = re.compile(r"(?<![\w.@/-])(?:[A-Za-z0-9_-]+@)?((?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,})(?![\w-])")
_URL: Final = re.compile(r"\b[a-z][a-z0-9+]*://([^\s/\"'<>]+)|\b(?:sips?|mailto):([^\s;>\"'<]+)")
_NUMBER: Final = re.compile(r"(?<![\w.=+/-])\+?\(?\d(?:[ ().-]{0,2}\d){6,}(?![\w.]*\d)")
_UNITS: Final = re.compile(r"(^|\.)(us|[a-z0-9_]+_(us|ms|s|octets))(\.|$)")
"""Keys under which a whole number is an amount."""
_SHORTEST: Final = 10**9
"""A smaller whole number is no telephone number."""
_PATHS: Final = frozenset({"path", "keep"})
"""Keys whose dots part names in a status, or stand in a pattern."""
_SHORT: Final = re.compile(r"55501\d\d")
_DOCUMENTATION: Final = "192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24 or 2001:db8::/32"
_IMSI_DIGITS: Final = 15


def foreign(value: Any, at: str = "") -> Iterator[str]:  # noqa: ANN401  whatever YAML may hold
    """What in this value could be somebody's, each with the place where it stands."""
    if isinstance(value, dict):
        for key, one in value.items():
            name = str(key)
            yield from _in_text(name, f"{at}{name}")
            if name not in _PATHS:
                yield from foreign(one, f"{at}{name}.")
            elif isinstance(one, str):
                yield from _in_text(one, f"{at}{name}", hosts=False)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from foreign(one, f"{at}{index}.")
    elif isinstance(value, str):
        yield from _in_text(value, at.rstrip("."))
    elif isinstance(value, int) and value >= _SHORTEST and not _UNITS.search(at.rstrip(".")):
        yield from _in_text(str(value), at.rstrip("."))


def _in_text(text: str, at: str, hosts: bool = True) -> Iterator[str]:
    rest = _TIME.sub(" ", text)
    for found in _URL.finditer(rest):
        who, _, host = (found[1] or found[2] or "").rpartition("@")
        yield from _host(re.sub(r":\d+$", "", host), at)
        yield from _in_text(who, at, hosts=False)
    rest = _URL.sub(" ", rest)
    for pattern in (_V4, _V6):
        for found in pattern.finditer(rest):
            yield from _address(found[0], at)
        rest = pattern.sub(" ", rest)
    if hosts:
        for found in _HOST.finditer(rest):
            yield from _host(found[1], at)
        rest = _HOST.sub(" ", rest)
    for found in _NUMBER.finditer(rest):
        yield from _number(re.sub(r"\D", "", found[0]), at)


def _address(text: str, at: str) -> Iterator[str]:
    try:
        address = ip_address(text)
    except ValueError:
        return
    kind = "ipv4Address" if address.version == 4 else "ipv6Address"
    if not (address.is_loopback or is_fictional(Identity(kind, text))):
        yield f"{at}: {text} could be somebody's address: take {_DOCUMENTATION}"


def _host(name: str, at: str) -> Iterator[str]:
    if re.fullmatch(r"[\d.]+|\[?[0-9A-Fa-f:]+\]?", name):
        yield from _address(name.strip("[]"), at)
    elif re.fullmatch(r"\+?\d+", name):
        yield from _number(name.lstrip("+"), at)
    elif name != "localhost" and not name.lower().endswith(".invalid"):
        yield f"{at}: {name} could be somebody's host: names end in .invalid"


def _number(digits: str, at: str) -> Iterator[str]:
    if len(digits) == _IMSI_DIGITS and is_fictional(Identity("imsi", digits)):
        return
    whole = f"1{digits}" if len(digits) == 10 else digits
    if not (is_fictional_number(whole) or _SHORT.fullmatch(digits)):
        yield f"{at}: {digits} could be somebody's number: take +1 NPA 555 01XX, or an IMSI of 001-01"
