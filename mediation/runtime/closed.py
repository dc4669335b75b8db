"""R-078: the lab's network is closed. One question, asked wherever an address to connect to comes from.

Loopback, private and link-local addresses are inside; every other is outside, and of names only `localhost` is inside,
since there is no name service beyond the network. Pure. Whoever means an address outside says so in words, in a
configuration file (`outside = "yes, outside the closed network"`); for an address learnt while running there are no
such words: it is not connected to, and that is an alarm.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Final, Literal
from urllib.parse import parse_qs, urlsplit

Outside = Literal["no", "yes, outside the closed network"]
OUTSIDE_WORDS: Final = "yes, outside the closed network"

_INSIDE: Final = tuple(
    ip_network(one)
    for one in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)


def may_connect(host: str) -> bool:
    """Whether this host lies inside the closed network."""
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in _INSIDE)


def check_host(host: str, outside: str = "no") -> str:
    """The host itself. Raises ValueError for one outside that no words allow."""
    if outside != OUTSIDE_WORDS and not may_connect(host):
        raise ValueError(
            f"{host} lies outside the closed network (R-078): give a loopback or private address, or write "
            f'outside = "{OUTSIDE_WORDS}" if that is meant'
        )
    return host


def check_url(url: str, outside: str = "no") -> str:
    """The url itself. Raises ValueError as `check_host`, for every host that it names; a file or a local socket names
    none."""
    parts = urlsplit(url)
    hosts = [] if parts.hostname is None else [parts.hostname]
    if parts.netloc and not hosts:
        raise ValueError(f"{url} names no host")
    # A database's driver takes hosts from here too, before those of the address.
    for key, values in parse_qs(parts.query).items():
        if key in ("host", "hostaddr"):
            hosts += [one.partition(":")[0] if one.count(":") == 1 else one for one in ",".join(values).split(",")]
    for host in hosts:
        if not host.startswith("/"):
            check_host(host, outside)
    return url
