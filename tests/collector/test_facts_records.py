"""What the collector reads out of e-mail, messaging, circuit and packet-domain IRI: parties, service, content, place.

`test_facts_every_field` attacks each of their fields besides.
"""

from __future__ import annotations

from typing import Any

import pytest

from asn1 import sms_tpdu
from asn1.ps_common import ip_address
from asn1.ps_pdu import PsHeader, cc_pdu, decode_ps_pdu, iri_pdu
from collector.facts import RecordFacts, facts_of
from mediation.law.orders import Service, Target, TargetKind

T0 = 1_750_000_000_000_000
HEADER = PsHeader(
    liid=b"LAB-1", operator_id=b"SIMOP", cin=7, sequence_number=3, time_us=T0, time_qualifier="timeOfInterception"
)
A, B = "12125550101", "12125550102"


def e164(*numbers: str) -> frozenset[Target]:
    return frozenset(Target(TargetKind.E164, number) for number in numbers)


def nai(*names: str) -> frozenset[Target]:
    return frozenset(Target(TargetKind.SIP_URI, f"nai:{name}") for name in names)


def map_octets(digits: str) -> bytes:
    padded = digits + "f" * (len(digits) % 2)
    return b"\x91" + bytes(int(padded[at + 1] + padded[at], 16) for at in range(0, len(padded), 2))


def iri(name: str, value: Any, iri_type: str | None = "report") -> RecordFacts:
    return facts_of(decode_ps_pdu(iri_pdu(HEADER, (name, value), iri_type)), T0)


# --- e-mail ---------------------------------------------------------------------------------------------------------


def email(event: str = "e-mail-send", **more: Any) -> RecordFacts:
    value = {
        "emailIRIObjId": "5.2.20.1", "eventType": event, "client-Address": ip_address(bytes((203, 0, 113, 80))),
        "server-Octets-Sent": 10, "client-Octets-Sent": 2000, "protocol-ID": "smtp", "status": "operation-succeeded",
    }  # fmt: skip
    return iri("emailIRI", value | {name.replace("_", "-"): held for name, held in more.items()}, "continue")


def test_an_email_has_its_addresses_on_both_sides_and_the_client_on_the_senders() -> None:
    facts = email(e_mail_Sender="Alex@mail.invalid", e_mail_Recipients=["sam@mail.invalid"])
    client = frozenset({Target(TargetKind.IPV4, "203.0.113.80")})
    assert facts.originators == nai("alex@mail.invalid") | client
    assert facts.recipients == nai("sam@mail.invalid")
    assert facts.parties_known and facts.opens and facts.service is Service.DATA
    assert facts.content == () and ("to", ["sam@mail.invalid"]) in facts.permitted
    received = email("e-mail-receive", e_mail_Sender="alex@mail.invalid")
    assert received.originators == nai("alex@mail.invalid"), "the client that hands it over is a server"


@pytest.mark.parametrize(
    ("more", "item"),
    [
        ({"e_mail_Sender": "CANARY at five"}, "party_text"),
        ({"e_mail_Recipients": ["a@b.invalid", "CANARY at five"]}, "party_text"),
        ({"message_ID": b"CANARY at five"}, "email_text"),
        ({"nationalParameter": b"CANARY"}, "undescribed_fields"),
        ({"aAAInformation": ("pOP3AAAInformation", {"username": "a", "password": "CANARY"})}, "email_credentials"),
        ({"aAAInformation": ("aSMTPAAAInformation", {"username": "a", "response": b"CANARY"})}, "email_credentials"),
        ({"aAAInformation": ("pOP3AAAInformation", {"username": "CANARY at 5"})}, "email_credentials"),
    ],
)
def test_words_and_secrets_of_an_email_are_content(more: dict[str, Any], item: str) -> None:
    facts = email(**more)
    assert item in facts.content and "CANARY" not in str(facts.permitted)


@pytest.mark.parametrize("name", ["client-Port", "server-Octets-Sent"])
def test_attack_words_written_as_a_number_are_content(name: str) -> None:
    facts = email(**{name.replace("-", "_"): int.from_bytes(b"CANARY at five", "big")})
    assert facts.content == ("undescribed_fields",) and name not in dict(facts.permitted)


