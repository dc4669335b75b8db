"""TS 102 232-1, module LI-PS-PDU version 43: the record descriptions of header, payloads and transport information.

Tags from version 22 to 43 only ever gained rows, so these describe any version (tags 0, 12 and 13 of the IRI contents
and 0, 3, 5 and 13 of the CC contents are deprecated and unused). Services whose inner records are not described here
(layer 2, cable, conferences, proximity and group communication, LEMF to LEMF, HI4) stand as `UNDESCRIBED` under their
name and decode to a tag tree.
"""

from __future__ import annotations

from typing import Final

from asn1.email import EMAIL_CC, EMAIL_IRI
from asn1.hi1_notice import HI1_OPERATION
from asn1.hi1_threegpp import THREE_GPP_HI1_OPERATION
from asn1.hi2 import IRI_PARAMETERS, IRIS_CONTENT
from asn1.ip import IPCC, IPIRI, IPIRI_PACKET_REPORT
from asn1.ip_headers import IPIRI_ONLY
from asn1.messaging import MESSAGING_CC, MESSAGING_IRI, MESSAGING_MMCC
from asn1.multimedia import IPMMCC, IPMMIRI
from asn1.ps_common import (
    CORRELATION_VALUES,
    COUNTRY_CODE,
    LIID,
    MICRO_SECOND_TIME_STAMP,
    NETWORK_ELEMENT_IDENTIFIER,
    PAYLOAD_DIRECTION,
    TIME_STAMP_QUALIFIER,
)
from asn1.pstn_isdn import PSTN_ISDN_CC, PSTN_ISDN_IRI
from asn1.table import (
    GENERALIZED_TIME,
    NULL,
    OCTETS,
    OID,
    UINT32,
    UINT64,
    UNDESCRIBED,
    Choice,
    Field,
    OctetString,
    Sequence,
    SequenceOf,
    Text,
    enumerated,
)
from asn1.ts33108_cc import CS_VOICE_CC_PDU, EPS_CC_PDU, UMTS_CC_PDU, VOIP_CC_PDU
from asn1.ts33108_cs import UMTS_CS_IRI_PARAMETERS, UMTS_CS_IRIS_CONTENT
from asn1.ts33108_eps import EPS_IRI_PARAMETERS, EPS_IRIS_CONTENT
from asn1.ts33108_umts import UMTS_IRI_PARAMETERS, UMTS_IRIS_CONTENT

_IDENTIFIER_16: Final = OctetString("OCTET STRING (SIZE (1..16))", 1, 16)
_LONG_IDENTIFIER: Final = OctetString("OCTET STRING (SIZE (1..65535))", 1, 65_535)

NETWORK_IDENTIFIER: Final = Sequence(
    "NetworkIdentifier",
    (
        Field(0, "operatorIdentifier", _IDENTIFIER_16),
        Field(1, "networkElementIdentifier", _IDENTIFIER_16, optional=True),
        Field(2, "eTSI671NEID", NETWORK_ELEMENT_IDENTIFIER, optional=True),
    ),
)
COMMUNICATION_IDENTIFIER: Final = Sequence(
    "CommunicationIdentifier",
    (
        Field(0, "networkIdentifier", NETWORK_IDENTIFIER),
        Field(1, "communicationIdentityNumber", UINT32, optional=True, clause="5.2.4"),
        Field(2, "deliveryCountryCode", COUNTRY_CODE, optional=True, clause="5.2.4"),
        Field(3, "cINExtension", CORRELATION_VALUES, optional=True),
    ),
)
PS_HEADER: Final = Sequence(
    "PSHeader",
    (
        Field(0, "li-psDomainId", OID),
        Field(1, "lawfulInterceptionIdentifier", LIID, clause="5.2.2"),
        Field(2, "authorizationCountryCode", COUNTRY_CODE, optional=True, clause="5.2.3"),
        Field(3, "communicationIdentifier", COMMUNICATION_IDENTIFIER, clause="5.2.4"),
        Field(4, "sequenceNumber", UINT32, clause="5.2.5"),
        Field(5, "timeStamp", GENERALIZED_TIME, optional=True, clause="5.2.6"),
        Field(
            6,
            "interceptionPointID",
            Text("PrintableString (SIZE (1..8))", 1, 8, "printable"),
            optional=True,
            clause="5.2.11",
        ),
        Field(7, "microSecondTimeStamp", MICRO_SECOND_TIME_STAMP, optional=True, clause="5.2.6"),
        Field(8, "timeStampQualifier", TIME_STAMP_QUALIFIER, optional=True, clause="5.2.12"),
        Field(9, "extendedInterceptionPointID", _LONG_IDENTIFIER, optional=True, clause="5.2.13"),
        Field(10, "networkFunctionIdentifier", _LONG_IDENTIFIER, optional=True, clause="5.2.14"),
    ),
)

