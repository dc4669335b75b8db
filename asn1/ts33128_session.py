"""TS 33.128 registration and PDU session events (Rel-19 version 3 of the module).

Fields of radio and core signalling that no service of ours uses are not described and decode to a tag tree.
"""

from __future__ import annotations

from typing import Final

from asn1.table import (
    GENERALIZED_TIME,
    INTEGER,
    UINT8,
    UINT32,
    UNDESCRIBED,
    UTF8,
    Field,
    OctetString,
    Sequence,
    SequenceOf,
    enumerated,
)
from asn1.ts33128_types import (
    ACCESS_TYPE,
    GPSI,
    IPV4_ADDRESS,
    IPV6_ADDRESS,
    LOCATION,
    PEI,
    RAT_TYPE,
    SUPI,
    UE_ENDPOINT_ADDRESS,
)

AMF_REGISTRATION_TYPE: Final = enumerated(
    "AMFRegistrationType",
    "1=initial 2=mobility 3=periodic 4=emergency 5=sNPNOnboarding 6=disasterMobility 7=disasterInitial",
)
AMF_REGISTRATION_RESULT: Final = enumerated(
    "AMFRegistrationResult", "1=threeGPPAccess 2=nonThreeGPPAccess 3=threeGPPAndNonThreeGPPAccess"
)
AMF_DIRECTION: Final = enumerated("AMFDirection", "1=networkInitiated 2=uEInitiated")
PDU_SESSION_TYPE: Final = enumerated("PDUSessionType", "1=iPv4 2=iPv6 3=iPv4v6 4=unstructured 5=ethernet")
FIVE_GSM_REQUEST_TYPE: Final = enumerated(
    "FiveGSMRequestType",
    "1=initialRequest 2=existingPDUSession 3=initialEmergencyRequest 4=existingEmergencyPDUSession "
    "5=modificationRequest 6=reserved 7=mAPDURequest",
)
FIVE_GGUTI: Final = Sequence(
    "FiveGGUTI",
    (
        Field(1, "mCC", UNDESCRIBED),
        Field(2, "mNC", UNDESCRIBED),
        Field(3, "aMFRegionID", UNDESCRIBED),
        Field(4, "aMFSetID", UNDESCRIBED),
        Field(5, "aMFPointer", UNDESCRIBED),
        Field(6, "fiveGTMSI", UNDESCRIBED),
    ),
)
FTEID: Final = Sequence(
    "FTEID",
    (
        Field(1, "tEID", UINT32),
        Field(2, "iPv4Address", IPV4_ADDRESS, optional=True),
        Field(3, "iPv6Address", IPV6_ADDRESS, optional=True),
    ),
)
SNSSAI: Final = Sequence(
    "SNSSAI",
    (
        Field(1, "sliceServiceType", UINT8),
        Field(2, "sliceDifferentiator", OctetString("OCTET STRING (SIZE (3))", 3, 3), optional=True),
        Field(3, "mappedHPLMNSliceServiceType", UINT8, optional=True),
        Field(4, "mappedHPLMNSliceDifferentiator", OctetString("OCTET STRING (SIZE (3))", 3, 3), optional=True),
    ),
)
AMF_REGISTRATION: Final = Sequence(
    "AMFRegistration",
    (
        Field(1, "registrationType", AMF_REGISTRATION_TYPE),
        Field(2, "registrationResult", AMF_REGISTRATION_RESULT),
        Field(3, "slice", UNDESCRIBED, optional=True),
        Field(4, "sUPI", SUPI),
        Field(5, "sUCI", UNDESCRIBED, optional=True),
        Field(6, "pEI", PEI, optional=True),
        Field(7, "gPSI", GPSI, optional=True),
        Field(8, "gUTI", FIVE_GGUTI),
        Field(9, "location", LOCATION, optional=True),
        Field(10, "non3GPPAccessEndpoint", UE_ENDPOINT_ADDRESS, optional=True),
        Field(11, "fiveGSTAIList", UNDESCRIBED, optional=True),
        Field(12, "sMSOverNasIndicator", UNDESCRIBED, optional=True),
        Field(13, "oldGUTI", UNDESCRIBED, optional=True),
        Field(14, "eMM5GRegStatus", UNDESCRIBED, optional=True),
        Field(15, "nonIMEISVPEI", UNDESCRIBED, optional=True),
        Field(16, "mACRestIndicator", UNDESCRIBED, optional=True),
        Field(17, "pagingRestrictionIndicator", UNDESCRIBED, optional=True),
        Field(18, "rATType", RAT_TYPE, optional=True),
        Field(19, "rRCEstablishmentCause", UNDESCRIBED, optional=True),
        Field(20, "deprecatedNGInformation", UNDESCRIBED, optional=True),
        Field(21, "nASTransportInitialInformation", UNDESCRIBED, optional=True),
        Field(22, "sORTransparentContainer", UNDESCRIBED, optional=True),
        Field(23, "equivalentPLMNList", UNDESCRIBED, optional=True),
        Field(24, "fiveGMMCapability", UNDESCRIBED, optional=True),
        Field(25, "initialRANUEContextSetup", UNDESCRIBED, optional=True),
        Field(26, "mUSIMUERequestType", UNDESCRIBED, optional=True),
        Field(27, "unavailabilityPeriodDuration", UNDESCRIBED, optional=True),
        Field(28, "fiveGSUpdateType", UNDESCRIBED, optional=True),
        Field(29, "uEAreaIndication", UNDESCRIBED, optional=True),
        Field(30, "establishmentCauseNon3GPPAccess", UNDESCRIBED, optional=True),
        Field(31, "additionalUserIdentifiers", UNDESCRIBED, optional=True),
    ),
)
AMF_DEREGISTRATION: Final = Sequence(
    "AMFDeregistration",
    (
        Field(1, "deregistrationDirection", AMF_DIRECTION),
        Field(2, "accessType", ACCESS_TYPE),
        Field(3, "sUPI", SUPI, optional=True),
        Field(4, "sUCI", UNDESCRIBED, optional=True),
        Field(5, "pEI", PEI, optional=True),
        Field(6, "gPSI", GPSI, optional=True),
        Field(7, "gUTI", FIVE_GGUTI, optional=True),
        Field(8, "cause", UINT8, optional=True),
        Field(9, "location", LOCATION, optional=True),
        Field(10, "switchOffIndicator", UNDESCRIBED, optional=True),
        Field(11, "reRegRequiredIndicator", UNDESCRIBED, optional=True),
        Field(12, "unavailabilityPeriodDuration", UNDESCRIBED, optional=True),
        Field(13, "additionalUserIdentifiers", UNDESCRIBED, optional=True),
    ),
)
AMF_LOCATION_UPDATE: Final = Sequence(
    "AMFLocationUpdate",
    (
        Field(1, "sUPI", SUPI),
        Field(2, "sUCI", UNDESCRIBED, optional=True),
        Field(3, "pEI", PEI, optional=True),
        Field(4, "gPSI", GPSI, optional=True),
        Field(5, "gUTI", FIVE_GGUTI, optional=True),
        Field(6, "location", LOCATION),
        Field(7, "deprecatedSMSOverNASIndicator", UNDESCRIBED, optional=True),
        Field(8, "deprecatedOldGUTI", UNDESCRIBED, optional=True),
        Field(9, "uEAreaIndication", UNDESCRIBED, optional=True),
        Field(10, "additionalUserIdentifiers", UNDESCRIBED, optional=True),
    ),
)
AMF_START_OF_INTERCEPTION_WITH_REGISTERED_UE: Final = Sequence(
    "AMFStartOfInterceptionWithRegisteredUE",
    (
        Field(1, "registrationResult", AMF_REGISTRATION_RESULT),
        Field(2, "registrationType", AMF_REGISTRATION_TYPE, optional=True),
        Field(3, "slice", UNDESCRIBED, optional=True),
        Field(4, "sUPI", SUPI),
        Field(5, "sUCI", UNDESCRIBED, optional=True),
        Field(6, "pEI", PEI, optional=True),
        Field(7, "gPSI", GPSI, optional=True),
        Field(8, "gUTI", FIVE_GGUTI),
        Field(9, "location", LOCATION, optional=True),
        Field(10, "non3GPPAccessEndpoint", UE_ENDPOINT_ADDRESS, optional=True),
        Field(11, "timeOfRegistration", GENERALIZED_TIME, optional=True),
        Field(12, "fiveGSTAIList", UNDESCRIBED, optional=True),
        Field(13, "sMSOverNASIndicator", UNDESCRIBED, optional=True),
        Field(14, "oldGUTI", UNDESCRIBED, optional=True),
        Field(15, "eMM5GRegStatus", UNDESCRIBED, optional=True),
        Field(16, "sORTransparentContainer", UNDESCRIBED, optional=True),
        Field(17, "uEPolicy", UNDESCRIBED, optional=True),
        Field(18, "unavailabilityPeriodDuration", UNDESCRIBED, optional=True),
        Field(19, "fiveGSUpdateType", UNDESCRIBED, optional=True),
        Field(20, "uEAreaIndication", UNDESCRIBED, optional=True),
        Field(21, "additionalUserIdentifiers", UNDESCRIBED, optional=True),
    ),
)
SMFPDU_SESSION_ESTABLISHMENT: Final = Sequence(
    "SMFPDUSessionEstablishment",
    (
        Field(1, "sUPI", SUPI, optional=True),
        Field(2, "sUPIUnauthenticated", UNDESCRIBED, optional=True),
        Field(3, "pEI", PEI, optional=True),
        Field(4, "gPSI", GPSI, optional=True),
        Field(5, "pDUSessionID", UINT8),
        Field(6, "gTPTunnelID", FTEID),
        Field(7, "pDUSessionType", PDU_SESSION_TYPE),
        Field(8, "sNSSAI", SNSSAI, optional=True),
        Field(9, "uEEndpoint", SequenceOf("SEQUENCE OF UEEndpointAddress", UE_ENDPOINT_ADDRESS), optional=True),
        Field(10, "non3GPPAccessEndpoint", UE_ENDPOINT_ADDRESS, optional=True),
        Field(11, "location", LOCATION, optional=True),
        Field(12, "dNN", UTF8),
        Field(13, "aMFID", UNDESCRIBED, optional=True),
        Field(14, "hSMFURI", UNDESCRIBED, optional=True),
        Field(15, "requestType", FIVE_GSM_REQUEST_TYPE),
        Field(16, "accessType", ACCESS_TYPE, optional=True),
        Field(17, "rATType", RAT_TYPE, optional=True),
        Field(18, "sMPDUDNRequest", UNDESCRIBED, optional=True),
        Field(19, "uEEPSPDNConnection", UNDESCRIBED, optional=True),
        Field(20, "ePS5GSComboInfo", UNDESCRIBED, optional=True),
        Field(21, "selectedDNN", UTF8, optional=True),
        Field(22, "servingNetwork", UNDESCRIBED, optional=True),
        Field(23, "oldPDUSessionID", UINT8, optional=True),
        Field(24, "handoverState", UNDESCRIBED, optional=True),
        Field(25, "gTPTunnelInfo", UNDESCRIBED, optional=True),
        Field(26, "pCCRules", UNDESCRIBED, optional=True),
        Field(27, "ePSPDNConnectionEstablishment", UNDESCRIBED, optional=True),
        Field(28, "satelliteBackhaulCategory", UNDESCRIBED, optional=True),
        Field(29, "gEOSatelliteID", UNDESCRIBED, optional=True),
    ),
)
SMFPDU_SESSION_MODIFICATION: Final = Sequence(
    "SMFPDUSessionModification",
    (
        Field(1, "sUPI", SUPI, optional=True),
        Field(2, "sUPIUnauthenticated", UNDESCRIBED, optional=True),
        Field(3, "pEI", PEI, optional=True),
        Field(4, "gPSI", GPSI, optional=True),
        Field(5, "sNSSAI", SNSSAI, optional=True),
        Field(6, "non3GPPAccessEndpoint", UE_ENDPOINT_ADDRESS, optional=True),
        Field(7, "location", LOCATION, optional=True),
        Field(8, "requestType", FIVE_GSM_REQUEST_TYPE),
        Field(9, "accessType", ACCESS_TYPE, optional=True),
        Field(10, "rATType", RAT_TYPE, optional=True),
        Field(11, "pDUSessionID", UINT8, optional=True),
        Field(12, "ePS5GSComboInfo", UNDESCRIBED, optional=True),
        Field(13, "uEEndpoint", UE_ENDPOINT_ADDRESS, optional=True),
        Field(14, "servingNetwork", UNDESCRIBED, optional=True),
        Field(15, "handoverState", UNDESCRIBED, optional=True),
        Field(16, "gTPTunnelInfo", UNDESCRIBED, optional=True),
        Field(17, "pCCRules", UNDESCRIBED, optional=True),
        Field(18, "ePSPDNConnectionModification", UNDESCRIBED, optional=True),
        Field(19, "uPPathChange", UNDESCRIBED, optional=True),
        Field(20, "pFDDataForApp", UNDESCRIBED, optional=True),
        Field(21, "satelliteBackhaulCategory", UNDESCRIBED, optional=True),
        Field(22, "gEOSatelliteID", UNDESCRIBED, optional=True),
        Field(23, "proSeRemoteUEsReport", UNDESCRIBED, optional=True),
    ),
)
SMFPDU_SESSION_RELEASE: Final = Sequence(
    "SMFPDUSessionRelease",
    (
        Field(1, "sUPI", SUPI),
        Field(2, "pEI", PEI, optional=True),
        Field(3, "gPSI", GPSI, optional=True),
        Field(4, "pDUSessionID", UINT8),
        Field(5, "timeOfFirstPacket", GENERALIZED_TIME, optional=True),
        Field(6, "timeOfLastPacket", GENERALIZED_TIME, optional=True),
        Field(7, "uplinkVolume", INTEGER, optional=True),
        Field(8, "downlinkVolume", INTEGER, optional=True),
        Field(9, "location", LOCATION, optional=True),
        Field(10, "cause", UNDESCRIBED, optional=True),
        Field(11, "ePS5GSComboInfo", UNDESCRIBED, optional=True),
        Field(12, "nGAPCause", UNDESCRIBED, optional=True),
        Field(13, "fiveGMMCause", UINT8, optional=True),
        Field(14, "pCCRuleIDs", UNDESCRIBED, optional=True),
        Field(15, "ePSPDNConnectionRelease", UNDESCRIBED, optional=True),
    ),
)
SMF_START_OF_INTERCEPTION_WITH_ESTABLISHED_PDU_SESSION: Final = Sequence(
    "SMFStartOfInterceptionWithEstablishedPDUSession",
    (
        Field(1, "sUPI", SUPI, optional=True),
        Field(2, "sUPIUnauthenticated", UNDESCRIBED, optional=True),
        Field(3, "pEI", PEI, optional=True),
        Field(4, "gPSI", GPSI, optional=True),
        Field(5, "pDUSessionID", UINT8),
        Field(6, "gTPTunnelID", FTEID),
        Field(7, "pDUSessionType", PDU_SESSION_TYPE),
        Field(8, "sNSSAI", SNSSAI, optional=True),
        Field(9, "uEEndpoint", SequenceOf("SEQUENCE OF UEEndpointAddress", UE_ENDPOINT_ADDRESS)),
        Field(10, "non3GPPAccessEndpoint", UE_ENDPOINT_ADDRESS, optional=True),
        Field(11, "location", LOCATION, optional=True),
        Field(12, "dNN", UTF8),
        Field(13, "aMFID", UNDESCRIBED, optional=True),
        Field(14, "hSMFURI", UNDESCRIBED, optional=True),
        Field(15, "requestType", FIVE_GSM_REQUEST_TYPE),
        Field(16, "accessType", ACCESS_TYPE, optional=True),
        Field(17, "rATType", RAT_TYPE, optional=True),
        Field(18, "sMPDUDNRequest", UNDESCRIBED, optional=True),
        Field(19, "timeOfSessionEstablishment", GENERALIZED_TIME, optional=True),
        Field(20, "ePS5GSComboInfo", UNDESCRIBED, optional=True),
        Field(21, "uEEPSPDNConnection", UNDESCRIBED, optional=True),
        Field(22, "servingNetwork", UNDESCRIBED, optional=True),
        Field(23, "gTPTunnelInfo", UNDESCRIBED, optional=True),
        Field(24, "pCCRules", UNDESCRIBED, optional=True),
        Field(25, "ePSStartOfInterceptionWithEstablishedPDNConnection", UNDESCRIBED, optional=True),
        Field(26, "pFDDataForApps", UNDESCRIBED, optional=True),
        Field(27, "satelliteBackhaulCategory", UNDESCRIBED, optional=True),
        Field(28, "gEOSatelliteID", UNDESCRIBED, optional=True),
        Field(29, "remoteUEsContextConnected", UNDESCRIBED, optional=True),
    ),
)
