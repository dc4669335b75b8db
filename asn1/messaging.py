"""TS 102 232-2: voice mail and unified messaging, also MMS and SMS notifications, as IRI and as content.

Rows of the module's version 20 (read in the schema). IRI and content of one event share `event-identifier`. An absent
`end-of-sequence` means false. Properties can hold a subject, a PIN and a password.
"""

from __future__ import annotations

from typing import Final

from asn1.email import EMAIL_ADDRESS_LIST
from asn1.multimedia import IPMMCC
from asn1.ps_common import IP_ADDRESS
from asn1.table import (
    BOOLEAN,
    GENERALIZED_TIME,
    INTEGER,
    OCTETS,
    RELATIVE_OID,
    UINT32,
    UTF8,
    Choice,
    Field,
    OctetString,
    Sequence,
    SequenceOf,
    enumerated,
)

MESSAGING_SYSTEM_TYPE: Final = enumerated("Messaging-System-Type", "1=unified-messaging")
MESSAGING_EVENT: Final = enumerated(
    "Messaging-Event", "1=deposit 2=retrieve 3=delete 4=save 5=slamdown 6=calendar 7=contact"
)
MESSAGING_BOX_EVENT: Final = enumerated(
    "Messaging-Box-Event",
    (
        "1=login 2=logout 3=lock 4=unlock 5=activate 6=deactivate 7=delete 8=pin-change "
        "9=greeting-record 10=greeting-change 11=greeting-delete 12=greeting-enable "
        "13=greeting-disable 14=notification-enable 15=notification-disable 16=disconnect 17=connect "
        "0=unknown 18=greeting-play 19=language-change 20=pin-security-enable 21=pin-security-disable "
        "22=personal-operator-add 23=personal-operator-change 24=personal-operator-remove "
        "25=additional-destination-add 26=additional-destination-change "
        "27=additional-destination-remove 28=auto-play-enable 29=auto-play-disable "
        "30=header-play-enable 31=header-play-disable"
    ),
)
MESSAGING_NOTIFICATION_EVENT: Final = enumerated(
    "Messaging-Notification-Event",
    "1=sms 2=sms-deposit 3=sms-slamdown 4=sms-pin-reminder 5=email 6=fax-to-email 7=mms 8=generic",
)
MESSAGING_CALL_EVENT: Final = enumerated("Messaging-Call-Event", "1=callout")
MESSAGING_EVENT_CATEGORY: Final = Choice(
    "Messaging-Event-Category",
    (
        Field(0, "message", MESSAGING_EVENT),
        Field(1, "message-box", MESSAGING_BOX_EVENT),
        Field(2, "message-notification", MESSAGING_NOTIFICATION_EVENT),
        Field(3, "call", MESSAGING_CALL_EVENT),
    ),
)
MESSAGING_STATUS: Final = enumerated(
    "Messaging-Status",
    (
        "0=unknown 1=not-applicable 2=operation-failed 3=operation-succeeded 4=operation-cancelled "
        "5=operation-started 6=operation-lost"
    ),
)
MESSAGING_PARTY_QUALIFIER: Final = enumerated(
    "Messaging-Party-Qualifier", "0=unknown-party 1=originating-party 2=terminating-party 3=associated-party"
)
IP_ADDRESS_AND_PORT: Final = Sequence(
    "IP-Address-And-Port",
    (
        Field(0, "ip-address", IP_ADDRESS),
        Field(1, "port-number", INTEGER),
    ),
)
MESSAGING_PARTY_IDENTITY: Final = Choice(
    "Messaging-Party-Identity",
    (
        Field(0, "msisdn", OctetString("OCTET STRING (SIZE (1..9))", 1, 9)),
        Field(1, "e164-format", OctetString("OCTET STRING (SIZE (1..25))", 1, 25)),
        Field(2, "email-address", EMAIL_ADDRESS_LIST),
        Field(3, "ip-address", IP_ADDRESS),
        Field(4, "alphanumeric", UTF8),
        Field(5, "ip-address-and-port", IP_ADDRESS_AND_PORT),
        Field(6, "imsi", OctetString("OCTET STRING (SIZE (3..8))", 3, 8)),
        Field(7, "imei", OctetString("OCTET STRING (SIZE (8))", 8, 8)),
        Field(8, "fax-url", OCTETS),
        Field(9, "tel-url", OCTETS),
        Field(10, "modem-url", OCTETS),
        Field(11, "sip-uri", OCTETS),
        Field(12, "sips-uri", OCTETS),
        Field(13, "nai", OCTETS),
    ),
)
MESSAGING_PARTY_VALIDITY: Final = enumerated("Messaging-Party-Validity", "0=unknown 1=trusted 2=untrusted")
MESSAGING_COPY_QUALIFIER: Final = enumerated("Messaging-Copy-Qualifier", "0=unknown 1=none 2=cc 3=bcc")
MESSAGING_PARTY_INFORMATION: Final = Sequence(
    "Messaging-Party-Information",
    (
        Field(0, "party-qualifier", MESSAGING_PARTY_QUALIFIER),
        Field(1, "party-identity", MESSAGING_PARTY_IDENTITY),
        Field(2, "party-validity", MESSAGING_PARTY_VALIDITY, optional=True),
        Field(3, "copy-qualifier", MESSAGING_COPY_QUALIFIER, optional=True),
    ),
)
MESSAGING_TRIGGER: Final = enumerated("Messaging-Trigger", "0=unknown 1=user 2=user-agent 3=system 4=system-operator")
MESSAGING_PROPERTY_PRIORITY: Final = enumerated("Messaging-Property-Priority", "1=low 2=medium 3=high 4=private")
MESSAGING_PROPERTY_GREETING_TYPE: Final = enumerated(
    "Messaging-Property-Greeting-Type", "1=general 2=name 3=personal 4=absence 5=number"
)
MESSAGING_PROPERTY_NOTIFICATION_TYPE: Final = enumerated(
    "Messaging-Property-Notification-Type",
    (
        "1=empty-call 2=lost-call 3=message-to-email 4=read-report 5=delivery-report "
        "6=allow-delivery-report 7=deny-delivery-report 8=message-wait-indication 9=voice-to-text "
        "10=new-message-sms 11=new-message-outcall 12=new-message-reminder"
    ),
)
MESSAGING_PROPERTY_MESSAGE_STATUS: Final = enumerated(
    "Messaging-Property-Message-Status",
    (
        "0=indeterminate 1=expired 2=retrieved 3=rejected 4=deferred 5=forwarded 6=unrecognized "
        "7=unreachable 8=read 9=deleted-without-being-read 10=delivery-condition-not-met"
    ),
)
MESSAGING_PROPERTY_REQUESTED_REPORTS: Final = enumerated(
    "Messaging-Property-Requested-Reports", "0=none 1=delivery 2=read 3=delivery-and-read"
)
MESSAGING_PROPERTY: Final = Choice(
    "Messaging-Property",
    (
        Field(0, "pincode", OctetString("OCTET STRING (SIZE (1..32))", 1, 32)),
        Field(1, "priority", MESSAGING_PROPERTY_PRIORITY),
        Field(2, "greeting-type", MESSAGING_PROPERTY_GREETING_TYPE),
        Field(3, "notification-type", MESSAGING_PROPERTY_NOTIFICATION_TYPE),
        Field(4, "language", OCTETS),
        Field(5, "message-identifier", OCTETS),
        Field(6, "subject", UTF8),
        Field(7, "user-agent", UTF8),
        Field(8, "password", OCTETS),
        Field(9, "message-status", MESSAGING_PROPERTY_MESSAGE_STATUS),
        Field(10, "requested-reports", MESSAGING_PROPERTY_REQUESTED_REPORTS),
        Field(11, "expires", GENERALIZED_TIME),
        Field(12, "message-date", GENERALIZED_TIME),
    ),
)
MESSAGING_IRI: Final = Sequence(
    "MessagingIRI",
    (
        Field(0, "messaging-iri-obj-id", RELATIVE_OID),
        Field(1, "system-type", MESSAGING_SYSTEM_TYPE),
        Field(2, "system-identifier", OCTETS, optional=True),
        Field(3, "category", MESSAGING_EVENT_CATEGORY, optional=True),
        Field(4, "status", MESSAGING_STATUS),
        Field(
            5,
            "party-information",
            SequenceOf("SET OF Messaging-Party-Information", MESSAGING_PARTY_INFORMATION, as_set=True),
            optional=True,
        ),
        Field(6, "trigger", MESSAGING_TRIGGER),
        Field(7, "properties", SequenceOf("SEQUENCE OF Messaging-Property", MESSAGING_PROPERTY), optional=True),
        Field(8, "event-identifier", UINT32, optional=True),
        Field(9, "original-message", OCTETS, optional=True),
        Field(10, "box-identifier", OCTETS, optional=True),
        Field(11, "total-recipient-count", UINT32, optional=True),
    ),
)
MESSAGING_CC: Final = Sequence(
    "MessagingCC",
    (
        Field(0, "messaging-cc-obj-id", RELATIVE_OID),
        Field(1, "event-identifier", UINT32),
        Field(2, "content-identifier", UINT32, optional=True),
        Field(3, "sequence-number", UINT32, optional=True),
        Field(4, "end-of-sequence", BOOLEAN, optional=True),
        Field(5, "content-type", OCTETS),
        Field(6, "content", OCTETS),
        Field(7, "content-transfer-encoding", OCTETS, optional=True),
    ),
)
MESSAGING_MMCC: Final = Sequence(
    "MessagingMMCC",
    (
        Field(0, "messaging-mm-cc-obj-id", RELATIVE_OID),
        Field(1, "event-identifier", UINT32),
        Field(2, "content-identifier", UINT32, optional=True),
        Field(3, "content", IPMMCC),
    ),
)
