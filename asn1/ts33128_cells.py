"""Cells, areas and access points of TS 33.128 locations (Rel-19 version 3 of the module).

What a radio node says of itself (CellRadioRelatedInformation) is not described and decodes to a tag tree.
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
    Integer,
    OctetString,
    Sequence,
    SequenceOf,
    enumerated,
)
from asn1.ts33128_types import BIT_STRING, E164_NUMBER, I_PV4_ADDRESS, I_PV6_ADDRESS, NID, PLMNID

TAC: Final = OctetString("TAC", 2, 3)
TAI: Final = Sequence(
    "TAI",
    (
        Field(1, "pLMNID", PLMNID),
        Field(2, "tAC", TAC),
        Field(3, "nID", NID, optional=True),
    ),
)
ECGI: Final = Sequence(
    "ECGI",
    (
        Field(1, "pLMNID", PLMNID),
        Field(2, "eUTRACellID", BIT_STRING),
        Field(3, "nID", NID, optional=True),
    ),
)
NCGI: Final = Sequence(
    "NCGI",
    (
        Field(1, "pLMNID", PLMNID),
        Field(2, "nRCellID", BIT_STRING),
        Field(3, "nID", NID, optional=True),
    ),
)
LAC: Final = OctetString("LAC", 2, 2)
LAI: Final = Sequence(
    "LAI",
    (
        Field(1, "pLMNID", PLMNID),
        Field(2, "lAC", LAC),
    ),
)
CELL_ID: Final = OctetString("CellID", 2, 2)
CGI: Final = Sequence(
    "CGI",
    (
        Field(1, "lAI", LAI),
        Field(2, "cellID", CELL_ID),
    ),
)
SAC: Final = OctetString("SAC", 2, 2)
SAI: Final = Sequence(
    "SAI",
    (
        Field(1, "pLMNID", PLMNID),
        Field(2, "lAC", LAC),
        Field(3, "sAC", SAC),
    ),
)
RAC: Final = OctetString("RAC", 2, 2)
RAI: Final = Sequence(
    "RAI",
    (
        Field(1, "pLMNID", PLMNID),
        Field(2, "lAC", LAC),
        Field(3, "rAC", RAC),
    ),
)
RANCGI: Final = Choice(
    "RANCGI",
    (
        Field(1, "eCGI", ECGI),
        Field(2, "nCGI", NCGI),
        Field(3, "cGI", CGI),
    ),
)
E_NB_ID: Final = Choice(
    "ENbID",
    (
        Field(1, "macroENbID", BIT_STRING),
        Field(2, "homeENbID", BIT_STRING),
        Field(3, "shortMacroENbID", BIT_STRING),
        Field(4, "longMacroENbID", BIT_STRING),
    ),
)
NGE_NB_ID: Final = Choice(
    "NGENbID",
    (
        Field(1, "macroNGENbID", BIT_STRING),
        Field(2, "shortMacroNGENbID", BIT_STRING),
        Field(3, "longMacroNGENbID", BIT_STRING),
    ),
)
AN_NODE_ID: Final = Choice(
    "ANNodeID",
    (
        Field(1, "n3IWFID", UTF8),
        Field(2, "gNbID", BIT_STRING),
        Field(3, "nGENbID", NGE_NB_ID),
        Field(4, "eNbID", E_NB_ID),
        Field(5, "wAGFID", UTF8),
        Field(6, "tNGFID", UTF8),
    ),
)
GLOBAL_RAN_NODE_ID: Final = Sequence(
    "GlobalRANNodeID",
    (
        Field(1, "pLMNID", PLMNID),
        Field(2, "aNNodeID", AN_NODE_ID),
        Field(3, "nID", NID, optional=True),
    ),
)
GEOGRAPHICAL_COORDINATES: Final = Sequence(
    "GeographicalCoordinates",
    (
        Field(1, "latitude", UTF8),
        Field(2, "longitude", UTF8),
        Field(3, "mapDatumInformation", UTF8, optional=True),
    ),
)
CELL_SITE_INFORMATION: Final = Sequence(
    "CellSiteInformation",
    (
        Field(1, "geographicalCoordinates", GEOGRAPHICAL_COORDINATES),
        Field(2, "azimuth", Integer("INTEGER", 0, 359), optional=True),
        Field(3, "operatorSpecificInformation", UTF8, optional=True),
    ),
)
CELL_INFORMATION: Final = Sequence(
    "CellInformation",
    (
        Field(1, "rANCGI", RANCGI),
        Field(2, "cellSiteinformation", CELL_SITE_INFORMATION, optional=True),
        Field(3, "timeOfLocation", GENERALIZED_TIME, optional=True),
        Field(4, "cellRadioRelatedInformation", UNDESCRIBED, optional=True),
        Field(5, "band", UTF8, optional=True),
    ),
)
AGE_OF_LOCATION: Final = Integer("AgeOfLocation", 0, 32_767)
EUTRA_LOCATION: Final = Sequence(
    "EUTRALocation",
    (
        Field(1, "tAI", TAI),
        Field(2, "eCGI", ECGI),
        Field(3, "ageOfLocationInfo", AGE_OF_LOCATION, optional=True),
        Field(4, "uELocationTimestamp", GENERALIZED_TIME, optional=True),
        Field(5, "geographicalInformation", UTF8, optional=True),
        Field(6, "geodeticInformation", UTF8, optional=True),
        Field(7, "globalNGENbID", GLOBAL_RAN_NODE_ID, optional=True),
        Field(8, "cellSiteInformation", CELL_SITE_INFORMATION, optional=True),
        Field(9, "globalENbID", GLOBAL_RAN_NODE_ID, optional=True),
        Field(10, "ignoreTAI", BOOLEAN, optional=True),
        Field(11, "ignoreECGI", BOOLEAN, optional=True),
        Field(12, "cellRadioRelatedInformation", UNDESCRIBED, optional=True),
    ),
)
NRNTNTAI_INFO: Final = Sequence(
    "NRNTNTAIInfo",
    (
        Field(1, "servingPLMN", PLMNID),
        Field(2, "tACListNRNTN", SequenceOf("SEQUENCE OF TAC", TAC)),
        Field(3, "uELocationDerivedNTNTAC", TAC, optional=True),
    ),
)
IABMT_USER_LOCATION: Final = Sequence(
    "IABMTUserLocation",
    (
        Field(1, "nRCGI", NCGI),
        Field(2, "tAI", TAI, optional=True),
    ),
)
NR_LOCATION: Final = Sequence(
    "NRLocation",
    (
        Field(1, "tAI", TAI),
        Field(2, "nCGI", NCGI),
        Field(3, "ageOfLocationInfo", AGE_OF_LOCATION, optional=True),
        Field(4, "uELocationTimestamp", GENERALIZED_TIME, optional=True),
        Field(5, "geographicalInformation", UTF8, optional=True),
        Field(6, "geodeticInformation", UTF8, optional=True),
        Field(7, "globalGNbID", GLOBAL_RAN_NODE_ID, optional=True),
        Field(8, "cellSiteInformation", CELL_SITE_INFORMATION, optional=True),
        Field(9, "ignoreNCGI", BOOLEAN, optional=True),
        Field(10, "nRNTNTAIInfo", NRNTNTAI_INFO, optional=True),
        Field(11, "iABMTUserLocation", IABMT_USER_LOCATION, optional=True),
        Field(12, "cellRadioRelatedInformation", UNDESCRIBED, optional=True),
    ),
)
IP_ADDR: Final = Sequence(
    "IPAddr",
    (
        Field(1, "iPv4Addr", I_PV4_ADDRESS, optional=True),
        Field(2, "iPv6Addr", I_PV6_ADDRESS, optional=True),
    ),
)
TNAPID: Final = Sequence(
    "TNAPID",
    (
        Field(1, "sSID", UTF8, optional=True),
        Field(2, "bSSID", UTF8, optional=True),
        Field(3, "civicAddress", OCTETS, optional=True),
    ),
)
TWAPID: Final = Sequence(
    "TWAPID",
    (
        Field(1, "sSID", UTF8, optional=True),
        Field(2, "bSSID", UTF8, optional=True),
        Field(3, "civicAddress", OCTETS, optional=True),
    ),
)
GLI: Final = OctetString("GLI", 0, 150)
W5_GBAN_LINE_TYPE: Final = enumerated("W5GBANLineType", "1=dSL 2=pON")
TRANSPORT_PROTOCOL: Final = enumerated("TransportProtocol", "1=uDP 2=tCP")
N3_GA_LOCATION: Final = Sequence(
    "N3GALocation",
    (
        Field(1, "tAI", TAI, optional=True),
        Field(2, "n3IWFID", BIT_STRING, optional=True),
        Field(3, "uEIPAddr", IP_ADDR, optional=True),
        Field(4, "portNumber", INTEGER, optional=True),
        Field(5, "tNAPID", TNAPID, optional=True),
        Field(6, "tWAPID", TWAPID, optional=True),
        Field(7, "hFCNodeID", UTF8, optional=True),
        Field(8, "gLI", GLI, optional=True),
        Field(9, "w5GBANLineType", W5_GBAN_LINE_TYPE, optional=True),
        Field(10, "gCI", UTF8, optional=True),
        Field(11, "ageOfLocationInfo", AGE_OF_LOCATION, optional=True),
        Field(12, "uELocationTimestamp", GENERALIZED_TIME, optional=True),
        Field(13, "protocol", TRANSPORT_PROTOCOL, optional=True),
    ),
)
UTRA_LOCATION: Final = Sequence(
    "UTRALocation",
    (
        Field(1, "cGI", CGI, optional=True),
        Field(2, "sAI", SAI, optional=True),
        Field(3, "lAI", LAI, optional=True),
        Field(4, "rAI", RAI, optional=True),
        Field(5, "ageOfLocationInfo", INTEGER, optional=True),
        Field(6, "uELocationTimestamp", GENERALIZED_TIME, optional=True),
        Field(7, "geographicalInformation", UTF8, optional=True),
        Field(8, "geodeticInformation", UTF8, optional=True),
        Field(9, "cellSiteInformation", CELL_SITE_INFORMATION, optional=True),
    ),
)
GERA_LOCATION: Final = Sequence(
    "GERALocation",
    (
        Field(1, "locationNumber", E164_NUMBER, optional=True),
        Field(2, "cGI", CGI, optional=True),
        Field(3, "rAI", RAI, optional=True),
        Field(4, "sAI", SAI, optional=True),
        Field(5, "lAI", LAI, optional=True),
        Field(6, "vLRNumber", UTF8, optional=True),
        Field(7, "mSCNumber", UTF8, optional=True),
        Field(8, "ageOfLocationInfo", INTEGER, optional=True),
        Field(9, "uELocationTimestamp", GENERALIZED_TIME, optional=True),
        Field(10, "geographicalInformation", UTF8, optional=True),
        Field(11, "geodeticInformation", UTF8, optional=True),
        Field(12, "cellSiteInformation", CELL_SITE_INFORMATION, optional=True),
    ),
)
USER_LOCATION: Final = Sequence(
    "UserLocation",
    (
        Field(1, "eUTRALocation", EUTRA_LOCATION, optional=True),
        Field(2, "nRLocation", NR_LOCATION, optional=True),
        Field(3, "n3GALocation", N3_GA_LOCATION, optional=True),
        Field(4, "uTRALocation", UTRA_LOCATION, optional=True),
        Field(5, "gERALocation", GERA_LOCATION, optional=True),
    ),
)
