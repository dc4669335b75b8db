"""TS 33.128 events of the UDM and the HSS: serving network and subscriber record (Rel-19 version 3 of the module)."""

from __future__ import annotations

from typing import Final

from asn1.table import (
    BOOLEAN,
    GENERALIZED_TIME,
    INTEGER,
    UINT8,
    UNDESCRIBED,
    UTF8,
    Choice,
    Field,
    Sequence,
    SequenceOf,
    Text,
    enumerated,
)
from asn1.ts33128_access import GUAMI
from asn1.ts33128_location import LOCATION
from asn1.ts33128_types import (
    ACCESS_TYPE,
    EPS_SUBSCRIBER_I_DS,
    GPSI,
    IMPU,
    IMSI,
    MCC,
    MNC,
    MSISDN,
    PEI,
    PLMNID,
    RAT_TYPE,
    SBI_TYPE,
    SNSSAI,
    SUCI,
    SUPI,
)

MMEGI: Final = Text("MMEGI", kind="numeric")
MMEC: Final = Text("MMEC", kind="numeric")
MMEID: Final = Sequence(
    "MMEID",
    (
        Field(1, "mMEGI", MMEGI),
        Field(2, "mMEC", MMEC),
    ),
)
GUMMEI: Final = Sequence(
    "GUMMEI",
    (
        Field(1, "mMEID", MMEID),
        Field(2, "mCC", MCC),
        Field(3, "mNC", MNC),
    ),
)
UDM_SERVING_SYSTEM_METHOD: Final = enumerated(
    "UDMServingSystemMethod",
    "0=amf3GPPAccessRegistration 1=amfNon3GPPAccessRegistration 2=unknown",
)
SERVICE_ID: Final = Sequence(
    "ServiceID",
    (
        Field(1, "nSSAI", SequenceOf("SEQUENCE OF SNSSAI", SNSSAI), optional=True),
        Field(2, "cAGID", SequenceOf("SEQUENCE OF CAGID", UTF8), optional=True),
    ),
)
UDM_SERVING_SYSTEM_MESSAGE: Final = Sequence(
    "UDMServingSystemMessage",
    (
        Field(1, "sUPI", SUPI),
        Field(2, "pEI", PEI, optional=True),
        Field(3, "gPSI", GPSI, optional=True),
        Field(4, "gUAMI", GUAMI, optional=True),
        Field(5, "gUMMEI", GUMMEI, optional=True),
        Field(6, "pLMNID", PLMNID, optional=True),
        Field(7, "servingSystemMethod", UDM_SERVING_SYSTEM_METHOD),
        Field(8, "serviceID", SERVICE_ID, optional=True),
        Field(9, "roamingIndicator", BOOLEAN, optional=True),
    ),
)
UDM_SUBSCRIBER_RECORD_CHANGE_METHOD: Final = enumerated(
    "UDMSubscriberRecordChangeMethod",
    "1=pEIChange 2=sUPIChange 3=gPSIChange 4=uEDeprovisioning 5=unknown 6=serviceIDChange 7=multipleIDChanges",
)
UDM_SUBSCRIBER_RECORD_CHANGE_MESSAGE: Final = Sequence(
    "UDMSubscriberRecordChangeMessage",
    (
        Field(1, "sUPI", SUPI, optional=True),
        Field(2, "pEI", PEI, optional=True),
        Field(3, "gPSI", GPSI, optional=True),
        Field(4, "oldPEI", PEI, optional=True),
        Field(5, "oldSUPI", SUPI, optional=True),
        Field(6, "oldGPSI", GPSI, optional=True),
        Field(7, "oldserviceID", SERVICE_ID, optional=True),
        Field(8, "subscriberRecordChangeMethod", UDM_SUBSCRIBER_RECORD_CHANGE_METHOD),
        Field(9, "serviceID", SERVICE_ID, optional=True),
    ),
)
UDM_CANCEL_LOCATION_METHOD: Final = enumerated(
    "UDMCancelLocationMethod",
    "1=aMF3GPPAccessDeregistration 2=aMFNon3GPPAccessDeregistration 3=uDMDeregistration 4=unknown",
)
UDMAMF_DEREGISTRATION_INFO: Final = Sequence(
    "UDMAMFDeregistrationInfo",
    (
        Field(1, "gUAMI", GUAMI),
        Field(2, "purgeFlag", BOOLEAN),
    ),
)
UDM_DEREG_REASON: Final = enumerated(
    "UDMDeregReason",
    "1=uEInitialRegistration 2=uERegistrationAreaChange 3=subscriptionWithdrawn 4=fiveGSToEPSMobility "
    "5=fiveGSToEPSMobilityUeInitialRegistration 6=reregistrationRequired 7=sMFContextTransferred "
    "8=duplicatePDUSession 9=fiveGSRVCCToUTRANMobility 10=pDUSessionReactivationRequired "
    "11=disasterConditionTerminated",
)
UDM_DEREGISTRATION_DATA: Final = Sequence(
    "UDMDeregistrationData",
    (
        Field(1, "deregReason", UDM_DEREG_REASON, optional=True),
        Field(2, "accessType", ACCESS_TYPE, optional=True),
        Field(3, "pDUSessionID", UINT8, optional=True),
    ),
)
UDM_CANCEL_LOCATION_MESSAGE: Final = Sequence(
    "UDMCancelLocationMessage",
    (
        Field(1, "sUPI", SUPI),
        Field(2, "pEI", PEI, optional=True),
        Field(3, "gPSI", GPSI, optional=True),
        Field(4, "gUAMI", GUAMI, optional=True),
        Field(5, "pLMNID", PLMNID, optional=True),
        Field(6, "cancelLocationMethod", UDM_CANCEL_LOCATION_METHOD),
        Field(7, "aMFDeregistrationInfo", UDMAMF_DEREGISTRATION_INFO, optional=True),
        Field(8, "deregistrationData", UDM_DEREGISTRATION_DATA, optional=True),
    ),
)
UDM_LOCATION_INFO_REQUEST: Final = Sequence(
    "UDMLocationInfoRequest",
    (
        Field(1, "requested5GSLocation", BOOLEAN, optional=True),
        Field(2, "requestedCurrentLocation", BOOLEAN, optional=True),
        Field(3, "requestedRATType", BOOLEAN, optional=True),
        Field(4, "requestedTimeZone", BOOLEAN, optional=True),
        Field(5, "requestedServingNode", BOOLEAN, optional=True),
    ),
)
UDM_DEFINED_CAUSE: Final = enumerated(
    "UDMDefinedCause",
    "1=userNotFound 2=dataNotFound 3=contextNotFound 4=subscriptionNotFound 5=other",
)
UDM_INVALID_PARAMETERS: Final = Sequence(
    "UDMInvalidParameters",
    (
        Field(1, "parameter", UTF8, optional=True),
        Field(2, "reason", UTF8, optional=True),
    ),
)
UDM_PROBLEM_DETAILS_OTHER_CAUSE: Final = Sequence(
    "UDMProblemDetailsOtherCause",
    (
        Field(1, "problemDetailsType", UTF8, optional=True),
        Field(2, "title", UTF8, optional=True),
        Field(3, "status", INTEGER, optional=True),
        Field(4, "detail", UTF8, optional=True),
        Field(5, "instance", UTF8, optional=True),
        Field(6, "cause", UTF8, optional=True),
        Field(7, "uDMInvalidParameters", UDM_INVALID_PARAMETERS),
        Field(8, "uDMSupportedFeatures", UTF8),
    ),
)
UDM_PROBLEM_DETAILS_CAUSE: Final = Choice(
    "UDMProblemDetailsCause",
    (
        Field(1, "uDMDefinedCause", UDM_DEFINED_CAUSE),
        Field(2, "otherCause", UDM_PROBLEM_DETAILS_OTHER_CAUSE),
    ),
)
UDM_PROBLEM_DETAILS: Final = Sequence(
    "UDMProblemDetails",
    (Field(1, "cause", UDM_PROBLEM_DETAILS_CAUSE, optional=True),),
)
UDM_LOCATION_INFORMATION_RESULT: Final = Sequence(
    "UDMLocationInformationResult",
    (
        Field(1, "sUPI", SUPI),
        Field(2, "pEI", PEI, optional=True),
        Field(3, "gPSI", GPSI, optional=True),
        Field(4, "locationInfoRequest", UDM_LOCATION_INFO_REQUEST),
        Field(5, "vPLMNID", PLMNID, optional=True),
        Field(6, "currentLocationIndicator", BOOLEAN, optional=True),
        Field(7, "aMFInstanceID", UTF8, optional=True),
        Field(8, "sMSFInstanceID", UTF8, optional=True),
        Field(9, "location", LOCATION, optional=True),
        Field(10, "rATType", RAT_TYPE, optional=True),
        Field(11, "problemDetails", UDM_PROBLEM_DETAILS, optional=True),
    ),
)
UE_CONTEXT_INFO: Final = Sequence(
    "UEContextInfo",
    (
        Field(1, "supportVoPS", BOOLEAN, optional=True),
        Field(2, "supportVoPSNon3GPP", BOOLEAN, optional=True),
        Field(3, "lastActiveTime", GENERALIZED_TIME, optional=True),
        Field(4, "accessType", ACCESS_TYPE, optional=True),
        Field(5, "rATType", RAT_TYPE, optional=True),
    ),
)
FIVE_GS_USER_STATE: Final = enumerated(
    "FiveGSUserState",
    "1=deregistered 2=registeredNotReachableForPaging 3=registeredReachableForPaging "
    "4=connectedNotReachableForPaging 5=connectedReachableForPaging 6=notProvidedFromAMF",
)
FIVE_GS_USER_STATE_INFO: Final = Sequence(
    "FiveGSUserStateInfo",
    (
        Field(1, "fiveGSUserState", FIVE_GS_USER_STATE),
        Field(2, "accessType", ACCESS_TYPE),
    ),
)
FIVE_GSRVCC_INFO: Final = Sequence(
    "FiveGSRVCCInfo",
    (
        Field(1, "uE5GSRVCCCapability", BOOLEAN),
        Field(2, "sessionTransferNumber", UTF8, optional=True),
        Field(3, "correlationMSISDN", MSISDN, optional=True),
    ),
)
UDMUE_INFORMATION_RESPONSE: Final = Sequence(
    "UDMUEInformationResponse",
    (
        Field(1, "sUPI", SUPI),
        Field(2, "tADSInfo", UE_CONTEXT_INFO, optional=True),
        Field(3, "fiveGSUserStateInfo", FIVE_GS_USER_STATE_INFO, optional=True),
        Field(4, "fiveGSRVCCInfo", FIVE_GSRVCC_INFO, optional=True),
        Field(5, "problemDetails", UDM_PROBLEM_DETAILS, optional=True),
    ),
)
UDM_INFO_REQUEST_TYPE: Final = enumerated("UDMInfoRequestType", "1=hSS 2=aUSF 3=other")
SUBSCRIBER_IDENTIFIER: Final = Choice(
    "SubscriberIdentifier",
    (
        Field(1, "sUCI", SUCI),
        Field(2, "sUPI", SUPI),
    ),
)
PRIMARY_AUTHENTICATION_TYPE: Final = enumerated(
    "PrimaryAuthenticationType",
    "1=eAPAKAPrime 2=fiveGAKA 3=eAPTLS 4=none 5=ePSAKA 6=eAPAKA 7=iMSAKA 8=gBAAKA 9=uMTSAKA",
)
UDM_AUTHENTICATION_INFO_REQUEST: Final = Sequence(
    "UDMAuthenticationInfoRequest",
    (
        Field(1, "infoRequestType", UDM_INFO_REQUEST_TYPE),
        Field(2, "rGAuthCtx", SequenceOf("SEQUENCE OF SubscriberIdentifier", SUBSCRIBER_IDENTIFIER)),
        Field(3, "authType", PRIMARY_AUTHENTICATION_TYPE),
        Field(4, "servingNetworkName", PLMNID),
        Field(5, "aUSFInstanceID", UTF8, optional=True),
        Field(6, "cellCAGInfo", UTF8, optional=True),
        Field(7, "n5GCIndicator", BOOLEAN, optional=True),
    ),
)
UDMUE_AUTHENTICATION_RESPONSE: Final = Sequence(
    "UDMUEAuthenticationResponse",
    (
        Field(1, "sUPI", SUPI),
        Field(2, "authenticationInfoRequest", UDM_AUTHENTICATION_INFO_REQUEST),
        Field(3, "aKMAIndicator", BOOLEAN, optional=True),
        Field(4, "problemDetails", UDM_PROBLEM_DETAILS, optional=True),
        Field(5, "authAAA", BOOLEAN, optional=True),
        Field(6, "pvsInfo", UNDESCRIBED, optional=True),
    ),
)
UDM_START_OF_INTERCEPTION_WITH_REGISTERED_TARGET: Final = Sequence(
    "UDMStartOfInterceptionWithRegisteredTarget",
    (
        Field(1, "sUPI", SUPI),
        Field(2, "gPSI", GPSI, optional=True),
        Field(3, "uDMSubscriptionDataSets", SBI_TYPE),
    ),
)
HSS_SERVING_SYSTEM_MESSAGE: Final = Sequence(
    "HSSServingSystemMessage",
    (
        Field(1, "iMSI", IMSI),
        Field(2, "oldPLMNID", PLMNID),
        Field(3, "newPLMNID", PLMNID),
        Field(4, "roamingIndicator", BOOLEAN),
        Field(5, "responseCodes", UTF8),
    ),
)
IMS_SUBSCRIBER_I_DS: Final = Choice(
    "IMSSubscriberIDs",
    (
        Field(1, "iMPI", UTF8),
        Field(2, "iMPU", IMPU),
    ),
)
HSS_IDENTITIES: Final = Sequence(
    "HSSIdentities",
    (
        Field(1, "ePSSubscriberIDs", EPS_SUBSCRIBER_I_DS, optional=True),
        Field(2, "iMSSubscriberIDs", IMS_SUBSCRIBER_I_DS, optional=True),
    ),
)
SUBSCRIPTION_DATA_SETS: Final = Choice(
    "SubscriptionDataSets",
    (Field(1, "iMSSubscriptionData", SBI_TYPE),),
)
HSS_START_OF_INTERCEPTION_WITH_REGISTERED_TARGET: Final = Sequence(
    "HSSStartOfInterceptionWithRegisteredTarget",
    (
        Field(1, "hSSIdentities", HSS_IDENTITIES),
        Field(2, "subscriptionDataSets", SUBSCRIPTION_DATA_SETS),
        Field(3, "pSUserState", SBI_TYPE),
    ),
)