def test_a_logon_names_the_user_of_the_mailbox() -> None:
    facts = email("e-mail-logon", aAAInformation=("iMAPAAAInformation", {"username": "alex"}))
    assert facts.originators >= nai("alex") and facts.content == () and ("user", "alex") in facts.permitted
    assert not facts.opens


def test_an_email_that_names_nobody_cannot_be_placed() -> None:
    value = {
        "emailIRIObjId": "5.2.20.1", "eventType": "e-mail-receive", "server-Octets-Sent": 0, "client-Octets-Sent": 0,
        "protocol-ID": "smtp", "status": "status-unknown",
    }  # fmt: skip
    assert not iri("emailIRI", value).parties_known


# --- messaging ------------------------------------------------------------------------------------------------------


def messaging(category: Any = ("message", "deposit"), properties: Any = (), **more: Any) -> RecordFacts:
    value = {
        "messaging-iri-obj-id": "5.2.20.3", "system-type": "unified-messaging", "category": category,
        "status": "operation-succeeded", "trigger": "user",
        "party-information": [
            {"party-qualifier": "originating-party", "party-identity": ("msisdn", map_octets(A))},
            {"party-qualifier": "terminating-party", "party-identity": ("email-address", ["sam@mail.invalid"])},
        ],
        "properties": list(properties),
    }  # fmt: skip
    return iri("messagingIRI", value | {name.replace("_", "-"): held for name, held in more.items()})


def test_a_voice_mail_has_its_parties_and_opens_a_communication() -> None:
    facts = messaging(properties=[("priority", "high"), ("message-identifier", b"m-7")])
    assert (facts.originators, facts.recipients) == (e164(A), nai("sam@mail.invalid"))
    assert facts.service is Service.VOICE and facts.opens and facts.content == ()
    assert ("from", [f"+{A}"]) in facts.permitted and ("message", "deposit") in facts.permitted


@pytest.mark.parametrize(
    ("category", "service"),
    [
        (("message-notification", "sms"), Service.SMS),
        (("message-notification", "mms"), Service.MMS),
        (("message-notification", "email"), Service.DATA),
        (("message-notification", "generic"), None),
        (("message-notification", 99), None),
        (("message-box", "login"), Service.VOICE),
        (("call", "callout"), Service.VOICE),
    ],
)
def test_a_notification_is_of_what_it_tells_about(category: Any, service: Service | None) -> None:
    assert messaging(category).service is service


@pytest.mark.parametrize(
    ("name", "value", "item"),
    [
        ("subject", "CANARY", "messaging_subject"),
        ("pincode", b"CANARY", "messaging_credentials"),
        ("password", b"CANARY", "messaging_credentials"),
        ("user-agent", "CANARY", "messaging_text"),
        ("message-identifier", b"CANARY at five", "messaging_text"),
    ],
)
def test_words_and_secrets_of_messaging_are_content(name: str, value: Any, item: str) -> None:
    facts = messaging(properties=[(name, value)])
    assert facts.content == (item,) and "CANARY" not in str(facts.permitted)


def test_the_message_itself_is_content() -> None:
    assert messaging(original_message=b"CANARY").content == ("messaging_content",)
    content = {
        "messaging-cc-obj-id": "5.2.20.4", "event-identifier": 1, "content-type": b"audio/basic", "content": b"CANARY"
    }  # fmt: skip
    facts = facts_of(decode_ps_pdu(cc_pdu(HEADER, ("messagingCC", content))), T0)
    assert facts.content == ("content",) and facts.service is None, "of which service a person has to say"


# --- calls and short messages ---------------------------------------------------------------------------------------


def party(qualifier: str, **identity: Any) -> dict[str, Any]:
    return {
        "party-Qualifier": qualifier,
        "partyIdentity": {name.replace("_", "-"): held for name, held in identity.items()},
    }


