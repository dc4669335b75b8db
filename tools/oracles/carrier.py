"""What the real pieces of the carrier emit, in memory: network, POI, and the mediation function in every form it has.

A run without the sockets: simulated network -> POI -> X2/X3 PDU -> conversion -> PS-PDU through the `Sender` of each
configuration (plain; aggregated, hashed and signed; ciphered in segments), and the same PDUs as call data and content
of each US dialect. Keys are fixed, so the records are the same every time.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asn1 import x2x3
from asn1.laes.ccc import HEADER_OCTETS
from asn1.ps_pdu import PsHeader
from carrier_sim.config import CallItem, DataItem, FeatureItem, MmsItem, RegisterItem, SmsItem, WebItem
from carrier_sim.events import InterceptEvent
from carrier_sim.network import Network, Schedule
from carrier_sim.poi import Delivers, Poi, Task
from carrier_sim.speech import Clips
from carrier_sim.subscribers import Directory, Identity
from lab.stack import NETWORK_FUNCTIONS
from mediation import convert, redact
from mediation.laes import content, t1678
from mediation.laes.calls import Call
from mediation.laes.convert import TONGUES, tell
from mediation.laes.moment import Moment, Site
from mediation.outgoing import Outgoing, Sender
from mediation.outgoing_config import OutgoingConfig
from mediation.runtime.handover_keys import KeyRing
from mediation.sequence import Communication, Counters
from tools.oracles.kinds import record_of
from tools.oracles.record import Record

START_US: Final = 1_767_600_000_000_000
SEED: Final = 1
_CALLER, _CALLEE, _THIRD, _HOST = "+12125550101", "+12125550102", "+12125550103", "192.0.2.80"
_XID: Final = str(uuid.UUID(int=SEED))
_LIID: Final = "LAB-1"
_MAX_EVENTS: Final = 20_000
_SIGNER: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
_SENDERS: Final[dict[str, dict[str, Any]]] = {
    "as most links": {},
    "aggregated, hashed and signed": {
        "aggregation": {"records": 2},
        "integrity": {"hash_records": 4, "signer_file": "of this module", "sign_hashes": 2},
    },
    "ciphered, in segments": {"encryption": {"keys_file": "of this module"}, "segment_octets": 120},
}
_FORMS: Final = {"t1678": "apdu", "pcesp": "4", "ias": "apdu", "jstd025": "apdu"}
_CALLS: Final = (
    CallItem(caller=_CALLER, callee=_CALLEE, seconds=0.3, dtmf="1"),
    CallItem(caller=_CALLEE, callee=_CALLER, seconds=0.1, codec="PCMU"),
    CallItem(caller=_CALLER, callee=_CALLEE, seconds=0.1, ipv6=True),
    CallItem(caller=_CALLER, callee=_CALLEE, outcome="busy"),
    CallItem(caller=_CALLEE, callee=_CALLER, outcome="no_answer"),
    CallItem(caller=_CALLER, callee=_CALLEE, seconds=2, sound="none", hold_at_s=0.5, hold_s=1, info_digits="12#"),
    CallItem(caller=_CALLER, callee=_CALLEE, seconds=2, sound="none", update_at_s=1, early_media=True, uui="simulated"),
    CallItem(caller=_CALLEE, callee=_CALLER, seconds=1, sound="none", forward_to=_THIRD),
    CallItem(caller=_CALLEE, callee=_CALLER, seconds=1, sound="none", forward_to=_THIRD, forward="redirected"),
    CallItem(caller=_CALLEE, callee=_CALLER, seconds=9, sound="none", transfer_to=_THIRD),
    CallItem(caller=_CALLER, callee=_CALLEE, seconds=20, sound="none", conference_with=_THIRD),
)
_OTHERS: Final = (
    RegisterItem(subscriber=_CALLER),
    RegisterItem(subscriber=_CALLER, via="amf", located=True),
    RegisterItem(subscriber=_CALLER, via="amf", expires_s=0),
    FeatureItem(subscriber=_CALLER, code="*72", number=_THIRD),
    SmsItem(sender=_CALLER, to=_CALLEE, text="A simulated message.", status_report=True),
    SmsItem(sender=_CALLEE, to=_CALLER, text="Ein Gruß aus der Übung 🙂 " * 8),
    SmsItem(sender=_CALLEE, to=_CALLER, text="By SIP.", via="ims"),
    SmsItem(sender=_CALLEE, to=_CALLER, text="By SIP, told as an event.", via="ims", report="xiri"),
    MmsItem(sender=_CALLER, to=_CALLEE, text="A simulated picture.", subject="Picture"),
    MmsItem(sender=_CALLEE, to=_CALLER, text="No picture.", picture=False),
    DataItem(subscriber=_CALLER, seconds=1, packets=4),
    DataItem(subscriber=_CALLER, seconds=1, packets=4, access=True),
    DataItem(subscriber=_CALLER, seconds=1, outcome="rejected"),
    DataItem(subscriber=_CALLER, seconds=1, outcome="failed"),
    DataItem(subscriber=_CALLER, seconds=1, outcome="session_failed"),
    DataItem(subscriber=_CALLER, seconds=1, packets=4, ipv6=True, report="smf", located=True),
    WebItem(visitors=(_CALLEE,)),
)


def traffic() -> Iterator[Record]:
    """Every PDU of one target, in both versions, and everything the mediation function makes of them."""
    schedule = Schedule()
    network = Network(SEED, START_US, Directory(SEED), Clips(), schedule)
    for item in (*_CALLS, *_OTHERS):
        network.add(item, START_US)
    events = schedule.due(1 << 62, _MAX_EVENTS)
    pdus = list(_pdus(events, x2x3.VERSION_5))
    for octets in (*pdus, *_pdus(events, x2x3.VERSION_6)):
        yield record_of("x2x3", octets, "simulated network, POI")
    pdu = x2x3.keepalive(1)
    yield record_of("x2x3", x2x3.encode_pdu(pdu), "X2/X3 link")
    yield record_of("x2x3", x2x3.encode_pdu(x2x3.keepalive_ack(pdu)), "X2/X3 link")
    decoded = [x2x3.decode_pdu(octets) for octets in pdus]
    for name, config in _SENDERS.items():
        for octets in _handed_over(decoded, OutgoingConfig.model_validate(config)):
            yield record_of("ps-pdu", octets, f"simulated network, mediation {name}")
    for dialect in TONGUES:
        yield from _told(decoded, dialect)


def _pdus(events: Sequence[InterceptEvent], version: int) -> Iterator[bytes]:
    poi = Poi(version)
    poi.set_destination("did-1", Delivers.BOTH)
    targets = (Identity("e164Number", _CALLER.removeprefix("+")), Identity("ipv4Address", _HOST))
    poi.set_task(Task(_XID, targets, Delivers.BOTH, ("did-1",)))
    for event in events:
        for emission in poi.handle(event):
            yield emission.octets


def _handed_over(pdus: Sequence[x2x3.X2X3Pdu], config: OutgoingConfig) -> Iterator[bytes]:
    """Under a warrant for everything."""
    counters = Counters()
    sender = Sender(config, counters, KeyRing(bytes(range(24))), _SIGNER, bytes)
    real_us = 0
    for pdu in pdus:
        state = counters.communication(_XID, pdu.correlation_id)
        made = convert.product(NETWORK_FUNCTIONS[pdu.nfid or ""], pdu, state, metadata_only=False)
        if made is None:
            continue
        header = PsHeader(
            liid=_LIID.encode(),
            authorization_country="US",
            delivery_country="US",
            operator_id=b"LABOP",
            network_element_id=b"med-1",
            cin=state.cin,
            time_us=pdu.time_us,
            time_qualifier="timeOfInterception",
            extended_interception_point_id=pdu.ipid.encode() if pdu.ipid else None,
            network_function_id=pdu.nfid.encode() if pdu.nfid else None,
        )
        one = Outgoing(_XID, pdu.correlation_id, state, header, made.contents, made.direction, made.iri_type)
        real_us += 1_000
        for entry in sender.put(one, START_US + real_us, real_us):
            yield entry.octets
        convert.advance(pdu, state, made)
    for entry in sender.due(START_US + real_us, real_us, everything=True):
        yield entry.octets


def _told(pdus: Sequence[x2x3.X2X3Pdu], dialect: str) -> Iterator[Record]:
    """Call data in one US dialect, and content in every form it may have there."""
    tongue = TONGUES[dialect]
    source = f"simulated network, mediation in {dialect}"
    site = Site("med-1", _FORMS[dialect], bytes((192, 0, 2, 9)), 40_000)
    states: dict[int, Communication] = {}
    if dialect == "t1678":
        for message in (t1678.status(_LIID, "med-1", START_US, True), t1678.test(_LIID, "med-1", START_US)):
            yield record_of(dialect, tongue.wire.encode(message), source)
    for pdu in pdus:
        state = states.setdefault(pdu.correlation_id, Communication(cin=len(states) + 1))
        sends = {"fromTarget": True, "toTarget": False}.get(convert.DIRECTIONS.get(int(pdu.payload_direction)) or "")
        at = Moment(
            site,
            _LIID,
            pdu.nfid or "",
            pdu.time_us or 0,
            state.cin,
            sends,
            Call.of(state.call),
            place=True,
            content=True,
            subject=_CALLER.removeprefix("+"),
        )
        role = NETWORK_FUNCTIONS[pdu.nfid or ""]
        told = tell(tongue, role, pdu, at, redact.Granted(place=True), up=True)
        state.call = told.call.plain
        for message in told.messages:
            yield record_of(dialect, tongue.wire.encode(message), source)
        if told.packet is not None:
            yield from _labelled(at, told.packet, source)


def _labelled(at: Moment, packet: bytes, source: str) -> Iterator[Record]:
    for form in ("apdu", *map(str, HEADER_OCTETS)):
        octets = content.encode(at._replace(site=at.site._replace(form=form)), packet, 1)
        yield record_of("cc-apdu" if form == "apdu" else "ccc", octets, source, "" if form == "apdu" else form)
