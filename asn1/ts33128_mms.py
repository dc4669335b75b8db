"""TS 33.128 multimedia message events and content (Rel-19 version 3 of the module).

The names of MMSPeriodFormat are assumed. State, flags, reply charging and content adaptation are not described here.
"""

from __future__ import annotations

from typing import Final

from asn1.table import (
    BOOLEAN,
    GENERALIZED_TIME,
    INTEGER,
    OCTETS,
    UNDESCRIBED,
    UTF8,
    Choice,
    Field,
    Sequence,
    SequenceOf,
    enumerated,
)
from asn1.ts33128_types import E164_NUMBER, GPSI, IMPU, IMSI, NAI, SUPI

MMS_DIRECTION: Final = enumerated("MMSDirection", "0=fromTarget 1=toTarget")
MMS_RESPONSE_STATUS: Final = enumerated(
    "MMSResponseStatus",
    "1=ok 2=errorUnspecified 3=errorServiceDenied 4=errorMessageFormatCorrupt "
    "5=errorSendingAddressUnresolved 6=errorMessageNotFound 7=errorNetworkProblem "
    "8=errorContentNotAccepted 9=errorUnsupportedMessage 10=errorTransientFailure "
    "11=errorTransientSendingAddressUnresolved 12=errorTransientMessageNotFound "
    "13=errorTransientNetworkProblem 14=errorTransientPartialSuccess 15=errorPermanentFailure "
    "16=errorPermanentServiceDenied 17=errorPermanentMessageFormatCorrupt "
    "18=errorPermanentSendingAddressUnresolved 19=errorPermanentMessageNotFound "
    "20=errorPermanentContentNotAccepted 21=errorPermanentReplyChargingLimitationsNotMet "
    "22=errorPermanentReplyChargingRequestNotAccepted 23=errorPermanentReplyChargingForwardingDenied "
    "24=errorPermanentReplyChargingNotSupported 25=errorPermanentAddressHidingNotSupported "
    "26=errorPermanentLackOfPrepaid",
)
MMS_MESSAGE_CLASS: Final = enumerated("MMSMessageClass", "1=personal 2=advertisement 3=informational 4=auto")
MMS_PRIORITY: Final = enumerated("MMSPriority", "1=low 2=normal 3=high")
MM_STATUS: Final = enumerated(
    "MMStatus", "1=expired 2=retrieved 3=rejected 4=deferred 5=unrecognized 6=indeterminate 7=forwarded 8=unreachable"
)
NON_LOCAL_ID: Final = enumerated("NonLocalID", "1=local 2=nonLocal")
MMS_PERIOD_FORMAT: Final = enumerated("MMSPeriodFormat", "1=absolute 2=relative")
MMS_PARTY_ID: Final = Choice(
    "MMSPartyID",
    (
        Field(1, "e164Number", E164_NUMBER),
        Field(2, "emailAddress", UTF8),
        Field(3, "iMSI", IMSI),
        Field(4, "iMPU", IMPU),
        Field(5, "iMPI", NAI),
        Field(6, "sUPI", SUPI),
        Field(7, "gPSI", GPSI),
    ),
)
MMS_VERSION: Final = Sequence(
    "MMSVersion",
    (
        Field(1, "majorVersion", INTEGER),
        Field(2, "minorVersion", INTEGER),
    ),
)
MMS_PARTY: Final = Sequence(
    "MMSParty",
    (
        Field(1, "mMSPartyIDs", SequenceOf("SEQUENCE OF MMSPartyID", MMS_PARTY_ID)),
        Field(2, "nonLocalID", NON_LOCAL_ID),
    ),
)
MMS_EXPIRY: Final = Sequence(
    "MMSExpiry",
    (
        Field(1, "expiryPeriod", INTEGER),
        Field(2, "periodFormat", MMS_PERIOD_FORMAT),
    ),
)
MMS_SEND: Final = Sequence(
    "MMSSend",
    (
        Field(1, "transactionID", UTF8),
        Field(2, "version", MMS_VERSION),
        Field(3, "dateTime", GENERALIZED_TIME),
        Field(4, "originatingMMSParty", MMS_PARTY),
        Field(5, "terminatingMMSParty", SequenceOf("SEQUENCE OF MMSParty", MMS_PARTY), optional=True),
        Field(6, "cCRecipients", SequenceOf("SEQUENCE OF MMSParty", MMS_PARTY), optional=True),
        Field(7, "bCCRecipients", SequenceOf("SEQUENCE OF MMSParty", MMS_PARTY), optional=True),
        Field(8, "direction", MMS_DIRECTION),
        Field(9, "subject", UTF8, optional=True),
        Field(10, "messageClass", MMS_MESSAGE_CLASS, optional=True),
        Field(11, "expiry", MMS_EXPIRY),
        Field(12, "desiredDeliveryTime", GENERALIZED_TIME, optional=True),
        Field(13, "priority", MMS_PRIORITY, optional=True),
        Field(14, "senderVisibility", BOOLEAN, optional=True),
        Field(15, "deliveryReport", BOOLEAN, optional=True),
        Field(16, "readReport", BOOLEAN, optional=True),
        Field(17, "store", BOOLEAN, optional=True),
        Field(18, "state", UNDESCRIBED, optional=True),
        Field(19, "flags", UNDESCRIBED, optional=True),
        Field(20, "replyCharging", UNDESCRIBED, optional=True),
        Field(21, "applicID", UTF8, optional=True),
        Field(22, "replyApplicID", UTF8, optional=True),
        Field(23, "auxApplicInfo", UTF8, optional=True),
        Field(24, "contentClass", UNDESCRIBED, optional=True),
        Field(25, "dRMContent", BOOLEAN, optional=True),
        Field(26, "adaptationAllowed", UNDESCRIBED, optional=True),
        Field(27, "contentType", UTF8),
        Field(28, "responseStatus", MMS_RESPONSE_STATUS),
        Field(29, "responseStatusText", UTF8, optional=True),
        Field(30, "messageID", UTF8),
    ),
)
MMS_NOTIFICATION: Final = Sequence(
    "MMSNotification",
    (
        Field(1, "transactionID", UTF8),
        Field(2, "version", MMS_VERSION),
        Field(3, "originatingMMSParty", MMS_PARTY, optional=True),
        Field(4, "direction", MMS_DIRECTION),
        Field(5, "subject", UTF8, optional=True),
        Field(6, "deliveryReportRequested", BOOLEAN, optional=True),
        Field(7, "stored", BOOLEAN, optional=True),
        Field(8, "messageClass", MMS_MESSAGE_CLASS),
        Field(9, "priority", MMS_PRIORITY, optional=True),
        Field(10, "messageSize", INTEGER),
        Field(11, "expiry", MMS_EXPIRY),
        Field(12, "replyCharging", UNDESCRIBED, optional=True),
    ),
)
MMS_NOTIFICATION_RESPONSE: Final = Sequence(
    "MMSNotificationResponse",
    (
        Field(1, "transactionID", UTF8),
        Field(2, "version", MMS_VERSION),
        Field(3, "direction", MMS_DIRECTION),
        Field(4, "status", MM_STATUS),
        Field(5, "reportAllowed", BOOLEAN, optional=True),
    ),
)
MMS_RETRIEVAL: Final = Sequence(
    "MMSRetrieval",
    (
        Field(1, "transactionID", UTF8),
        Field(2, "version", MMS_VERSION),
        Field(3, "messageID", UTF8),
        Field(4, "dateTime", GENERALIZED_TIME),
        Field(5, "originatingMMSParty", MMS_PARTY, optional=True),
        Field(6, "previouslySentBy", UNDESCRIBED, optional=True),
        Field(7, "prevSentByDateTime", GENERALIZED_TIME, optional=True),
        Field(8, "terminatingMMSParty", SequenceOf("SEQUENCE OF MMSParty", MMS_PARTY), optional=True),
        Field(9, "cCRecipients", SequenceOf("SEQUENCE OF MMSParty", MMS_PARTY), optional=True),
        Field(10, "direction", MMS_DIRECTION),
        Field(11, "subject", UTF8, optional=True),
        Field(12, "state", UNDESCRIBED, optional=True),
        Field(13, "flags", UNDESCRIBED, optional=True),
        Field(14, "messageClass", MMS_MESSAGE_CLASS, optional=True),
        Field(15, "priority", MMS_PRIORITY),
        Field(16, "deliveryReport", BOOLEAN, optional=True),
        Field(17, "readReport", BOOLEAN, optional=True),
        Field(18, "replyCharging", UNDESCRIBED, optional=True),
        Field(19, "retrieveStatus", UNDESCRIBED, optional=True),
        Field(20, "retrieveStatusText", UTF8, optional=True),
        Field(21, "applicID", UTF8, optional=True),
        Field(22, "replyApplicID", UTF8, optional=True),
        Field(23, "auxApplicInfo", UTF8, optional=True),
        Field(24, "contentClass", UNDESCRIBED, optional=True),
        Field(25, "dRMContent", BOOLEAN, optional=True),
        Field(26, "replaceID", UTF8, optional=True),
        Field(27, "contentType", UTF8, optional=True),
    ),
)
MMS_DELIVERY_REPORT: Final = Sequence(
    "MMSDeliveryReport",
    (
        Field(1, "version", MMS_VERSION),
        Field(2, "messageID", UTF8),
        Field(3, "terminatingMMSParty", SequenceOf("SEQUENCE OF MMSParty", MMS_PARTY)),
        Field(4, "mMSDateTime", GENERALIZED_TIME),
        Field(5, "responseStatus", MMS_RESPONSE_STATUS),
        Field(6, "responseStatusText", UTF8, optional=True),
        Field(7, "applicID", UTF8, optional=True),
        Field(8, "replyApplicID", UTF8, optional=True),
        Field(9, "auxApplicInfo", UTF8, optional=True),
    ),
)
MMSCCPDU: Final = Sequence(
    "MMSCCPDU",
    (
        Field(1, "version", MMS_VERSION),
        Field(2, "transactionID", UTF8),
        Field(3, "mMSContent", OCTETS),
    ),
)
