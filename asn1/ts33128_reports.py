"""TS 33.128 reports on packets and on places alone (Rel-19 version 3 of the module)."""

from __future__ import annotations

from typing import Final

from asn1.table import BOOLEAN, GENERALIZED_TIME, INTEGER, UINT8, UINT16, Field, Integer, Sequence, enumerated
from asn1.ts33128_access import FIVE_GGUTI
from asn1.ts33128_location import LOCATION
from asn1.ts33128_types import (
    DIRECTION,
    EPS_SUBSCRIBER_I_DS,
    GPSI,
    IMPU,
    IMSI,
    IP_ADDRESS,
    MSISDN,
    PEI,
    RAT_TYPE,
    SUCI,
    SUPI,
    UE_ENDPOINT_ADDRESS,
)

I_PV6_FLOW_LABEL: Final = Integer("IPv6FlowLabel", 0, 1_048_575)
PD_HEADER_REPORT: Final = Sequence(
    "PDHeaderReport",
    (
        Field(1, "pDUSessionID", UINT8),
        Field(2, "sourceIPAddress", IP_ADDRESS),
        Field(3, "sourcePort", UINT16, optional=True),
        Field(4, "destinationIPAddress", IP_ADDRESS),
        Field(5, "destinationPort", UINT16, optional=True),
        Field(6, "nextLayerProtocol", UINT8),
        Field(7, "iPv6flowLabel", I_PV6_FLOW_LABEL, optional=True),
        Field(8, "direction", DIRECTION),
        Field(9, "packetSize", INTEGER),
    ),
)
PDSR_SUMMARY_TRIGGER: Final = enumerated(
    "PDSRSummaryTrigger",
    "1=timerExpiry 2=packetCount 3=byteCount 4=startOfFlow 5=endOfFlow",
)
PD_SUMMARY_REPORT: Final = Sequence(
    "PDSummaryReport",
    (
        Field(1, "pDUSessionID", UINT8),
        Field(2, "sourceIPAddress", IP_ADDRESS),
        Field(3, "sourcePort", UINT16, optional=True),
        Field(4, "destinationIPAddress", IP_ADDRESS),
        Field(5, "destinationPort", UINT16, optional=True),
        Field(6, "nextLayerProtocol", UINT8),
        Field(7, "iPv6flowLabel", I_PV6_FLOW_LABEL, optional=True),
        Field(8, "direction", DIRECTION),
        Field(9, "pDSRSummaryTrigger", PDSR_SUMMARY_TRIGGER),
        Field(10, "firstPacketTimestamp", GENERALIZED_TIME),
        Field(11, "lastPacketTimestamp", GENERALIZED_TIME),
        Field(12, "packetCount", INTEGER),
        Field(13, "byteCount", INTEGER),
        Field(14, "useSessionTrigger", BOOLEAN),
    ),
)
LALS_REPORT: Final = Sequence(
    "LALSReport",
    (
        Field(1, "sUPI", SUPI, optional=True),
        Field(2, "deprecatedPEI", PEI, optional=True),
        Field(3, "gPSI", GPSI, optional=True),
        Field(4, "location", LOCATION, optional=True),
        Field(5, "iMPU", IMPU, optional=True),
        Field(7, "iMSI", IMSI, optional=True),
        Field(8, "mSISDN", MSISDN, optional=True),
    ),
)
SEPARATED_LOCATION_REPORTING: Final = Sequence(
    "SeparatedLocationReporting",
    (
        Field(1, "sUPI", SUPI),
        Field(2, "sUCI", SUCI, optional=True),
        Field(3, "pEI", PEI, optional=True),
        Field(4, "gPSI", GPSI, optional=True),
        Field(5, "gUTI", FIVE_GGUTI, optional=True),
        Field(6, "location", LOCATION),
        Field(7, "non3GPPAccessEndpoint", UE_ENDPOINT_ADDRESS, optional=True),
        Field(8, "rATType", RAT_TYPE, optional=True),
        Field(9, "ePSIdentities", EPS_SUBSCRIBER_I_DS, optional=True),
    ),
)
