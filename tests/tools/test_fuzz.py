"""Both fuzzing runs in short: nothing but DecodeError, every decoder covered; the harness notices what it should."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import random

import pytest

import asn1
from asn1 import tlv
from asn1.errors import DecodeError
from lab.kernels import kernel_names
from tools.fuzz import __main__ as program
from tools.fuzz import guided, harness
from tools.fuzz.entry_points import ENTRY_POINTS, EntryPoint
from tools.fuzz.harness import Shard, run_shard, seeds_of, try_one
from tools.fuzz.mutate import MAX_OCTETS, Mutator, rebuilt, seed_of
from tools.fuzz.seeds import seeds
from tools.fuzz.twins import Twins
from tools.oracles.corpus import VECTORS

NO_ENTRY = {
    "table.decode": "the walker behind every description; reached through the records themselves",
    "table.decode_reporting": "the same",
    "table.decode_reference": "the same, without the quick walk; held against it on every mutant",
    "hi1_xml.parse": "the parser behind hi1.parse_message",
    "tlv.decode_generalized_time": "a primitive of the walker",
    "tlv.decode_integer": "a primitive of the walker",
    "tlv.decode_oid": "a primitive of the walker",
    "tlv.decode_relative_oid": "a primitive of the walker",
    "tlv.decode_utc_time": "a primitive of the walker",
}


@pytest.fixture(scope="module")
def found():
    return seeds()


@pytest.fixture(scope="module")
def twins():
    return Twins()


@pytest.mark.parametrize("entry", ENTRY_POINTS, ids=lambda entry: entry.name)
def test_a_short_run_finds_nothing(entry, found, twins):
    shard = run_shard(entry, found, 120 if entry.twins else 250, "short", twins.differ)
    assert shard.failures == []
    assert shard.peak_octets > 0, "no mutant was traced"


FOUND = json.loads((VECTORS / "fuzz" / "found.json").read_text("utf-8"))["vectors"]


@pytest.mark.parametrize("vector", FOUND, ids=lambda vector: vector["name"])
def test_what_was_found_once_is_refused_or_read(vector):
    entry = next(one for one in ENTRY_POINTS if one.name == vector["entry_point"])
    shard = Shard(entry.name)
    try_one(entry, bytes.fromhex(vector["octets"]), shard)
    assert shard.failures == []


def test_every_decoder_has_an_entry_point():
    """Found by walking the modules: a public function whose name says that it decodes or parses."""
    names = set()
    for info in pkgutil.walk_packages(asn1.__path__, "asn1."):
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            own = inspect.isfunction(value) and value.__module__ == module.__name__
            if own and name.startswith(("decode", "parse")):
                names.add(f"{module.__name__.removeprefix('asn1.')}.{name}")
    covered = {name for entry in ENTRY_POINTS for name in entry.covers}
    assert names - covered - set(NO_ENTRY) == set()
    assert covered <= names, "an entry point covers what is not there"


def test_every_kernel_that_reads_octets_has_a_twin(twins):
    writes = {"asn1.template"}
    assert {name for name in kernel_names() if name.startswith("asn1.")} - writes == {
        "asn1.columns",
        "asn1.scan",
        "asn1.scan_ber",
        "asn1.scan_payload",
        "asn1.walk",
    }
    assert sum(entry.twins for entry in ENTRY_POINTS) >= 2


def test_every_entry_point_has_seeds_that_it_reads(found):
    for entry in ENTRY_POINTS:
        own = seeds_of(entry, found)
        assert own, f"{entry.name} has no seeds: no corpus record or vector of {entry.layers}"
        assert any(_reads(entry, octets) for octets in own), f"{entry.name} refuses all its seeds"


def _reads(entry, octets):
    try:
        entry.call(octets)
    except DecodeError:
        return False
    return True


# ---- mutants


def test_the_same_name_gives_the_same_mutants(found):
    rows = [Mutator(found["ps-pdu"], found["sip"], random.Random("name")) for _ in range(2)]
    assert [rows[0].next() for _ in range(50)] == [rows[1].next() for _ in range(50)]


def test_mutants_differ_and_are_bounded(found):
    mutator = Mutator(found["xiri"], found["x1"], random.Random("differ"))
    mutants = {mutator.next() for _ in range(300)}
    assert len(mutants) > 200
    assert all(len(octets) <= MAX_OCTETS for octets in mutants)


def test_a_rebuilt_record_has_lengths_that_fit(found):
    for octets in found["ps-pdu"][:20]:
        seed = seed_of(octets)
        for one in seed.elements[1:]:
            made = rebuilt(seed, one, b"\x80\x01\x00" * 60)
            whole = tlv.read_tlv(made, 0, len(made))
            assert whole.end == len(made)


def test_some_mutants_reach_the_inside(found):
    """Half of the mutants of a record have lengths that fit: enough of them get behind the outer element."""
    mutator = Mutator(found["ps-pdu"], [], random.Random("inside"))
    whole = 0
    for _ in range(400):
        octets = mutator.next()
        try:
            whole += tlv.read_tlv(octets, 0, len(octets)).end == len(octets)
        except DecodeError:
            continue
    assert whole > 150


# ---- the harness notices


def broken(_: bytes) -> object:
    raise KeyError("lost")


def test_another_error_than_decode_error_is_a_failure():
    shard = Shard("broken")
    try_one(EntryPoint("broken", broken, ()), b"\x01", shard)
    assert shard.failures == [{"where": "broken", "what": "KeyError: 'lost'", "octets": "01"}]


def test_a_greedy_decoder_is_a_failure(monkeypatch):
    monkeypatch.setattr(harness, "PEAK_OCTETS", 1 << 16)
    shard = Shard("greedy")
    try_one(EntryPoint("greedy", lambda octets: bytes(1 << 17), ()), b"", shard, traced=True)
    assert "octets of memory" in shard.failures[0]["what"]


def test_a_slow_decoder_and_one_that_hangs_are_failures(monkeypatch):
    monkeypatch.setattr(harness, "SLOWEST_S", 0.001)
    monkeypatch.setattr(harness, "HANG_S", 0.5)
    slow = EntryPoint("slow", lambda octets: sum(range(300_000)), ())
    hanging = EntryPoint("hanging", lambda octets: [None for _ in iter(int, 1)], ())
    shard = Shard("slow")
    before = harness.signal.signal(harness.signal.SIGALRM, harness._hang)
    try:
        try_one(slow, b"", shard)
        try_one(hanging, b"", shard)
    finally:
        harness.signal.setitimer(harness.signal.ITIMER_REAL, 0)
        harness.signal.signal(harness.signal.SIGALRM, before)
    assert ["took 0.0 s" in shard.failures[0]["what"], "took more than" in shard.failures[1]["what"]] == [True, True]


def test_a_difference_between_the_paths_is_seen(found, twins):
    octets = found["ps-pdu"][0]
    assert twins.differ(octets) is None
    other = Twins.__new__(Twins)
    other._fast, other._names = twins._fast, twins._names
    other._slow = (twins._fast[0], twins._fast[1], _Other())
    assert other.differ(octets) == "describe_stream"
    shard = Shard("twins")
    try_one(EntryPoint("twins", len, (), twins=True), octets, shard, other.differ)
    assert shard.failures[0]["what"] == "compiled and interpreted: describe_stream"


class _Other:
    def describe_stream(self, _):
        return [{"offset": -1}]


# ---- the runs and their report


def test_shards_are_merged_and_the_report_keeps_its_other_part(tmp_path):
    merged = program.fuzz(300, 1, 1, [0], told=False)
    assert [shard.mutants for shard in merged.values()] == [300]
    path = tmp_path / "fuzz.json"
    program.write(path, "guided", {"inputs": 1})
    program.write(path, "mutation", program.report(merged, 1, 1, 0.5))
    held = json.loads(path.read_text())
    assert held["guided"] == {"inputs": 1}
    assert held["mutation"]["entry_points"][ENTRY_POINTS[0].name]["mutants"] == 300


def test_every_entry_point_gets_its_mutants_in_shards_of_other_names():
    rows = program.tasks([0, 1], 60_000, 7)
    assert sum(size for number, size, _ in rows if number == 0) == 60_000
    assert len({name for _, _, name in rows}) == len(rows)


def test_what_libfuzzer_says_is_read():
    said = "#2 INITED cov: 3 ft: 4\n#9 NEW cov: 12 ft: 40\nstat::number_of_executed_units: 99\nstat::peak_rss_mb: 50\n"
    told = guided.read(said, 0, 1.0)
    assert (told["inputs"], told["branches"], told["peak_mb"]) == (99, 12, 50)
    assert "failed" not in told
    assert guided.read("", 0, 1.0)["failed"] == "no input was tried"
    crashed = guided.read("KeyError: 'x'\nTest unit written to reports/fuzz/a-crash-1\n", 77, 1.0)
    assert (crashed["failed"], crashed["input"]) == ("KeyError: 'x'", "a-crash-1")


def test_a_guided_run_that_never_starts_is_a_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(guided, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(guided, "FOUND", tmp_path / "found")
    monkeypatch.setattr(guided.sys, "executable", "/bin/false")
    assert guided.run("tlv.read_tlv", [b"\x05\x00"], 1, 1)["failed"] == "exit code 1"
    assert (tmp_path / "kept" / "tlv-read-tlv" / "seed-0").read_bytes() == b"\x05\x00"
