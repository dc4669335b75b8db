"""HI1 notifications to the agency inside a PS-PDU (HI1NotificationOperations version 7, TS 101 671 syntax).

The communication identifier is the one of TS 101 671, not that of the PS header: its operator identifier has one to
five octets only. The ROSE operations of TS 101 671 are not used over IP.
"""

from __future__ import annotations

from typing import Final

from asn1.ps_common import LIID, NETWORK_ELEMENT_IDENTIFIER
from asn1.table import OID, UNDESCRIBED, UTC_TIME, Choice, Field, OctetString, Sequence, Text, enumerated

LOCAL_TIME_STAMP: Final = Sequence(
    "LocalTimeStamp",
    (
        Field(0, "generalizedTime", Text("GeneralizedTime", kind="local-time")),
        Field(1, "winterSummerIndication", enumerated("ENUMERATED", "0=notProvided 1=winterTime 2=summerTime")),
    ),
)
TIME_STAMP: Final = Choice("TimeStamp", (Field(0, "localTime", LOCAL_TIME_STAMP), Field(1, "utcTime", UTC_TIME)))
NETWORK_IDENTIFIER: Final = Sequence(
    "Network-Identifier",
    (
        Field(0, "operator-Identifier", OctetString("OCTET STRING (SIZE (1..5))", 1, 5)),
        Field(1, "network-Element-Identifier", NETWORK_ELEMENT_IDENTIFIER, optional=True),
    ),
)
COMMUNICATION_IDENTIFIER: Final = Sequence(
    "CommunicationIdentifier",
    (
        Field(0, "communication-Identity-Number", OctetString("OCTET STRING (SIZE (1..8))", 1, 8), optional=True),
        Field(1, "network-Identifier", NETWORK_IDENTIFIER),
    ),
)
_OCTETS_256: Final = OctetString("OCTET STRING (SIZE (1..256))", 1, 256)

NOTIFICATION: Final = Sequence(
    "Notification",
    (
        Field(0, "domainID", OID, optional=True),
        Field(1, "lawfulInterceptionIdentifier", LIID),
        Field(2, "communicationIdentifier", COMMUNICATION_IDENTIFIER, optional=True),
        Field(3, "timeStamp", TIME_STAMP),
        Field(5, "national-HI1-ASN1parameters", UNDESCRIBED, optional=True),
        Field(6, "target-Information", _OCTETS_256, optional=True),
    ),
)
ALARM_INDICATOR: Final = Sequence(
    "Alarm-Indicator",
    (
        Field(0, "domainID", OID, optional=True),
        Field(1, "communicationIdentifier", COMMUNICATION_IDENTIFIER, optional=True),
        Field(2, "timeStamp", TIME_STAMP),
        Field(3, "alarm-information", _OCTETS_256),
        Field(4, "lawfulInterceptionIdentifier", LIID, optional=True),
        Field(5, "national-HI1-ASN1parameters", UNDESCRIBED, optional=True),
    ),
)
HI1_OPERATION: Final = Choice(
    "HI1-Operation",
    (
        Field(1, "liActivated", NOTIFICATION),
        Field(2, "liDeactivated", NOTIFICATION),
        Field(3, "liModified", NOTIFICATION),
        Field(4, "alarms-indicator", ALARM_INDICATOR),
        Field(5, "national-HI1-ASN1parameters", UNDESCRIBED),
    ),
)
