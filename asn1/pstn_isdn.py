"""TS 102 232-6: content of PSTN and ISDN calls, and the description of its media. Rows of the module's version 6.

The call's own IRI travels as eTSI671IRI (`asn1.hi2`; inferred, the prose was not read). `supplementaryInfo` is in the
first content record at least; `mediaFormat` is the static payload number of RFC 3551; `cCLinkID` is mandatory where
several links are in use (module comments).
"""

from __future__ import annotations

from typing import Final

from asn1.ps_common import PAYLOAD_DIRECTION
from asn1.table import OCTETS, RELATIVE_OID, UINT16, UINT32, Choice, Field, Integer, Sequence, enumerated

INFORMATION_APPLIES_TO: Final = Sequence(
    "InformationAppliesTo",
    (
        Field(0, "payloadDirection", PAYLOAD_DIRECTION),
        Field(1, "cCLinkID", UINT16, optional=True),
        Field(2, "firstPDUNumber", UINT32, optional=True),
    ),
)
FRAME_TYPE: Final = enumerated("FrameType", "0=ipFrame 1=udpFrame 2=applicationFrame 3=audioFrame 4=artificialRtpFrame")
ALTERNATE_PROTOCOL: Final = enumerated("AlternateProtocol", "1=uDPTL")
SUPPLEMENTARY_INFO: Final = Sequence(
    "SupplementaryInfo",
    (
        Field(0, "informationAppliesTo", INFORMATION_APPLIES_TO),
        Field(1, "mediaFormat", Integer("INTEGER (0..127)", 0, 127)),
        Field(2, "mediaAttributes", OCTETS, optional=True),
        Field(3, "encryptionKey", OCTETS, optional=True),
        Field(4, "sessionName", OCTETS, optional=True),
        Field(5, "sessionInfo", OCTETS, optional=True),
        Field(6, "copyOfSDPMessage", OCTETS, optional=True),
        Field(7, "frameType", FRAME_TYPE, optional=True),
        Field(8, "alternateProtocol", ALTERNATE_PROTOCOL, optional=True),
    ),
)
PSTN_ISDN_IRI_CONTENTS: Final = Choice("PstnIsdnIRIContents", (Field(0, "supplementaryInfo", SUPPLEMENTARY_INFO),))
PSTN_ISDN_IRI: Final = Sequence(
    "PstnIsdnIRI",
    (
        Field(0, "pstnIsdnIRIObjId", RELATIVE_OID),
        Field(1, "pstnIsdnIRIContents", PSTN_ISDN_IRI_CONTENTS),
    ),
)
PSTN_ISDN_CC: Final = Sequence(
    "PstnIsdnCC",
    (
        Field(0, "pstnIsdnCCObjId", RELATIVE_OID),
        Field(1, "pstnIsdnCCContents", OCTETS),
        Field(2, "cCLinkID", UINT16, optional=True),
        Field(3, "supplementaryInfo", SUPPLEMENTARY_INFO, optional=True),
    ),
)
