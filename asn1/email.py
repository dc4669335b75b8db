"""TS 102 232-2: e-mail as IRI and as content. Rows of the module's version 20 (read in the schema).

The subject line and the text are in the content alone; `aAAInformation` can hold a password.
"""

from __future__ import annotations

from typing import Final

from asn1.ps_common import IP_ADDRESS
from asn1.table import INTEGER, OCTETS, RELATIVE_OID, UINT32, Choice, Field, Sequence, SequenceOf, Text, enumerated

EMAIL_EVENT: Final = enumerated(
    "E-mail-Event",
    (
        "1=e-mail-send 2=e-mail-receive 3=e-mail-download 4=e-mail-logon-attempt 5=e-mail-logon "
        "6=e-mail-logon-failure 7=e-mail-logoff 8=e-mail-partial-download 9=e-mail-upload"
    ),
)
EMAIL_PROTOCOL: Final = enumerated("E-mail-Protocol", "1=smtp 2=pop3 3=imap4 4=webmail 255=undefined")
EMAIL_ADDRESS_LIST: Final = SequenceOf("SEQUENCE OF UTF8String", Text("UTF8String (SIZE (0..255))", 0, 255))
EMAIL_STATUS: Final = enumerated("E-mail-Status", "1=status-unknown 2=operation-failed 3=operation-succeeded")
NATIONAL_EM_ASN1_PARAMETERS: Final = Sequence(
    "National-EM-ASN1parameters", (Field(1, "countryCode", Text("PrintableString (SIZE (2))", 2, 2, "printable")),)
)
AAA_RESULT: Final = enumerated("AAAResult", "1=resultUnknown 2=aAAFailed 3=aAASucceeded")
POP3_AAA_INFORMATION: Final = Sequence(
    "POP3AAAInformation",
    (
        Field(0, "username", Text("UTF8String (SIZE (0..64))", 0, 64)),
        Field(1, "password", Text("UTF8String (SIZE (0..64))", 0, 64), optional=True),
        Field(2, "aAAResult", AAA_RESULT, optional=True),
    ),
)
AAA_AUTH_METHOD: Final = enumerated("AAAauthMethod", "1=undefinedAuthMethod 2=cramMD5 3=digestMD5")
ASMTP_AAA_INFORMATION: Final = Sequence(
    "ASMTPAAAInformation",
    (
        Field(0, "username", Text("UTF8String (SIZE (0..64))", 0, 64)),
        Field(1, "authMethod", AAA_AUTH_METHOD, optional=True),
        Field(2, "challenge", OCTETS, optional=True),
        Field(3, "response", OCTETS, optional=True),
        Field(4, "aAAResult", AAA_RESULT, optional=True),
    ),
)
IMAP_AAA_INFORMATION: Final = Sequence(
    "IMAPAAAInformation",
    (
        Field(0, "username", Text("UTF8String (SIZE (0..64))", 0, 64)),
        Field(1, "password", Text("UTF8String (SIZE (0..64))", 0, 64), optional=True),
        Field(2, "aAAResult", AAA_RESULT, optional=True),
    ),
)
AAA_INFORMATION: Final = Choice(
    "AAAInformation",
    (
        Field(0, "pOP3AAAInformation", POP3_AAA_INFORMATION),
        Field(1, "aSMTPAAAInformation", ASMTP_AAA_INFORMATION),
        Field(2, "iMAPAAAInformation", IMAP_AAA_INFORMATION),
    ),
)
EMAIL_IRI: Final = Sequence(
    "EmailIRI",
    (
        Field(0, "emailIRIObjId", RELATIVE_OID),
        Field(1, "eventType", EMAIL_EVENT),
        Field(2, "client-Address", IP_ADDRESS, optional=True),
        Field(3, "server-Address", IP_ADDRESS, optional=True),
        Field(4, "client-Port", INTEGER, optional=True),
        Field(5, "server-Port", INTEGER, optional=True),
        Field(6, "server-Octets-Sent", INTEGER),
        Field(7, "client-Octets-Sent", INTEGER),
        Field(8, "protocol-ID", EMAIL_PROTOCOL),
        Field(9, "e-mail-Sender", Text("UTF8String (SIZE (0..255))", 0, 255), optional=True),
        Field(10, "e-mail-Recipients", EMAIL_ADDRESS_LIST, optional=True),
        Field(11, "status", EMAIL_STATUS),
        Field(12, "total-Recipient-Count", UINT32, optional=True),
        Field(13, "message-ID", OCTETS, optional=True),
        Field(14, "nationalParameter", OCTETS, optional=True),
        Field(15, "national-EM-ASN1parameters", NATIONAL_EM_ASN1_PARAMETERS, optional=True),
        Field(16, "aAAInformation", AAA_INFORMATION, optional=True),
        Field(
            17,
            "e-mail-Sender-Validity",
            enumerated("e-mail-Sender-Validity", "0=validated 1=nonvalidated"),
            optional=True,
        ),
    ),
)
EMAIL_FORMAT: Final = enumerated("Email-Format", "1=ip-packet 2=application")
EMAIL_CC: Final = Sequence(
    "EmailCC",
    (
        Field(0, "emailCCObjId", RELATIVE_OID),
        Field(1, "email-Format", EMAIL_FORMAT),
        Field(2, "content", OCTETS),
    ),
)