CALL = {
    "lawfulInterceptionIdentifier": b"LAB-1",
    "communicationIdentifier": {
        "communication-Identity-Number": b"7",
        "network-Identifier": {"operator-Identifier": b"SIMOP"},
    },
    "timeStamp": ("utcTime", T0),
    "intercepted-Call-Direct": "originating-Target",
    "intercepted-Call-State": "setUpInProcess",
    "partyInformation": [
        party("originating-Party", msISDN=map_octets(A)),
        party("terminating-Party", calledPartyNumber=("dSS1-Format", b"\x81" + B.encode())),
    ],
    "nature-Of-The-intercepted-call": "gSM-ISDN-PSTN-circuit-call",
}


def call(kind: str = "iRI-Begin-record", without: tuple[str, ...] = (), **more: Any) -> RecordFacts:
    fields = {name: held for name, held in CALL.items() if name not in without}
    fields |= {name.replace("_", "-"): held for name, held in more.items()}
    return iri("eTSI671IRI", ("iRIsContent", ("iRIContent", (kind, fields))), None)


def test_a_circuit_call_has_both_its_sides_and_opens() -> None:
    facts = call()
    assert (facts.originators, facts.recipients) == (e164(A), e164(B))
    assert (facts.service, facts.iri_type, facts.target_sends) == (Service.VOICE, "begin", True)
    assert facts.opens and not facts.answers and facts.parties_known and facts.content == () and not facts.location
    assert ("to", [B]) in facts.permitted
    answered = call("iRI-Continue-record", intercepted_Call_State="connected", ringingDuration=b"\0\0\x08")
    assert answered.answers and not answered.opens and ("ringingDuration", "00:00:08") in answered.permitted


def test_the_end_of_a_call_need_not_name_its_parties() -> None:
    ended = call("iRI-End-record", ("partyInformation",), release_Reason_Of_Intercepted_Call=b"\x80\x90")
    assert ended.inherits and not ended.parties_known
    assert ("release-Reason-Of-Intercepted-Call", "8090") in ended.permitted
    assert not call("iRI-Begin-record", ("partyInformation",)).inherits


def test_a_forwarded_call_has_whom_it_went_to() -> None:
    parties = [*CALL["partyInformation"], party("forwarded-to-Party", msISDN=map_octets("12125550188"))]
    facts = call(partyInformation=parties)
    assert facts.recipients == e164(B, "12125550188")
    assert ("forwarded_to", ["+12125550188"]) in facts.permitted


@pytest.mark.parametrize(
    "identity",
    [
        {"calledPartyNumber": ("dSS1-Format", b"\x81121255501029988776")},
        {"calledPartyNumber": ("dSS1-Format", b"\x8112125550102*44")},
        {"calledPartyNumber": ("iSUP-Format", b"\x03\x10CANARY")},
        {"msISDN": b"CANARY"},
        {"alphanumeric": "CANARY at 5"},
        {"sip_uri": b"sip:a@ims.invalid?body=CANARY"},
        {"sip_uri": b"CANARY at five"},
        {"tei": b"CANARY at five"},
    ],
)
def test_attack_what_is_no_identity_is_content(identity: dict[str, Any]) -> None:
    facts = call(
        partyInformation=[party("originating-Party", msISDN=map_octets(A)), party("terminating-Party", **identity)]
    )
    assert facts.content == ("party_text",)
    assert "CANARY" not in str(facts.permitted) and "9988776" not in str(facts.permitted)


def test_parameters_of_the_network_are_content_and_notices_are_not() -> None:
    wanted = party("originating-Party", msISDN=map_octets(A))
    words = wanted | {"services-Information": {"iSUP-parameters": [b"CANARY"]}}
    assert call(partyInformation=[words]).content == ("party_text",)
    notice = {"non-Standard-Supplementary-Services": [("simpleIndication", "call-Waiting-Indication")]}
    assert call(partyInformation=[wanted | {"supplementary-Services-Information": notice}]).content == ()
    for other in ({"other-Services": [b"CANARY"]}, {"non-Standard-Supplementary-Services": [("sciData", b"CANARY")]}):
        assert call(partyInformation=[wanted | {"supplementary-Services-Information": other}]).content


