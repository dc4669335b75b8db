"""TS 102 232-5: SIP, H.323 and XCAP signalling as IRI, media packets as content. Rows of the module's version 17.

Rules that a sender keeps (module comments): `originalIPMMMessage` carries signalling with its IP and transport headers,
`sIPMessage` the SIP text with the network addresses beside it; the iRIOnly… alternatives are for orders without content
(5.2.6, 5.2.7); one IPMMCC is exactly one media packet, its `frameType` mandatory in new implementations (5.5); an
absent `mMCCprotocol` means RTP and RTCP.
"""

from __future__ import annotations

from typing import Final

from asn1.ps_common import COUNTRY_CODE, IP_ADDRESS, ip_address
from asn1.ps_location import LOCATION
from asn1.table import OCTETS, RELATIVE_OID, Choice, Field, Sequence, SequenceOf, Value, enumerated

IPMMIRI_OBJ_ID: Final = "5.5.17.1"
IPMMCC_OBJ_ID: Final = "5.5.17.2"

SIP_MESSAGE: Final = Sequence(
    "SIPMessage",
    (
        Field(0, "iPSourceAddress", IP_ADDRESS),
        Field(1, "iPDestinationAddress", IP_ADDRESS),
        Field(2, "sIPContent", OCTETS),
    ),
)
H323_MESSAGE_CONTENT: Final = Choice(
    "H323MessageContent",
    (
        Field(0, "h225CSMessageContent", OCTETS),
        Field(1, "h225RASMessageContent", OCTETS),
        Field(2, "h245MessageContent", OCTETS),
        Field(3, "genericMessageContent", OCTETS),
    ),
)
H323_MESSAGE: Final = Sequence(
    "H323Message",
    (
        Field(0, "iPSourceAddress", IP_ADDRESS),
        Field(1, "iPDestinationAddress", IP_ADDRESS),
        Field(2, "h323Content", H323_MESSAGE_CONTENT),
    ),
)
NATIONAL_IPMMIRI_PARAMETERS: Final = Sequence("NationalIPMMIRIParameters", (Field(1, "countryCode", COUNTRY_CODE),))
IPMMIRI_CONTENTS: Final = Choice(
    "IPIRIContents",
    (
        Field(0, "originalIPMMMessage", OCTETS),
        Field(1, "sIPMessage", SIP_MESSAGE),
        Field(2, "h323Message", H323_MESSAGE),
        Field(3, "nationalIPMMIRIParameters", NATIONAL_IPMMIRI_PARAMETERS),
        Field(4, "xCAPMessage", OCTETS),
        Field(5, "iRIOnlyOriginalIPMMMessage", OCTETS, clause="5.2.6"),
        Field(6, "iRIOnlySIPMessage", SIP_MESSAGE, clause="5.2.7"),
        Field(7, "iRIOnlyRTPPacket", OCTETS, clause="5.2.8.1"),
    ),
)
ADDITIONAL_SIGNALLING: Final = Choice("AdditionalSignalling", (Field(0, "sipHeaderLine", OCTETS),))
IPMMIRI: Final = Sequence(
    "IPMMIRI",
    (
        Field(0, "iPMMIRIObjId", RELATIVE_OID),
        Field(1, "iPMMIRIContents", IPMMIRI_CONTENTS),
        Field(2, "targetLocation", LOCATION, optional=True),
        Field(
            3,
            "additionalSignalling",
            SequenceOf("SEQUENCE OF AdditionalSignalling", ADDITIONAL_SIGNALLING),
            optional=True,
        ),
    ),
)
FRAME_TYPE: Final = enumerated(
    "FrameType",
    "0=ipFrame 1=udpFrame 2=rtpFrame 3=audioFrame 4=tcpFrame 5=artificialRtpFrame 6=udptlFrame 7=msrpFrame",
)
MMCC_PROTOCOL: Final = enumerated("MMCCprotocol", "0=rTP 1=mSRP 2=uDPTL")
IPMMCC: Final = Sequence(
    "IPMMCC",
    (
        Field(0, "iPMMCCObjId", RELATIVE_OID),
        Field(1, "mMCCContents", OCTETS),
        Field(2, "frameType", FRAME_TYPE, optional=True, clause="5.5"),
        Field(3, "streamIdentifier", OCTETS, optional=True),
        Field(4, "mMCCprotocol", MMCC_PROTOCOL, optional=True),
    ),
)


def sip_iri(source: bytes, destination: bytes, sip: bytes, *, iri_only: bool = False) -> tuple[str, dict[str, Value]]:
    """The IRIContents alternative for one SIP message; addresses are 4 or 16 octets.

    `iri_only` picks iRIOnlySIPMessage; removing what such an order does not allow is the caller's duty.
    """
    message = {
        "iPSourceAddress": ip_address(source),
        "iPDestinationAddress": ip_address(destination),
        "sIPContent": sip,
    }
    name = "iRIOnlySIPMessage" if iri_only else "sIPMessage"
    return "iPMMIRI", {"iPMMIRIObjId": IPMMIRI_OBJ_ID, "iPMMIRIContents": (name, message)}


def ipmmcc(
    packet: bytes, *, frame_type: str = "ipFrame", stream: bytes | None = None, protocol: str | None = "rTP"
) -> tuple[str, dict[str, Value]]:
    """The CCContents alternative for one media packet, beginning with the layer that `frame_type` names."""
    value: dict[str, Value] = {"iPMMCCObjId": IPMMCC_OBJ_ID, "mMCCContents": packet, "frameType": frame_type}
    if stream is not None:
        value["streamIdentifier"] = stream
    if protocol is not None:
        value["mMCCprotocol"] = protocol
    return "iPMMCC", value
