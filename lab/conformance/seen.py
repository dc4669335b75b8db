"""One record that a watching receiver took in, and what it says of itself, whatever its dialect. Pure.

ETSI records are PS-PDUs; in the US dialects call data are messages, and content is CC-APDUs or datagrams behind a CCC
header. What does not decode is kept as octets that say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from asn1.errors import DecodeError
from asn1.laes.cc_apdu import CcApdu, decode_apdu
from asn1.laes.ccc import CccDatagram, decode_datagram
from asn1.laes.describe import dialect_named
from asn1.laes.message import CdcMessage
from asn1.ps_pdu import PsPdu, event_time
from collector.laes.naming import call_of, named_case, stamp_of
from lab.conformance.wire import Heard

Said = CdcMessage | CcApdu | CccDatagram
APDU: Final = "apdu"
"""The form of content that has a label of its own; the others are the octets of the CCC header: 4, 12, 20."""
ENDS: Final = frozenset({"release", "accessSessionEnd"})
"""Messages of the US dialects behind which a communication is over."""
_KINDS: Final = {"iRIPayloadSequence": "iri", "cCPayloadSequence": "cc"}
_TIMES: Final = ("timestamp", "eventTime")
_POINTS: Final = ("iAPSystemId", "reportingSystemId", "accessingElementId")


@dataclass(frozen=True, slots=True)
class Seen:
    """A record, whole or what stood in its place. `framed` false: octets that nobody frames. `pdu`: of ETSI; `said`: of
    a US dialect."""

    time_us: int
    link: str
    connection: int
    phase: str
    octets: bytes
    pdu: PsPdu | None
    framed: bool = True
    said: Said | None = None

    @property
    def decoded(self) -> bool:
        return self.pdu is not None or self.said is not None

    @property
    def tri(self) -> str:
        return Heard(self.octets, self.pdu).tri

    @property
    def message(self) -> CdcMessage | None:
        """Call data of a US dialect."""
        return self.said if isinstance(self.said, CdcMessage) else None

    @property
    def content(self) -> CcApdu | CccDatagram | None:
        """Content of a US dialect."""
        return self.said if isinstance(self.said, CcApdu | CccDatagram) else None

    @property
    def name(self) -> str:
        """Of a message of a US dialect."""
        return "" if self.message is None else self.message.name

    @property
    def kind(self) -> str:
        """`iri`, `cc`, or empty."""
        if self.said is not None:
            return "iri" if self.message is not None else "cc"
        return _KINDS.get(self.pdu.payload[0], "") if self.pdu is not None else ""

    @property
    def liid(self) -> bytes:
        """Empty where it names none: content behind a CCC header, and a test of the link."""
        if self.message is not None:
            return str(self.message.fields.get("caseId", "")).encode()
        if self.content is not None:
            return (named_case(self.content) or "").encode()
        return b"" if self.pdu is None else self.pdu.header.liid

    @property
    def call(self) -> str:
        """The communication, as its dialect names it; empty where it is of none."""
        if self.message is not None:
            return call_of(self.message) or ""
        if self.pdu is None or self.pdu.header.cin is None:
            return ""
        return str(self.pdu.header.cin)

    @property
    def stamp_us(self) -> int | None:
        """When it happened, by its own word."""
        if self.message is not None:
            found = next((self.message.fields[name] for name in _TIMES if name in self.message.fields), None)
            return found if isinstance(found, int) else None
        if self.content is not None:
            return stamp_of(self.content)
        return None if self.pdu is None else event_time(self.pdu)[0]

    @property
    def point(self) -> str:
        """The system that intercepted, by a message's own word."""
        fields = {} if self.message is None else self.message.fields
        return next((str(fields[name]) for name in _POINTS if name in fields), "")

    @property
    def stream(self) -> tuple[bytes, int, str]:
        assert self.pdu is not None, "asked of PS-PDUs alone"
        cin = self.pdu.header.cin
        return self.pdu.header.liid, -1 if cin is None else cin, self.kind

    @property
    def number(self) -> int:
        return -1 if self.pdu is None else self.pdu.header.sequence_number


def said_of(octets: bytes, dialect: str) -> Said | None:
    """A record of a stream in a US dialect; None where it is none."""
    known = dialect_named(dialect)
    try:
        return decode_apdu(octets) if known.is_apdu(octets) else known.decode(octets)
    except DecodeError:
        return None


def content_of(octets: bytes, form: str) -> Said | None:
    """A datagram of content; None where it is none."""
    try:
        return decode_apdu(octets) if form == APDU else decode_datagram(octets, int(form))
    except DecodeError:
        return None