IRI_TYPE: Final = enumerated("IRIType", "1=iRI-Begin 2=iRI-End 3=iRI-Continue 4=iRI-Report")
UMTSIRI: Final = Choice(
    "UMTSIRI",
    (
        Field(0, "iRI-Parameters", UMTS_IRI_PARAMETERS),
        Field(1, "umtsIRIsContent", UMTS_IRIS_CONTENT),
        Field(2, "iRI-CS-Parameters", UMTS_CS_IRI_PARAMETERS),
        Field(3, "umtsCS-IRIsContent", UMTS_CS_IRIS_CONTENT),
    ),
)
ETSI671IRI: Final = Choice(
    "ETSI671IRI", (Field(0, "iRI-Parameters", IRI_PARAMETERS), Field(1, "iRIsContent", IRIS_CONTENT))
)
EPSIRI: Final = Choice(
    "EPSIRI", (Field(0, "iRI-EPS-Parameters", EPS_IRI_PARAMETERS), Field(1, "epsIRIsContent", EPS_IRIS_CONTENT))
)
IRI_CONTENTS: Final = Choice(
    "IRIContents",
    (
        Field(1, "emailIRI", EMAIL_IRI, clause="part 2"),
        Field(2, "iPIRI", IPIRI, clause="part 3"),
        Field(3, "iPIRIOnly", IPIRI_ONLY, clause="part 3"),
        Field(4, "uMTSIRI", UMTSIRI, clause="part 7, TS 33.108"),
        Field(5, "eTSI671IRI", ETSI671IRI, clause="parts 6 and 7, TS 101 671"),
        Field(6, "l2IRI", UNDESCRIBED, clause="part 4"),
        Field(7, "l2IRIOnly", UNDESCRIBED, clause="part 4"),
        Field(8, "tARGETACTIVITYMONITOR-1", UNDESCRIBED, clause="TS 101 909-20-1"),
        Field(9, "tARGETACTIVITYMONITOR-2", UNDESCRIBED, clause="TS 101 909-20-2"),
        Field(10, "pstnIsdnIRI", PSTN_ISDN_IRI, clause="part 6"),
        Field(11, "iPMMIRI", IPMMIRI, clause="part 5"),
        Field(14, "messagingIRI", MESSAGING_IRI, clause="part 2"),
        Field(15, "ePSIRI", EPSIRI, clause="part 7, TS 33.108"),
        Field(16, "confIRI", UNDESCRIBED, clause="part 7, TS 33.108"),
        Field(17, "proseIRI", UNDESCRIBED, clause="part 7, TS 33.108"),
        Field(18, "gcseIRI", UNDESCRIBED, clause="part 7, TS 33.108"),
        Field(19, "threeGPP33128DefinedIRI", OCTETS, clause="part 7, TS 33.128"),
        Field(20, "iPIRIPacketReport", IPIRI_PACKET_REPORT, clause="part 3"),
    ),
)
IRI_PAYLOAD: Final = Sequence(
    "IRIPayload",
    (
        Field(0, "iRIType", IRI_TYPE, optional=True),
        Field(1, "timeStamp", GENERALIZED_TIME, optional=True),
        Field(2, "iRIContents", IRI_CONTENTS),
        Field(3, "microSecondTimeStamp", MICRO_SECOND_TIME_STAMP, optional=True),
        Field(4, "timeStampQualifier", TIME_STAMP_QUALIFIER, optional=True),
        Field(5, "sessionDirection", PAYLOAD_DIRECTION, optional=True),
        Field(6, "payloadDirection", PAYLOAD_DIRECTION, optional=True),
    ),
)
CC_CONTENTS: Final = Choice(
    "CCContents",
    (
        Field(1, "emailCC", EMAIL_CC, clause="part 2"),
        Field(2, "iPCC", IPCC, clause="part 3"),
        Field(4, "uMTSCC", OCTETS, clause="part 7, TS 33.108"),
        Field(6, "l2CC", UNDESCRIBED, clause="part 4"),
        Field(7, "tTRAFFIC-1", UNDESCRIBED, clause="TS 101 909-20-1"),
        Field(8, "cTTRAFFIC-1", UNDESCRIBED, clause="TS 101 909-20-1"),
        Field(9, "tTRAFFIC-2", UNDESCRIBED, clause="TS 101 909-20-2"),
        Field(10, "cTTRAFFIC-2", UNDESCRIBED, clause="TS 101 909-20-2"),
        Field(11, "pstnIsdnCC", PSTN_ISDN_CC, clause="part 6"),
        Field(12, "iPMMCC", IPMMCC, clause="part 5"),
        Field(14, "messagingCC", MESSAGING_CC, clause="part 2"),
        Field(15, "ePSCC", OCTETS, clause="part 7, TS 33.108"),
        Field(16, "uMTSCC-CC-PDU", UMTS_CC_PDU, clause="part 7, TS 33.108"),
        Field(17, "ePSCC-CC-PDU", EPS_CC_PDU, clause="part 7, TS 33.108"),
        Field(18, "messagingMMCC", MESSAGING_MMCC, clause="part 2"),
        Field(19, "confCC-CC-PDU", UNDESCRIBED, clause="part 7, TS 33.108"),
        Field(20, "voipCC-CC-PDU", VOIP_CC_PDU, clause="part 7, TS 33.108"),
        Field(21, "gcseCC-CC-PDU", UNDESCRIBED, clause="part 7, TS 33.108"),
        Field(22, "cSvoice-CC-PDU", CS_VOICE_CC_PDU, clause="part 7, TS 33.108"),
        Field(23, "threeGPP33128DefinedCC", OCTETS, clause="part 7, TS 33.128"),
    ),
)
CC_PAYLOAD: Final = Sequence(
    "CCPayload",
    (
        Field(0, "payloadDirection", PAYLOAD_DIRECTION, optional=True),
        Field(1, "timeStamp", GENERALIZED_TIME, optional=True),
        Field(2, "cCContents", CC_CONTENTS),
        Field(3, "microSecondTimeStamp", MICRO_SECOND_TIME_STAMP, optional=True),
        Field(4, "timeStampQualifier", TIME_STAMP_QUALIFIER, optional=True),
    ),
)

