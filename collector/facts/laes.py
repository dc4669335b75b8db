"""Records of the US dialects: call-data messages, CC-APDUs and CCC datagrams, to the same facts as an ETSI record.

Which fields of a message may be kept stands in `laes_rows`, in which shape in `laes_fields`; this file puts them
together and tells set-up digits from those keyed into a call (R-111). A message that no row describes is kept and
counted, and nothing of it is readable (R-101); its case and time are taken where every known message has them. Raises
DecodeError and nothing else, for any message that a decoder of `asn1.laes` gave.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, Final

from asn1 import tlv
from asn1.errors import DecodeError
from asn1.laes import ccc
from asn1.laes.cc_apdu import CcApdu
from asn1.laes.message import CdcMessage
from asn1.laes.t1678_types import CASE_ID
from asn1.ps_pdu import liid_text
from asn1.table import GENERALIZED_TIME, Field, Sequence, UnknownTag, Value, decode_reporting
from collector.facts import shapes
from collector.facts.laes_fields import HANDLERS
from collector.facts.laes_rows import ENVELOPE, ITEMS, PLACES, ROWS, Row
from collector.facts.plain_cdc import cdc_facts
from collector.facts.record import Digits, RecordFacts
from collector.facts.signalling import Signalling, read_sip
from mediation.law.orders import Service, Target

Record = CdcMessage | CcApdu | ccc.CccDatagram

_TIMES: Final = ("timestamp", "eventTime")
_SENDS: Final = {"fromSubject": True, "toSubject": False}
_HEAD: Final = Sequence(
    "head", (Field(0, "caseId", CASE_ID, optional=True), Field(2, "time", GENERALIZED_TIME, optional=True))
)
"""How every message of the three modules begins."""
_SEQUENCE: Final = b"\x30"


def facts_of_laes(record: Record, arrival_us: int, dialect: str, liid: str = "") -> RecordFacts:
    """The facts of one record. `dialect` is a name of `asn1.laes.describe.DIALECTS`; `liid` is what the link says of
    the case, for records that do not say it themselves. Raises DecodeError."""
    if isinstance(record, CcApdu):
        return _apdu(record, arrival_us, dialect, liid)
    if isinstance(record, ccc.CccDatagram):
        case = liid if record.case_id is None else liid_text(record.case_id)
        return _content(case, "cccDatagram", record.time_us, arrival_us, dialect)
    row = ROWS[dialect].get(record.name)
    if row is None:
        return _unknown_message(record, arrival_us, liid)
    if not record.unknown_tags:
        quick: RecordFacts | None = cdc_facts(record.name, record.fields, row, arrival_us, liid)
        if quick is not None:
            return quick
    return read_reference(record, row, arrival_us, liid)


def _content(liid: str, payload: str, time_us: int | None, arrival_us: int, dialect: str) -> RecordFacts:
    service = Service.DATA if dialect == "ias" else Service.VOICE
    return RecordFacts(
        liid, None, 0, "cc", payload, None, service, time_us, None, arrival_us, content=("content",), all_content=True
    )


def _apdu(apdu: CcApdu, arrival_us: int, dialect: str, liid: str) -> RecordFacts:
    header = apdu.header or {}
    case = header.get("correlationInfo", {}).get("caseId", liid)
    facts = _content(case, "cc-APDU", header.get("timeStamp"), arrival_us, dialect)
    direction = header.get("packetDirection")
    return facts._replace(
        number=header.get("sequenceNumber", 0),
        target_sends=_SENDS.get(direction) if isinstance(direction, str) else None,
    )


def _unknown_message(message: CdcMessage, arrival_us: int, liid: str) -> RecordFacts:
    """R-101. Where its time cannot be read, its arrival is all there is, and says so."""
    case, time_us = _head_of(message.unknown_tags)
    return RecordFacts(
        case or liid, None, 0, "iri", message.name, "report", None,
        arrival_us if time_us is None else time_us, "arrival" if time_us is None else None, arrival_us,
        content=("unknown_message",), inherits=True, unknown_message=True,
    )  # fmt: skip


def _head_of(unknown: tuple[UnknownTag, ...]) -> tuple[str | None, int | None]:
    if not unknown:
        return None, None
    octets = unknown[0].octets
    try:
        _, _, content, _ = tlv.read_head(octets, 0, len(octets))
        head, _ = decode_reporting(_HEAD, _SEQUENCE + _definite(len(octets) - content) + octets[content:])
    except DecodeError:
        return None, None
    return head.get("caseId"), head.get("time")


def _definite(length: int) -> bytes:
    if length < 0x80:
        return bytes([length])
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def read_reference(message: CdcMessage, row: Row, arrival_us: int, liid: str) -> RecordFacts:
    """The facts of a message that has a row, read with patience."""
    fields = message.fields
    time_us = next((fields[name] for name in _TIMES if name in fields), None)
    found = _Fields(row, message)
    facts = RecordFacts(
        str(fields.get("caseId", liid)), None, 0, "iri", message.name, row.iri_type, row.service, time_us, None,
        arrival_us, parties=found.targets, inherits=True, administrative=row.service is None, target_sends=row.sends,
        opens=row.sends is not None, answers=message.name == "answer",
        redirects=message.name == "redirection", content=tuple(dict.fromkeys(found.content)),
        location=bool(found.place), permitted=tuple(found.kept.items()), place=tuple(found.place.items()),
        all_content=row.whole or (message.name in _PACKETS and bool(found.content)),
    )  # fmt: skip
    if row.whole:
        item = "user_content" if message.name == "uuContent" else "content_delivery"
        return _carried(facts._replace(content=(item,)), message)
    if row.signalling is not None:
        return _direct(facts, fields[row.signalling])
    facts = _with_digits(facts, message)
    own = found.by_field.get(row.subject or "", frozenset())
    if not own:
        return facts
    others = found.targets - own
    if row.sends is None:
        return facts._replace(originators=own, parties_known=True, inherits=False)
    sides = (own, others) if row.sends else (others, own)
    return facts._replace(originators=sides[0], recipients=sides[1], parties_known=True, inherits=False)


_PACKETS: Final = frozenset({"packetDataHeaderReport", "packetDataSummaryReport"})


class _Fields:
    """The fields of one message, sorted into what is kept, what tells a place, and what is content."""

    def __init__(self, row: Row, message: CdcMessage) -> None:
        self.kept: dict[str, Any] = {}
        self.place: dict[str, Any] = {}
        self.content: list[str] = []
        self.by_field: dict[str, frozenset[Target]] = {}
        for name, value in message.fields.items():
            self._take(row, name, value)
        if message.unknown_tags:
            self.content.append("unknown_tags")

    @property
    def targets(self) -> frozenset[Target]:
        return frozenset().union(*self.by_field.values())

    def _take(self, row: Row, name: str, value: Value) -> None:
        if name in _DIGIT_FIELDS or name == row.signalling:
            return
        if name in ENVELOPE:
            if isinstance(value, str) and name != "caseId" and not shapes.is_identifier(value):
                self.content.append("envelope_text")
            return
        if name in PLACES:
            self.place[name] = _plain(value)
            return
        if name not in row.kept:
            self.content.append(ITEMS.get(name, "undescribed_fields"))
            return
        held = HANDLERS[name](value)
        if held.kept is not None:
            self.kept[name] = held.kept
        self.by_field[name] = held.targets
        if not held.whole:
            self.content.append(f"{name}_text")


def _plain(value: Value) -> Value:
    """Any decoded value in JSON's words; octets in hexadecimal."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {name: _plain(held) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(held) for held in value]
    return value


