"""TS 33.108 HI1 notifications (threeGPP-HI1-Operation): the 3GPP form of what `asn1.hi1_notice` describes.

Rows as in the published module (read in the schema)."""

from __future__ import annotations

from typing import Final

from asn1.hi2_types import CALLED_PARTY_NUMBER, COMMUNICATION_IDENTIFIER, NETWORK_IDENTIFIER, TIME_STAMP
from asn1.ps_common import IP_ADDRESS, LIID
from asn1.table import OID, Choice, Field, OctetString, Sequence, Text, enumerated

THREE_GPP_NATIONAL_HI1_ASN1_PARAMETERS: Final = Sequence(
    "ThreeGPP-National-HI1-ASN1parameters",
    (
        Field(0, "domainID", OID, optional=True),
        Field(1, "countryCode", Text("PrintableString (SIZE (2))", 2, 2, "printable")),
    ),
)
TARGET_TYPE: Final = enumerated(
    "TargetType", "0=mSISDN 1=iMSI 2=iMEI 3=e164-Format 4=nAI 5=sip-URI 6=tel-URI 7=iMPU 8=iMPI"
)
DELIVERY_INFORMATION: Final = Sequence(
    "DeliveryInformation",
    (
        Field(0, "hi2DeliveryNumber", CALLED_PARTY_NUMBER, optional=True),
        Field(1, "hi3DeliveryNumber", CALLED_PARTY_NUMBER, optional=True),
        Field(2, "hi2DeliveryIpAddress", IP_ADDRESS, optional=True),
        Field(3, "hi3DeliveryIpAddress", IP_ADDRESS, optional=True),
    ),
)
INTERCEPTION_TYPE: Final = enumerated(
    "InterceptionType",
    "0=voiceIriCc 1=voiceIriOnly 2=dataIriCc 3=dataIriOnly 4=voiceAndDataIriCc 5=voiceAndDataIriOnly",
)
TARGET_INFORMATION: Final = Sequence(
    "Target-Information",
    (
        Field(0, "communicationIdentifier", COMMUNICATION_IDENTIFIER, optional=True),
        Field(1, "network-Identifier", NETWORK_IDENTIFIER, optional=True),
        Field(2, "broadcastArea", OctetString("OCTET STRING (SIZE (1..256))", 1, 256), optional=True),
        Field(3, "targetType", TARGET_TYPE, optional=True),
        Field(4, "deliveryInformation", DELIVERY_INFORMATION, optional=True),
        Field(5, "liActivatedTime", TIME_STAMP, optional=True),
        Field(6, "liDeactivatedTime", TIME_STAMP, optional=True),
        Field(7, "liModificationTime", TIME_STAMP, optional=True),
        Field(8, "interceptionType", INTERCEPTION_TYPE, optional=True),
        Field(9, "liSetUpTime", TIME_STAMP, optional=True),
    ),
)
BROADCAST_STATUS: Final = enumerated("BroadcastStatus", "0=succesfull 1=unsuccesfull")
NOTIFICATION: Final = Sequence(
    "Notification",
    (
        Field(0, "domainID", OID, optional=True),
        Field(1, "lawfulInterceptionIdentifier", LIID),
        Field(2, "communicationIdentifier", COMMUNICATION_IDENTIFIER, optional=True),
        Field(3, "timeStamp", TIME_STAMP),
        Field(5, "threeGPP-National-HI1-ASN1parameters", THREE_GPP_NATIONAL_HI1_ASN1_PARAMETERS, optional=True),
        Field(6, "target-Information", TARGET_INFORMATION, optional=True),
        Field(7, "network-Identifier", NETWORK_IDENTIFIER, optional=True),
        Field(8, "broadcastStatus", BROADCAST_STATUS, optional=True),
    ),
)
ALARM_INDICATOR: Final = Sequence(
    "Alarm-Indicator",
    (
        Field(0, "domainID", OID, optional=True),
        Field(1, "communicationIdentifier", COMMUNICATION_IDENTIFIER, optional=True),
        Field(2, "timeStamp", TIME_STAMP),
        Field(3, "alarm-information", OctetString("OCTET STRING (SIZE (1..25))", 1, 25)),
        Field(4, "lawfulInterceptionIdentifier", LIID, optional=True),
        Field(5, "threeGPP-National-HI1-ASN1parameters", THREE_GPP_NATIONAL_HI1_ASN1_PARAMETERS, optional=True),
        Field(6, "target-Information", TARGET_INFORMATION, optional=True),
        Field(7, "network-Identifier", NETWORK_IDENTIFIER, optional=True),
        Field(8, "network-Element-Information", OctetString("OCTET STRING (SIZE (1..256))", 1, 256), optional=True),
    ),
)
THREE_GPP_HI1_OPERATION: Final = Choice(
    "ThreeGPP-HI1-Operation",
    (
        Field(1, "liActivated", NOTIFICATION),
        Field(2, "liDeactivated", NOTIFICATION),
        Field(3, "liModified", NOTIFICATION),
        Field(4, "alarms-indicator", ALARM_INDICATOR),
        Field(5, "threeGPP-National-HI1-ASN1parameters", THREE_GPP_NATIONAL_HI1_ASN1_PARAMETERS),
    ),
)
