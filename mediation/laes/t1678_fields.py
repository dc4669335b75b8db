"""T1.678 call data: the fields that many of its messages share.

Parties are told by number where an address has one. Content is one stream a communication, as a packet does not say
which of its legs it belongs to; what an identity of a channel names is assumed.
"""

from __future__ import annotations

from typing import Any, Final

from asn1.laes import t1678
from asn1.laes.message import CdcMessage
from asn1.table import Value
from mediation.laes.calls import Leg
from mediation.laes.content import ccc_ids
from mediation.laes.moment import Moment, digits_of, visible

_PLACES: Final = ("p-access-network-info", "cellular-network-info", "geolocation")


def call_id(moment: Moment, leg: Leg | None) -> dict[str, Any]:
    return {"main": str(moment.cin)} | ({"leg": str(leg.number)} if leg is not None else {})


def party(uri: str) -> dict[str, Any]:
    """An address as PartyId; empty where it says nothing."""
    digits = digits_of(uri)
    if digits is not None and len(digits) <= 15:
        return {"dn": digits}
    return {"uri": [("visibleString", visible(uri, 200))]} if uri else {}


def parties(uris: tuple[str, ...]) -> list[dict[str, Any]]:
    return [party(uri) for uri in uris]


def told(moment: Moment, name: str, **fields: Value) -> CdcMessage:
    head = {"caseId": moment.liid, "iAPSystemId": visible(moment.point, 15), "timestamp": moment.time_us}
    return CdcMessage(name, head | {key: value for key, value in fields.items() if value is not None}, t1678.MODULE)


def media(sdp: str | None) -> dict[str, Any] | None:
    return {"characteristics": ("sdp", sdp)} if sdp else None


def sided(moment: Moment, subject: str, associate: str, listed: bool = False) -> dict[str, Any]:
    """The SDP of this message under the field of the side that sent it."""
    found = media(moment.sdp)
    if found is None or moment.sends is None:
        return {}
    return {subject: found} if moment.sends else {associate: [found] if listed else found}


def location(moment: Moment) -> dict[str, Any] | None:
    if not moment.place or moment.message is None:
        return None
    return next(
        ({"locationType": name, "location": value} for name in _PLACES if (value := moment.message.header(name))), None
    )


def other_party(leg: Leg) -> str:
    return leg.called if leg.outgoing else leg.calling


def subject_party(leg: Leg) -> str:
    return leg.calling if leg.outgoing else leg.called


def content_identifier(moment: Moment) -> tuple[str, Any]:
    """One content stream a communication: a packet does not say which of its legs it belongs to."""
    return "callID", {"main": str(moment.cin)}


def ccc_identity(cin: int) -> tuple[str, Any]:
    """A pair of CCC identities; `xmit` is taken to be what the subject sends (assumed)."""
    sent, received = ccc_ids(cin)
    return "sepCCCpair", {"sepXmitCCC": f"{sent:08X}", "sepRecvCCC": f"{received:08X}"}


def delivery(moment: Moment) -> tuple[str, Any] | None:
    """Where the content goes; None where no link is configured."""
    site = moment.site
    if site.form != "apdu":
        return ("cccId", ccc_identity(moment.cin)) if site.form else None
    if site.address is None:
        return None
    family = "ipV4" if len(site.address) == 4 else "ipV6"
    return "ccAddress", {"leaIPAddress": (family, site.address), "leaPortNumber": site.port}
