"""HI1 notifications to the agency inside a PS-PDU (HI1NotificationOperations version 7, TS 101 671 syntax).

The communication identifier is the one of TS 101 671, not that of the PS header: its operator identifier has one to
five octets only. The ROSE operations of TS 101 671 are not used over IP.
"""

from __future__ import annotations

from typing import Final

from asn1.hi2_types import COMMUNICATION_IDENTIFIER, TIME_STAMP
from asn1.ps_common import LIID
from asn1.table import OID, Choice, Field, OctetString, Sequence, Text

NATIONAL_HI1_ASN1_PARAMETERS: Final = Sequence(
    "National-HI1-ASN1parameters",
    (
        Field(0, "domainID", OID, optional=True),
        Field(1, "countryCode", Text("PrintableString (SIZE (2))", 2, 2, "printable")),
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
        Field(5, "national-HI1-ASN1parameters", NATIONAL_HI1_ASN1_PARAMETERS, optional=True),
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
        Field(5, "national-HI1-ASN1parameters", NATIONAL_HI1_ASN1_PARAMETERS, optional=True),
    ),
)
HI1_OPERATION: Final = Choice(
    "HI1-Operation",
    (
        Field(1, "liActivated", NOTIFICATION),
        Field(2, "liDeactivated", NOTIFICATION),
        Field(3, "liModified", NOTIFICATION),
        Field(4, "alarms-indicator", ALARM_INDICATOR),
        Field(5, "national-HI1-ASN1parameters", NATIONAL_HI1_ASN1_PARAMETERS),
    ),
)
