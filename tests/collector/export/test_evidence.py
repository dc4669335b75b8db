"""An evidence bundle: whole, provable by itself and by nothing else, with nothing in it that is withheld."""

from __future__ import annotations

import ast
import asyncio
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asn1.errors import LocalError, RefusedError
from collector.export import bundle_check
from collector.export.bundle_check import check_bundle
from collector.standing import held, minimised, of_communication, of_sequences
from collector.store.epochs import begin_epoch
from collector.store.reader import StoreReader
from collector.voids import ranges_of
from mediation.law.verdicts import Reason
from mediation.ledger.epochs import LedgerState
from mediation.ledger.kernel import CompactRange
from mediation.runtime.process import IntegrityError
from tests.collector.export.filled import SECRET, Filled


def all_octets(directory: Path) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            yield path, path.read_bytes()


async def test_a_bundle_is_whole_and_proves_itself(filled: Filled) -> None:
    made = filled.make()
    report = filled.check(made)
    assert report.ok, report.faults
    assert (report.records, report.withheld) == (15, 0) == (made.records, made.withheld)
    assert report.audit_entries > 0 and filled.recorded[0]["form"] == "evidence bundle"
    lines = [json.loads(one) for one in (made.directory / "views" / "decoded.jsonl").read_text("utf-8").splitlines()]
    assert [one["payload"] for one in lines].count("iPMMCC") == 12 and all("record" in one for one in lines)
    assert (made.directory / "views" / "voice-1.wav").exists()


async def test_it_holds_by_itself_with_python_and_cryptography_alone(filled: Filled) -> None:
    made = filled.make()
    allowed = set(sys.stdlib_module_names) | {"cryptography"}
    tree = ast.parse((made.directory / "verify.py").read_text("utf-8"))
    names = [one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.partition(".")[0] for name in names} <= allowed
    key = filled.lab.data / "keys" / "signing.pub"
    command = [sys.executable, "-I", str(made.directory / "verify.py"), "--key", str(key), "--json"]
    done = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd="/")
    out, _ = await done.communicate()
    assert done.returncode == 0 and json.loads(out)["ok"], out


async def test_nothing_of_another_order_on_the_same_liid_is_in_it(filled: Filled) -> None:
    made = filled.make("O-1")
    assert not any(b"OTHER-ORDER" in octets or b"16465550134" in octets for _, octets in all_octets(made.directory))
    other = filled.make("O-3", "other")
    assert filled.check(other).records == 1
    assert not any(b"SIM-CANARY" in octets for _, octets in all_octets(other.directory))


async def test_a_pen_register_s_bundle_has_no_word(filled: Filled) -> None:
    made = filled.make("O-2", "pen")
    assert filled.check(made).ok and made.records == 1
    assert not any(b"WITHHELD-WORDS" in octets for _, octets in all_octets(made.directory))


async def test_what_is_withheld_is_listed_and_not_there(filled: Filled) -> None:
    filled.stand(
        minimised(of_communication(b"LAB-0001", 2), 9, "rivera", "MON", "not pertinent"),
        held(of_sequences([0]), Reason.ORDER_LAPSED, 9),
    )
    made = filled.make()
    report = filled.check(made)
    assert report.ok and (report.records, report.withheld) == (13, 2), report.faults
    lines = [json.loads(one) for one in (made.directory / "records" / "records.jsonl").read_text("utf-8").splitlines()]
    whys = {one["sequence"]: one["withheld"] for one in lines if "withheld" in one}
    assert any("MINIMISED" in why and "not pertinent" in why for why in whys.values()) and "HELD" in whys[0]
    assert all(set(one) == {"sequence", "withheld"} for one in lines if "withheld" in one)
    assert not any(b"SIM-CANARY" in octets for _, octets in all_octets(made.directory))


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.places: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.places += [value or "" for name, value in attrs if name in ("src", "href")]
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


async def test_attack_markup_in_a_message_is_text_on_the_page(filled: Filled) -> None:
    made = filled.make()
    seen = _Seen()
    seen.feed((made.directory / "index.html").read_text("utf-8"))
    assert "script" not in seen.tags and "iframe" not in seen.tags
    assert SECRET in seen.text and "SIMULATION" in seen.text and "audio" in seen.tags
    assert seen.places and all((made.directory / place).is_file() for place in seen.places)


CHANGES: dict[str, Callable[[Path], None]] = {}


def change(function: Callable[[Path], None]) -> Callable[[Path], None]:
    CHANGES[function.__name__.strip("_")] = function
    return function


def flip(path: Path, at: int = -1, by: int = 1) -> None:
    octets = bytearray(path.read_bytes())
    octets[at if at >= 0 else len(octets) // 2] ^= by
    path.write_bytes(octets)


@change
def _a_record(bundle: Path) -> None:
    flip(bundle / "records" / "records.bin")


@change
def _an_envelope(bundle: Path) -> None:
    path = bundle / "records" / "records.jsonl"
    path.write_text(path.read_text("utf-8").replace('"envelope":"0101', '"envelope":"0102', 1), "utf-8")


@change
def _a_view(bundle: Path) -> None:
    flip(bundle / "views" / "voice-1.wav")


@change
def _the_page(bundle: Path) -> None:
    flip(bundle / "index.html")


@change
def _the_manifest(bundle: Path) -> None:
    flip(bundle / "manifest.json", by=2)


@change
def _the_signature(bundle: Path) -> None:
    flip(bundle / "manifest.sig")


@change
def _the_checkpoint(bundle: Path) -> None:
    flip(bundle / "records" / "checkpoint.txt")


@change
def _an_audit_entry(bundle: Path) -> None:
    flip(bundle / "audit" / "entries.jsonl")


@change
def _the_key(bundle: Path) -> None:
    stranger = Ed25519PrivateKey.generate()
    (bundle / "keys" / "signing.pub").write_bytes(public_pem(stranger))


@change
def _a_file_more(bundle: Path) -> None:
    (bundle / "views" / "planted.txt").write_text("planted")


@change
def _a_file_less(bundle: Path) -> None:
    (bundle / "views" / "events.csv").unlink()


@change
def _a_record_less(bundle: Path) -> None:
    path = bundle / "records" / "records.jsonl"
    path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[1:]), "utf-8")


