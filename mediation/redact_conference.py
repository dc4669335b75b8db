"""The notice of a conference as a pen register may have it: who is in it and how they stand, written anew (R-113).

Parties that join and leave are signalling (punch list of the FCC, item 2); what they are called, what the conference is
called and what it is about may be words and do not stay. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from xml.sax.saxutils import quoteattr

from asn1.conference_info import NAMESPACE, STATES, parse_conference_info
from asn1.errors import DecodeError


def parties_only(body: bytes, address: Callable[[str], str | None]) -> bytes:
    """A document of the parties alone; empty where there is none to be had. `address` writes an address anew."""
    try:
        info = parse_conference_info(body)
    except DecodeError:
        return b""
    focus = address(info.entity)
    if focus is None:
        return b""
    users = []
    for user in info.users:
        entity = address(user.entity)
        if entity is not None:
            held = "".join(
                f"<endpoint entity={quoteattr(entity)}><status>{one}</status></endpoint>" for one in user.statuses
            )
            users.append(f"<user entity={quoteattr(entity)}>{held}</user>")
    state = info.state if info.state in STATES else "full"
    version = "" if info.version is None else f' version="{info.version}"'
    head = f'<conference-info xmlns="{NAMESPACE}" entity={quoteattr(focus)} state="{state}"{version}>'
    return f"{head}<users>{''.join(users)}</users></conference-info>".encode()
