"""Decoders of everyday formats, each for what it is good at: TPDUs, packets, plain BER, sound."""

from __future__ import annotations

import io
import subprocess
import wave
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from asn1 import packets, radius, sms_tpdu
from tools.oracles.record import ACCEPTED, Record, Verdict, refused

Judge = Callable[[bytes, str], str]
"""(octets, hint) -> what is wrong, or an empty text. May raise anything: that is a refusal."""


class Decoders:
    """An oracle made of one judge a layer."""

    def __init__(self, name: str, made_of: str, checks: str, judges: Mapping[str, Judge]) -> None:
        self.name = name
        self.version = made_of
        self.checks = checks
        self._judges = judges

    def judge(self, records: Sequence[Record]) -> dict[int, Verdict]:
        return {
            number: _asked(self._judges[record.layer], record)
            for number, record in enumerate(records)
            if record.layer in self._judges
        }


def _asked(judge: Judge, record: Record) -> Verdict:
    try:
        wrong = judge(record.octets, record.hint)
    except Exception as error:  # libraries raise what they like; any error is a refusal
        return refused(f"{type(error).__name__}: {error}")
    return refused(wrong) if wrong else ACCEPTED


# ---- pycrate_mobile: TS 23.040


def pycrate_mobile() -> Decoders:
    checks = "decodes the TPDU of its type, finds our addresses and text, and writes the same octets again"
    return Decoders("pycrate_mobile", f"pycrate {version('pycrate')}", checks, {"tpdu": _tpdu})


def _tpdu(octets: bytes, hint: str) -> str:
    import pycrate_mobile.TS23040_SMS as tpdus  # noqa: N811

    ours = sms_tpdu.decode_tpdu(octets, hint == "from mobile")
    error = ours.failure_cause is not None
    kinds: dict[str, Any] = {
        "SMS-DELIVER": tpdus.SMS_DELIVER,
        "SMS-SUBMIT": tpdus.SMS_SUBMIT,
        "SMS-STATUS-REPORT": tpdus.SMS_STATUS_REPORT,
        "SMS-COMMAND": tpdus.SMS_COMMAND,
        "SMS-SUBMIT-REPORT": tpdus.SMS_SUBMIT_REPORT_RP_ERROR if error else tpdus.SMS_SUBMIT_REPORT_RP_ACK,
        "SMS-DELIVER-REPORT": tpdus.SMS_DELIVER_REPORT_RP_ERROR if error else tpdus.SMS_DELIVER_REPORT_RP_ACK,
    }
    theirs = kinds[ours.type]()
    theirs.from_bytes(octets)
    if theirs.to_bytes() != octets:
        return "written again it is another TPDU"
    if ours.text is None or ours.type not in ("SMS-DELIVER", "SMS-SUBMIT"):
        return ""
    told = theirs["TP_UD"]["UD"].get_val_d()
    return "" if told == ours.text or not isinstance(told, str) else f"the text is {told!r} there"


# ---- scapy: IP, RTP, RADIUS, capture files


def scapy() -> Decoders:
    checks = "dissects the packet and finds our addresses, ports, numbers and payload"
    judges: dict[str, Judge] = {"ip": _ip, "rtp": _rtp, "radius": _radius, "pcapng": _capture}
    return Decoders("scapy", f"scapy {version('scapy')}", checks, judges)


def _ip(octets: bytes, _: str) -> str:
    from scapy.layers.inet import IP, TCP, UDP
    from scapy.layers.inet6 import IPv6

    ours = packets.parse_ip(octets)
    assert ours is not None
    theirs = (IP if ours.version == 4 else IPv6)(octets)
    if (theirs.src, theirs.dst) != (ours.source, ours.destination):
        return f"from {theirs.src} to {theirs.dst} there"
    transport = {6: TCP, 17: UDP}.get(ours.protocol)
    if transport is None or ours.source_port is None or ours.fragment:
        return ""
    layer = theirs[transport]
    if (layer.sport, layer.dport) != (ours.source_port, ours.destination_port):
        return f"from port {layer.sport} to port {layer.dport} there"
    return "" if bytes(layer.payload)[: ours.payload_length] == ours.payload(octets) else "another payload there"


def _rtp(octets: bytes, _: str) -> str:
    from scapy.layers.rtp import RTP

    ours = packets.parse_rtp(octets)
    assert ours is not None
    theirs = RTP(octets)
    told = (theirs.sequence, theirs.timestamp, theirs.sourcesync, theirs.payload_type)
    wanted = (ours.sequence_number, ours.timestamp, ours.ssrc, ours.payload_type)
    return "" if told == wanted else f"{told} there"


def _radius(octets: bytes, _: str) -> str:
    from scapy.layers.radius import Radius

    ours = radius.parse_radius(octets)
    theirs = Radius(octets)
    if (theirs.code, theirs.id, theirs.len) != (ours.code, ours.identifier, len(octets)):
        return f"code {theirs.code}, identifier {theirs.id}, length {theirs.len} there"
    told = [(one.type, bytes(one)[2:]) for one in theirs.attributes]
    return "" if told == list(ours.raw) else "other attributes there"


def _capture(octets: bytes, _: str) -> str:
    from scapy.utils import PcapNgReader

    file: Any = io.BytesIO(octets)  # its hints say a path; a file does too
    with PcapNgReader(file) as reader:
        empty = [number for number, one in enumerate(reader) if not one.haslayer("IP") and not one.haslayer("IPv6")]
    return f"packets {empty[:5]} are no IP packets there" if empty else ""


# ---- openssl: plain BER


def openssl() -> Decoders | None:
    """None where there is no openssl command."""
    try:
        said = subprocess.run(["openssl", "version"], capture_output=True, text=True, timeout=20, check=True)  # noqa: S607
    except (OSError, subprocess.SubprocessError):
        return None
    layers = ("ps-pdu", "xiri", "iri", "cc", "t1678", "pcesp", "ias", "jstd025", "cc-apdu")
    made_of = " ".join(said.stdout.split()[:2])
    return Decoders(
        "openssl asn1parse", made_of, "reads every tag and length as BER", dict.fromkeys(layers, _asn1parse)
    )


def _asn1parse(octets: bytes, _: str) -> str:
    ran = subprocess.run(
        ["openssl", "asn1parse", "-inform", "DER"],  # noqa: S607
        input=octets,
        capture_output=True,
        timeout=20,
        check=False,
    )
    return ran.stderr.decode(errors="replace") if ran.returncode else ""


# ---- wave: exported sound


def sound() -> Decoders:
    checks = "opens the file and finds its whole length"
    return Decoders("wave", "Python's own", checks, {"wav": _wav})


def _wav(octets: bytes, _: str) -> str:
    with wave.open(io.BytesIO(octets)) as file:
        held = file.readframes(file.getnframes())
        wanted = file.getnframes() * file.getnchannels() * file.getsampwidth()
        return "" if held and len(held) == wanted else f"{len(held)} octets of {wanted}"