# --- digits

_DIGIT_FIELDS: Final = frozenset({"input", "digits"})


def _with_digits(facts: RecordFacts, message: CdcMessage) -> RecordFacts:
    """Set-up digits of an Origination are kept; what follows them, or was keyed into a call, is told apart."""
    texts, more = _dialled(message.fields)
    facts = facts._replace(content=(*facts.content, *more)) if more else facts
    if "digits" in message.fields:
        return facts._replace(digits=Digits.EXTRACTED, dialled=_digits(message.fields["digits"]))
    if not texts:
        return facts
    if message.name == "origination":
        called = _number_of(message.fields.get("called", {}))
        if any(shapes.appended_digits(text, called) for text in texts):
            return facts._replace(digits=Digits.EXTRACTED, dialled=_digits(*texts))
        asked = {target for text in texts for target in shapes.number_targets(text)}
        return facts._replace(parties=facts.parties | asked, permitted=(*facts.permitted, ("input", texts)))
    if all(shapes.is_feature_code(text) for text in texts):
        return facts._replace(digits=Digits.FEATURE, permitted=(*facts.permitted, ("keys", texts)))
    return facts._replace(digits=Digits.KEYED, dialled=_digits(*texts))


def _digits(*texts: str) -> tuple[tuple[str, Any], ...]:
    return (("digits", [text for text in texts if shapes.is_dialled(text)]),)


