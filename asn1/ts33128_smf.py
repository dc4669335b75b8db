"""TS 33.128 events of the SMF: PDU sessions over one access (Rel-19 version 3 of the module).

Policy rules and what concerns other people's handsets or EPS connections are not described and decode to a tag tree.
"""

from __future__ import annotations

from typing import Final

from asn1.table import (
    BOOLEAN,
    GENERALIZED_TIME,
    INTEGER,
    OCTETS,
    UINT8,
    UNDESCRIBED,
    UTF8,
    Field,
    Sequence,
    SequenceOf,
    enumerated,
)
from asn1.ts33128_access import AMFID, FIVE_GSM_REQUEST_TYPE, FTEID, GTP_TUNNEL_INFO, PDU_SESSION_TYPE
from asn1.ts33128_location import LOCATION
from asn1.ts33128_types import (
    ACCESS_TYPE,
    EPS_SUBSCRIBER_I_DS,
    GPSI,
    NID,
    PEI,
    PLMNID,
    RAT_TYPE,
    SBI_TYPE,
    SNSSAI,
    SUPI,
    UE_ENDPOINT_ADDRESS,
)

EPS_INTERWORKING_INDICATION: Final = enumerated(
    "EPSInterworkingIndication",
    "1=none 2=withN26 3=withoutN26 4=iwkNon3GPP",
)
EPSPDN_CNX_INFO: Final = Sequence(
    "EPSPDNCnxInfo",
    (
        Field(1, "pGWS8ControlPlaneFTEID", FTEID),
        Field(2, "linkedBearerID", UINT8, optional=True),
    ),
)
EPS_BEARERS: Final = Sequence(
    "EPSBearers",
    (
        Field(1, "ePSBearerID", UINT8),
        Field(2, "pGWS8UserPlaneFTEID", FTEID),
        Field(3, "qCI", UINT8),
    ),
)
EPS5_GS_COMBO_INFO: Final = Sequence(
    "EPS5GSComboInfo",
    (
        Field(1, "ePSInterworkingIndication", EPS_INTERWORKING_INDICATION),
        Field(2, "ePSSubscriberIDs", EPS_SUBSCRIBER_I_DS),
        Field(3, "ePSPDNCnxInfo", EPSPDN_CNX_INFO, optional=True),
        Field(4, "ePSBearerInfo", SequenceOf("SEQUENCE OF EPSBearers", EPS_BEARERS), optional=True),
    ),
)
SMF_SERVING_NETWORK: Final = Sequence(
    "SMFServingNetwork",
    (
        Field(1, "pLMNID", PLMNID),
        Field(2, "nID", NID, optional=True),
    ),
)
HANDOVER_STATE: Final = enumerated("HandoverState", "1=none 2=preparing 3=prepared 4=completed 5=cancelled")
SMFPDU_SESSION_ESTABLISHMENT: Final = Sequence(
    "SMFPDUSessionEstablishment",
    (
        Field(1, "sUPI", SUPI, optional=True),
        Field(2, "sUPIUnauthenticated", BOOLEAN, optional=True),
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
        Field(13, "aMFID", AMFID, optional=True),
        Field(14, "hSMFURI", UTF8, optional=True),
        Field(15, "requestType", FIVE_GSM_REQUEST_TYPE),
        Field(16, "accessType", ACCESS_TYPE, optional=True),
        Field(17, "rATType", RAT_TYPE, optional=True),
        Field(18, "sMPDUDNRequest", OCTETS, optional=True),
        Field(19, "uEEPSPDNConnection", OCTETS, optional=True),
        Field(20, "ePS5GSComboInfo", EPS5_GS_COMBO_INFO, optional=True),
        Field(21, "selectedDNN", UTF8, optional=True),
        Field(22, "servingNetwork", SMF_SERVING_NETWORK, optional=True),
        Field(23, "oldPDUSessionID", UINT8, optional=True),
        Field(24, "handoverState", HANDOVER_STATE, optional=True),
        Field(25, "gTPTunnelInfo", GTP_TUNNEL_INFO, optional=True),
        Field(26, "pCCRules", UNDESCRIBED, optional=True),
        Field(27, "ePSPDNConnectionEstablishment", UNDESCRIBED, optional=True),
        Field(28, "satelliteBackhaulCategory", SBI_TYPE, optional=True),
        Field(29, "gEOSatelliteID", UTF8, optional=True),
    ),
)
SMFPDU_SESSION_MODIFICATION: Final = Sequence(
    "SMFPDUSessionModification",
    (
        Field(1, "sUPI", SUPI, optional=True),
        Field(2, "sUPIUnauthenticated", BOOLEAN, optional=True),
        Field(3, "pEI", PEI, optional=True),
        Field(4, "gPSI", GPSI, optional=True),
        Field(5, "sNSSAI", SNSSAI, optional=True),
        Field(6, "non3GPPAccessEndpoint", UE_ENDPOINT_ADDRESS, optional=True),
        Field(7, "location", LOCATION, optional=True),
        Field(8, "requestType", FIVE_GSM_REQUEST_TYPE),
        Field(9, "accessType", ACCESS_TYPE, optional=True),
        Field(10, "rATType", RAT_TYPE, optional=True),
        Field(11, "pDUSessionID", UINT8, optional=True),
        Field(12, "ePS5GSComboInfo", EPS5_GS_COMBO_INFO, optional=True),
        Field(13, "uEEndpoint", UE_ENDPOINT_ADDRESS, optional=True),
        Field(14, "servingNetwork", SMF_SERVING_NETWORK, optional=True),
        Field(15, "handoverState", HANDOVER_STATE, optional=True),
        Field(16, "gTPTunnelInfo", GTP_TUNNEL_INFO, optional=True),
        Field(17, "pCCRules", UNDESCRIBED, optional=True),
        Field(18, "ePSPDNConnectionModification", UNDESCRIBED, optional=True),
        Field(19, "uPPathChange", UNDESCRIBED, optional=True),
        Field(20, "pFDDataForApp", UNDESCRIBED, optional=True),
        Field(21, "satelliteBackhaulCategory", SBI_TYPE, optional=True),
        Field(22, "gEOSatelliteID", UTF8, optional=True),
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
        Field(10, "cause", UTF8, optional=True),
        Field(11, "ePS5GSComboInfo", EPS5_GS_COMBO_INFO, optional=True),
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
        Field(2, "sUPIUnauthenticated", BOOLEAN, optional=True),
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
        Field(13, "aMFID", AMFID, optional=True),
        Field(14, "hSMFURI", UTF8, optional=True),
        Field(15, "requestType", FIVE_GSM_REQUEST_TYPE),
        Field(16, "accessType", ACCESS_TYPE, optional=True),
        Field(17, "rATType", RAT_TYPE, optional=True),
        Field(18, "sMPDUDNRequest", OCTETS, optional=True),
        Field(19, "timeOfSessionEstablishment", GENERALIZED_TIME, optional=True),
        Field(20, "ePS5GSComboInfo", EPS5_GS_COMBO_INFO, optional=True),
        Field(21, "uEEPSPDNConnection", OCTETS, optional=True),
        Field(22, "servingNetwork", SMF_SERVING_NETWORK, optional=True),
        Field(23, "gTPTunnelInfo", GTP_TUNNEL_INFO, optional=True),
        Field(24, "pCCRules", UNDESCRIBED, optional=True),
        Field(25, "ePSStartOfInterceptionWithEstablishedPDNConnection", UNDESCRIBED, optional=True),
        Field(26, "pFDDataForApps", UNDESCRIBED, optional=True),
        Field(27, "satelliteBackhaulCategory", SBI_TYPE, optional=True),
        Field(28, "gEOSatelliteID", UTF8, optional=True),
        Field(29, "remoteUEsContextConnected", UNDESCRIBED, optional=True),
    ),
)
SMF_FAILED_PROCEDURE_TYPE: Final = enumerated(
    "SMFFailedProcedureType",
    "1=pDUSessionEstablishment 2=pDUSessionModification 3=pDUSessionRelease",
)
INITIATOR: Final = enumerated("Initiator", "1=uE 2=network 3=unknown")
SMF_UNSUCCESSFUL_PROCEDURE: Final = Sequence(
    "SMFUnsuccessfulProcedure",
    (
        Field(1, "failedProcedureType", SMF_FAILED_PROCEDURE_TYPE),
        Field(2, "failureCause", UINT8),
        Field(3, "initiator", INITIATOR),
        Field(4, "requestedSlice", SequenceOf("SEQUENCE OF SNSSAI", SNSSAI), optional=True),
        Field(5, "sUPI", SUPI, optional=True),
        Field(6, "sUPIUnauthenticated", BOOLEAN, optional=True),
        Field(7, "pEI", PEI, optional=True),
        Field(8, "gPSI", GPSI, optional=True),
        Field(9, "pDUSessionID", UINT8, optional=True),
        Field(10, "uEEndpoint", SequenceOf("SEQUENCE OF UEEndpointAddress", UE_ENDPOINT_ADDRESS), optional=True),
        Field(11, "non3GPPAccessEndpoint", UE_ENDPOINT_ADDRESS, optional=True),
        Field(12, "dNN", UTF8, optional=True),
        Field(13, "aMFID", AMFID, optional=True),
        Field(14, "hSMFURI", UTF8, optional=True),
        Field(15, "requestType", FIVE_GSM_REQUEST_TYPE, optional=True),
        Field(16, "accessType", ACCESS_TYPE, optional=True),
        Field(17, "rATType", RAT_TYPE, optional=True),
        Field(18, "sMPDUDNRequest", OCTETS, optional=True),
        Field(19, "location", LOCATION, optional=True),
        Field(20, "ePSPDNUnsuccessfulProcedure", UNDESCRIBED, optional=True),
    ),
)