def test_where_the_target_is_and_who_serves_it_is_location() -> None:
    for more in (
        {"locationOfTheTarget": {"globalCellID": bytes(7)}},
        {"servingSystem": ("dNS-Format", b"x")},
        {"sgsnAddress": ("ipAddress", ip_address(bytes(4)))},
    ):
        facts = call(**more)
        assert facts.location and facts.content == ()


def test_a_record_within_another_interception_is_content() -> None:
    assert call(lawfulInterceptionIdentifier=b"LAB-2").content == ("foreign_identifier",)


def test_the_times_inside_a_record_count() -> None:
    assert call().stamps_us == (), "the second of the header's time"
    assert call(timeStamp=("utcTime", T0 - 10**6)).stamps_us == (T0 - 10**6,)
    late = HEADER._replace(time_us=T0 + 999_999)
    record = iri_pdu(late, ("eTSI671IRI", ("iRI-Parameters", CALL)))
    assert facts_of(decode_ps_pdu(record), T0).stamps_us == ()
    local = {"generalizedTime": "20250615145320", "winterSummerIndication": "notProvided"}
    assert call(timeStamp=("localTime", local)).stamps_us == ()


def test_several_records_in_one_are_judged_like_aggregated_payloads() -> None:
    late = CALL | {"timeStamp": ("utcTime", T0 + 10**6)}
    facts = iri("eTSI671IRI", ("iRIsContent", ("iRISequence", [("iRI-Begin-record", CALL), ("iRI-End-record", late)])))
    assert facts.content == ("aggregated_payloads",) and facts.permitted == () and facts.service is None
    assert facts.stamps_us == (T0 + 10**6,)


@pytest.mark.parametrize(
    ("nature", "service"),
    [("lTE-circuit-call", Service.VOICE), ("gPRS-Packet-Data", Service.DATA), ("uUS4-Messages", None), (99, None)],
)
def test_the_nature_of_a_call_is_its_service(nature: Any, service: Service | None) -> None:
    facts = call(nature_Of_The_intercepted_call=nature)
    assert facts.service is service and not facts.administrative


def short_message(text: str, **more: Any) -> RecordFacts:
    octets = sms_tpdu.encode_submit(text, B)[0] if text else sms_tpdu.encode_submit("", B)[0]
    contents = {"initiator": "target", "transfer-status": "succeed-transfer", "content": octets} | more
    report = {"communicationIdentifier": CALL["communicationIdentifier"], "timeStamp": ("utcTime", T0)}
    parties = [party("originating-Party", msISDN=map_octets(A))]
    return call(
        "iRI-Report-record", ("intercepted-Call-State",), nature_Of_The_intercepted_call="gSM-SMS-Message",
        sMS=report | {"sMS-Contents": contents}, partyInformation=parties,
    )  # fmt: skip


def test_a_short_message_has_the_number_inside_it_and_its_text_is_content() -> None:
    facts = short_message("CANARY words")
    assert (facts.service, facts.content) == (Service.SMS, ("sms_text",))
    assert (facts.originators, facts.recipients) == (e164(A), e164(B))
    assert ("other_party", B) in facts.permitted and ("segments", 1) in facts.permitted
    assert short_message("").content == ()


@pytest.mark.parametrize(
    "more",
    [
        {"content": b"\xff\xffCANARY"},
        {"enhancedContent": {"content": b"CANARY", "character-encoding": "utf-8"}},
    ],
)
def test_attack_a_message_that_cannot_be_read_is_text(more: dict[str, Any]) -> None:
    assert "sms_text" in short_message("", **more).content


# --- UMTS and EPS ---------------------------------------------------------------------------------------------------


def eps(event: str | int, direction: str = "originating-Target", **more: Any) -> RecordFacts:
    fields = {
        "hi2epsDomainId": "0.4.0.2.2.4.8.15.5", "lawfulInterceptionIdentifier": b"LAB-1", "timeStamp": ("utcTime", T0),
        "initiator": direction, "ePSevent": event,
        "partyInformation": [party("gPRSorEPS-Target", msISDN=map_octets(A), imsi=map_octets("001010123456789")[1:])],
    }  # fmt: skip
    fields |= {name.replace("_", "-"): held for name, held in more.items()}
    return iri("ePSIRI", ("iRI-EPS-Parameters", fields), "report")


