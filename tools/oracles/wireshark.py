"""tshark: Wireshark's dissectors over the records, one capture file for all of them.

A pcapng file may have several interfaces, each with a link type of its own, and a user link type can be given to any
dissector that has a name. So a record goes to the dissector that is for it, without the addresses, ports and handshakes
it would have on a wire, and one run judges everything. What has no name is asked for by a UDP port (pcli) or by a media
type over HTTP (mmse). A TPDU's direction travels in the packet's own flags.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from asn1 import packets, radius, sip, x2x3
from asn1.laes.ccc import decode_datagram
from tools.oracles.pcapng import MAX_PACKET_OCTETS, RAW_IP, USER_0, Packet, http_packet, pcapng, udp_packet
from tools.oracles.record import ACCEPTED, Record, Verdict, refused

_DISSECTORS: Final = ("li5g", "xiri", "gsm_sms", "sip", "rtp", "radius", "ber")
_PORTS: Final = {"pcli": 40_004, "pcli12": 40_012, "pcli20": 40_020}
_CCC: Final = {"4": "pcli", "12": "pcli12", "20": "pcli20"}
_LAYERS: Final = {
    "x2x3": "li5g",
    "xiri": "xiri",
    "tpdu": "gsm_sms",
    "sip": "sip",
    "rtp": "rtp",
    "radius": "radius",
    "mms": "mmse",
}
_WARNING: Final = 0x00600000
"""Wireshark's expert severities: what is below tells, from here on something is wrong."""
_TIMEOUT_S: Final = 120
_OWN_FIELDS: Final = (
    *("li5g.type", "li5g.pf", "li5g.pd", "li5g.xid", "li5g.cid"),
    *("sip.Method", "sip.CSeq.method", "sip.Status-Code"),
    *("rtp.seq", "rtp.timestamp", "rtp.ssrc"),
    *("radius.code", "radius.id", "gsm_sms.tp-mti", "pcli.cccid", "mmse.message_type", "ip.version", "ipv6.version"),
)
_FIELDS: Final = ("frame.number", "frame.protocols", "_ws.malformed", "_ws.expert.severity", "_ws.expert.message")


class Dissected(NamedTuple):
    """One packet as tshark saw it: the first value of each field it found."""

    protocols: frozenset[str]
    trouble: str
    fields: Mapping[str, str]


class Tshark:
    name = "tshark"
    checks = (
        "dissects by its own dissector for the format, nothing malformed and no warning, and says the same numbers; "
        "records in ASN.1 for which it has no dissector are not judged here"
    )

    def __init__(self, version: str) -> None:
        self.version = version

    def judge(self, records: Sequence[Record]) -> dict[int, Verdict]:
        known = {number: name for number, record in enumerate(records) if (name := _dissector(record)) is not None}
        seen = dissect([_packet(records[number], name) for number, name in known.items()])
        return {number: _judged(records[number], known[number], what) for number, what in zip(known, seen, strict=True)}


class TsharkBer:
    """The plain BER dissector: tags and lengths of everything that is ASN.1, whatever it means."""

    name = "tshark ber"
    checks = "reads every tag and length as BER, nothing malformed"

    def __init__(self, version: str) -> None:
        self.version = version

    def judge(self, records: Sequence[Record]) -> dict[int, Verdict]:
        known = [number for number, record in enumerate(records) if record.described is not None]
        seen = dissect([_packet(records[number], "ber") for number in known])
        return {
            number: refused(what.trouble) if what.trouble else ACCEPTED
            for number, what in zip(known, seen, strict=True)
        }


def version() -> str | None:
    """What tshark says of itself, None where there is none."""
    try:
        said = subprocess.run(["tshark", "--version"], capture_output=True, text=True, timeout=60, check=True)  # noqa: S607
    except (OSError, subprocess.SubprocessError):
        return None
    return said.stdout.split("\n")[0].split(" (")[-1].rstrip(".)").split(" packaged as ")[-1]


def _dissector(record: Record) -> str | None:
    if record.layer == "ip":
        return "ip"
    if record.layer == "mms" and len(record.octets) > MAX_PACKET_OCTETS:
        return None
    return _CCC[record.hint] if record.layer == "ccc" else _LAYERS.get(record.layer)


def _packet(record: Record, dissector: str) -> Packet:
    if dissector == "ip":
        return Packet(RAW_IP, record.octets)
    if dissector in _PORTS:
        return Packet(RAW_IP, udp_packet(record.octets, _PORTS[dissector]))
    if dissector == "mmse":
        return Packet(RAW_IP, http_packet(record.octets, "application/vnd.wap.mms-message"))
    return Packet(USER_0 + _DISSECTORS.index(dissector), record.octets, inbound=record.hint == "from mobile")


