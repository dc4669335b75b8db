"""TS 33.128 events of the AMF: registrations and where a registered handset is (Rel-19 version 3 of the module).

Fields of radio and core signalling that no service of ours uses are not described and decode to a tag tree.
"""

from __future__ import annotations

from typing import Final

from asn1.table import (
    BOOLEAN,
    GENERALIZED_TIME,
    OCTETS,
    UINT8,
    UNDESCRIBED,
    Choice,
    Field,
    OctetString,
    Sequence,
    SequenceOf,
    Text,
    enumerated,
)
from asn1.ts33128_access import EPS5_GGUTI, FIVE_GGUTI, GUTI, USER_IDENTIFIERS
from asn1.ts33128_cells import TAI
from asn1.ts33128_location import LOCATION
from asn1.ts33128_types import (
    ACCESS_TYPE,
    EUI64,
    GPSI,
    MAC_ADDRESS,
    PEI,
    PLMNID,
    RAT_TYPE,
    SNSSAI,
    SUCI,
    SUPI,
    UE_ENDPOINT_ADDRESS,
)

AMF_REGISTRATION_TYPE: Final = enumerated(
    "AMFRegistrationType",
    "1=initial 2=mobility 3=periodic 4=emergency 5=sNPNOnboarding 6=disasterMobility 7=disasterInitial",
)
AMF_REGISTRATION_RESULT: Final = enumerated(
    "AMFRegistrationResult",
    "1=threeGPPAccess 2=nonThreeGPPAccess 3=threeGPPAndNonThreeGPPAccess",
)
REJECTED_SNSSAI: Final = Sequence(
    "RejectedSNSSAI",
    (
        Field(1, "causeValue", UINT8),
        Field(2, "sNSSAI", SNSSAI),
    ),
)
SLICE: Final = Sequence(
    "Slice",
    (
        Field(1, "allowedNSSAI", SequenceOf("SEQUENCE OF SNSSAI", SNSSAI), optional=True),
        Field(2, "configuredNSSAI", SequenceOf("SEQUENCE OF SNSSAI", SNSSAI), optional=True),
        Field(3, "rejectedNSSAI", SequenceOf("SEQUENCE OF RejectedSNSSAI", REJECTED_SNSSAI), optional=True),
    ),
)
SMS_OVER_NAS_INDICATOR: Final = enumerated("SMSOverNASIndicator", "1=sMSOverNASNotAllowed 2=sMSOverNASAllowed")
EMM_REG_STATUS: Final = enumerated("EMMRegStatus", "1=uEEMMRegistered 2=uENotEMMRegistered")
FIVE_GMM_STATUS: Final = enumerated("FiveGMMStatus", "1=uE5GMMRegistered 2=uENot5GMMRegistered")
EMM5_GMM_STATUS: Final = Sequence(
    "EMM5GMMStatus",
    (
        Field(1, "eMMRegStatus", EMM_REG_STATUS, optional=True),
        Field(2, "fiveGMMStatus", FIVE_GMM_STATUS, optional=True),
    ),
)
NON_IMEISVPEI: Final = Choice(
    "NonIMEISVPEI",
    (
        Field(1, "mACAddress", MAC_ADDRESS),
        Field(2, "eUI64", EUI64),
    ),
)
MAC_RESTRICTION_INDICATOR: Final = enumerated(
    "MACRestrictionIndicator",
    "1=noResrictions 2=mACAddressNotUseableAsEquipmentIdentifier 3=unknown",
)
PAGING_RESTRICTION_INDICATOR: Final = OctetString("PagingRestrictionIndicator", 1, 33)
ESTABLISHMENT_CAUSE: Final = enumerated(
    "EstablishmentCause",
    "1=emergency 2=highPriorityAccess 3=mtAccess 4=moSignalling 5=moData 6=moVoiceCall 7=moVideoCall 8=moSMS "
    "9=mpsPriorityAccess 10=mcsPriorityAccess 11=notAvailable 12=exceptionData",
)
RRC_ESTABLISHMENT_CAUSE: Final = Choice(
    "RRCEstablishmentCause",
    (
        Field(1, "ePCEstablishmentCause", ESTABLISHMENT_CAUSE),
        Field(2, "fiveGCEstablishmentCause", ESTABLISHMENT_CAUSE),
    ),
)
SOR_TRANSPARENT_CONTAINER: Final = OctetString("SORTransparentContainer", 17, 65_535)
FIVE_GMM_CAPABILITY: Final = OctetString("FiveGMMCapability", 1, 13)
MUSIMUE_REQUEST_TYPE: Final = OctetString("MUSIMUERequestType", 1, 1)
UNAVAILABILITY_PERIOD_DURATION: Final = OctetString("UnavailabilityPeriodDuration", 1, 1)
FIVE_GS_UPDATE_TYPE: Final = OctetString("FiveGSUpdateType", 1, 1)
UE_AREA_INDICATION: Final = Sequence(
    "UEAreaIndication",
    (
        Field(1, "country", Text("UTF8String (SIZE (2))", 2, 2), optional=True),
        Field(2, "internationalAreaIndication", BOOLEAN, optional=True),
    ),
)
AMF_REGISTRATION: Final = Sequence(
    "AMFRegistration",
    (
        Field(1, "registrationType", AMF_REGISTRATION_TYPE),
        Field(2, "registrationResult", AMF_REGISTRATION_RESULT),
        Field(3, "slice", SLICE, optional=True),
        Field(4, "sUPI", SUPI),
        Field(5, "sUCI", SUCI, optional=True),
        Field(6, "pEI", PEI, optional=True),
        Field(7, "gPSI", GPSI, optional=True),
        Field(8, "gUTI", FIVE_GGUTI),
        Field(9, "location", LOCATION, optional=True),
        Field(10, "non3GPPAccessEndpoint", UE_ENDPOINT_ADDRESS, optional=True),
        Field(11, "fiveGSTAIList", SequenceOf("SEQUENCE OF TAI", TAI), optional=True),
        Field(12, "sMSOverNasIndicator", SMS_OVER_NAS_INDICATOR, optional=True),
        Field(13, "oldGUTI", EPS5_GGUTI, optional=True),
        Field(14, "eMM5GRegStatus", EMM5_GMM_STATUS, optional=True),
        Field(15, "nonIMEISVPEI", NON_IMEISVPEI, optional=True),
        Field(16, "mACRestIndicator", MAC_RESTRICTION_INDICATOR, optional=True),
        Field(17, "pagingRestrictionIndicator", PAGING_RESTRICTION_INDICATOR, optional=True),
        Field(18, "rATType", RAT_TYPE, optional=True),
        Field(19, "rRCEstablishmentCause", RRC_ESTABLISHMENT_CAUSE, optional=True),
        Field(20, "deprecatedNGInformation", UNDESCRIBED, optional=True),
        Field(21, "nASTransportInitialInformation", UNDESCRIBED, optional=True),
        Field(22, "sORTransparentContainer", SOR_TRANSPARENT_CONTAINER, optional=True),
        Field(23, "equivalentPLMNList", SequenceOf("SEQUENCE OF PLMNID", PLMNID), optional=True),
        Field(24, "fiveGMMCapability", FIVE_GMM_CAPABILITY, optional=True),
        Field(25, "initialRANUEContextSetup", UNDESCRIBED, optional=True),
        Field(26, "mUSIMUERequestType", MUSIMUE_REQUEST_TYPE, optional=True),
        Field(27, "unavailabilityPeriodDuration", UNAVAILABILITY_PERIOD_DURATION, optional=True),
        Field(28, "fiveGSUpdateType", FIVE_GS_UPDATE_TYPE, optional=True),
        Field(29, "uEAreaIndication", UE_AREA_INDICATION, optional=True),
        Field(30, "establishmentCauseNon3GPPAccess", OCTETS, optional=True),
        Field(31, "additionalUserIdentifiers", USER_IDENTIFIERS, optional=True),
    ),
)
AMF_DIRECTION: Final = enumerated("AMFDirection", "1=networkInitiated 2=uEInitiated")
SWITCH_OFF_INDICATOR: Final = enumerated("SwitchOffIndicator", "1=normalDetach 2=switchOff")
RE_REG_REQUIRED_INDICATOR: Final = enumerated(
    "ReRegRequiredIndicator",
    "1=reRegistrationRequired 2=reRegistrationNotRequired",
)
AMF_DEREGISTRATION: Final = Sequence(
    "AMFDeregistration",
    (
        Field(1, "deregistrationDirection", AMF_DIRECTION),
        Field(2, "accessType", ACCESS_TYPE),
        Field(3, "sUPI", SUPI, optional=True),
        Field(4, "sUCI", SUCI, optional=True),
        Field(5, "pEI", PEI, optional=True),
        Field(6, "gPSI", GPSI, optional=True),
        Field(7, "gUTI", FIVE_GGUTI, optional=True),
        Field(8, "cause", UINT8, optional=True),
        Field(9, "location", LOCATION, optional=True),
        Field(10, "switchOffIndicator", SWITCH_OFF_INDICATOR, optional=True),
        Field(11, "reRegRequiredIndicator", RE_REG_REQUIRED_INDICATOR, optional=True),
        Field(12, "unavailabilityPeriodDuration", UNAVAILABILITY_PERIOD_DURATION, optional=True),
        Field(13, "additionalUserIdentifiers", USER_IDENTIFIERS, optional=True),
    ),
)
AMF_LOCATION_UPDATE: Final = Sequence(
    "AMFLocationUpdate",
    (
        Field(1, "sUPI", SUPI),
        Field(2, "sUCI", SUCI, optional=True),
        Field(3, "pEI", PEI, optional=True),
        Field(4, "gPSI", GPSI, optional=True),
        Field(5, "gUTI", FIVE_GGUTI, optional=True),
        Field(6, "location", LOCATION),
        Field(7, "deprecatedSMSOverNASIndicator", SMS_OVER_NAS_INDICATOR, optional=True),
        Field(8, "deprecatedOldGUTI", EPS5_GGUTI, optional=True),
        Field(9, "uEAreaIndication", UE_AREA_INDICATION, optional=True),
        Field(10, "additionalUserIdentifiers", USER_IDENTIFIERS, optional=True),
    ),
)
UE_POLICY: Final = OctetString("UEPolicy", 16, 65_540)
AMF_START_OF_INTERCEPTION_WITH_REGISTERED_UE: Final = Sequence(
    "AMFStartOfInterceptionWithRegisteredUE",
    (
        Field(1, "registrationResult", AMF_REGISTRATION_RESULT),
        Field(2, "registrationType", AMF_REGISTRATION_TYPE, optional=True),
        Field(3, "slice", SLICE, optional=True),
        Field(4, "sUPI", SUPI),
        Field(5, "sUCI", SUCI, optional=True),
        Field(6, "pEI", PEI, optional=True),
        Field(7, "gPSI", GPSI, optional=True),
        Field(8, "gUTI", FIVE_GGUTI),
        Field(9, "location", LOCATION, optional=True),
        Field(10, "non3GPPAccessEndpoint", UE_ENDPOINT_ADDRESS, optional=True),
        Field(11, "timeOfRegistration", GENERALIZED_TIME, optional=True),
        Field(12, "fiveGSTAIList", SequenceOf("SEQUENCE OF TAI", TAI), optional=True),
        Field(13, "sMSOverNASIndicator", SMS_OVER_NAS_INDICATOR, optional=True),
        Field(14, "oldGUTI", EPS5_GGUTI, optional=True),
        Field(15, "eMM5GRegStatus", EMM5_GMM_STATUS, optional=True),
        Field(16, "sORTransparentContainer", SOR_TRANSPARENT_CONTAINER, optional=True),
        Field(17, "uEPolicy", UE_POLICY, optional=True),
        Field(18, "unavailabilityPeriodDuration", UNAVAILABILITY_PERIOD_DURATION, optional=True),
        Field(19, "fiveGSUpdateType", FIVE_GS_UPDATE_TYPE, optional=True),
        Field(20, "uEAreaIndication", UE_AREA_INDICATION, optional=True),
        Field(21, "additionalUserIdentifiers", USER_IDENTIFIERS, optional=True),
    ),
)
AMF_FAILED_PROCEDURE_TYPE: Final = enumerated(
    "AMFFailedProcedureType",
    "1=registration 2=sMS 3=pDUSessionEstablishment",
)
AMF_FAILURE_CAUSE: Final = Choice(
    "AMFFailureCause",
    (
        Field(1, "fiveGMMCause", UINT8),
        Field(2, "fiveGSMCause", UINT8),
    ),
)
AMF_UNSUCCESSFUL_PROCEDURE: Final = Sequence(
    "AMFUnsuccessfulProcedure",
    (
        Field(1, "failedProcedureType", AMF_FAILED_PROCEDURE_TYPE),
        Field(2, "failureCause", AMF_FAILURE_CAUSE),
        Field(3, "requestedSlice", SequenceOf("SEQUENCE OF SNSSAI", SNSSAI), optional=True),
        Field(4, "sUPI", SUPI, optional=True),
        Field(5, "sUCI", SUCI, optional=True),
        Field(6, "pEI", PEI, optional=True),
        Field(7, "gPSI", GPSI, optional=True),
        Field(8, "gUTI", FIVE_GGUTI, optional=True),
        Field(9, "location", LOCATION, optional=True),
        Field(10, "additionalUserIdentifiers", USER_IDENTIFIERS, optional=True),
    ),
)
AMF_IDENTIFIER_ASSOCIATION: Final = Sequence(
    "AMFIdentifierAssociation",
    (
        Field(1, "sUPI", SUPI),
        Field(2, "sUCI", SUCI, optional=True),
        Field(3, "pEI", PEI, optional=True),
        Field(4, "gPSI", GPSI, optional=True),
        Field(5, "gUTI", FIVE_GGUTI),
        Field(6, "location", LOCATION),
        Field(7, "fiveGSTAIList", SequenceOf("SEQUENCE OF TAI", TAI), optional=True),
        Field(8, "additionalUserIdentifiers", USER_IDENTIFIERS, optional=True),
    ),
)
AMF_IDENTIFIER_DEASSOCIATION: Final = Sequence(
    "AMFIdentifierDeassociation",
    (
        Field(1, "sUPI", SUPI),
        Field(2, "sUCI", SUCI, optional=True),
        Field(3, "pEI", PEI, optional=True),
        Field(4, "gPSI", GPSI, optional=True),
        Field(5, "gUTI", FIVE_GGUTI),
        Field(6, "location", LOCATION, optional=True),
        Field(7, "additionalUserIdentifiers", USER_IDENTIFIERS, optional=True),
    ),
)
SERVICE_AREA_LIST: Final = OctetString("ServiceAreaList", 4, 112)
AMFUE_CONFIGURATION_UPDATE: Final = Sequence(
    "AMFUEConfigurationUpdate",
    (
        Field(1, "userIdentifiers", USER_IDENTIFIERS),
        Field(2, "gUTI", GUTI),
        Field(3, "oldGUTI", EPS5_GGUTI, optional=True),
        Field(4, "fiveGSTAIList", SequenceOf("SEQUENCE OF TAI", TAI), optional=True),
        Field(5, "slice", SLICE, optional=True),
        Field(6, "serviceAreaList", SERVICE_AREA_LIST, optional=True),
        Field(7, "registrationResult", AMF_REGISTRATION_RESULT, optional=True),
        Field(8, "sMSOverNASIndicator", SMS_OVER_NAS_INDICATOR, optional=True),
    ),
)
AMF_POSITIONING_INFO_TRANSFER: Final = Sequence(
    "AMFPositioningInfoTransfer",
    (
        Field(1, "sUPI", SUPI),
        Field(2, "sUCI", SUCI, optional=True),
        Field(3, "pEI", PEI, optional=True),
        Field(4, "gPSI", GPSI, optional=True),
        Field(5, "gUTI", FIVE_GGUTI, optional=True),
        Field(6, "nRPPaMessage", OCTETS, optional=True),
        Field(7, "lPPMessage", OCTETS, optional=True),
        Field(8, "lcsCorrelationId", Text("UTF8String (SIZE (1..255))", 1, 255)),
        Field(9, "additionalUserIdentifiers", USER_IDENTIFIERS, optional=True),
    ),
)