def _number_of(party: dict[str, Any]) -> str | None:
    number = party.get("dn")
    return number if isinstance(number, str) else None


def _dialled(fields: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Every text of digits in `input` and `signal`, and the items of content that stand in their place."""
    texts, wrong = [], []
    form, held = fields.get("input", (None, None))
    if isinstance(held, tuple):
        # T1.678 has one more choice here than PCESP: a text, or a party.
        form, held = held
    if form is not None and _is_called(held, fields.get("called", {})):
        form = held = None
    if isinstance(held, str) and form == "translationinput" and not shapes.is_dialled(held):
        # PCESP has what is to be looked up as text: another address than the called one is withheld as T1.678's is.
        wrong.append("input_text")
    elif isinstance(held, str):
        texts.append(held)
    elif isinstance(held, dict):
        number = _number_of(held)
        texts += [number] if number is not None else []
        if set(held) - {"dn"}:
            wrong.append("input_text")
    elif form is not None:
        wrong.append("input_text")
    keyed = fields.get("signal", {}).get("dialedDigits")
    if keyed is not None:
        texts.append(keyed)
    if not all(shapes.is_dialled(text) for text in [*texts, *([fields["digits"]] if "digits" in fields else [])]):
        wrong.append("digit_text")
    return list(dict.fromkeys(texts)), wrong


def _is_called(asked: Value, called: dict[str, Any]) -> bool:
    """Whether a call was asked for by the very address, no number, that `called` has: that field is judged by itself,
    and this one says nothing besides."""
    if not called or "dn" in called or (isinstance(asked, str) and shapes.is_dialled(asked)):
        return False
    return asked in (called, called.get("genericAddress"))


# --- signalling carried whole


def _direct(facts: RecordFacts, messages: list[dict[str, Any]]) -> RecordFacts:
    """DirectSignalReporting: headers of SIP. What cannot be parsed may be anything, so all of it is content."""
    said: list[Signalling] = []
    for one in messages:
        try:
            said.append(read_sip(one["sigMsg"]) if one["signalingProt"].upper() == "SIP" else _not_sip())
        except DecodeError:
            return facts._replace(content=(*facts.content, "undescribed_signalling"), all_content=True)
    if not said:
        return facts._replace(content=(*facts.content, "undescribed_signalling"), all_content=True)
    first = said[0]
    parties = frozenset().union(*(one.parties for one in said))
    digits = next((one.digits for one in said if one.digits is not Digits.NONE), Digits.NONE)
    return facts._replace(
        service=first.service,
        originators=first.originators,
        recipients=first.recipients,
        parties=parties,
        parties_known=bool(parties),
        inherits=not parties,
        opens=first.opens,
        answers=any(one.answers for one in said),
        content=tuple(dict.fromkeys([*facts.content, *(item for one in said for item in one.content)])),
        location=facts.location or any(one.location for one in said),
        permitted=(*facts.permitted, ("messages", [dict(one.permitted) for one in said])),
        digits=digits,
        dialled=tuple(pair for one in said for pair in one.dialled),
    )


def _not_sip() -> Signalling:
    raise DecodeError(DecodeError.BAD_VALUE, "signalling of a protocol that is not read here")


def _carried(facts: RecordFacts, message: CdcMessage) -> RecordFacts:
    """A UUContent may carry the signalling that brought it: whose words they are stands there (R-022), and one that is
    a SIP MESSAGE is a short message. What cannot be read says nothing."""
    said: list[Signalling] = []
    for one in message.fields.get("signalingMsg", []) if message.name == "uuContent" else ():
        with contextlib.suppress(DecodeError):
            said.append(read_sip(one["sigMsg"]))
    if not said:
        return facts
    facts = facts._replace(service=said[0].service)
    parties = frozenset().union(*(one.parties for one in said))
    if not parties:
        return facts
    return facts._replace(
        parties=parties, parties_known=True, inherits=False, originators=said[0].originators,
        recipients=said[0].recipients, opens=said[0].opens,
    )  # fmt: skip
