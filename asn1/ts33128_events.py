"""The events of TS 33.128 by number and name, and the record of each (Rel-19 version 3 of the module).

XIRIEvent (X2) and IRIEvent (HI2) carry the same alternatives but for a few that exist on one leg alone. An event
without a record here keeps its name and decodes to a tag tree.
"""

from __future__ import annotations

from typing import Final

from asn1.ip import IPIRI_PACKET_REPORT
from asn1.table import UNDESCRIBED, Choice, Field, SequenceOf, Type
from asn1.ts33128_amf import (
    AMF_DEREGISTRATION,
    AMF_IDENTIFIER_ASSOCIATION,
    AMF_IDENTIFIER_DEASSOCIATION,
    AMF_LOCATION_UPDATE,
    AMF_POSITIONING_INFO_TRANSFER,
    AMF_REGISTRATION,
    AMF_START_OF_INTERCEPTION_WITH_REGISTERED_UE,
    AMF_UNSUCCESSFUL_PROCEDURE,
    AMFUE_CONFIGURATION_UPDATE,
)
from asn1.ts33128_cells import CELL_INFORMATION
from asn1.ts33128_messages import (
    IMS_MESSAGE,
    IMSCC_UNAVAILABLE,
    SMS_MESSAGE,
    SMS_REPORT,
    START_OF_INTERCEPTION_FOR_ACTIVE_IMS_SESSION,
)
from asn1.ts33128_mms import (
    MMS_CANCEL,
    MMS_DELIVERY_ACK,
    MMS_DELIVERY_REPORT,
    MMS_FORWARD,
    MMS_NOTIFICATION,
    MMS_NOTIFICATION_RESPONSE,
    MMS_READ_REPORT,
    MMS_RETRIEVAL,
    MMS_SEND,
)
from asn1.ts33128_mms_other import (
    MMS_CONVERTED_FROM_EMAIL,
    MMS_CONVERTED_TO_EMAIL,
    MMS_DELETE_FROM_RELAY,
    MMS_DELIVERY_REPORT_NON_LOCAL_TARGET,
    MMS_MBOX_DELETE,
    MMS_MBOX_STORE,
    MMS_MBOX_UPLOAD,
    MMS_MBOX_VIEW_REQUEST,
    MMS_MBOX_VIEW_RESPONSE,
    MMS_READ_REPORT_NON_LOCAL_TARGET,
    MMS_SEND_BY_NON_LOCAL_TARGET,
    MMS_SEND_TO_NON_LOCAL_TARGET,
)
from asn1.ts33128_reports import LALS_REPORT, PD_HEADER_REPORT, PD_SUMMARY_REPORT, SEPARATED_LOCATION_REPORTING
from asn1.ts33128_smf import (
    SMF_START_OF_INTERCEPTION_WITH_ESTABLISHED_PDU_SESSION,
    SMF_UNSUCCESSFUL_PROCEDURE,
    SMFPDU_SESSION_ESTABLISHMENT,
    SMFPDU_SESSION_MODIFICATION,
    SMFPDU_SESSION_RELEASE,
)
from asn1.ts33128_smf_ma import (
    SMF_START_OF_INTERCEPTION_WITH_ESTABLISHED_MAPDU_SESSION,
    SMFMA_UNSUCCESSFUL_PROCEDURE,
    SMFMAPDU_SESSION_ESTABLISHMENT,
    SMFMAPDU_SESSION_MODIFICATION,
    SMFMAPDU_SESSION_RELEASE,
    SMFPDU_TO_MAPDU_SESSION_MODIFICATION,
)
from asn1.ts33128_udm import (
    HSS_SERVING_SYSTEM_MESSAGE,
    HSS_START_OF_INTERCEPTION_WITH_REGISTERED_TARGET,
    UDM_CANCEL_LOCATION_MESSAGE,
    UDM_LOCATION_INFORMATION_RESULT,
    UDM_SERVING_SYSTEM_MESSAGE,
    UDM_START_OF_INTERCEPTION_WITH_REGISTERED_TARGET,
    UDM_SUBSCRIBER_RECORD_CHANGE_MESSAGE,
    UDMUE_AUTHENTICATION_RESPONSE,
    UDMUE_INFORMATION_RESPONSE,
)

