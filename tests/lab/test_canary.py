"""The search for words that must not be there finds them in every form, wherever they lie."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from asn1.sms_tpdu import encode_submit
from lab import canary

WORD = "CANARY-CONTENT-7731"


@pytest.mark.parametrize("lead", range(9))
@pytest.mark.parametrize("rest", ["", " ü", " \u4e2d"])
def test_a_message_on_the_wire_is_found(tmp_path: Path, lead: int, rest: str) -> None:
    """In the GSM alphabet or UCS-2, wherever in the text."""
    (tmp_path / "tpdu").write_bytes(b"".join(encode_submit("x" * lead + WORD + rest, "12125550101")))
    assert list(canary.find(tmp_path, canary.forms(WORD))) == [tmp_path / "tpdu"]


@pytest.mark.parametrize("lead", range(4))
def test_what_a_careless_log_writes_is_found(tmp_path: Path, lead: int) -> None:
    octets = b"x" * lead + WORD.encode() + b"tail"
    (tmp_path / "hex").write_text(octets.hex())
    (tmp_path / "HEX").write_text(octets.hex().upper())
    (tmp_path / "base64").write_bytes(base64.b64encode(octets))
    (tmp_path / "json").write_text(json.dumps({"text": octets.decode()}))
    assert len(list(canary.find(tmp_path, canary.forms(WORD)))) == 4


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "clean").write_bytes(bytes(range(256)) * 100 + b"CANARY-CONTENT-773")
    (tmp_path / "config").write_text(WORD)
    assert list(canary.find(tmp_path, canary.forms(WORD), [tmp_path / "config"])) == []


def test_a_word_across_two_reads_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "_CHUNK_OCTETS", 32)
    (tmp_path / "file").write_bytes(b"." * 25 + WORD.encode())
    assert list(canary.find(tmp_path, [WORD.encode()])) == [tmp_path / "file"]
