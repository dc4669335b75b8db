"""The Location of TS 33.128 events, whichever network told it (Rel-19 version 3 of the module)."""

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
    Integer,
    OctetString,
    Sequence,
    SequenceOf,
    enumerated,
)
from asn1.ts33128_cells import (
    CELL_INFORMATION,
    CGI,
    E_NB_ID,
    ECGI,
    GLOBAL_RAN_NODE_ID,
    LAI,
    NCGI,
    RAI,
    SAI,
    TAI,
    USER_LOCATION,
)
from asn1.ts33128_geography import GEOGRAPHIC_AREA, LOCATION_DATA, RAW_MLP_RESPONSE
from asn1.ts33128_types import ACCESS_TYPE, PLMNID, RAT_TYPE

LOCATION_INFO: Final = Sequence(
    "LocationInfo",
    (
        Field(1, "userLocation", USER_LOCATION, optional=True),
        Field(2, "currentLoc", BOOLEAN, optional=True),
        Field(3, "geoInfo", GEOGRAPHIC_AREA, optional=True),
        Field(4, "rATType", RAT_TYPE, optional=True),
        Field(5, "timeZone", UTF8, optional=True),
        Field(6, "additionalCellIDs", SequenceOf("SEQUENCE OF CellInformation", CELL_INFORMATION), optional=True),
    ),
)
POSITIONING_INFO: Final = Sequence(
    "PositioningInfo",
    (
        Field(1, "positionInfo", LOCATION_DATA, optional=True),
        Field(2, "rawMLPResponse", RAW_MLP_RESPONSE, optional=True),
    ),
)
AMF_EVENT_TYPE: Final = enumerated("AMFEventType", "1=locationReport 2=presenceInAOIReport")
PRESENCE_STATE: Final = enumerated("PresenceState", "1=inArea 2=outOfArea 3=unknown 4=inactive")
PRESENCE_INFO: Final = Sequence(
    "PresenceInfo",
    (
        Field(1, "presenceState", PRESENCE_STATE, optional=True),
        Field(2, "trackingAreaList", SequenceOf("SET OF TAI", TAI, as_set=True), optional=True),
        Field(3, "eCGIList", SequenceOf("SET OF ECGI", ECGI, as_set=True), optional=True),
        Field(4, "nCGIList", SequenceOf("SET OF NCGI", NCGI, as_set=True), optional=True),
        Field(
            5,
            "globalRANNodeIDList",
            SequenceOf("SET OF GlobalRANNodeID", GLOBAL_RAN_NODE_ID, as_set=True),
            optional=True,
        ),
        Field(
            6, "globalENbIDList", SequenceOf("SET OF GlobalRANNodeID", GLOBAL_RAN_NODE_ID, as_set=True), optional=True
        ),
    ),
)
LADN_INFO: Final = Sequence(
    "LADNInfo",
    (
        Field(1, "lADN", UTF8),
        Field(2, "presence", PRESENCE_STATE, optional=True),
    ),
)
AMF_EVENT_AREA: Final = Sequence(
    "AMFEventArea",
    (
        Field(1, "presenceInfo", PRESENCE_INFO, optional=True),
        Field(2, "lADNInfo", LADN_INFO, optional=True),
    ),
)
RM_STATE: Final = enumerated("RMState", "1=registered 2=deregistered")
RM_INFO: Final = Sequence(
    "RMInfo",
    (
        Field(1, "rMState", RM_STATE),
        Field(2, "accessType", ACCESS_TYPE),
    ),
)
CM_STATE: Final = enumerated("CMState", "1=idle 2=connected")
CM_INFO: Final = Sequence(
    "CMInfo",
    (
        Field(1, "cMState", CM_STATE),
        Field(2, "accessType", ACCESS_TYPE),
    ),
)
UE_REACHABILITY: Final = enumerated("UEReachability", "1=unreachable 2=reachable 3=regulatoryOnly")
LOCATION_PRESENCE_REPORT: Final = Sequence(
    "LocationPresenceReport",
    (
        Field(1, "type", AMF_EVENT_TYPE),
        Field(2, "timestamp", GENERALIZED_TIME),
        Field(3, "areaList", SequenceOf("SET OF AMFEventArea", AMF_EVENT_AREA, as_set=True), optional=True),
        Field(4, "timeZone", UTF8, optional=True),
        Field(5, "accessTypes", SequenceOf("SET OF AccessType", ACCESS_TYPE, as_set=True), optional=True),
        Field(6, "rMInfoList", SequenceOf("SET OF RMInfo", RM_INFO, as_set=True), optional=True),
        Field(7, "cMInfoList", SequenceOf("SET OF CMInfo", CM_INFO, as_set=True), optional=True),
        Field(8, "reachability", UE_REACHABILITY, optional=True),
        Field(9, "location", USER_LOCATION, optional=True),
        Field(10, "additionalCellIDs", SequenceOf("SEQUENCE OF CellInformation", CELL_INFORMATION), optional=True),
    ),
)
CELL_PORTION_ID: Final = Integer("CellPortionID", 0, 4095)
ESMLC_CELL_INFO: Final = Sequence(
    "ESMLCCellInfo",
    (
        Field(1, "eCGI", ECGI),
        Field(2, "cellPortionID", CELL_PORTION_ID),
    ),
)
GERAN_POSITIONING_INFO: Final = Sequence(
    "GERANPositioningInfo",
    (
        Field(1, "gERANPositioningData", OCTETS, optional=True),
        Field(2, "gERANGANSSPositioningData", OCTETS, optional=True),
    ),
)
UTRAN_POSITIONING_INFO: Final = Sequence(
    "UTRANPositioningInfo",
    (
        Field(1, "uTRANPositioningData", OCTETS, optional=True),
        Field(2, "uTRANGANSSPositioningData", OCTETS, optional=True),
        Field(3, "uTRANAdditionalPositioningData", OCTETS),
    ),
)
FOUR_G_POSITIONING_INFO: Final = Sequence(
    "FourGPositioningInfo",
    (
        Field(1, "locationData", LOCATION_DATA),
        Field(2, "cGI", CGI, optional=True),
        Field(3, "sAI", SAI, optional=True),
        Field(4, "eSMLCCellInfo", ESMLC_CELL_INFO, optional=True),
        Field(5, "gERANPositioningInfo", GERAN_POSITIONING_INFO, optional=True),
        Field(6, "uTRANPositioningInfo", UTRAN_POSITIONING_INFO, optional=True),
        Field(7, "rawMLPResponse", RAW_MLP_RESPONSE, optional=True),
    ),
)
GEOGRAPHICAL_INFORMATION_OCTET: Final = OctetString("GeographicalInformationOctet", 8, 8)
GEODETIC_INFORMATION_OCTET: Final = OctetString("GeodeticInformationOctet", 10, 10)
CSG_ACCESS_MODE: Final = enumerated("CSGAccessMode", "1=closedMode 2=hybridMode")
CSG_MEMBERSHIP_INDICATION: Final = enumerated("CSGMembershipIndication", "1=notCSGMember 2=cSGMember")
USER_CSG_INFORMATION: Final = Sequence(
    "UserCSGInformation",
    (
        Field(1, "cSGID", INTEGER),
        Field(2, "cSGAccessMode", CSG_ACCESS_MODE),
        Field(3, "cSGMembershipIndication", CSG_MEMBERSHIP_INDICATION),
    ),
)
MME_LOCATION_INFORMATION: Final = Sequence(
    "MMELocationInformation",
    (
        Field(1, "eCGI", ECGI, optional=True),
        Field(2, "tAI", TAI, optional=True),
        Field(3, "geographicalInformation", GEOGRAPHICAL_INFORMATION_OCTET, optional=True),
        Field(4, "geodeticInformation", GEODETIC_INFORMATION_OCTET, optional=True),
        Field(5, "currentLocationRetrieved", BOOLEAN, optional=True),
        Field(6, "ageOfLocationInformation", INTEGER, optional=True),
        Field(7, "userCSGInformation", USER_CSG_INFORMATION, optional=True),
        Field(8, "eNbID", E_NB_ID, optional=True),
        Field(9, "additionalCellIDs", SequenceOf("SEQUENCE OF CellInformation", CELL_INFORMATION), optional=True),
    ),
)
SGSN_LOCATION_INFORMATION: Final = Sequence(
    "SGSNLocationInformation",
    (
        Field(1, "cGI", CGI, optional=True),
        Field(2, "lAI", LAI, optional=True),
        Field(3, "sAI", SAI, optional=True),
        Field(4, "rAI", RAI, optional=True),
        Field(5, "geographicalInformation", GEOGRAPHICAL_INFORMATION_OCTET, optional=True),
        Field(6, "geodeticInformation", GEODETIC_INFORMATION_OCTET, optional=True),
        Field(7, "currentLocationRetrieved", BOOLEAN, optional=True),
        Field(8, "ageOfLocationInformation", INTEGER, optional=True),
        Field(9, "userCSGInformation", USER_CSG_INFORMATION, optional=True),
    ),
)
EPS_LOCATION_INFORMATION: Final = Sequence(
    "EPSLocationInformation",
    (
        Field(1, "mMELocationInformation", MME_LOCATION_INFORMATION, optional=True),
        Field(2, "sGSNLocationInformation", SGSN_LOCATION_INFORMATION, optional=True),
    ),
)
FOUR_G_LOCATION_INFO: Final = Choice(
    "FourGLocationInfo",
    (
        Field(1, "ePSLocationInformation", EPS_LOCATION_INFORMATION),
        Field(2, "ePSUserLocationInformation", OCTETS),
    ),
)
SIP_ACCESS_NETWORK_INFORMATION: Final = Sequence(
    "SIPAccessNetworkInformation",
    (
        Field(1, "accessNetworkInfo", UTF8),
        Field(2, "servingPLMN", PLMNID, optional=True),
    ),
)
SIP_LOCATION_INFO: Final = Sequence(
    "SIPLocationInfo",
    (
        Field(1, "locationInfo", LOCATION_INFO, optional=True),
        Field(2, "cellInformation", CELL_INFORMATION, optional=True),
    ),
)
PANI_HEADER_INFO: Final = Sequence(
    "PANIHeaderInfo",
    (
        Field(1, "accessNetworkInformation", SIP_ACCESS_NETWORK_INFORMATION),
        Field(2, "accessInfo", SequenceOf("SEQUENCE OF SIPAccessInfo", UTF8), optional=True),
        Field(3, "pANILocation", SequenceOf("SEQUENCE OF SIPLocationInfo", SIP_LOCATION_INFO), optional=True),
    ),
)
SIP_GEOLOCATION_HEADER_INFO: Final = Sequence(
    "SIPGeolocationHeaderInfo",
    (
        Field(1, "locationValue", UTF8),
        Field(2, "cidInfo", UTF8, optional=True),
    ),
)
SIP_CELLULAR_NETWORK_INFORMATION: Final = Sequence(
    "SIPCellularNetworkInformation",
    (
        Field(1, "cellularNetworkInfo", UTF8),
        Field(2, "servingPLMN", PLMNID, optional=True),
    ),
)
SIPCNI_CELL_INFO_AGE: Final = Integer("SIPCNICellInfoAge", 0, 999_999_999)
SIP_CELLULAR_ACCESS_INFO: Final = Sequence(
    "SIPCellularAccessInfo",
    (
        Field(1, "accessInfo", UTF8),
        Field(2, "cellInfoAge", SIPCNI_CELL_INFO_AGE),
    ),
)
SIPCNI_HEADER_INFO: Final = Sequence(
    "SIPCNIHeaderInfo",
    (
        Field(1, "cellularNetworkInformation", SIP_CELLULAR_NETWORK_INFORMATION),
        Field(
            2,
            "cellularAccessInfo",
            SequenceOf("SEQUENCE OF SIPCellularAccessInfo", SIP_CELLULAR_ACCESS_INFO),
            optional=True,
        ),
        Field(3, "cNILocation", SequenceOf("SEQUENCE OF SIPLocationInfo", SIP_LOCATION_INFO), optional=True),
    ),
)
IMS_LOCATION: Final = Sequence(
    "IMSLocation",
    (
        Field(1, "pANIHeaderInfo", SequenceOf("SEQUENCE OF PANIHeaderInfo", PANI_HEADER_INFO), optional=True),
        Field(
            2,
            "geolocationHeaderInfo",
            SequenceOf("SEQUENCE OF SIPGeolocationHeaderInfo", SIP_GEOLOCATION_HEADER_INFO),
            optional=True,
        ),
        Field(3, "cNIHeaderInfo", SequenceOf("SEQUENCE OF SIPCNIHeaderInfo", SIPCNI_HEADER_INFO), optional=True),
    ),
)
COARSE_LOCATION: Final = Choice(
    "CoarseLocation",
    (Field(1, "tS36413CoarseUELocation", OCTETS),),
)
LOCATION: Final = Sequence(
    "Location",
    (
        Field(1, "locationInfo", LOCATION_INFO, optional=True),
        Field(2, "positioningInfo", POSITIONING_INFO, optional=True),
        Field(3, "locationPresenceReport", LOCATION_PRESENCE_REPORT, optional=True),
        Field(4, "fourGPositioningInfo", FOUR_G_POSITIONING_INFO, optional=True),
        Field(5, "fourGLocationInfo", FOUR_G_LOCATION_INFO, optional=True),
        Field(6, "iMSLocation", IMS_LOCATION, optional=True),
        Field(7, "coarseLocation", COARSE_LOCATION, optional=True),
    ),
)
