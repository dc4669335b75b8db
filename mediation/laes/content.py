"""One intercepted IP packet under the label of its content link: as CC-APDU or behind a CCC header.

    apdu    CC-APDU of T1.678 and IAS, numbered from 0 for each content identifier
    4       CCC-Identifier alone                            12  with a time stamp        20  with the case identity too

One datagram a packet, never split (assumed): a packet that no datagram can hold is an EncodeError.
"""

from __future__ import annotations

from typing import Any, Final

from asn1.errors import EncodeError
from asn1.laes.cc_apdu import CcApdu, encode_apdu
from asn1.laes.ccc import CccDatagram, encode_datagram
from mediation.laes.moment import Moment, visible

FORMS: Final = ("apdu", "4", "12", "20")
MAX_DATAGRAM_OCTETS: Final = 65_507
"""What UDP over IPv4 holds."""
CASE_OCTETS: Final = 8


def ccc_ids(cin: int) -> tuple[int, int]:
    """(what the subject sends, what it receives): never of another communication while the CINs do not wrap."""
    return cin * 2 & 0xFFFFFFFE, cin * 2 & 0xFFFFFFFE | 1


def case_fits(liid: str, form: str) -> bool:
    """Whether a link of this form can name the case."""
    return form != "20" or (liid.isascii() and 1 <= len(liid) <= CASE_OCTETS)


def encode(moment: Moment, packet: bytes, number: int) -> bytes:
    """The datagram. Raises EncodeError."""
    form = moment.site.form
    octets = _apdu(moment, packet, number) if form == "apdu" else _datagram(moment, packet, int(form))
    if len(octets) > MAX_DATAGRAM_OCTETS:
        raise EncodeError(f"a packet of {len(packet)} octets fits no datagram with its label")
    return octets


def _apdu(moment: Moment, packet: bytes, number: int) -> bytes:
    header: dict[str, Any] = {
        "correlationInfo": {
            "caseId": moment.liid,
            "iapId": visible(moment.point, 15),
            "contentIdentifier": ("callID", {"main": str(moment.cin)}),
        },
        "timeStamp": moment.time_us,
        "sequenceNumber": number,
    }
    if moment.sends is not None:
        header["packetDirection"] = "fromSubject" if moment.sends else "toSubject"
    return encode_apdu(CcApdu(header, packet))


def _datagram(moment: Moment, packet: bytes, header_octets: int) -> bytes:
    sent, received = ccc_ids(moment.cin)
    case = moment.liid.encode().ljust(CASE_OCTETS, b"\0") if header_octets == 20 else None
    return encode_datagram(
        CccDatagram(
            received if moment.sends is False else sent, moment.time_us if header_octets >= 12 else None, case, packet
        ),
        header_octets,
    )