@change
def _a_certificate(bundle: Path) -> None:
    (bundle / "keys" / "epochs").mkdir()
    (bundle / "keys" / "epochs" / "0001.cert").write_text("a\nb\nc\nd\ne\n\nf\n")


@change
def _nothing_left(bundle: Path) -> None:
    shutil.rmtree(bundle)


def public_pem(key: Ed25519PrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)


async def test_attack_whatever_is_changed_shows(filled: Filled, tmp_path: Path) -> None:
    made = filled.make()
    sound = tmp_path / "sound"
    shutil.copytree(made.directory, sound)
    for name, done in CHANGES.items():
        done(made.directory)
        assert not filled.check(made).ok, name
        shutil.rmtree(made.directory, ignore_errors=True)
        shutil.copytree(sound, made.directory)
    assert filled.check(made).ok


async def test_one_flipped_bit_names_its_record(filled: Filled) -> None:
    made = filled.make()
    lines = [json.loads(one) for one in (made.directory / "records" / "records.jsonl").read_text("utf-8").splitlines()]
    for one in lines[::4]:
        at = one["offset"] + one["octets"] // 2
        flip(made.directory / "records" / "records.bin", at)
        faults = filled.check(made).faults
        assert f"record {one['sequence']} is not the one that was signed" in faults
        assert sum("is not the one that was signed" in fault for fault in faults) == 1
        flip(made.directory / "records" / "records.bin", at)


async def test_attack_a_forged_manifest_with_fitting_hashes(filled: Filled) -> None:
    """Somebody who may write everything and signs with a key of his own is found out by who knows the right one."""
    made = filled.make()
    forger = Ed25519PrivateKey.generate()
    (made.directory / "keys" / "signing.pub").write_bytes(public_pem(forger))
    manifest = (made.directory / "manifest.json").read_bytes()
    (made.directory / "manifest.sig").write_bytes(forger.sign(bundle_check.FORMAT.encode() + b"\n" + manifest))
    assert "another collector" in filled.check(made).faults[0]
    without = check_bundle(made.directory)
    assert any("checkpoint" in fault for fault in without.faults)


async def test_it_holds_after_everything_was_evicted_and_the_key_was_changed(filled: Filled, records: Any) -> None:
    keys = filled.keys
    nothing = LedgerState(0, CompactRange().root())
    names = ("calea-lab/collector", "calea-lab/audit")
    root = Ed25519PrivateKey.generate()
    begin_epoch(keys.directory, keys.epoch_keys, None, root, dict.fromkeys(names, nothing))
    made = filled.make()
    assert (made.directory / "keys" / "epochs" / "0001.cert").exists() and filled.check(made).ok
    shutil.rmtree(filled.lab.data / "store")
    assert filled.check(made).ok


async def test_no_bundle_from_a_changed_audit_log_without_a_reason_or_in_a_place_that_is_taken(filled: Filled) -> None:
    with pytest.raises(RefusedError):
        filled.make(reason=" ")
    filled.make()
    with pytest.raises(LocalError, match="never written over"):
        filled.make()
    flip(filled.lab.data / "audit" / "audit.jsonl")
    with pytest.raises(IntegrityError, match="nothing is exported"):
        filled.make(place="second")
    assert len(filled.recorded) == 1 and not (filled.lab.root / "second.part").exists()


async def test_an_order_of_which_nothing_is_stored_has_no_bundle(filled: Filled) -> None:
    filled.lab.court.issue("O-9", "LAB-0009")
    with pytest.raises(LocalError, match="nothing to export"):
        filled.make("O-9")
    assert filled.recorded == [] and len(list(StoreReader(filled.lab.data / "store").records())) == 17


async def test_what_another_shard_has_is_nowhere_in_it_and_counted(filled: Filled) -> None:
    uid = filled.order("O-1").uid
    reader = StoreReader(filled.lab.data / "store", filled.keys)
    mine = [one for one in reader.records() if one.uid == uid]
    gone = mine[3:8]
    filled.void(ranges_of(one.sequence for one in gone))
    made = filled.make()
    assert filled.check(made).ok and made.records == len(mine) - 5
    manifest = json.loads((made.directory / "manifest.json").read_bytes())
    assert manifest["voided"] == 5 and "5 voided" in (made.directory / "index.html").read_text("utf-8")
    area = (made.directory / "records" / "records.bin").read_bytes()
    assert not any(one.octets in area for one in gone if one.octets)
    assert sorted(area) == sorted(b"".join(one.octets or b"" for one in mine if one not in gone))


async def test_an_order_of_which_another_shard_has_everything_has_no_bundle_here(filled: Filled) -> None:
    uid = filled.order("O-1").uid
    reader = StoreReader(filled.lab.data / "store", filled.keys)
    filled.void(ranges_of(one.sequence for one in reader.records() if one.uid == uid))
    with pytest.raises(LocalError, match="another shard"):
        filled.make()