def dissect(packets_: Sequence[Packet]) -> list[Dissected]:
    """Every packet through tshark, in order. Raises RuntimeError when tshark fails or loses count."""
    if not packets_:
        return []
    command = ["tshark", "-n", "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=|", "-E", "separator=/t"]
    command += ["-o", "tcp.analyze_sequence_numbers:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE"]
    for number, name in enumerate(_DISSECTORS):
        row = f'"User {number} (DLT={USER_0 + number})","{name}","0","","0",""'
        command += ["-o", f"uat:user_dlts:{row}"]
    for name, port in _PORTS.items():
        command += ["-d", f"udp.port=={port},{name}"]
    fields = (*_FIELDS, *_OWN_FIELDS)
    for field in fields:
        command += ["-e", field]
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "records.pcapng"
        file.write_bytes(pcapng(packets_))
        ran = subprocess.run([*command, "-r", str(file)], capture_output=True, timeout=_TIMEOUT_S, check=False)  # noqa: S603
    lines = ran.stdout.decode("utf-8", "replace").split("\n")[:-1]
    if ran.returncode or len(lines) != len(packets_):
        raise RuntimeError(
            f"tshark gave {len(lines)} lines for {len(packets_)} packets: {ran.stderr.decode(errors='replace')[-300:]}"
        )
    return [_read(dict(zip(fields, line.split("\t"), strict=True))) for line in lines]


def _read(row: dict[str, str]) -> Dissected:
    severities = [int(value, 0) for value in row["_ws.expert.severity"].split("|") if value]
    trouble = "malformed" if row["_ws.malformed"] else ""
    if severities and max(severities) >= _WARNING:
        trouble = (trouble + " " + row["_ws.expert.message"]).strip()
    own = {name: row[name].split("|")[0] for name in _OWN_FIELDS if row[name]}
    return Dissected(frozenset(row["frame.protocols"].split(":")), trouble, own)


def _judged(record: Record, dissector: str, what: Dissected) -> Verdict:
    if what.trouble:
        return refused(what.trouble)
    wanted = _PROTOCOLS.get(dissector, dissector)
    if wanted and wanted not in what.protocols:
        return refused(f"seen as {':'.join(sorted(what.protocols))}")
    expected = _EXPECTED.get(record.layer)
    for name, value in (expected(record) if expected else {}).items():
        said = what.fields.get(name, "nothing")
        if _number(said) != _number(value):
            return refused(f"{name} is {said}, and {value} here")
    return ACCEPTED


_PROTOCOLS: Final = {"ip": "", "li5g": "5gli", "pcli": "", "pcli12": "", "pcli20": ""}
"""Names that tshark gives in frame.protocols, where they are not the dissector's; empty where only its fields tell."""


def _number(text: str) -> str:
    try:
        return str(int(text, 0))
    except ValueError:
        return text.replace("-", "").lower()


def _of_x2x3(record: Record) -> dict[str, str]:
    pdu = x2x3.decode_pdu(record.octets)
    return {
        "li5g.type": str(int(pdu.pdu_type)),
        "li5g.pf": str(int(pdu.payload_format)),
        "li5g.pd": str(int(pdu.payload_direction)),
        "li5g.xid": pdu.xid_text,
        "li5g.cid": f"{pdu.correlation_id:016x}",
    }


def _of_sip(record: Record) -> dict[str, str]:
    message = sip.parse_sip(record.octets)
    if message.status is None:
        return {"sip.Method": message.method or ""}
    return {"sip.CSeq.method": message.transaction_method or "", "sip.Status-Code": str(message.status)}


def _of_ip(record: Record) -> dict[str, str]:
    return {"ip.version": str(record.octets[0] >> 4)} if record.octets[0] >> 4 == 4 else {"ipv6.version": "6"}


def _of_rtp(record: Record) -> dict[str, str]:
    header = packets.parse_rtp(record.octets)
    assert header is not None
    return {
        "rtp.seq": str(header.sequence_number),
        "rtp.timestamp": str(header.timestamp),
        "rtp.ssrc": str(header.ssrc),
    }


def _of_radius(record: Record) -> dict[str, str]:
    packet = radius.parse_radius(record.octets)
    return {"radius.code": str(packet.code), "radius.id": str(packet.identifier)}


def _of_tpdu(record: Record) -> dict[str, str]:
    return {"gsm_sms.tp-mti": str(record.octets[0] & 3)}


def _of_mms(record: Record) -> dict[str, str]:
    return {"mmse.message_type": str(record.octets[1])}


def _of_ccc(record: Record) -> dict[str, str]:
    return {"pcli.cccid": str(decode_datagram(record.octets, int(record.hint)).ccc_id)}


_EXPECTED: Final[dict[str, Callable[[Record], dict[str, str]]]] = {
    "x2x3": _of_x2x3,
    "sip": _of_sip,
    "ip": _of_ip,
    "rtp": _of_rtp,
    "radius": _of_radius,
    "tpdu": _of_tpdu,
    "mms": _of_mms,
    "ccc": _of_ccc,
}