INTEGRITY_CHECK: Final = Sequence(
    "IntegrityCheck",
    (
        Field(0, "includedSequenceNumbers", SequenceOf("SEQUENCE OF INTEGER (0..4294967295)", UINT32)),
        Field(1, "checkType", enumerated("CheckType", "1=hash 2=signature")),
        Field(2, "dataType", enumerated("DataType", "1=iRI 2=cC 3=iLHI"), optional=True),
        Field(3, "checkValue", OCTETS),
        Field(4, "hashAlgorithm", enumerated("HashAlgorithm", "1=sHA-1 2=sHA-256 3=sHA-384 4=sHA-512"), optional=True),
        Field(5, "signatureAlgorithm", enumerated("SignatureAlgorithm", "1=dSA 2=eCDSA 3=edDSA"), optional=True),
    ),
)
OPERATOR_LEA_MESSAGE: Final = Sequence(
    "OperatorLeaMessage",
    (
        Field(0, "messagePriority", enumerated("OperatorLeaMessagePriority", "1=error 2=informational")),
        Field(1, "message", OctetString("OCTET STRING (SIZE (1..255))", 1, 255)),
    ),
)
OPTION: Final = Choice("Option", (Field(0, "pDUAcknowledgement", NULL),))
_OPTIONS: Final = SequenceOf("SEQUENCE OF Option", OPTION)
OPTION_REQUEST: Final = Sequence("OptionRequest", (Field(0, "requestedOptions", _OPTIONS),))
OPTION_RESPONSE: Final = Sequence(
    "OptionResponse", (Field(0, "acceptedOptions", _OPTIONS), Field(1, "declinedOptions", _OPTIONS))
)
TRI_PAYLOAD: Final = Choice(
    "TRIPayload",
    (
        Field(0, "integrityCheck", INTEGRITY_CHECK, clause="7.2.3"),
        Field(1, "testPDU", NULL),
        Field(2, "paddingPDU", OCTETS),
        Field(3, "keep-alive", NULL, clause="6.3.4"),
        Field(4, "keep-aliveResponse", NULL, clause="6.3.4"),
        Field(5, "firstSegmentFlag", NULL),
        Field(6, "lastSegmentFlag", NULL),
        Field(7, "cINReset", NULL),
        Field(8, "operatorLeaMessage", OPERATOR_LEA_MESSAGE),
        Field(9, "optionRequest", OPTION_REQUEST, clause="6.3.5"),
        Field(10, "optionResponse", OPTION_RESPONSE, clause="6.3.5"),
        Field(11, "optionComplete", NULL, clause="6.3.5"),
        Field(12, "pDUAcknowledgementRequest", NULL, clause="6.3.6"),
        Field(13, "pDUAcknowledgementResponse", NULL, clause="6.3.6"),
    ),
)
ENCRYPTION_CONTAINER: Final = Sequence(
    "EncryptionContainer",
    (
        Field(
            0,
            "encryptionType",
            enumerated(
                "EncryptionType",
                "1=none 2=national-option 3=aES-192-CBC 4=aES-256-CBC 5=blowfish-192-CBC 6=blowfish-256-CBC "
                "7=threedes-cbc",
            ),
        ),
        Field(1, "encryptedPayload", OCTETS),
        Field(
            2,
            "encryptedPayloadType",
            enumerated("EncryptedPayloadType", "1=unknown 2=part2 3=part3 4=part4 5=part5 6=part6 7=part7 8=part1"),
            optional=True,
        ),
    ),
)
PAYLOAD: Final = Choice(
    "Payload",
    (
        Field(0, "iRIPayloadSequence", SequenceOf("SEQUENCE OF IRIPayload", IRI_PAYLOAD), clause="6.2.3"),
        Field(1, "cCPayloadSequence", SequenceOf("SEQUENCE OF CCPayload", CC_PAYLOAD), clause="6.2.3"),
        Field(2, "tRIPayload", TRI_PAYLOAD),
        Field(3, "hI1-Operation", HI1_OPERATION, clause="TS 101 671"),
        Field(4, "encryptionContainer", ENCRYPTION_CONTAINER, clause="7.3"),
        Field(5, "threeGPP-HI1-Operation", THREE_GPP_HI1_OPERATION, clause="TS 33.108"),
        Field(6, "iLHIPayload", UNDESCRIBED, clause="TS 103 462"),
        Field(7, "hI4Payload", UNDESCRIBED, clause="TS 33.128"),
    ),
)
ENCRYPTED_PAYLOAD: Final = Sequence("EncryptedPayload", (Field(0, "byteCounter", UINT64), Field(1, "payload", PAYLOAD)))
PS_PDU: Final = Sequence("PS-PDU", (Field(1, "pSHeader", PS_HEADER), Field(2, "payload", PAYLOAD)))
