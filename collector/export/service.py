"""Everything readable of an order, as files in one directory: sound, packets, conversations, a table of events.

    voice-<CIN>.wav      speech, left from the target, right to it       voice-<CIN>.pcapng   packets of it, and SIP
    data-<CIN>.pcapng    packets of a data session                       sms-<A>-<B>.txt      one conversation
    mms-<CIN>-<n>.txt    a multimedia message, its parts beside it       keys-<CIN>.csv       keys pressed in a call
    events.csv           every IRI record: when, what, who; of masked records the permitted fields; why one is withheld
    withheld.csv         how many records of which communication are there and not handed out, and why

Names are made of numbers and letters alone, whatever a peer called itself. Every file says SIMULATION, but for the
parts of multimedia messages, which are as they came.
"""

from __future__ import annotations

import csv
import datetime
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from asn1 import sdp, sip
from asn1.errors import DecodeError
from collector.export import audio, capture, contents, messages, multimedia, pressed
from collector.export.communications import Communication, Packet, Signal, gather
from collector.export.joining import Message
from collector.laes import naming
from collector.store.stores import Reading, record_name
from mediation.law.verdicts import VerdictKind

MARK: Final = "SIMULATION calea-lab"
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9.-]+")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(slots=True)
class OrderExport:
    """`rows` as `communications` of `demo --json`; `files` in the order written."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    audio_s: float = 0.0
    messages: int = 0
    multimedia: int = 0
    withheld: int = 0
    talks: dict[tuple[str, str], list[Message]] = field(default_factory=dict)
    """The conversations that can be read, by their two parties."""


def export_liid(reader: Reading, liid: bytes, directory: Path) -> OrderExport:
    """Write what is stored for `liid` into `directory` (made when there is something). Raises LocalError, OSError."""
    return export_communications(gather(reader, liid), directory)


def export_communications(communications: list[Communication], directory: Path) -> OrderExport:
    """The same of communications that were put together already."""
    result = OrderExport()
    if not communications:
        return result
    directory.mkdir(parents=True, exist_ok=True)
    by_communication: dict[int, list[str]] = {}
    for communication in communications:
        written = _media(communication, directory, result)
        result.files += written
        by_communication[communication.cin] = [str(path) for path in written]
    _conversations(communications, directory, result, by_communication)
    result.withheld = sum(one.withheld.total() for one in communications)
    if result.withheld:
        path = directory / "withheld.csv"
        path.write_text(_withheld(communications), "utf-8")
        result.files.append(path)
    events = directory / "events.csv"
    events.write_text(_events(communications), "utf-8")
    result.files.append(events)
    result.rows = [_row(one, by_communication[one.cin]) for one in communications]
    return result


def _media(communication: Communication, directory: Path, result: OrderExport) -> list[Path]:
    label = f"{MARK} LIID {communication.liid} CIN {communication.cin}"
    voice = is_voice(communication)
    written: list[Path] = []
    heard: list[audio.Key] = []
    if voice:
        sound = audio.render(communication.packets, payload_names(communication))
        result.audio_s += sound.seconds
        heard = sound.keys
        if sound.rtp_packets:
            digits = "".join(f", digits {side} {sound.digits[at]}" for at, side in _SIDES if at in sound.digits)
            path = directory / f"voice-{communication.cin}.wav"
            path.write_bytes(audio.wav(sound, label + digits))
            written.append(path)
    packets = capture_of(communication, label)
    if packets is not None:
        path = directory / f"{'voice' if voice else 'data'}-{communication.cin}.pcapng"
        path.write_bytes(packets)
        written.append(path)
    if pressed_keys := pressed.presses(communication, heard):
        path = directory / f"keys-{communication.cin}.csv"
        path.write_text(pressed.table(pressed_keys, {one.time_us: time_text(one.time_us) for one in pressed_keys}))
        written.append(path)
    messages_found = multimedia.write(communication, directory, MARK)
    result.multimedia += messages_found.messages
    return written + messages_found.files


def is_voice(communication: Communication) -> bool:
    """Whether there is content of a call."""
    return any(packet.frame not in contents.SERVICES for packet in communication.packets)


def capture_of(communication: Communication, label: str) -> bytes | None:
    """The packets of a communication as a pcapng file, of a call with its SIP; None where there are none."""
    frames = [frame for packet in communication.packets if (frame := _frame(packet)) is not None]
    if not frames:
        return None
    signals = _sip_frames(communication) if is_voice(communication) else []
    return capture.pcapng(sorted([*signals, *frames], key=lambda one: one.time_us), label)


def _frame(packet: Packet) -> capture.Frame | None:
    """A packet as an analyser reads it; None for what is none."""
    where = (packet.event_us, packet.direction)
    if packet.frame in ("ip", "ipFrame"):
        return capture.Frame(*where, packet.octets)
    if packet.frame == "ethernet":
        return capture.Frame(*where, packet.octets, capture.LINK_ETHERNET)
    rtp = audio.rtp_octets(packet)
    return None if rtp is None else capture.Frame(*where, capture.rtp_pdu(rtp), capture.LINK_UPPER_PDU)


def _sip_frames(communication: Communication) -> list[capture.Frame]:
    """The signalling of a call around which its media make sense, rebuilt into packets."""
    found = []
    for signal, message in sip_messages(communication):
        ends = [message[name]["iP-value"][1] for name in ("iPSourceAddress", "iPDestinationAddress")]
        if not all(isinstance(end, bytes) for end in ends):
            continue
        packet = capture.udp_packet(ends[0], ends[1], capture.SIP_PORT, message["sIPContent"])
        if packet is not None and signal.facts is not None:
            sends = signal.facts.target_sends
            direction = -1 if sends is None else 0 if sends else 1
            comment = f"rebuilt around the SIP message of record {record_name(signal.sequence)}"
            found.append(capture.Frame(signal.event_us, direction, packet, comment=comment))
    return found


def sip_messages(communication: Communication) -> Iterator[tuple[Signal, dict[str, Any]]]:
    """The SIP messages of accepted records, each with the addresses it went between."""
    for signal in communication.signals:
        if signal.pdu is None or signal.payload != "iPMMIRI":
            continue
        _, value = signal.pdu.payload[1][0]["iRIContents"]
        form, message = value["iPMMIRIContents"]
        if form == "sIPMessage":
            yield signal, message


_SIDES: Final = ((0, "from the target"), (1, "to the target"))


def payload_names(communication: Communication) -> dict[int, str]:
    """The codecs of dynamic payload types, from every SDP of the call."""
    names: dict[int, str] = {}
    for signal in communication.signals:
        if signal.message is not None:
            for text in naming.media_sdp(signal.message.fields):
                names |= _names_in(text)
    for _, message in sip_messages(communication):
        try:
            body = sip.sdp_of(sip.parse_sip(message["sIPContent"]))
        except DecodeError:
            continue
        names |= _names_in(body or b"")
    return names


def _names_in(text: bytes) -> dict[int, str]:
    return {number: name.partition("/")[0].upper() for media in sdp.parse_sdp(text) for number, name in media.rtpmap}


def _conversations(
    communications: list[Communication], directory: Path, result: OrderExport, exports: dict[int, list[str]]
) -> None:
    for pair, talk in messages.conversations(messages.messages_of(communications)).items():
        if all(message.text is None for message in talk):
            continue
        result.messages += len(talk)
        result.talks[pair] = talk
        path = directory / f"sms-{'-'.join(_UNSAFE.sub('', one.lstrip('+')) or 'unknown' for one in pair)}.txt"
        heading = f"{MARK}: messages between {pair[0]} and {pair[1]}"
        path.write_text(messages.conversation_text(talk, heading), "utf-8")
        result.files.append(path)
        for communication in communications:
            if communication.service == "SMS" and set(pair) <= set(communication.parties):
                exports[communication.cin].append(str(path))


def _events(communications: list[Communication]) -> str:
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["simulation", "time", "cin", "record", "verdict", "iri_type", "payload", "details", "withheld"])
    signals = [(signal, one.cin) for one in communications for signal in one.signals]
    for signal, cin in sorted(signals, key=lambda pair: pair[0].event_us):
        details = "; ".join(f"{name} {value}" for name, value in signal.fields.items())
        verdict = VerdictKind(signal.verdict).name
        cells = ["SIMULATION", time_text(signal.event_us), str(cin), record_name(signal.sequence), verdict]
        table.writerow(
            [*cells, signal.iri_type or "", signal.payload, plain_cell(details), plain_cell(signal.withheld)]
        )
    return out.getvalue()


def _withheld(communications: list[Communication]) -> str:
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["simulation", "liid", "cin", "records", "why"])
    for one in communications:
        for why, count in sorted(one.withheld.items()):
            table.writerow(["SIMULATION", plain_cell(one.liid), str(one.cin), str(count), plain_cell(why)])
    return out.getvalue()


def plain_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula, whatever a peer wrote into its signalling."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def time_text(time_us: int | None) -> str:
    """ISO 8601 UTC with microseconds; empty for no time."""
    if time_us is None or not 0 <= time_us < 1 << 57:
        return ""
    whole, rest = divmod(time_us, 1_000_000)
    return f"{datetime.datetime.fromtimestamp(whole, datetime.UTC):%Y-%m-%dT%H:%M:%S}.{rest:06d}Z"


def _row(communication: Communication, exports: list[str]) -> dict[str, Any]:
    return {
        "liid": communication.liid,
        "cin": communication.cin,
        "service": str(communication.service) if communication.service else None,
        "what": communication.what,
        "parties": communication.parties,
        "begin": time_text(communication.begin_us) or None,
        "end": time_text(communication.end_us) or None,
        "iri": communication.iri,
        "cc_from_target": communication.cc_from_target,
        "cc_to_target": communication.cc_to_target,
        "withheld": communication.withheld.total(),
        "exports": exports,
    }
