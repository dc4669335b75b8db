"""A stored piece of a covert recording where people meet it: as sound, beside its octets, in an evidence bundle."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asn1.recording import Recording, Sound, decode_recording, sign_recording
from collector.console.model.records import record_spans
from collector.export import audio
from collector.export.communications import packets_of
from collector.export.evidence import _line
from collector.facts.stored import RECORDING
from collector.rows import FORM_RECEIVED

T = 1_780_000_000_000_000
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def stored(piece: int, code: str, octets: bytes) -> Any:
    made = Recording("D1", "LI-14", 1, piece, T + piece * 1_000_000, False, Sound(code, octets))
    signed = sign_recording(made, KEY)
    return SimpleNamespace(
        octets=signed, record=signed, content_tag=RECORDING, sequence=piece, event_us=made.begins_us, direction=-1,
        form=FORM_RECEIVED,
    )  # fmt: skip


def test_it_sounds_as_it_was_recorded_with_the_pieces_in_their_places() -> None:
    for code in ("PCMU", "PCMA"):
        first, second = bytes(range(256)) * 30 + bytes(320), bytes(reversed(range(256))) * 31
        placer = audio.Placer({})
        for record in (stored(0, code, first), stored(2, code, second)):
            for packet in packets_of(record):
                placer.add(packet)
        placed = placer.placed()
        samples = placed.between(0, placed.length)
        assert placed.start_us == T and placed.rtp_packets == 2 and placed.other_packets == 0
        table = audio.TABLES[code]
        assert np.array_equal(samples[: len(first), 0], table[np.frombuffer(first, np.uint8)])
        # A second was not recorded: it is silence, and what follows stands at its own time.
        assert not samples[len(first) : 16_000].any()
        assert np.array_equal(samples[16_000 : 16_000 + len(second), 1], table[np.frombuffer(second, np.uint8)])


def test_every_field_stands_beside_its_octets() -> None:
    record = stored(0, "PCMU", b"\xff" * 800)
    spans = record_spans(RECORDING, record.record)
    names = [one.name for one in spans]
    assert [*["device", "liid", "recording", "piece", "beginsAt", "live", "wav", "signature"]] == names[1:]
    device = next(one for one in spans if one.name == "device")
    assert record.record[device.offset : device.offset + device.length].endswith(b"D1")


def test_a_bundle_tells_all_but_the_sound_and_says_what_it_hashes_to() -> None:
    record = stored(3, "PCMU", b"canary" * 100)
    line = _line(record)
    assert (line["device"], line["piece"], line["sound"]["samples"]) == ("D1", 3, 600) and "canary" not in str(line)
    assert bytes.fromhex(line["signature"]) == decode_recording(record.record).signature
    record.record = record.record[:-1]
    assert _line(record)["error"]["code"]
