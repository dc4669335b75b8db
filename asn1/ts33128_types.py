"""Identities, addresses and locations shared by the TS 33.128 events (Rel-19 version 3 of the module).

Deeper location types (cells, positioning, geography) are not described: they decode to a tag tree under their name.
"""

from __future__ import annotations

from typing import Final

from asn1.table import BOOLEAN, UNDESCRIBED, UTF8, Choice, Field, OctetString, Sequence, SequenceOf, Text, enumerated

IMSI: Final = Text("IMSI", 6, 15, "numeric")
MSISDN: Final = Text("MSISDN", 1, 15, "numeric")
IMEI: Final = Text("IMEI", 14, 14, "numeric")
IMEISV: Final = Text("IMEISV", 16, 16, "numeric")
E164_NUMBER: Final = Text("E164Number", 1, 15, "numeric")
NAI: Final = Text("NAI")
IPV4_ADDRESS: Final = OctetString("IPv4Address", 4, 4)
IPV6_ADDRESS: Final = OctetString("IPv6Address", 16, 16)
MAC_ADDRESS: Final = OctetString("MACAddress", 6, 6)

SUPI: Final = Choice("SUPI", (Field(1, "iMSI", IMSI), Field(2, "nAI", NAI)))
GPSI: Final = Choice("GPSI", (Field(1, "mSISDN", MSISDN), Field(2, "nAI", NAI)))
PEI: Final = Choice(
    "PEI",
    (
        Field(1, "iMEI", IMEI),
        Field(2, "iMEISV", IMEISV),
        Field(3, "mACAddress", MAC_ADDRESS),
        Field(4, "eUI64", OctetString("EUI64")),
    ),
)
IMPU: Final = Choice("IMPU", (Field(1, "sIPURI", UTF8), Field(2, "tELURI", UTF8)))
IP_ADDRESS: Final = Choice("IPAddress", (Field(1, "iPv4Address", IPV4_ADDRESS), Field(2, "iPv6Address", IPV6_ADDRESS)))
UE_ENDPOINT_ADDRESS: Final = Choice(
    "UEEndpointAddress",
    (
        Field(1, "iPv4Address", IPV4_ADDRESS),
        Field(2, "iPv6Address", IPV6_ADDRESS),
        Field(3, "ethernetAddress", MAC_ADDRESS),
    ),
)
TARGET_IDENTIFIER: Final = Choice(
    "TargetIdentifier",
    (
        Field(1, "sUPI", SUPI),
        Field(2, "iMSI", IMSI),
        Field(3, "pEI", PEI),
        Field(4, "iMEI", IMEI),
        Field(5, "gPSI", GPSI),
        Field(6, "mSISDN", MSISDN),
        Field(7, "nAI", NAI),
        Field(8, "iPv4Address", IPV4_ADDRESS),
        Field(9, "iPv6Address", IPV6_ADDRESS),
        Field(10, "ethernetAddress", MAC_ADDRESS),
        Field(11, "iMPU", IMPU),
        Field(12, "iMPI", NAI),
        Field(13, "e164Number", E164_NUMBER),
        Field(14, "emailAddress", UTF8),
        Field(15, "mCPTTID", UTF8),
        Field(16, "instanceIdentifierURN", UTF8),
        Field(17, "pTCChatGroupID", UNDESCRIBED),
    ),
)
DIRECTION: Final = enumerated("Direction", "1=fromTarget 2=toTarget")
ACCESS_TYPE: Final = enumerated("AccessType", "1=threeGPPAccess 2=nonThreeGPPAccess 3=threeGPPandNonThreeGPPAccess")
RAT_TYPE: Final = enumerated(
    "RATType",
    "1=nR 2=eUTRA 3=wLAN 4=virtual 5=nBIOT 6=wireline 7=wirelineCable 8=wirelineBBF 9=lTEM 10=nRU 11=eUTRAU "
    "12=trustedN3GA 13=trustedWLAN 14=uTRA 15=gERA 16=nRLEO 17=nRMEO 18=nRGEO 19=nROTHERSAT 20=nRREDCAP "
    "21=wBEUTRANLEO 22=wBEUTRANMEO 23=wBEUTRANGEO 24=wBEUTRANOTHERSAT 25=nBIOTLEO 26=nBIOTMEO 27=nBIOTGEO "
    "28=nBIOTOTHERSAT 29=lTEMLEO 30=lTEMMEO 31=lTEMGEO 32=lTEMOTHERSAT 33=nREREDCAP",
)

USER_LOCATION: Final = Sequence(
    "UserLocation",
    (
        Field(1, "eUTRALocation", UNDESCRIBED, optional=True),
        Field(2, "nRLocation", UNDESCRIBED, optional=True),
        Field(3, "n3GALocation", UNDESCRIBED, optional=True),
        Field(4, "uTRALocation", UNDESCRIBED, optional=True),
        Field(5, "gERALocation", UNDESCRIBED, optional=True),
    ),
)
LOCATION_INFO: Final = Sequence(
    "LocationInfo",
    (
        Field(1, "userLocation", USER_LOCATION, optional=True),
        Field(2, "currentLoc", BOOLEAN, optional=True),
        Field(3, "geoInfo", UNDESCRIBED, optional=True),
        Field(4, "rATType", RAT_TYPE, optional=True),
        Field(5, "timeZone", UNDESCRIBED, optional=True),
        Field(6, "additionalCellIDs", UNDESCRIBED, optional=True),
    ),
)
LOCATION: Final = Sequence(
    "Location",
    (
        Field(1, "locationInfo", LOCATION_INFO, optional=True),
        Field(2, "positioningInfo", UNDESCRIBED, optional=True),
        Field(3, "locationPresenceReport", UNDESCRIBED, optional=True),
        Field(4, "fourGPositioningInfo", UNDESCRIBED, optional=True),
        Field(5, "fourGLocationInfo", UNDESCRIBED, optional=True),
        Field(6, "iMSLocation", UNDESCRIBED, optional=True),
        Field(7, "coarseLocation", UNDESCRIBED, optional=True),
    ),
)
ENDPOINTS: Final = SequenceOf("SEQUENCE OF UEEndpointAddress", UE_ENDPOINT_ADDRESS)
