"""TS 33.108 B.9: IRI of the evolved packet system (EpsHI2Operations): attach, bearers, tunnels, short messages, IMS.

Rows as in the published Rel-15 module (read in the schema)."""

from __future__ import annotations

from typing import Final

from asn1.hi2_types import (
    DATA_NODE_ADDRESS,
    GSM_LOCATION,
    LDI_EVENT,
    NATIONAL_HI2_ASN1_PARAMETERS,
    NETWORK_IDENTIFIER,
    PARAMETERS,
    SERVICES_DATA_INFORMATION,
    TIME_STAMP,
    UMTS_LOCATION,
    UMTS_QOS,
)
from asn1.ps_common import CORRELATION_VALUES, IP_ADDRESS, LIID
from asn1.table import (
    GENERALIZED_TIME,
    INTEGER,
    NULL,
    OCTETS,
    OID,
    UINT8,
    UINT16,
    UNDESCRIBED,
    UTF8,
    Bits,
    Choice,
    Field,
    Integer,
    OctetString,
    Sequence,
    SequenceOf,
    Text,
    enumerated,
)
from asn1.ts33108_types import (
    CSR_EVENT,
    EXTENDED_LOC_PARAMETERS,
    IMS_VOIP_CORRELATION,
    MEDIA_DECRYPTION_INFO,
    MEDIA_SEC_FAILURE_INDICATION,
    PACKET_DATA_HEADER_INFORMATION,
    REQUESTING_NODE_TYPE,
    UMTS_SMS_REPORT,
)

