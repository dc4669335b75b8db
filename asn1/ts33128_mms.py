"""TS 33.128 multimedia messages from sender to recipient, and their content (Rel-19 version 3 of the module)."""

from __future__ import annotations

from typing import Final

from asn1.table import (
    BOOLEAN,
    GENERALIZED_TIME,
    INTEGER,
    OCTETS,
    UTF8,
    Choice,
    Field,
    Sequence,
    SequenceOf,
    enumerated,
)
from asn1.ts33128_types import E164_NUMBER, GPSI, IMPU, IMSI, SUPI

MMS_VERSION: Final = Sequence(
    "MMSVersion",
    (
        Field(1, "majorVersion", INTEGER),
        Field(2, "minorVersion", INTEGER),
    ),
)
MMS_PARTY_ID: Final = Choice(
    "MMSPartyID",
    (
        Field(1, "e164Number", E164_NUMBER),
        Field(2, "emailAddress", UTF8),
        Field(3, "iMSI", IMSI),
        Field(4, "iMPU", IMPU),
        Field(5, "iMPI", UTF8),
        Field(6, "sUPI", SUPI),
        Field(7, "gPSI", GPSI),
    ),
)
NON_LOCAL_ID: Final = enumerated("NonLocalID", "1=local 2=nonLocal")
MMS_PARTY: Final = Sequence(
    "MMSParty",
    (
        Field(1, "mMSPartyIDs", SequenceOf("SEQUENCE OF MMSPartyID", MMS_PARTY_ID)),
        Field(2, "nonLocalID", NON_LOCAL_ID),
    ),
)
MMS_DIRECTION: Final = enumerated("MMSDirection", "0=fromTarget 1=toTarget")
MMS_MESSAGE_CLASS: Final = enumerated("MMSMessageClass", "1=personal 2=advertisement 3=informational 4=auto")
MMS_PERIOD_FORMAT: Final = enumerated("MMSPeriodFormat", "1=absolute 2=relative")
MMS_EXPIRY: Final = Sequence(
    "MMSExpiry",
    (
        Field(1, "expiryPeriod", INTEGER),
        Field(2, "periodFormat", MMS_PERIOD_FORMAT),
    ),
)
MMS_PRIORITY: Final = enumerated("MMSPriority", "1=low 2=normal 3=high")
MM_STATE: Final = enumerated("MMState", "1=draft 2=sent 3=new 4=retrieved 5=forwarded")
MM_STATE_FLAG: Final = enumerated("MMStateFlag", "1=add 2=remove 3=filter")
MM_FLAGS: Final = Sequence(
    "MMFlags",
    (
        Field(1, "length", INTEGER),
        Field(2, "flag", MM_STATE_FLAG),
        Field(3, "flagString", UTF8),
    ),
)
MMS_REPLY_CHARGING: Final = enumerated(
    "MMSReplyCharging",
    "0=requested 1=requestedTextOnly 2=accepted 3=acceptedTextOnly",
)
MMS_CONTENT_CLASS: Final = enumerated(
    "MMSContentClass",
    "1=text 2=imageBasic 3=imageRich 4=videoBasic 5=videoRich 6=megaPixel 7=contentBasic 8=contentRich",
)
MMS_ADAPTATION: Final = Sequence(
    "MMSAdaptation",
    (
        Field(1, "allowed", BOOLEAN),
        Field(2, "overriden", BOOLEAN),
    ),
)
MMS_RESPONSE_STATUS: Final = enumerated(
    "MMSResponseStatus",
    "1=ok 2=errorUnspecified 3=errorServiceDenied 4=errorMessageFormatCorrupt 5=errorSendingAddressUnresolved "
    "6=errorMessageNotFound 7=errorNetworkProblem 8=errorContentNotAccepted 9=errorUnsupportedMessage "
    "10=errorTransientFailure 11=errorTransientSendingAddressUnresolved 12=errorTransientMessageNotFound "
    "13=errorTransientNetworkProblem 14=errorTransientPartialSuccess 15=errorPermanentFailure "
    "16=errorPermanentServiceDenied 17=errorPermanentMessageFormatCorrupt "
    "18=errorPermanentSendingAddressUnresolved 19=errorPermanentMessageNotFound "
    "20=errorPermanentContentNotAccepted 21=errorPermanentReplyChargingLimitationsNotMet "
    "22=errorPermanentReplyChargingRequestNotAccepted 23=errorPermanentReplyChargingForwardingDenied "
    "24=errorPermanentReplyChargingNotSupported 25=errorPermanentAddressHidingNotSupported "
    "26=errorPermanentLackOfPrepaid",
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
        Field(18, "state", MM_STATE, optional=True),
        Field(19, "flags", MM_FLAGS, optional=True),
        Field(20, "replyCharging", MMS_REPLY_CHARGING, optional=True),
        Field(21, "applicID", UTF8, optional=True),
        Field(22, "replyApplicID", UTF8, optional=True),
        Field(23, "auxApplicInfo", UTF8, optional=True),
        Field(24, "contentClass", MMS_CONTENT_CLASS, optional=True),
        Field(25, "dRMContent", BOOLEAN, optional=True),
        Field(26, "adaptationAllowed", MMS_ADAPTATION, optional=True),
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
        Field(12, "replyCharging", MMS_REPLY_CHARGING, optional=True),
    ),
)
MM_STATUS: Final = enumerated(
    "MMStatus",
    "1=expired 2=retrieved 3=rejected 4=deferred 5=unrecognized 6=indeterminate 7=forwarded 8=unreachable",
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
MMS_PREVIOUSLY_SENT: Final = Sequence(
    "MMSPreviouslySent",
    (
        Field(1, "previouslySentByParty", MMS_PARTY),
        Field(2, "sequenceNumber", INTEGER),
        Field(3, "previousSendDateTime", GENERALIZED_TIME),
    ),
)
MMS_RETRIEVE_STATUS: Final = enumerated(
    "MMSRetrieveStatus",
    "1=success 2=errorTransientFailure 3=errorTransientMessageNotFound 4=errorTransientNetworkProblem "
    "5=errorPermanentFailure 6=errorPermanentServiceDenied 7=errorPermanentMessageNotFound "
    "8=errorPermanentContentUnsupported",
)
MMS_RETRIEVAL: Final = Sequence(
    "MMSRetrieval",
    (
        Field(1, "transactionID", UTF8),
        Field(2, "version", MMS_VERSION),
        Field(3, "messageID", UTF8),
        Field(4, "dateTime", GENERALIZED_TIME),
        Field(5, "originatingMMSParty", MMS_PARTY, optional=True),
        Field(6, "previouslySentBy", SequenceOf("SEQUENCE OF MMSPreviouslySent", MMS_PREVIOUSLY_SENT), optional=True),
        Field(7, "prevSentByDateTime", GENERALIZED_TIME, optional=True),
        Field(8, "terminatingMMSParty", SequenceOf("SEQUENCE OF MMSParty", MMS_PARTY), optional=True),
        Field(9, "cCRecipients", SequenceOf("SEQUENCE OF MMSParty", MMS_PARTY), optional=True),
        Field(10, "direction", MMS_DIRECTION),
        Field(11, "subject", UTF8, optional=True),
        Field(12, "state", MM_STATE, optional=True),
        Field(13, "flags", MM_FLAGS, optional=True),
        Field(14, "messageClass", MMS_MESSAGE_CLASS, optional=True),
        Field(15, "priority", MMS_PRIORITY),
        Field(16, "deliveryReport", BOOLEAN, optional=True),
        Field(17, "readReport", BOOLEAN, optional=True),
        Field(18, "replyCharging", MMS_REPLY_CHARGING, optional=True),
        Field(19, "retrieveStatus", MMS_RETRIEVE_STATUS, optional=True),
        Field(20, "retrieveStatusText", UTF8, optional=True),
        Field(21, "applicID", UTF8, optional=True),
        Field(22, "replyApplicID", UTF8, optional=True),
        Field(23, "auxApplicInfo", UTF8, optional=True),
        Field(24, "contentClass", MMS_CONTENT_CLASS, optional=True),
        Field(25, "dRMContent", BOOLEAN, optional=True),
        Field(26, "replaceID", UTF8, optional=True),
        Field(27, "contentType", UTF8, optional=True),
    ),
)
MMS_DELIVERY_ACK: Final = Sequence(
    "MMSDeliveryAck",
    (
        Field(1, "transactionID", UTF8),
        Field(2, "version", MMS_VERSION),
        Field(3, "reportAllowed", BOOLEAN, optional=True),
        Field(4, "status", MM_STATUS),
        Field(5, "direction", MMS_DIRECTION),
    ),
)
MMS_STORE_STATUS: Final = enumerated(
    "MMSStoreStatus",
    "1=success 2=errorTransientFailure 3=errorTransientNetworkProblem 4=errorPermanentFailure "
    "5=errorPermanentServiceDenied 6=errorPermanentMessageFormatCorrupt 7=errorPermanentMessageNotFound "
    "8=errorMMBoxFull",
)
MMS_FORWARD: Final = Sequence(
    "MMSForward",
    (
        Field(1, "transactionID", UTF8),
        Field(2, "version", MMS_VERSION),
        Field(3, "dateTime", GENERALIZED_TIME, optional=True),
        Field(4, "originatingMMSParty", MMS_PARTY),
        Field(5, "terminatingMMSParty", SequenceOf("SEQUENCE OF MMSParty", MMS_PARTY), optional=True),
        Field(6, "cCRecipients", SequenceOf("SEQUENCE OF MMSParty", MMS_PARTY), optional=True),
        Field(7, "bCCRecipients", SequenceOf("SEQUENCE OF MMSParty", MMS_PARTY), optional=True),
        Field(8, "direction", MMS_DIRECTION),
        Field(9, "expiry", MMS_EXPIRY, optional=True),
        Field(10, "desiredDeliveryTime", GENERALIZED_TIME, optional=True),
        Field(11, "deliveryReportAllowed", BOOLEAN, optional=True),
        Field(12, "deliveryReport", BOOLEAN, optional=True),
        Field(13, "store", BOOLEAN, optional=True),
        Field(14, "state", MM_STATE, optional=True),
        Field(15, "flags", MM_FLAGS, optional=True),
        Field(16, "contentLocationReq", UTF8),
        Field(17, "replyCharging", MMS_REPLY_CHARGING, optional=True),
        Field(18, "responseStatus", MMS_RESPONSE_STATUS),
        Field(19, "responseStatusText", UTF8, optional=True),
        Field(20, "messageID", UTF8, optional=True),
        Field(21, "contentLocationConf", UTF8, optional=True),
        Field(22, "storeStatus", MMS_STORE_STATUS, optional=True),
        Field(23, "storeStatusText", UTF8, optional=True),
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
MMS_READ_STATUS: Final = enumerated("MMSReadStatus", "1=read 2=deletedWithoutBeingRead")
MMS_READ_REPORT: Final = Sequence(
    "MMSReadReport",
    (
        Field(1, "version", MMS_VERSION),
        Field(2, "messageID", UTF8),
        Field(3, "terminatingMMSParty", SequenceOf("SEQUENCE OF MMSParty", MMS_PARTY)),
        Field(4, "originatingMMSParty", SequenceOf("SEQUENCE OF MMSParty", MMS_PARTY)),
        Field(5, "direction", MMS_DIRECTION),
        Field(6, "mMSDateTime", GENERALIZED_TIME),
        Field(7, "readStatus", MMS_READ_STATUS),
        Field(8, "applicID", UTF8, optional=True),
        Field(9, "replyApplicID", UTF8, optional=True),
        Field(10, "auxApplicInfo", UTF8, optional=True),
    ),
)
MMS_CANCEL: Final = Sequence(
    "MMSCancel",
    (
        Field(1, "transactionID", UTF8),
        Field(2, "version", MMS_VERSION),
        Field(3, "cancelID", UTF8),
        Field(4, "direction", MMS_DIRECTION),
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
