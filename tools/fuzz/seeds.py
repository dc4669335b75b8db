"""What mutants are made of: the corpus of the oracles by layer, and a few layers that only the decoders have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asn1 import sip, view, x2x3
from asn1.conference_info import NAMESPACE
from asn1.encryption import PROFILES, encrypt
from asn1.ps_pdu import decode_ps_pdu, encode_encrypted_payload
from asn1.ps_tables import PAYLOAD
from asn1.recording import Recording, Sound, sign_recording
from asn1.table import encode
from tools.oracles.corpus import VECTORS, corpus

MAX_OCTETS: Final = 1_500
"""Of a seed: what breaks a parser is in its first octets, and small mutants are many mutants."""
MAX_A_KIND: Final = 6
_MIME: Final = (
    b"--simulated\r\nContent-Type: text/plain; charset=utf-8\r\nContent-ID: <1>\r\n\r\nA simulated message.\r\n"
    b"--simulated\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n--simulated\r\n"
    b"Content-Type: multipart/mixed; boundary=inner\r\n\r\n--inner\r\n\r\nx\r\n--inner--\r\n\r\n--simulated--\r\n"
)
_CONFERENCE: Final = (
    f'<?xml version="1.0" encoding="UTF-8"?><conference-info xmlns="{NAMESPACE}" entity="sip:c@ims.invalid" '
    'state="full" version="1"><conference-state><user-count>1</user-count></conference-state><users>'
    '<user entity="sip:a@ims.invalid"><display-text>A</display-text><endpoint entity="sip:a@ims.invalid">'
    "<status>connected</status></endpoint></user></users></conference-info>"
).encode()
_TARGETS: Final = (("e164Number", "12125550101"), ("imsi", "001010000000001"), ("sipUri", "sip:a@ims.invalid"))


def seeds() -> dict[str, list[bytes]]:
    """By layer, each octet string once, in a fixed order."""
    found: dict[str, dict[bytes, None]] = {}
    kinds: dict[tuple[str, str], int] = {}

    def add(layer: str, octets: bytes) -> None:
        if octets:
            found.setdefault(layer, {})[octets] = None

    for record in corpus():
        key = record.layer, record.kind
        small = len(record.octets) <= MAX_OCTETS
        if kinds.get(key, 0) < MAX_A_KIND and (small or key not in kinds):
            kinds[key] = kinds.get(key, 0) + 1
            add(f"ccc {record.hint}" if record.layer == "ccc" else record.layer, record.octets)
    for octets in list(found["ps-pdu"]):
        for layer in _more(octets):
            add(layer, octets)
        pdu = decode_ps_pdu(octets)
        if pdu.payload[0] in ("iRIPayloadSequence", "cCPayloadSequence"):
            add("encrypted", encrypt(pdu.header, pdu.payload, PROFILES["nl"], bytes(24), 1).octets)
            add("encrypted payload", encode_encrypted_payload(1, pdu.payload))
    for law in ("PCMU", "PCMA"):
        piece = Recording("D1", "LI-1", 1, 2, 1_780_000_000_000_000, law == "PCMA", Sound(law, b"\xff" * 81))
        add("recording", sign_recording(piece, Ed25519PrivateKey.from_private_bytes(bytes(32))))
    for octets in list(found["sip"]):
        add("sdp", sip.sdp_of(sip.parse_sip(octets)) or b"")
    for octets in found["ip"]:
        add("gtpu", b"\x30\xff" + len(octets).to_bytes(2, "big") + bytes(4) + octets)
        add("gtpu", b"\x34\xff" + (len(octets) + 8).to_bytes(2, "big") + bytes(7) + b"\x85\1\0\0\0" + octets)
    for octets in found["ps-pdu"]:
        add("ps-pdu payload", encode(PAYLOAD, decode_ps_pdu(octets).payload))
    add("mime", _MIME)
    add("conference", _CONFERENCE)
    for kind, value in _TARGETS:
        add("target xml", x2x3.target_xml(kind, value).encode())
    for octets in _vector_octets():
        add("raw", octets)
    return {layer: list(held) for layer, held in found.items()}


def _more(octets: bytes) -> Iterator[str]:
    line = view.describe(octets)
    if line.get("kind") == "tri":
        yield "ps-pdu tri"
    if line.get("payload") == "integrityCheck":
        yield "integrity"


def _vector_octets() -> Iterator[bytes]:
    """Every octet string of every vector, sound or not."""
    for path in sorted(VECTORS.rglob("*.json")):
        held = json.loads(path.read_text("utf-8"))
        for item in held.get("vectors", ()) if isinstance(held, dict) else ():
            if isinstance(octets := item.get("octets"), str):
                yield bytes.fromhex(octets)
