"""Who is in a conference, as its notices say it: the conference-info document of RFC 4575.

Read for who and how they stand; of everything else it is only told that it is there (`more`): names shown, subjects,
notes and addresses to call may be words. Bounded as all XML is here; raises DecodeError only.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from asn1.errors import DecodeError
from asn1.hi1_xml import parse

CONTENT_TYPE: Final = "application/conference-info+xml"
NAMESPACE: Final = "urn:ietf:params:xml:ns:conference-info"
MAX_OCTETS: Final = 65_536
MAX_USERS: Final = 256
STATES: Final = ("full", "partial", "deleted")
STATUSES: Final = (
    "pending", "dialing-out", "dialing-in", "alerting", "on-hold", "connected", "muted-via-focus", "disconnecting",
    "disconnected",
)  # fmt: skip
"""Status of an endpoint (RFC 4575 section 5.7.2)."""
_NAMES: Final = "conference-info|conference-state|user-count|users|user|endpoint|status"
_ATTRIBUTE: Final = (
    rf' (?:xmlns="{re.escape(NAMESPACE)}"|entity="[^"<>&\s]{{0,255}}"'
    rf'|state="(?:{"|".join(STATES)})"|version="[0-9]{{1,10}}")'
)
_PLAIN: Final = re.compile(
    r'(?:<\?xml version="1\.0" encoding="(?:UTF|utf)-8"\?>)?'
    rf"(?:[ \t\r\n]|</(?:{_NAMES})>|<(?:{_NAMES})(?:{_ATTRIBUTE})*>"
    rf"|(?<=<status>)(?:{'|'.join(STATUSES)})(?=</status>)"
    r"|(?<=<user-count>)[0-9]{1,5}(?=</user-count>))*"
)
"""A document that says who and how and nothing else, octet by octet: no comment, no prefix, no attribute and no element
of another kind, in which words could stand that no reader of elements would see."""


class User(NamedTuple):
    """`statuses` of the user's endpoints, in their order; a word that is none of `STATUSES` is left out."""

    entity: str
    statuses: tuple[str, ...]


class ConferenceInfo(NamedTuple):
    """`version` is None where it is no number; `addresses` are all in it; `more`: there is something in it besides."""

    entity: str
    state: str
    version: int | None
    users: tuple[User, ...]
    addresses: tuple[str, ...]
    more: bool


def parse_conference_info(octets: bytes) -> ConferenceInfo:
    """The document. Raises DecodeError."""
    if len(octets) > MAX_OCTETS:
        raise DecodeError(DecodeError.OVERSIZED, f"a conference document has at most {MAX_OCTETS} octets")
    root = parse(octets, f"{{{NAMESPACE}}}conference-info")
    users: list[User] = []
    for element in root.findall(f"{{{NAMESPACE}}}users/{{{NAMESPACE}}}user"):
        if len(users) >= MAX_USERS:
            raise DecodeError(DecodeError.TOO_MANY, f"more than {MAX_USERS} users")
        found = [(one.text or "").strip() for one in element.iter(f"{{{NAMESPACE}}}status")]
        users.append(User(element.get("entity", ""), tuple(one for one in found if one in STATUSES)))
    version = root.get("version", "")
    number = int(version) if version.isascii() and version.isdigit() and len(version) <= 10 else None
    addresses = tuple(held for element in root.iter() if (held := element.get("entity")) is not None)
    more = _PLAIN.fullmatch(octets.decode("utf-8", "replace")) is None
    return ConferenceInfo(root.get("entity", ""), root.get("state", "full"), number, tuple(users), addresses, more)
