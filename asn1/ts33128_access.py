"""Slices, tunnels and temporary identities of TS 33.128 events (Rel-19 version 3 of the module)."""

from __future__ import annotations

from typing import Final

from asn1.table import (
    UINT8,
    UINT32,
    UNDESCRIBED,
    Choice,
    Field,
    Integer,
    OctetString,
    Sequence,
    SequenceOf,
    enumerated,
)
from asn1.ts33128_types import (
    EPS_SUBSCRIBER_I_DS,
    FIVE_GS_SUBSCRIBER_ID,
    I_PV4_ADDRESS,
    I_PV6_ADDRESS,
    MCC,
    MNC,
    PLMNID,
)

AMF_SET_ID: Final = Integer("AMFSetID", 0, 1023)
AMF_POINTER: Final = Integer("AMFPointer", 0, 63)
FIVE_GGUTI: Final = Sequence(
    "FiveGGUTI",
    (
        Field(1, "mCC", MCC),
        Field(2, "mNC", MNC),
        Field(3, "aMFRegionID", UINT8),
        Field(4, "aMFSetID", AMF_SET_ID),
        Field(5, "aMFPointer", AMF_POINTER),
        Field(6, "fiveGTMSI", UINT32),
    ),
)
MME_GROUP_ID: Final = OctetString("MMEGroupID", 2, 2)
MME_CODE: Final = OctetString("MMECode", 1, 1)
TMSI: Final = OctetString("TMSI", 4, 4)
GUTI: Final = Sequence(
    "GUTI",
    (
        Field(1, "mCC", MCC),
        Field(2, "mNC", MNC),
        Field(3, "mMEGroupID", MME_GROUP_ID),
        Field(4, "mMECode", MME_CODE),
        Field(5, "mTMSI", TMSI),
    ),
)
EPS5_GGUTI: Final = Choice(
    "EPS5GGUTI",
    (
        Field(1, "gUTI", GUTI),
        Field(2, "fiveGGUTI", FIVE_GGUTI),
    ),
)
FIVE_GS_SUBSCRIBER_I_DS: Final = Sequence(
    "FiveGSSubscriberIDs",
    (Field(1, "fiveGSSubscriberID", SequenceOf("SEQUENCE OF FiveGSSubscriberID", FIVE_GS_SUBSCRIBER_ID)),),
)
USER_IDENTIFIERS: Final = Sequence(
    "UserIdentifiers",
    (
        Field(1, "fiveGSSubscriberIDs", FIVE_GS_SUBSCRIBER_I_DS, optional=True),
        Field(2, "ePSSubscriberIDs", EPS_SUBSCRIBER_I_DS, optional=True),
    ),
)
AMFID: Final = Sequence(
    "AMFID",
    (
        Field(1, "aMFRegionID", UINT8),
        Field(2, "aMFSetID", AMF_SET_ID),
        Field(3, "aMFPointer", AMF_POINTER),
    ),
)
GUAMI: Final = Sequence(
    "GUAMI",
    (
        Field(1, "aMFID", AMFID),
        Field(2, "pLMNID", PLMNID),
    ),
)
FTEID: Final = Sequence(
    "FTEID",
    (
        Field(1, "tEID", UINT32),
        Field(2, "iPv4Address", I_PV4_ADDRESS, optional=True),
        Field(3, "iPv6Address", I_PV6_ADDRESS, optional=True),
    ),
)
FIVE_GSGTP_TUNNELS: Final = Sequence(
    "FiveGSGTPTunnels",
    (
        Field(1, "uLNGUUPTunnelInformation", FTEID, optional=True),
        Field(2, "additionalULNGUUPTunnelInformation", SequenceOf("SEQUENCE OF FTEID", FTEID), optional=True),
        Field(3, "dLRANTunnelInformation", UNDESCRIBED, optional=True),
    ),
)
EPSGTP_TUNNELS: Final = Sequence(
    "EPSGTPTunnels",
    (
        Field(1, "controlPlaneSenderFTEID", FTEID, optional=True),
        Field(2, "controlPlanePGWS5S8FTEID", FTEID, optional=True),
        Field(3, "s1UeNodeBFTEID", FTEID, optional=True),
        Field(4, "s5S8SGWFTEID", FTEID, optional=True),
        Field(5, "s5S8PGWFTEID", FTEID, optional=True),
        Field(6, "s2bUePDGFTEID", FTEID, optional=True),
        Field(7, "s2aUePDGFTEID", FTEID, optional=True),
    ),
)
GTP_TUNNEL_INFO: Final = Sequence(
    "GTPTunnelInfo",
    (
        Field(1, "fiveGSGTPTunnels", FIVE_GSGTP_TUNNELS, optional=True),
        Field(2, "ePSGTPTunnels", EPSGTP_TUNNELS, optional=True),
    ),
)
FIVE_GSM_REQUEST_TYPE: Final = enumerated(
    "FiveGSMRequestType",
    "1=initialRequest 2=existingPDUSession 3=initialEmergencyRequest 4=existingEmergencyPDUSession "
    "5=modificationRequest 6=reserved 7=mAPDURequest",
)
PDU_SESSION_TYPE: Final = enumerated("PDUSessionType", "1=iPv4 2=iPv6 3=iPv4v6 4=unstructured 5=ethernet")