EPS_HI2_LOCATION: Final = Sequence(
    "Location",
    (
        Field(1, "e164-Number", OctetString("OCTET STRING (SIZE (1..25))", 1, 25), optional=True),
        Field(2, "globalCellID", OctetString("OCTET STRING (SIZE (5..7))", 5, 7), optional=True),
        Field(4, "rAI", OctetString("OCTET STRING (SIZE (6))", 6, 6), optional=True),
        Field(5, "gsmLocation", GSM_LOCATION, optional=True),
        Field(6, "umtsLocation", UMTS_LOCATION, optional=True),
        Field(7, "sAI", OctetString("OCTET STRING (SIZE (7))", 7, 7), optional=True),
        Field(8, "oldRAI", OctetString("OCTET STRING (SIZE (6))", 6, 6), optional=True),
        Field(9, "civicAddress", UNDESCRIBED, optional=True),
        Field(10, "operatorSpecificInfo", OCTETS, optional=True),
        Field(
            11,
            "uELocationTimestamp",
            Choice(
                "uELocationTimestamp",
                (
                    Field(0, "timestamp", TIME_STAMP),
                    Field(1, "timestampUnknown", NULL),
                ),
            ),
            optional=True,
        ),
    ),
)
EPS_LOCATION: Final = Sequence(
    "EPSLocation",
    (
        Field(1, "userLocationInfo", OctetString("OCTET STRING (SIZE (1..39))", 1, 39), optional=True),
        Field(2, "gsmLocation", GSM_LOCATION, optional=True),
        Field(3, "umtsLocation", UMTS_LOCATION, optional=True),
        Field(4, "olduserLocationInfo", OctetString("OCTET STRING (SIZE (1..39))", 1, 39), optional=True),
        Field(5, "lastVisitedTAI", OctetString("OCTET STRING (SIZE (1..5))", 1, 5), optional=True),
        Field(6, "tAIlist", OctetString("OCTET STRING (SIZE (7..97))", 7, 97), optional=True),
        Field(7, "threeGPP2Bsid", OctetString("OCTET STRING (SIZE (1..12))", 1, 12), optional=True),
        Field(8, "civicAddress", UNDESCRIBED, optional=True),
        Field(9, "operatorSpecificInfo", OCTETS, optional=True),
        Field(
            10,
            "uELocationTimestamp",
            Choice(
                "uELocationTimestamp",
                (
                    Field(0, "timestamp", TIME_STAMP),
                    Field(1, "timestampUnknown", NULL),
                ),
            ),
            optional=True,
        ),
    ),
)
EPS_PARTY_INFORMATION: Final = Sequence(
    "PartyInformation",
    (
        Field(0, "party-Qualifier", enumerated("party-Qualifier", "3=gPRSorEPS-Target")),
        Field(
            1,
            "partyIdentity",
            Sequence(
                "partyIdentity",
                (
                    Field(1, "imei", OctetString("OCTET STRING (SIZE (8))", 8, 8), optional=True),
                    Field(3, "imsi", OctetString("OCTET STRING (SIZE (3..8))", 3, 8), optional=True),
                    Field(6, "msISDN", OctetString("OCTET STRING (SIZE (1..9))", 1, 9), optional=True),
                    Field(7, "e164-Format", OctetString("OCTET STRING (SIZE (1..25))", 1, 25), optional=True),
                    Field(8, "sip-uri", OCTETS, optional=True),
                    Field(9, "tel-uri", OCTETS, optional=True),
                    Field(10, "nai", OCTETS, optional=True),
                    Field(11, "x-3GPP-Asserted-Identity", OCTETS, optional=True),
                    Field(12, "xUI", OCTETS, optional=True),
                    Field(13, "iMPI", OCTETS, optional=True),
                ),
            ),
        ),
        Field(4, "services-Data-Information", SERVICES_DATA_INFORMATION, optional=True),
    ),
)
EPS_EVENT: Final = enumerated(
    "EPSEvent",
    (
        "1=pDPContextActivation 2=startOfInterceptionWithPDPContextActive 4=pDPContextDeactivation "
        "5=gPRSAttach 6=gPRSDetach 10=locationInfoUpdate 11=sMS 13=pDPContextModification "
        "14=servingSystem 15=startOfInterceptionWithMSAttached 16=e-UTRANAttach 17=e-UTRANDetach "
        "18=bearerActivation 19=startOfInterceptionWithActiveBearer 20=bearerModification "
        "21=bearerDeactivation 22=uERequestedBearerResourceModification 23=uERequestedPDNConnectivity "
        "24=uERequestedPDNDisconnection 25=trackingAreaEpsLocationUpdate "
        "26=servingEvolvedPacketSystem 27=pMIPAttachTunnelActivation 28=pMIPDetachTunnelDeactivation "
        "29=startOfInterceptWithActivePMIPTunnel 30=pMIPPdnGwInitiatedPdnDisconnection "
        "31=mIPRegistrationTunnelActivation 32=mIPDeregistrationTunnelDeactivation "
        "33=startOfInterceptWithActiveMIPTunnel 34=dSMIPRegistrationTunnelActivation "
        "35=dSMIPDeregistrationTunnelDeactivation 36=startOfInterceptWithActiveDsmipTunnel "
        "37=dSMipHaSwitch 38=pMIPResourceAllocationDeactivation 39=mIPResourceAllocationDeactivation "
        "40=pMIPsessionModification 41=startOfInterceptWithEUTRANAttachedUE "
        "42=dSMIPSessionModification 43=packetDataHeaderInformation 44=hSS-Subscriber-Record-Change "
        "45=registration-Termination 46=location-Up-Date 47=cancel-Location 48=register-Location "
        "49=location-Information-Request 50=proSeRemoteUEReport 51=proSeRemoteUEStartOfCommunication "
        "52=proSeRemoteUEEndOfCommunication 53=startOfLIwithProSeRemoteUEOngoingComm "
        "54=startOfLIforProSeUEtoNWRelay"
    ),
)
PROT_CONFIG_OPTIONS: Final = Sequence(
    "ProtConfigOptions",
    (
        Field(1, "ueToNetwork", OctetString("OCTET STRING (SIZE (1..251))", 1, 251), optional=True),
        Field(2, "networkToUe", OctetString("OCTET STRING (SIZE (1..251))", 1, 251), optional=True),
    ),
)
TYPE_OF_BEARER: Final = enumerated("TypeOfBearer", "1=defaultBearer 2=dedicatedBearer")
REMOTE_UE_CONTEXT: Final = Sequence(
    "RemoteUEContext",
    (
        Field(1, "remoteUserID", OCTETS),
        Field(2, "remoteUEIPInformation", OCTETS),
    ),
)
REMOTE_UE_CONTEXT_CONNECTED: Final = SequenceOf("SEQUENCE OF RemoteUEContext", REMOTE_UE_CONTEXT)
EPS_GTPV2_SPECIFIC_PARAMETERS: Final = Sequence(
    "EPS-GTPV2-SpecificParameters",
    (
        Field(1, "pDNAddressAllocation", OCTETS, optional=True),
        Field(2, "aPN", OctetString("OCTET STRING (SIZE (1..100))", 1, 100), optional=True),
        Field(3, "protConfigOptions", PROT_CONFIG_OPTIONS, optional=True),
        Field(4, "attachType", OctetString("OCTET STRING (SIZE (1))", 1, 1), optional=True),
        Field(5, "ePSBearerIdentity", OCTETS, optional=True),
        Field(6, "detachType", OctetString("OCTET STRING (SIZE (1))", 1, 1), optional=True),
        Field(7, "rATType", OctetString("OCTET STRING (SIZE (1))", 1, 1), optional=True),
        Field(8, "failedBearerActivationReason", OctetString("OCTET STRING (SIZE (1))", 1, 1), optional=True),
        Field(9, "ePSBearerQoS", OCTETS, optional=True),
        Field(10, "bearerActivationType", TYPE_OF_BEARER, optional=True),
        Field(11, "aPN-AMBR", OCTETS, optional=True),
        Field(12, "procedureTransactionId", OCTETS, optional=True),
        Field(13, "linkedEPSBearerId", OCTETS, optional=True),
        Field(14, "tFT", OCTETS, optional=True),
        Field(15, "handoverIndication", NULL, optional=True),
        Field(16, "failedBearerModReason", OctetString("OCTET STRING (SIZE (1))", 1, 1), optional=True),
        Field(17, "trafficAggregateDescription", OCTETS, optional=True),
        Field(18, "failedTAUReason", OctetString("OCTET STRING (SIZE (1))", 1, 1), optional=True),
        Field(19, "failedEUTRANAttachReason", OctetString("OCTET STRING (SIZE (1))", 1, 1), optional=True),
        Field(20, "servingMMEaddress", OCTETS, optional=True),
        Field(21, "bearerDeactivationType", TYPE_OF_BEARER, optional=True),
        Field(22, "bearerDeactivationCause", OctetString("OCTET STRING (SIZE (1))", 1, 1), optional=True),
        Field(23, "ePSlocationOfTheTarget", EPS_LOCATION, optional=True),
        Field(24, "pDNType", OctetString("OCTET STRING (SIZE (1))", 1, 1), optional=True),
        Field(25, "requestType", OctetString("OCTET STRING (SIZE (1))", 1, 1), optional=True),
        Field(26, "uEReqPDNConnFailReason", OctetString("OCTET STRING (SIZE (1))", 1, 1), optional=True),
        Field(27, "extendedHandoverIndication", OctetString("OCTET STRING (SIZE (1))", 1, 1), optional=True),
        Field(28, "uLITimestamp", OctetString("OCTET STRING (SIZE (8))", 8, 8), optional=True),
        Field(29, "uELocalIPAddress", OCTETS, optional=True),
        Field(30, "uEUdpPort", OctetString("OCTET STRING (SIZE (2))", 2, 2), optional=True),
        Field(31, "tWANIdentifier", OCTETS, optional=True),
        Field(32, "tWANIdentifierTimestamp", OctetString("OCTET STRING (SIZE (4))", 4, 4), optional=True),
        Field(33, "proSeRemoteUeContextConnected", REMOTE_UE_CONTEXT_CONNECTED, optional=True),
        Field(34, "proSeRemoteUeContextDisconnected", OCTETS, optional=True),
        Field(35, "secondaryRATUsageIndication", NULL, optional=True),
    ),
)
EPS_IMS_EVENT: Final = enumerated(
    "IMSevent",
    (
        "1=unfilteredSIPmessage 2=sIPheaderOnly 3=decryptionKeysAvailable "
        "4=startOfInterceptionForIMSEstablishedSession 5=xCAPRequest 6=xCAPResponse 7=ccUnavailable "
        "8=sMSOverIMS 9=servingSystem 10=subscriberRecordChange 11=registrationTermination "
        "12=locationInformationRequest"
    ),
)
EPS_PMIP_SPECIFIC_PARAMETERS: Final = Sequence(
    "EPS-PMIP-SpecificParameters",
    (
        Field(1, "lifetime", UINT16, optional=True),
        Field(2, "accessTechnologyType", OctetString("OCTET STRING (SIZE (4))", 4, 4), optional=True),
        Field(3, "aPN", OctetString("OCTET STRING (SIZE (1..100))", 1, 100), optional=True),
        Field(4, "iPv6HomeNetworkPrefix", OctetString("OCTET STRING (SIZE (20))", 20, 20), optional=True),
        Field(5, "protConfigurationOption", OCTETS, optional=True),
        Field(6, "handoverIndication", OctetString("OCTET STRING (SIZE (4))", 4, 4), optional=True),
        Field(7, "status", UINT8, optional=True),
        Field(8, "revocationTrigger", UINT8, optional=True),
        Field(9, "iPv4HomeAddress", OctetString("OCTET STRING (SIZE (4))", 4, 4), optional=True),
        Field(10, "iPv6careOfAddress", OCTETS, optional=True),
        Field(11, "iPv4careOfAddress", OCTETS, optional=True),
        Field(12, "servingNetwork", OctetString("OCTET STRING (SIZE (3))", 3, 3), optional=True),
        Field(13, "dHCPv4AddressAllocationInd", OctetString("OCTET STRING (SIZE (1))", 1, 1), optional=True),
        Field(14, "ePSlocationOfTheTarget", EPS_LOCATION, optional=True),
    ),
)
EPS_DSMIP_SPECIFIC_PARAMETERS: Final = Sequence(
    "EPS-DSMIP-SpecificParameters",
    (
        Field(1, "lifetime", UINT16, optional=True),
        Field(2, "requestedIPv6HomePrefix", OctetString("OCTET STRING (SIZE (25))", 25, 25), optional=True),
        Field(3, "homeAddress", OctetString("OCTET STRING (SIZE (8))", 8, 8), optional=True),
        Field(4, "iPv4careOfAddress", OctetString("OCTET STRING (SIZE (8))", 8, 8), optional=True),
        Field(5, "iPv6careOfAddress", OctetString("OCTET STRING (SIZE (16))", 16, 16), optional=True),
        Field(6, "aPN", OctetString("OCTET STRING (SIZE (1..100))", 1, 100), optional=True),
        Field(7, "status", UINT8, optional=True),
        Field(8, "hSS-AAA-address", OCTETS, optional=True),
        Field(9, "targetPDN-GW-Address", OCTETS, optional=True),
    ),
)
EPS_MIP_SPECIFIC_PARAMETERS: Final = Sequence(
    "EPS-MIP-SpecificParameters",
    (
        Field(1, "lifetime", UINT16, optional=True),
        Field(2, "homeAddress", OctetString("OCTET STRING (SIZE (4))", 4, 4), optional=True),
        Field(3, "careOfAddress", OctetString("OCTET STRING (SIZE (4))", 4, 4), optional=True),
        Field(4, "homeAgentAddress", OctetString("OCTET STRING (SIZE (4))", 4, 4), optional=True),
        Field(5, "code", UINT8, optional=True),
        Field(7, "foreignDomainAddress", OctetString("OCTET STRING (SIZE (4))", 4, 4), optional=True),
    ),
)
TUNNEL_PROTOCOL: Final = Choice(
    "TunnelProtocol",
    (
        Field(0, "rfc2868ValueField", OCTETS),
        Field(1, "nativeIPSec", NULL),
    ),
)
PANI_LOCATION: Final = Sequence(
    "PANI-Location",
    (
        Field(1, "raw-Location", OCTETS, optional=True),
        Field(2, "location", EPS_HI2_LOCATION, optional=True),
        Field(3, "ePSLocation", EPS_LOCATION, optional=True),
    ),
)
EPS_PANI_HEADER_INFO: Final = Sequence(
    "PANI-Header-Info",
    (
        Field(1, "access-Type", OCTETS, optional=True),
        Field(2, "access-Class", OCTETS, optional=True),
        Field(3, "network-Provided", NULL, optional=True),
        Field(4, "pANI-Location", PANI_LOCATION, optional=True),
    ),
)
LOGICAL_FUNCTION_TYPE: Final = enumerated("LogicalFunctionType", "0=pDNGW 1=mME 2=sGW 3=ePDG 4=hSS")
DATA_NODE_IDENTIFIER: Final = Sequence(
    "DataNodeIdentifier",
    (
        Field(1, "dataNodeAddress", DATA_NODE_ADDRESS, optional=True),
        Field(2, "logicalFunctionType", LOGICAL_FUNCTION_TYPE, optional=True),
        Field(3, "dataNodeName", Text("PrintableString (SIZE (7..25))", 7, 25, "printable"), optional=True),
    ),
)
EPS_CURRENT_PREVIOUS_SYSTEMS: Final = Sequence(
    "Current-Previous-Systems",
    (
        Field(1, "serving-System-Identifier", OCTETS, optional=True),
        Field(2, "current-Serving-MME-Address", DATA_NODE_IDENTIFIER, optional=True),
        Field(3, "previous-Serving-System-Identifier", OCTETS, optional=True),
        Field(4, "previous-Serving-MME-Address", DATA_NODE_IDENTIFIER, optional=True),
    ),
)
EPS_CHANGE_OF_TARGET_IDENTITY: Final = Sequence(
    "Change-Of-Target-Identity",
    (
        Field(1, "new-MSISDN", EPS_PARTY_INFORMATION, optional=True),
        Field(2, "new-A-MSISDN", EPS_PARTY_INFORMATION, optional=True),
        Field(3, "old-MSISDN", EPS_PARTY_INFORMATION, optional=True),
        Field(4, "old-A-MSISDN", EPS_PARTY_INFORMATION, optional=True),
        Field(5, "new-IMSI", EPS_PARTY_INFORMATION, optional=True),
        Field(6, "old-IMSI", EPS_PARTY_INFORMATION, optional=True),
        Field(7, "new-IMEI", EPS_PARTY_INFORMATION, optional=True),
        Field(8, "old-IMEI", EPS_PARTY_INFORMATION, optional=True),
        Field(9, "new-IMPI", EPS_PARTY_INFORMATION, optional=True),
        Field(10, "old-IMPI", EPS_PARTY_INFORMATION, optional=True),
        Field(11, "new-SIP-URI", EPS_PARTY_INFORMATION, optional=True),
        Field(12, "old-SIP-URI", EPS_PARTY_INFORMATION, optional=True),
        Field(13, "new-TEL-URI", EPS_PARTY_INFORMATION, optional=True),
        Field(14, "old-TEL-URI", EPS_PARTY_INFORMATION, optional=True),
    ),
)
PROSE_TARGET_TYPE: Final = enumerated("ProSeTargetType", "1=pRoSeRemoteUE 2=pRoSeUEtoNwRelay")
DEREGISTRATION_REASON: Final = Choice(
    "DeregistrationReason",
    (
        Field(1, "reason-CodeAVP", INTEGER),
        Field(2, "server-AssignmentType", INTEGER),
    ),
)
VOIP_ROAMING_INDICATION: Final = enumerated("VoIPRoamingIndication", "1=roamingLBO 2=roamingS8HR")
PLMNID: Final = Sequence(
    "PLMNID",
    (
        Field(1, "mCC", Text("NumericString (SIZE (3))", 3, 3, "numeric")),
        Field(2, "mNC", Text("NumericString (SIZE (2..3))", 2, 3, "numeric")),
    ),
)
NR_CELL_ID: Final = Bits("BIT STRING", 36, 36)
NCGI: Final = Sequence(
    "NCGI",
    (
        Field(1, "pLMNID", PLMNID),
        Field(2, "nRCellID", NR_CELL_ID),
    ),
)
ADDITIONAL_CELL_ID: Final = Sequence(
    "AdditionalCellID",
    (
        Field(1, "nCGI", NCGI),
        Field(2, "gsmLocation", GSM_LOCATION, optional=True),
        Field(3, "umtsLocation", UMTS_LOCATION, optional=True),
        Field(4, "timeOfLocation", GENERALIZED_TIME, optional=True),
    ),
)
EPS_IRI_PARAMETERS: Final = Sequence(
    "EpsIRI-Parameters",
    (
        Field(0, "hi2epsDomainId", OID),
        Field(1, "lawfulInterceptionIdentifier", LIID),
        Field(3, "timeStamp", TIME_STAMP),
        Field(
            4,
            "initiator",
            enumerated("initiator", "0=not-Available 1=originating-Target 2=terminating-Target"),
            optional=True,
        ),
        Field(8, "locationOfTheTarget", EPS_HI2_LOCATION, optional=True),
        Field(
            9,
            "partyInformation",
            SequenceOf("SET OF PartyInformation", EPS_PARTY_INFORMATION, as_set=True),
            optional=True,
        ),
        Field(13, "serviceCenterAddress", EPS_PARTY_INFORMATION, optional=True),
        Field(14, "sMS", UMTS_SMS_REPORT, optional=True),
        Field(16, "national-Parameters", PARAMETERS, optional=True),
        Field(18, "ePSCorrelationNumber", OCTETS, optional=True),
        Field(20, "ePSevent", EPS_EVENT, optional=True),
        Field(21, "sgsnAddress", DATA_NODE_ADDRESS, optional=True),
        Field(22, "gPRSOperationErrorCode", OCTETS, optional=True),
        Field(24, "ggsnAddress", DATA_NODE_ADDRESS, optional=True),
        Field(25, "qOS", UMTS_QOS, optional=True),
        Field(26, "networkIdentifier", NETWORK_IDENTIFIER, optional=True),
        Field(27, "sMSOriginatingAddress", DATA_NODE_ADDRESS, optional=True),
        Field(28, "sMSTerminatingAddress", DATA_NODE_ADDRESS, optional=True),
        Field(29, "iMSevent", EPS_IMS_EVENT, optional=True),
        Field(30, "sIPMessage", OCTETS, optional=True),
        Field(31, "servingSGSN-number", OctetString("OCTET STRING (SIZE (1..20))", 1, 20), optional=True),
        Field(32, "servingSGSN-address", OctetString("OCTET STRING (SIZE (5..17))", 5, 17), optional=True),
        Field(34, "ldiEvent", LDI_EVENT, optional=True),
        Field(35, "correlation", CORRELATION_VALUES, optional=True),
        Field(36, "ePS-GTPV2-specificParameters", EPS_GTPV2_SPECIFIC_PARAMETERS, optional=True),
        Field(37, "ePS-PMIP-specificParameters", EPS_PMIP_SPECIFIC_PARAMETERS, optional=True),
        Field(38, "ePS-DSMIP-SpecificParameters", EPS_DSMIP_SPECIFIC_PARAMETERS, optional=True),
        Field(39, "ePS-MIP-SpecificParameters", EPS_MIP_SPECIFIC_PARAMETERS, optional=True),
        Field(40, "servingNodeAddress", OCTETS, optional=True),
        Field(41, "visitedNetworkId", UTF8, optional=True),
        Field(42, "mediaDecryption-info", MEDIA_DECRYPTION_INFO, optional=True),
        Field(43, "servingS4-SGSN-address", OCTETS, optional=True),
        Field(44, "sipMessageHeaderOffer", OCTETS, optional=True),
        Field(45, "sipMessageHeaderAnswer", OCTETS, optional=True),
        Field(46, "sdpOffer", OCTETS, optional=True),
        Field(47, "sdpAnswer", OCTETS, optional=True),
        Field(48, "uLITimestamp", OctetString("OCTET STRING (SIZE (8))", 8, 8), optional=True),
        Field(49, "packetDataHeaderInformation", PACKET_DATA_HEADER_INFORMATION, optional=True),
        Field(50, "mediaSecFailureIndication", MEDIA_SEC_FAILURE_INDICATION, optional=True),
        Field(51, "csgIdentity", OctetString("OCTET STRING (SIZE (4))", 4, 4), optional=True),
        Field(52, "heNBIdentity", OCTETS, optional=True),
        Field(53, "heNBiPAddress", IP_ADDRESS, optional=True),
        Field(54, "heNBLocation", EPS_LOCATION, optional=True),
        Field(55, "tunnelProtocol", TUNNEL_PROTOCOL, optional=True),
        Field(56, "pANI-Header-Info", SequenceOf("SEQUENCE OF PANI-Header-Info", EPS_PANI_HEADER_INFO), optional=True),
        Field(57, "imsVoIP", IMS_VOIP_CORRELATION, optional=True),
        Field(58, "xCAPmessage", OCTETS, optional=True),
        Field(59, "logicalFunctionInformation", DATA_NODE_IDENTIFIER, optional=True),
        Field(60, "ccUnavailableReason", Text("PrintableString", kind="printable"), optional=True),
        Field(61, "carrierSpecificData", OCTETS, optional=True),
        Field(62, "current-previous-systems", EPS_CURRENT_PREVIOUS_SYSTEMS, optional=True),
        Field(63, "change-Of-Target-Identity", EPS_CHANGE_OF_TARGET_IDENTITY, optional=True),
        Field(64, "requesting-Network-Identifier", OCTETS, optional=True),
        Field(65, "requesting-Node-Type", REQUESTING_NODE_TYPE, optional=True),
        Field(66, "serving-System-Identifier", OCTETS, optional=True),
        Field(67, "proSeTargetType", PROSE_TARGET_TYPE, optional=True),
        Field(68, "proSeRelayMSISDN", OctetString("OCTET STRING (SIZE (1..9))", 1, 9), optional=True),
        Field(69, "proSeRelayIMSI", OctetString("OCTET STRING (SIZE (3..8))", 3, 8), optional=True),
        Field(70, "proSeRelayIMEI", OctetString("OCTET STRING (SIZE (8))", 8, 8), optional=True),
        Field(71, "extendedLocParameters", EXTENDED_LOC_PARAMETERS, optional=True),
        Field(72, "locationErrorCode", Integer("INTEGER (1..699)", 1, 699), optional=True),
        Field(73, "otherIdentities", SequenceOf("SEQUENCE OF PartyInformation", EPS_PARTY_INFORMATION), optional=True),
        Field(74, "deregistrationReason", DEREGISTRATION_REASON, optional=True),
        Field(75, "requesting-Node-Identifier", OCTETS, optional=True),
        Field(76, "roamingIndication", VOIP_ROAMING_INDICATION, optional=True),
        Field(77, "cSREvent", CSR_EVENT, optional=True),
        Field(78, "ptc", UNDESCRIBED, optional=True),
        Field(79, "ptcEncryption", UNDESCRIBED, optional=True),
        Field(80, "additionalCellIDs", SequenceOf("SEQUENCE OF AdditionalCellID", ADDITIONAL_CELL_ID), optional=True),
        Field(255, "national-HI2-ASN1parameters", NATIONAL_HI2_ASN1_PARAMETERS, optional=True),
    ),
)
EPS_IRI_CONTENT: Final = Choice(
    "EpsIRIContent",
    (
        Field(1, "iRI-Begin-record", EPS_IRI_PARAMETERS),
        Field(2, "iRI-End-record", EPS_IRI_PARAMETERS),
        Field(3, "iRI-Continue-record", EPS_IRI_PARAMETERS),
        Field(4, "iRI-Report-record", EPS_IRI_PARAMETERS),
    ),
)
EPS_IRI_SEQUENCE: Final = SequenceOf("SEQUENCE OF EpsIRIContent", EPS_IRI_CONTENT)
EPS_IRIS_CONTENT: Final = Choice(
    "EpsIRIsContent",
    (
        Field(None, "epsiRIContent", EPS_IRI_CONTENT),
        Field(None, "epsIRISequence", EPS_IRI_SEQUENCE),
    ),
)