def test_an_eps_event_is_a_session_a_registration_or_a_short_message() -> None:
    bearer = eps("bearerActivation")
    assert bearer.service is Service.DATA and not bearer.administrative and bearer.content == ()
    assert bearer.originators == e164(A) | {Target(TargetKind.IMSI, "001010123456789")}
    attach = eps("e-UTRANAttach")
    assert attach.service is None and attach.administrative
    unknown = eps(99)
    assert unknown.service is None and not unknown.administrative
    octets = sms_tpdu.encode_deliver("CANARY", B, T0)[0]
    message = {"sMS-Contents": {"sms-initiator": "server", "content": octets}}
    received = eps("sMS", "terminating-Target", sMS=message)
    assert (received.service, received.content) == (Service.SMS, ("sms_text",))
    assert received.recipients >= e164(A) and received.originators == e164(B)


def test_sip_inside_a_packet_record_is_withheld() -> None:
    facts = eps(11, iMSevent="unfilteredSIPmessage", sIPMessage=b"MESSAGE sip:CANARY")
    assert "undescribed_signalling" in facts.content


def test_a_description_of_media_belongs_to_its_call() -> None:
    info = {"informationAppliesTo": {"payloadDirection": "fromTarget"}, "mediaFormat": 8}
    for more, content in (({}, ()), ({"sessionInfo": b"CANARY"}, ("session_description",))):
        value = {"pstnIsdnIRIObjId": "5.6.6.1", "pstnIsdnIRIContents": ("supplementaryInfo", info | more)}
        facts = iri("pstnIsdnIRI", value)
        assert facts.inherits and not facts.parties_known and facts.content == content
        assert ("mediaFormat", 8) in facts.permitted and facts.service is Service.VOICE


def header_report(**more: Any) -> RecordFacts:
    header = {"source": bytes((203, 0, 113, 80)), "destination": bytes((198, 51, 100, 7))} | more
    value = {
        "iPIRIOnlyObjId": "5.3.20.3", "iPInformation": ("iPv4Information", header),
        "protocolInformation": ("tCPInformation", {"sourcePort": b"\xc0\0", "destinationPort": b"\0\x50"}),
    }  # fmt: skip
    return iri("iPIRIOnly", value)


def test_the_superseded_header_report_has_ends_and_ports() -> None:
    facts = header_report(ttl=b"\x40")
    assert facts.content == () and ("destination_port", 80) in facts.permitted
    assert facts.originators == frozenset({Target(TargetKind.IPV4, "203.0.113.80")})
    words = int.from_bytes(b"CANARY at five", "big")
    value = {
        "iPIRIOnlyObjId": "5.3.20.3", "protocolInformation": ("none", None), "iPAggregatedNbrOfBytes": words,
        "iPInformation": ("iPv4Information", {"source": bytes(4), "destination": bytes(4)}),
    }  # fmt: skip
    assert iri("iPIRIOnly", value).content == ("undescribed_fields",)
    assert header_report(options=b"CANARY").content == ("header_options",)
    assert header_report(protocol=b"CANARY").content == ("header_options",)


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("emailCC", Service.DATA), ("pstnIsdnCC", Service.VOICE), ("uMTSCC", Service.DATA), ("ePSCC", Service.DATA),
        ("l2CC", None),
    ],
)  # fmt: skip
def test_content_is_of_the_service_it_is_content_of(name: str, service: Service | None) -> None:
    value: Any = {
        "emailCC": {"emailCCObjId": "5.2.20.2", "email-Format": "application", "content": b"x"},
        "pstnIsdnCC": {"pstnIsdnCCObjId": "5.6.6.2", "pstnIsdnCCContents": b"x"},
    }.get(name, b"x")
    facts = facts_of(decode_ps_pdu(cc_pdu(HEADER, (name, value))), T0)
    assert (facts.service, facts.content) == (service, ("content",))