_DESCRIBED: Final[dict[str, Type]] = {
    "registration": AMF_REGISTRATION,
    "deregistration": AMF_DEREGISTRATION,
    "locationUpdate": AMF_LOCATION_UPDATE,
    "startOfInterceptionWithRegisteredUE": AMF_START_OF_INTERCEPTION_WITH_REGISTERED_UE,
    "unsuccessfulAMProcedure": AMF_UNSUCCESSFUL_PROCEDURE,
    "pDUSessionEstablishment": SMFPDU_SESSION_ESTABLISHMENT,
    "pDUSessionModification": SMFPDU_SESSION_MODIFICATION,
    "pDUSessionRelease": SMFPDU_SESSION_RELEASE,
    "startOfInterceptionWithEstablishedPDUSession": SMF_START_OF_INTERCEPTION_WITH_ESTABLISHED_PDU_SESSION,
    "unsuccessfulSMProcedure": SMF_UNSUCCESSFUL_PROCEDURE,
    "servingSystemMessage": UDM_SERVING_SYSTEM_MESSAGE,
    "sMSMessage": SMS_MESSAGE,
    "lALSReport": LALS_REPORT,
    "pDHeaderReport": PD_HEADER_REPORT,
    "pDSummaryReport": PD_SUMMARY_REPORT,
    "mMSSend": MMS_SEND,
    "mMSSendByNonLocalTarget": MMS_SEND_BY_NON_LOCAL_TARGET,
    "mMSNotification": MMS_NOTIFICATION,
    "mMSSendToNonLocalTarget": MMS_SEND_TO_NON_LOCAL_TARGET,
    "mMSNotificationResponse": MMS_NOTIFICATION_RESPONSE,
    "mMSRetrieval": MMS_RETRIEVAL,
    "mMSDeliveryAck": MMS_DELIVERY_ACK,
    "mMSForward": MMS_FORWARD,
    "mMSDeleteFromRelay": MMS_DELETE_FROM_RELAY,
    "mMSDeliveryReport": MMS_DELIVERY_REPORT,
    "mMSDeliveryReportNonLocalTarget": MMS_DELIVERY_REPORT_NON_LOCAL_TARGET,
    "mMSReadReport": MMS_READ_REPORT,
    "mMSReadReportNonLocalTarget": MMS_READ_REPORT_NON_LOCAL_TARGET,
    "mMSCancel": MMS_CANCEL,
    "mMSMBoxStore": MMS_MBOX_STORE,
    "mMSMBoxUpload": MMS_MBOX_UPLOAD,
    "mMSMBoxDelete": MMS_MBOX_DELETE,
    "mMSMBoxViewRequest": MMS_MBOX_VIEW_REQUEST,
    "mMSMBoxViewResponse": MMS_MBOX_VIEW_RESPONSE,
    "subscriberRecordChangeMessage": UDM_SUBSCRIBER_RECORD_CHANGE_MESSAGE,
    "cancelLocationMessage": UDM_CANCEL_LOCATION_MESSAGE,
    "sMSReport": SMS_REPORT,
    "sMFMAPDUSessionEstablishment": SMFMAPDU_SESSION_ESTABLISHMENT,
    "sMFMAPDUSessionModification": SMFMAPDU_SESSION_MODIFICATION,
    "sMFMAPDUSessionRelease": SMFMAPDU_SESSION_RELEASE,
    "startOfInterceptionWithEstablishedMAPDUSession": SMF_START_OF_INTERCEPTION_WITH_ESTABLISHED_MAPDU_SESSION,
    "unsuccessfulMASMProcedure": SMFMA_UNSUCCESSFUL_PROCEDURE,
    "aMFIdentifierAssociation": AMF_IDENTIFIER_ASSOCIATION,
    "sMFPDUtoMAPDUSessionModification": SMFPDU_TO_MAPDU_SESSION_MODIFICATION,
    "separatedLocationReporting": SEPARATED_LOCATION_REPORTING,
    "iMSMessage": IMS_MESSAGE,
    "startOfInterceptionForActiveIMSSession": START_OF_INTERCEPTION_FOR_ACTIVE_IMS_SESSION,
    "iMSCCUnavailable": IMSCC_UNAVAILABLE,
    "uDMLocationInformationResult": UDM_LOCATION_INFORMATION_RESULT,
    "uDMUEInformationResponse": UDMUE_INFORMATION_RESPONSE,
    "uDMUEAuthenticationResponse": UDMUE_AUTHENTICATION_RESPONSE,
    "positioningInfoTransfer": AMF_POSITIONING_INFO_TRANSFER,
    "uDMStartOfInterceptionWithRegisteredTarget": UDM_START_OF_INTERCEPTION_WITH_REGISTERED_TARGET,
    "aMFUEConfigurationUpdate": AMFUE_CONFIGURATION_UPDATE,
    "hSSServingSystemMessage": HSS_SERVING_SYSTEM_MESSAGE,
    "hSSStartOfInterceptionWithRegisteredTarget": HSS_START_OF_INTERCEPTION_WITH_REGISTERED_TARGET,
    "mMSConvertedFromEmail": MMS_CONVERTED_FROM_EMAIL,
    "mMSConvertedToEmail": MMS_CONVERTED_TO_EMAIL,
    "aMFIdentifierDeassociation": AMF_IDENTIFIER_DEASSOCIATION,
    "iPIRIPacketReport": IPIRI_PACKET_REPORT,
    "mDFCellSiteReport": SequenceOf("MDFCellSiteReport", CELL_INFORMATION),
}
_SHARED_EVENTS: Final = """
6.2.2.2: 1=registration 2=deregistration 3=locationUpdate 4=startOfInterceptionWithRegisteredUE
    5=unsuccessfulAMProcedure
6.2.3.2: 6=pDUSessionEstablishment 7=pDUSessionModification 8=pDUSessionRelease
    9=startOfInterceptionWithEstablishedPDUSession 10=unsuccessfulSMProcedure
7.2.2.3: 11=servingSystemMessage
6.2.5.2: 12=sMSMessage
7.3.1.4: 13=lALSReport
6.2.3.5: 14=pDHeaderReport 15=pDSummaryReport
7.4.3: 17=mMSSend 18=mMSSendByNonLocalTarget 19=mMSNotification 20=mMSSendToNonLocalTarget 21=mMSNotificationResponse
    22=mMSRetrieval 23=mMSDeliveryAck 24=mMSForward 25=mMSDeleteFromRelay 26=mMSDeliveryReport
    27=mMSDeliveryReportNonLocalTarget 28=mMSReadReport 29=mMSReadReportNonLocalTarget 30=mMSCancel 31=mMSMBoxStore
    32=mMSMBoxUpload 33=mMSMBoxDelete 34=mMSMBoxViewRequest 35=mMSMBoxViewResponse
7.5.2: 36=pTCRegistration 37=pTCSessionInitiation 38=pTCSessionAbandon 39=pTCSessionStart 40=pTCSessionEnd
    41=pTCStartOfInterception 42=pTCPreEstablishedSession 43=pTCInstantPersonalAlert 44=pTCPartyJoin 45=pTCPartyDrop
    46=pTCPartyHold 47=pTCMediaModification 48=pTCGroupAdvertisement 49=pTCFloorControl 50=pTCTargetPresence
    51=pTCParticipantPresence 52=pTCListManagement 53=pTCAccessPolicy
7.2.2.3: 54=subscriberRecordChangeMessage 55=cancelLocationMessage
6.2.5.2: 56=sMSReport
6.2.3.2.7: 57=sMFMAPDUSessionEstablishment 58=sMFMAPDUSessionModification 59=sMFMAPDUSessionRelease
    60=startOfInterceptionWithEstablishedMAPDUSession 61=unsuccessfulMASMProcedure
6.2.2.2.7: 62=aMFIdentifierAssociation 63=mMEIdentifierAssociation
6.2.3.2.8: 64=sMFPDUtoMAPDUSessionModification
7.7.2.1: 65=nEFPDUSessionEstablishment 66=nEFPDUSessionModification 67=nEFPDUSessionRelease
    68=nEFUnsuccessfulProcedure 69=nEFStartOfInterceptionWithEstablishedPDUSession 70=nEFdeviceTrigger
    71=nEFdeviceTriggerReplace 72=nEFdeviceTriggerCancellation 73=nEFdeviceTriggerReportNotify 74=nEFMSISDNLessMOSMS
    75=nEFExpectedUEBehaviourUpdate
7.8.2.1: 76=sCEFPDNConnectionEstablishment 77=sCEFPDNConnectionUpdate 78=sCEFPDNConnectionRelease
    79=sCEFUnsuccessfulProcedure 80=sCEFStartOfInterceptionWithEstablishedPDNConnection 81=sCEFdeviceTrigger
    82=sCEFdeviceTriggerReplace 83=sCEFdeviceTriggerCancellation 84=sCEFdeviceTriggerReportNotify
    85=sCEFMSISDNLessMOSMS 86=sCEFCommunicationPatternUpdate
6.3.2.2: 87=mMEAttach 88=mMEDetach 89=mMELocationUpdate 90=mMEStartOfInterceptionWithEPSAttachedUE
    91=mMEUnsuccessfulProcedure
7.9.1.3: 92=aAnFAnchorKeyRegister 93=aAnFKAKMAApplicationKeyGet 94=aAnFStartOfInterceptWithEstablishedAKMAKeyMaterial
    95=aAnFAKMAContextRemovalRecord 96=aFAKMAApplicationKeyRefresh
    97=aFStartOfInterceptWithEstablishedAKMAApplicationKey 98=aFAuxiliarySecurityParameterEstablishment
    99=aFApplicationKeyRemoval
7.3.4.1: 102=separatedLocationReporting
7.11.2: 103=sTIRSHAKENSignatureGeneration 104=sTIRSHAKENSignatureValidation
7.12.4.2: 105=iMSMessage 106=startOfInterceptionForActiveIMSSession 107=iMSCCUnavailable
7.2.2.3: 108=uDMLocationInformationResult 109=uDMUEInformationResponse 110=uDMUEAuthenticationResponse
    111=positioningInfoTransfer
6.3.2.2.8: 112=mMEPositioningInfoTransfer 113=aMFRANHandoverCommand 114=aMFRANHandoverRequest
7.14.2: 115=eESEECRegistration 116=eESEASDiscovery 117=eESEASDiscoverySubscription 118=eESEASDiscoveryNotification
    119=eESAppContextRelocation 120=eESACRSubscription 121=eESACRNotification 122=eESEECContextRelocation
    123=eESStartOfInterceptionWithRegisteredEEC
7.2.2.3: 124=uDMStartOfInterceptionWithRegisteredTarget
7.15.2: 125=fiveGMSAFServiceAccessInformation 126=fiveGMSAFConsumptionReporting 127=fiveGMSAFDynamicPolicyInvocation
    128=fiveGMSAFMetricsReporting 129=fiveGMSAFNetworkAssistance 130=fiveGMSAFUnsuccessfulProcedure
    131=fiveGMSAFStartOfInterceptionWithAlreadyConfiguredUE 132=aMFUEConfigurationUpdate
7.2.3.3: 133=hSSServingSystemMessage 134=hSSStartOfInterceptionWithRegisteredTarget
7.7.6.1: 135=nEFAFSessionWithQoSProvision 136=nEFAFSessionWithQoSNotification
7.8.6.1: 137=sCEFASSessionWithQoSProvision 138=sCEFASSessionWithQoSNotification 139=aMFRANTraceReport
7.13.3: 140=rCSRegistration 141=rCSMessage 142=rCSCapabilityDiscovery 143=rCSSessionEstablishment
    144=rCSSessionModification 145=rCSSessionRelease
6.2.2.2.12: 146=aMFUEPolicyTransfer 147=aMFUEServiceAccept
6.3.2.2: 148=ePSRANHandoverCommand 149=ePSRANHandoverRequest 150=mMERANTraceReport 151=mMEUEServiceAccept
7.16.2: 152=nWDAFEventsSubscription 153=nWDAFEventsNotification 154=nWDAFAnalyticsInfoQuery
    155=nWDAFRoamingAnalyticsSubscription 156=nWDAFRoamingAnalyticsNotification
7.13.3: 157=startOfInterceptForRegisteredRCSUser 158=startOfInterceptWithEstablisedRCSSession
7.2.2.3: 159=uDMProSeTargetIdentifierDeconcealment 160=uDMProSeTargetAuthentication
7.12.4.2: 162=iMSDataChannelSetup 163=iMSDataChannelModification 164=iMSDataChannelTermination
    165=mMSConvertedFromEmail 166=mMSConvertedToEmail
7.7.7.1: 167=nEF5GVNGroupCreation 168=nEF5GVNGroupUpdate 169=nEF5GVNGroupDeletion 170=nEF5GVNGroupQuery
7.2.3.3: 171=hSSSubscriberRecordChange
7.2.4.3: 172=iMSHSSServingSystemMessage 173=iMSHSSStartOfInterceptionWithRegisteredTarget
    174=iMSHSSSubscriberRecordChange
6.2.2.2.14: 175=aMFUEContextUpdate
6.3.3.2: 176=ePSPDNConnectionEstablishment 177=ePSPDNConnectionModification 178=ePSPDNConnectionRelease
    179=ePSStartOfInterceptionWithEstablishedPDNConnection 180=ePSPDNUnsuccessfulProcedure
7.12.4.2: 181=startOfInterceptionWithEstablishedIMSDataChannel
6.2.3.2: 182=sMFProSeRemoteUEReport 183=sMFStartOfInterceptionWithConnectedProSeRemoteUE
7.17.2: 184=fiveGDDNMFProSeUNIDirectDiscovery 185=fiveGDDNMFProSeNNIDirectDiscovery
6.2.2.2.7: 186=aMFIdentifierDeassociation 187=mMEIdentifierDeassociation
7.18.2: 188=fiveGPINAPPMessage 189=fiveGStartOfInterceptionWithPINClientInPIN
7.19: 190=chargingDataEvent
"""
"""A clause of TS 33.128 (as the comments of the module give it), then the numbers and names that it defines."""
_X2_ONLY: Final = "7.10.3.3: 100=n9HRPDUSessionInfo 101=s8HRBearerInfo 6.2.3.9.5: 161=iPIRIPacketReport"
_HI2_ONLY: Final = "7.3.2.2: 16=mDFCellSiteReport"


def _events(name: str, rows: str) -> Choice:
    clause = ""
    fields = []
    for word in rows.split():
        number, _, event = word.partition("=")
        if event:
            fields.append(Field(int(number), event, _DESCRIBED.get(event, UNDESCRIBED), clause=clause))
        else:
            clause = word.removesuffix(":")
    return Choice(name, tuple(sorted(fields, key=lambda row: row.tag or 0)))


XIRI_EVENT: Final = _events("XIRIEvent", f"{_SHARED_EVENTS} {_X2_ONLY}")
IRI_EVENT: Final = _events("IRIEvent", f"{_SHARED_EVENTS} {_HI2_ONLY}")
