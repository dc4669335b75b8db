"""TS 33.108 HI3: content of UMTS and EPS packet sessions, of VoIP and of circuit voice, each with its header.

Rows as in the published modules (read in the schema; those of UMTS and EPS are of releases 7 to 12, and were not held
against the last one).
"""

from __future__ import annotations

from typing import Final

from asn1.hi2_types import COMMUNICATION_IDENTIFIER, NETWORK_IDENTIFIER, TIME_STAMP
from asn1.ps_common import LIID
from asn1.table import OCTETS, OID, UINT16, UTF8, Field, Integer, OctetString, Sequence, Text, enumerated
from asn1.ts33108_types import TPDU_DIRECTION

VERSION: Final = enumerated("Version", "1=version1 3=version3 8=lastVersion")
NATIONAL_HI3_ASN1_PARAMETERS: Final = Sequence(
    "National-HI3-ASN1parameters", (Field(1, "countryCode", Text("PrintableString (SIZE (2))", 2, 2, "printable")),)
)
ICE_TYPE: Final = enumerated("ICE-type", "1=sgsn 2=ggsn")
ULIC_HEADER: Final = Sequence(
    "ULIC-header",
    (
        Field(0, "hi3DomainId", OID),
        Field(1, "version", VERSION),
        Field(2, "lIID", LIID, optional=True),
        Field(3, "correlation-Number", OctetString("OCTET STRING (SIZE (8..20))", 8, 20)),
        Field(4, "timeStamp", TIME_STAMP, optional=True),
        Field(5, "sequence-number", UINT16),
        Field(6, "t-PDU-direction", TPDU_DIRECTION),
        Field(7, "national-HI3-ASN1parameters", NATIONAL_HI3_ASN1_PARAMETERS, optional=True),
        Field(8, "ice-type", ICE_TYPE, optional=True),
    ),
)
UMTS_CC_PDU: Final = Sequence(
    "UmtsCC-PDU",
    (
        Field(1, "uLIC-header", ULIC_HEADER),
        Field(2, "payload", OCTETS),
    ),
)
EPS_ICE_TYPE: Final = enumerated("ICE-type", "1=sgsn 2=ggsn 3=s-GW 4=pDN-GW 5=colocated-SAE-GWs 6=ePDG")
EPS_ULIC_HEADER: Final = Sequence(
    "ULIC-header",
    (
        Field(0, "hi3DomainId", OID),
        Field(2, "lIID", LIID, optional=True),
        Field(3, "correlation-Number", OCTETS),
        Field(4, "timeStamp", TIME_STAMP, optional=True),
        Field(5, "sequence-number", UINT16),
        Field(6, "t-PDU-direction", TPDU_DIRECTION),
        Field(7, "national-HI3-ASN1parameters", NATIONAL_HI3_ASN1_PARAMETERS, optional=True),
        Field(8, "ice-type", EPS_ICE_TYPE, optional=True),
    ),
)
EPS_CC_PDU: Final = Sequence(
    "EpsCC-PDU",
    (
        Field(1, "uLIC-header", EPS_ULIC_HEADER),
        Field(2, "payload", OCTETS),
    ),
)
VOIP_TPDU_DIRECTION: Final = enumerated("TPDU-direction", "1=from-target 2=to-target 3=combined 4=unknown")
VOIP_ICE_TYPE: Final = enumerated(
    "ICE-type", "1=ggsn 2=pDN-GW 3=aGW 4=trGW 5=mGW 6=other 7=unknown 8=mRF 9=lmISF 10=sGW"
)
PAYLOAD_DESCRIPTION: Final = Sequence(
    "Payload-description",
    (
        Field(1, "copyOfSDPdescription", OCTETS, optional=True),
        Field(2, "mediaFormat", Integer("INTEGER (0..127)", 0, 127), optional=True),
        Field(3, "mediaAttributes", OCTETS, optional=True),
    ),
)
VOIP_LIC_HEADER: Final = Sequence(
    "VoipLIC-header",
    (
        Field(0, "hi3voipDomainId", OID),
        Field(2, "lIID", LIID, optional=True),
        Field(3, "voipCorrelationNumber", OCTETS),
        Field(4, "timeStamp", TIME_STAMP, optional=True),
        Field(5, "sequence-number", UINT16),
        Field(6, "t-PDU-direction", VOIP_TPDU_DIRECTION),
        Field(7, "national-HI3-ASN1parameters", NATIONAL_HI3_ASN1_PARAMETERS, optional=True),
        Field(8, "ice-type", VOIP_ICE_TYPE, optional=True),
        Field(9, "payload-description", PAYLOAD_DESCRIPTION, optional=True),
        Field(10, "networkIdentifier", NETWORK_IDENTIFIER, optional=True),
        Field(11, "pTCSessionInfo", UTF8, optional=True),
    ),
)
VOIP_CC_PDU: Final = Sequence(
    "Voip-CC-PDU",
    (
        Field(1, "voipLIC-header", VOIP_LIC_HEADER),
        Field(2, "payload", OCTETS),
    ),
)
CS_VOICE_LIC_HEADER: Final = Sequence(
    "CSvoiceLIC-header",
    (
        Field(0, "hi3CSvoiceDomainId", OID),
        Field(1, "lIID", LIID, optional=True),
        Field(2, "communicationIdentifier", COMMUNICATION_IDENTIFIER),
        Field(3, "ccLID", OctetString("OCTET STRING (SIZE (1..8))", 1, 8), optional=True),
        Field(4, "timeStamp", TIME_STAMP, optional=True),
        Field(5, "sequence-number", UINT16),
        Field(6, "t-PDU-direction", VOIP_TPDU_DIRECTION),
        Field(7, "national-HI3-ASN1parameters", NATIONAL_HI3_ASN1_PARAMETERS, optional=True),
        Field(8, "payload-description", PAYLOAD_DESCRIPTION),
    ),
)
CS_VOICE_CC_PDU: Final = Sequence(
    "CSvoice-CC-PDU",
    (
        Field(0, "cSvoiceLIC-header", CS_VOICE_LIC_HEADER),
        Field(1, "payload", OCTETS),
    ),
)
