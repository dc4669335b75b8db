"""TS 33.128 multimedia messages beyond this operator, as e-mail or in a box (Rel-19 version 3 of the module)."""

from __future__ import annotations

from typing import Final

from asn1.table import BOOLEAN, GENERALIZED_TIME, INTEGER, UTF8, Field, Sequence, SequenceOf, enumerated
from asn1.ts33128_mms import (
    MM_FLAGS,
    MM_STATE,
    MM_STATUS,
    MMS_ADAPTATION,
    MMS_CONTENT_CLASS,
    MMS_DIRECTION,
    MMS_EXPIRY,
    MMS_MESSAGE_CLASS,
    MMS_PARTY,
    MMS_PREVIOUSLY_SENT,
    MMS_PRIORITY,
    MMS_READ_STATUS,
    MMS_REPLY_CHARGING,
    MMS_STORE_STATUS,
    MMS_VERSION,
)

MMS_SEND_BY_NON_LOCAL_TARGET: Final = Sequence(
    "MMSSendByNonLocalTarget",
    (
        Field(1, "version", MMS_VERSION),
        Field(2, "transactionID", UTF8),
        Field(3, "messageID", UTF8),
        Field(4, "terminatingMMSParty", SequenceOf("SEQUENCE OF MMSParty", MMS_PARTY)),
        Field(5, "originatingMMSParty", MMS_PARTY),
        Field(6, "direction", MMS_DIRECTION),
        Field(7, "contentType", UTF8),
        Field(8, "messageClass", MMS_MESSAGE_CLASS, optional=True),
        Field(9, "dateTime", GENERALIZED_TIME),
        Field(10, "expiry", MMS_EXPIRY, optional=True),
        Field(11, "deliveryReport", BOOLEAN, optional=True),
        Field(12, "priority", MMS_PRIORITY, optional=True),
        Field(13, "senderVisibility", BOOLEAN, optional=True),
        Field(14, "readReport", BOOLEAN, optional=True),
        Field(15, "subject", UTF8, optional=True),
        Field(16, "forwardCount", INTEGER, optional=True),
        Field(17, "previouslySentBy", SequenceOf("SEQUENCE OF MMSPreviouslySent", MMS_PREVIOUSLY_SENT), optional=True),
        Field(18, "prevSentByDateTime", GENERALIZED_TIME, optional=True),
        Field(19, "applicID", UTF8, optional=True),
        Field(20, "replyApplicID", UTF8, optional=True),
        Field(21, "auxApplicInfo", UTF8, optional=True),
        Field(22, "contentClass", MMS_CONTENT_CLASS, optional=True),
        Field(23, "dRMContent", BOOLEAN, optional=True),
        Field(24, "adaptationAllowed", MMS_ADAPTATION, optional=True),
    ),
)
MMS_SEND_TO_NON_LOCAL_TARGET: Final = Sequence(
    "MMSSendToNonLocalTarget",
    (
        Field(1, "version", MMS_VERSION),
        Field(2, "transactionID", UTF8),
        Field(3, "messageID", UTF8),
        Field(4, "terminatingMMSParty", SequenceOf("SEQUENCE OF MMSParty", MMS_PARTY)),
        Field(5, "originatingMMSParty", MMS_PARTY),
        Field(6, "direction", MMS_DIRECTION),
        Field(7, "contentType", UTF8),
        Field(8, "messageClass", MMS_MESSAGE_CLASS, optional=True),
        Field(9, "dateTime", GENERALIZED_TIME),
        Field(10, "expiry", MMS_EXPIRY, optional=True),
        Field(11, "deliveryReport", BOOLEAN, optional=True),
        Field(12, "priority", MMS_PRIORITY, optional=True),
        Field(13, "senderVisibility", BOOLEAN, optional=True),
        Field(14, "readReport", BOOLEAN, optional=True),
        Field(15, "subject", UTF8, optional=True),
        Field(16, "forwardCount", INTEGER, optional=True),
        Field(17, "previouslySentBy", SequenceOf("SEQUENCE OF MMSPreviouslySent", MMS_PREVIOUSLY_SENT), optional=True),
        Field(18, "prevSentByDateTime", GENERALIZED_TIME, optional=True),
        Field(19, "applicID", UTF8, optional=True),
        Field(20, "replyApplicID", UTF8, optional=True),
        Field(21, "auxApplicInfo", UTF8, optional=True),
        Field(22, "contentClass", MMS_CONTENT_CLASS, optional=True),
        Field(23, "dRMContent", BOOLEAN, optional=True),
        Field(24, "adaptationAllowed", MMS_ADAPTATION, optional=True),
    ),
)
MM_STATUS_EXTENSION: Final = enumerated("MMStatusExtension", "0=rejectionByMMSRecipient 1=rejectionByOtherRS")
MMS_DELIVERY_REPORT_NON_LOCAL_TARGET: Final = Sequence(
    "MMSDeliveryReportNonLocalTarget",
    (
        Field(1, "version", MMS_VERSION),
        Field(2, "transactionID", UTF8),
        Field(3, "messageID", UTF8),
        Field(4, "terminatingMMSParty", SequenceOf("SEQUENCE OF MMSParty", MMS_PARTY)),
        Field(5, "originatingMMSParty", MMS_PARTY),
        Field(6, "direction", MMS_DIRECTION),
        Field(7, "mMSDateTime", GENERALIZED_TIME),
        Field(8, "forwardToOriginator", BOOLEAN, optional=True),
        Field(9, "status", MM_STATUS),
        Field(10, "statusExtension", MM_STATUS_EXTENSION),
        Field(11, "statusText", UTF8),
        Field(12, "applicID", UTF8, optional=True),
        Field(13, "replyApplicID", UTF8, optional=True),
        Field(14, "auxApplicInfo", UTF8, optional=True),
    ),
)
MMS_READ_REPORT_NON_LOCAL_TARGET: Final = Sequence(
    "MMSReadReportNonLocalTarget",
    (
        Field(1, "version", MMS_VERSION),
        Field(2, "transactionID", UTF8),
        Field(3, "terminatingMMSParty", SequenceOf("SEQUENCE OF MMSParty", MMS_PARTY)),
        Field(4, "originatingMMSParty", SequenceOf("SEQUENCE OF MMSParty", MMS_PARTY)),
        Field(5, "direction", MMS_DIRECTION),
        Field(6, "messageID", UTF8),
        Field(7, "mMSDateTime", GENERALIZED_TIME),
        Field(8, "readStatus", MMS_READ_STATUS),
        Field(9, "readStatusText", UTF8, optional=True),
        Field(10, "applicID", UTF8, optional=True),
        Field(11, "replyApplicID", UTF8, optional=True),
        Field(12, "auxApplicInfo", UTF8, optional=True),
    ),
)
MMS_CONVERTED_FROM_EMAIL: Final = Sequence(
    "MMSConvertedFromEmail",
    (
        Field(1, "version", MMS_VERSION),
        Field(2, "transactionID", UTF8),
        Field(3, "terminatingMMSParty", SequenceOf("SEQUENCE OF MMSParty", MMS_PARTY)),
        Field(4, "contentType", UTF8),
        Field(5, "originatingMMSParty", MMS_PARTY),
        Field(6, "messageClass", MMS_MESSAGE_CLASS, optional=True),
        Field(7, "dateTime", GENERALIZED_TIME),
        Field(8, "expiry", MMS_EXPIRY, optional=True),
        Field(9, "deliveryReport", BOOLEAN, optional=True),
        Field(10, "priority", MMS_PRIORITY, optional=True),
        Field(11, "readReport", BOOLEAN, optional=True),
        Field(12, "subject", UTF8, optional=True),
        Field(13, "messageID", UTF8, optional=True),
    ),
)
MMS_CONVERTED_TO_EMAIL: Final = Sequence(
    "MMSConvertedToEmail",
    (
        Field(1, "version", MMS_VERSION),
        Field(2, "transactionID", UTF8),
        Field(3, "terminatingMMSParty", SequenceOf("SEQUENCE OF MMSParty", MMS_PARTY)),
        Field(4, "contentType", UTF8),
        Field(5, "originatingMMSParty", MMS_PARTY),
        Field(6, "messageClass", MMS_MESSAGE_CLASS, optional=True),
        Field(7, "dateTime", GENERALIZED_TIME),
        Field(8, "expiry", MMS_EXPIRY, optional=True),
        Field(9, "desiredDeliveryTime", GENERALIZED_TIME, optional=True),
        Field(10, "deliveryReport", BOOLEAN, optional=True),
        Field(11, "priority", MMS_PRIORITY, optional=True),
        Field(12, "senderVisibility", BOOLEAN, optional=True),
        Field(13, "store", BOOLEAN, optional=True),
        Field(14, "state", MM_STATE, optional=True),
        Field(15, "flags", MM_FLAGS, optional=True),
        Field(16, "readReport", BOOLEAN, optional=True),
        Field(17, "subject", UTF8, optional=True),
        Field(18, "messageID", UTF8, optional=True),
    ),
)
MMS_DELETE_RESPONSE_STATUS: Final = enumerated(
    "MMSDeleteResponseStatus",
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
MMS_DELETE_FROM_RELAY: Final = Sequence(
    "MMSDeleteFromRelay",
    (
        Field(1, "transactionID", UTF8),
        Field(2, "version", MMS_VERSION),
        Field(3, "direction", MMS_DIRECTION),
        Field(4, "contentLocationReq", SequenceOf("SEQUENCE OF UTF8String", UTF8)),
        Field(5, "contentLocationConf", SequenceOf("SEQUENCE OF UTF8String", UTF8)),
        Field(6, "deleteResponseStatus", MMS_DELETE_RESPONSE_STATUS),
        Field(7, "deleteResponseText", SequenceOf("SEQUENCE OF UTF8String", UTF8)),
    ),
)
MMS_MBOX_STORE: Final = Sequence(
    "MMSMBoxStore",
    (
        Field(1, "transactionID", UTF8),
        Field(2, "version", MMS_VERSION),
        Field(3, "direction", MMS_DIRECTION),
        Field(4, "contentLocationReq", UTF8),
        Field(5, "state", MM_STATE, optional=True),
        Field(6, "flags", MM_FLAGS, optional=True),
        Field(7, "contentLocationConf", UTF8, optional=True),
        Field(8, "storeStatus", MMS_STORE_STATUS),
        Field(9, "storeStatusText", UTF8, optional=True),
    ),
)
MM_BOX_DESCRIPTION: Final = Sequence(
    "MMBoxDescription",
    (
        Field(1, "contentLocation", UTF8, optional=True),
        Field(2, "messageID", UTF8, optional=True),
        Field(3, "state", MM_STATE, optional=True),
        Field(4, "flags", SequenceOf("SEQUENCE OF MMFlags", MM_FLAGS), optional=True),
        Field(5, "dateTime", GENERALIZED_TIME, optional=True),
        Field(6, "originatingMMSParty", MMS_PARTY, optional=True),
        Field(7, "terminatingMMSParty", SequenceOf("SEQUENCE OF MMSParty", MMS_PARTY), optional=True),
        Field(8, "cCRecipients", SequenceOf("SEQUENCE OF MMSParty", MMS_PARTY), optional=True),
        Field(9, "bCCRecipients", SequenceOf("SEQUENCE OF MMSParty", MMS_PARTY), optional=True),
        Field(10, "messageClass", MMS_MESSAGE_CLASS, optional=True),
        Field(11, "subject", UTF8, optional=True),
        Field(12, "priority", MMS_PRIORITY, optional=True),
        Field(13, "deliveryTime", GENERALIZED_TIME, optional=True),
        Field(14, "readReport", BOOLEAN, optional=True),
        Field(15, "messageSize", INTEGER, optional=True),
        Field(16, "replyCharging", MMS_REPLY_CHARGING, optional=True),
        Field(17, "previouslySentBy", SequenceOf("SEQUENCE OF MMSPreviouslySent", MMS_PREVIOUSLY_SENT), optional=True),
        Field(18, "previouslySentByDateTime", GENERALIZED_TIME, optional=True),
        Field(19, "contentType", UTF8, optional=True),
    ),
)
MMS_MBOX_UPLOAD: Final = Sequence(
    "MMSMBoxUpload",
    (
        Field(1, "transactionID", UTF8),
        Field(2, "version", MMS_VERSION),
        Field(3, "direction", MMS_DIRECTION),
        Field(4, "state", MM_STATE, optional=True),
        Field(5, "flags", MM_FLAGS, optional=True),
        Field(6, "contentType", UTF8),
        Field(7, "contentLocation", UTF8, optional=True),
        Field(8, "storeStatus", MMS_STORE_STATUS),
        Field(9, "storeStatusText", UTF8, optional=True),
        Field(10, "mMessages", SequenceOf("SEQUENCE OF MMBoxDescription", MM_BOX_DESCRIPTION)),
    ),
)
MMS_MBOX_DELETE: Final = Sequence(
    "MMSMBoxDelete",
    (
        Field(1, "transactionID", UTF8),
        Field(2, "version", MMS_VERSION),
        Field(3, "direction", MMS_DIRECTION),
        Field(4, "contentLocationReq", SequenceOf("SEQUENCE OF UTF8String", UTF8)),
        Field(5, "contentLocationConf", SequenceOf("SEQUENCE OF UTF8String", UTF8), optional=True),
        Field(6, "responseStatus", MMS_DELETE_RESPONSE_STATUS),
        Field(7, "responseStatusText", UTF8, optional=True),
    ),
)
MMS_QUOTA_UNIT: Final = enumerated("MMSQuotaUnit", "1=numMessages 2=bytes")
MMS_QUOTA: Final = Sequence(
    "MMSQuota",
    (
        Field(1, "quota", INTEGER),
        Field(2, "quotaUnit", MMS_QUOTA_UNIT),
    ),
)
MMS_MBOX_VIEW_REQUEST: Final = Sequence(
    "MMSMBoxViewRequest",
    (
        Field(1, "transactionID", UTF8),
        Field(2, "version", MMS_VERSION),
        Field(3, "contentLocation", UTF8, optional=True),
        Field(4, "state", SequenceOf("SEQUENCE OF MMState", MM_STATE), optional=True),
        Field(5, "flags", SequenceOf("SEQUENCE OF MMFlags", MM_FLAGS), optional=True),
        Field(6, "start", INTEGER, optional=True),
        Field(7, "limit", INTEGER, optional=True),
        Field(8, "attributes", SequenceOf("SEQUENCE OF UTF8String", UTF8), optional=True),
        Field(9, "totals", INTEGER, optional=True),
        Field(10, "quotas", MMS_QUOTA, optional=True),
    ),
)
MMS_MBOX_VIEW_RESPONSE: Final = Sequence(
    "MMSMBoxViewResponse",
    (
        Field(1, "transactionID", UTF8),
        Field(2, "version", MMS_VERSION),
        Field(3, "contentLocation", UTF8, optional=True),
        Field(4, "state", SequenceOf("SEQUENCE OF MMState", MM_STATE), optional=True),
        Field(5, "flags", SequenceOf("SEQUENCE OF MMFlags", MM_FLAGS), optional=True),
        Field(6, "start", INTEGER, optional=True),
        Field(7, "limit", INTEGER, optional=True),
        Field(8, "attributes", SequenceOf("SEQUENCE OF UTF8String", UTF8), optional=True),
        Field(9, "mMSTotals", BOOLEAN, optional=True),
        Field(10, "mMSQuotas", BOOLEAN, optional=True),
        Field(11, "mMessages", SequenceOf("SEQUENCE OF MMBoxDescription", MM_BOX_DESCRIPTION)),
    ),
)
