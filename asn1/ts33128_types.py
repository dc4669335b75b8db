"""Identities, addresses and the enumerations that several events of TS 33.128 share (Rel-19 version 3 of the module).

A BIT STRING without named bits stays octets, as it was written: the count of unused bits, then the bits.
"""

from __future__ import annotations

from typing import Final

from asn1.table import OCTETS, UINT8, UNDESCRIBED, UTF8, Choice, Field, Integer, OctetString, Sequence, Text, enumerated

BIT_STRING: Final = UNDESCRIBED
IMSI: Final = Text("IMSI", 6, 15, "numeric")
MSISDN: Final = Text("MSISDN", 1, 15, "numeric")
IMEI: Final = Text("IMEI", 14, 14, "numeric")
IMEISV: Final = Text("IMEISV", 16, 16, "numeric")
E164_NUMBER: Final = Text("E164Number", 1, 15, "numeric")
I_PV4_ADDRESS: Final = OctetString("IPv4Address", 4, 4)
I_PV6_ADDRESS: Final = OctetString("IPv6Address", 16, 16)
MAC_ADDRESS: Final = OctetString("MACAddress", 6, 6)
EUI64: Final = OctetString("EUI64", 8, 8)
SUPI: Final = Choice(
    "SUPI",
    (
        Field(1, "iMSI", IMSI),
        Field(2, "nAI", UTF8),
    ),
)
GPSI: Final = Choice(
    "GPSI",
    (
        Field(1, "mSISDN", MSISDN),
        Field(2, "nAI", UTF8),
    ),
)
PEI: Final = Choice(
    "PEI",
    (
        Field(1, "iMEI", IMEI),
        Field(2, "iMEISV", IMEISV),
        Field(3, "mACAddress", MAC_ADDRESS),
        Field(4, "eUI64", EUI64),
    ),
)
IMPU: Final = Choice(
    "IMPU",
    (
        Field(1, "sIPURI", UTF8),
        Field(2, "tELURI", UTF8),
    ),
)
IP_ADDRESS: Final = Choice(
    "IPAddress",
    (
        Field(1, "iPv4Address", I_PV4_ADDRESS),
        Field(2, "iPv6Address", I_PV6_ADDRESS),
    ),
)
UE_ENDPOINT_ADDRESS: Final = Choice(
    "UEEndpointAddress",
    (
        Field(1, "iPv4Address", I_PV4_ADDRESS),
        Field(2, "iPv6Address", I_PV6_ADDRESS),
        Field(3, "ethernetAddress", MAC_ADDRESS),
    ),
)
PTC_CHAT_GROUP_ID: Final = Sequence(
    "PTCChatGroupID",
    (Field(1, "groupIdentity", UTF8),),
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
        Field(7, "nAI", UTF8),
        Field(8, "iPv4Address", I_PV4_ADDRESS),
        Field(9, "iPv6Address", I_PV6_ADDRESS),
        Field(10, "ethernetAddress", MAC_ADDRESS),
        Field(11, "iMPU", IMPU),
        Field(12, "iMPI", UTF8),
        Field(13, "e164Number", E164_NUMBER),
        Field(14, "emailAddress", UTF8),
        Field(15, "mCPTTID", UTF8),
        Field(16, "instanceIdentifierURN", UTF8),
        Field(17, "pTCChatGroupID", PTC_CHAT_GROUP_ID),
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
MCC: Final = Text("MCC", 3, 3, "numeric")
MNC: Final = Text("MNC", 2, 3, "numeric")
PLMNID: Final = Sequence(
    "PLMNID",
    (
        Field(1, "mCC", MCC),
        Field(2, "mNC", MNC),
    ),
)
NID: Final = Text("NID", 11, 11)
SNSSAI: Final = Sequence(
    "SNSSAI",
    (
        Field(1, "sliceServiceType", UINT8),
        Field(2, "sliceDifferentiator", OctetString("OCTET STRING (SIZE (3))", 3, 3), optional=True),
        Field(3, "mappedHPLMNSliceServiceType", UINT8, optional=True),
        Field(4, "mappedHPLMNSliceDifferentiator", OctetString("OCTET STRING (SIZE (3))", 3, 3), optional=True),
    ),
)
SBI_TYPE: Final = Sequence(
    "SBIType",
    (
        Field(1, "sBIReference", UTF8),
        Field(2, "sBIValue", UTF8),
    ),
)
EPS_SUBSCRIBER_I_DS: Final = Sequence(
    "EPSSubscriberIDs",
    (
        Field(1, "iMSI", IMSI, optional=True),
        Field(2, "mSISDN", MSISDN, optional=True),
        Field(3, "iMEI", IMEI, optional=True),
    ),
)
ROUTING_INDICATOR: Final = Integer("RoutingIndicator", 0, 9999)
PROTECTION_SCHEME_ID: Final = Integer("ProtectionSchemeID", 0, 15)
SUPI_TYPE: Final = Integer("SUPIType", 0, 7)
SUCI: Final = Sequence(
    "SUCI",
    (
        Field(1, "mCC", MCC),
        Field(2, "mNC", MNC),
        Field(3, "routingIndicator", ROUTING_INDICATOR),
        Field(4, "protectionSchemeID", PROTECTION_SCHEME_ID),
        Field(5, "homeNetworkPublicKeyID", OCTETS),
        Field(6, "schemeOutput", OCTETS),
        Field(7, "routingIndicatorLength", Integer("INTEGER", 1, 4), optional=True),
        Field(8, "sUPIType", SUPI_TYPE, optional=True),
        Field(9, "homeNetworkIdentifier", UTF8, optional=True),
    ),
)
FIVE_GS_SUBSCRIBER_ID: Final = Choice(
    "FiveGSSubscriberID",
    (
        Field(1, "sUPI", SUPI),
        Field(2, "sUCI", SUCI),
        Field(3, "pEI", PEI),
        Field(4, "gPSI", GPSI),
    ),
)
