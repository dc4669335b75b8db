"""The kernels alone, per record, compiled and interpreted: scan, verify and gate, append, and all of them in one pass.

    python -m bench.kernels [--date 2026-01-31] [--out bench/results/kernels.json]

CPU time of this process, medians over repetitions. The input is what the bulk lane is for: media records (iPMMCC) of
200 octets, one stream after another in turn, as many streams as the case says. Figures of different machines, or of
this one under other load, do not compare: compare ratios inside one file.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import importlib.util
import json
import statistics
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from bench.environment import environment_card

ROOT = Path(__file__).resolve().parent.parent
KERNELS = (
    "asn1.columns",
    "asn1.scan_ber",
    "asn1.scan_payload",
    "asn1.scan",
    "collector.stream_table",
    "collector.gate_columns",
    "collector.refused_columns",
    "collector.rows",
    "collector.intake",
)
RECORD_OCTETS = 200
START_US = 1_750_000_000_000_000
BUFFER_RECORDS = 1300  # about 256 KiB, what a busy receiver scans at once


def tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = bytes([len(body)]) if len(body) < 0x80 else b"\x81" + bytes([len(body)])
    return bytes([tag]) + size + body


def integer(tag: int, value: int) -> bytes:
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def media_record(stream: int, number: int, time_us: int) -> bytes:
    """One PS-PDU of RECORD_OCTETS: header with microSecondTimeStamp, one CCPayload with IPMMCC."""
    network = tlv(0xA0, tlv(0x80, b"LABOP"), tlv(0x81, b"ne-1"))
    header = tlv(
        0xA1,
        tlv(0x80, bytes.fromhex("04000202050128")),
        tlv(0x81, b"LAB-%06d" % stream),
        tlv(0x82, b"US"),
        tlv(0xA3, network, tlv(0x81, (70_000 + stream).to_bytes(4, "big")), tlv(0x82, b"US")),
        tlv(0x84, number.to_bytes(3, "big")),
        tlv(0xA7, integer(0x80, time_us // 1_000_000), tlv(0x81, (time_us % 1_000_000).to_bytes(3, "big"))),
        tlv(0x88, b"\1"),
    )

    def whole(content: bytes) -> bytes:
        media = tlv(0xAC, tlv(0x80, bytes.fromhex("05051102")), tlv(0x81, content), tlv(0x82, b"\0"), tlv(0x84, b"\0"))
        return tlv(0x30, header, tlv(0xA2, tlv(0xA1, tlv(0x30, tlv(0x80, b"\0"), tlv(0xA2, media)))))

    size = RECORD_OCTETS - len(header)
    while len(whole(bytes(size))) > RECORD_OCTETS:
        size -= 1
    return whole(bytes(size))


def load(interpreted: bool) -> dict[str, ModuleType]:
    """The kernels by last name, as they are installed, or from their sources."""
    if not interpreted:
        return {name.rsplit(".", 1)[1]: importlib.import_module(name) for name in KERNELS}
    before = {name: sys.modules.get(name) for name in KERNELS}
    found: dict[str, ModuleType] = {}
    for name in KERNELS:
        spec = importlib.util.spec_from_file_location(name, ROOT / (name.replace(".", "/") + ".py"))
        if spec is None or spec.loader is None:
            raise SystemExit(f"no source for {name}")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        found[name.rsplit(".", 1)[1]] = module
    for name, held in before.items():
        if held is None:
            del sys.modules[name]
        else:
            sys.modules[name] = held
    return found


class Stand:
    """One receiver's kernels and tables, fed buffer by buffer: each is copied into one arena first, as a socket read
    would leave it, and then scanned, judged and appended, each step under its own clock."""

    def __init__(self, modules: dict[str, Any], streams: int) -> None:
        self.modules = modules
        self.streams = streams
        room = 2 * BUFFER_RECORDS
        self.cols = modules["columns"].Columns(room)
        self.verify = modules["stream_table"].VerifyColumns(room)
        self.lane = modules["gate_columns"].Lane(room)
        self.rows = modules["rows"].Rows(room)
        self.tally = modules["rows"].Tally()
        self.tally.reserve(streams)
        self.liids = modules["columns"].LiidTable(seed=20_260_131)
        self.table = modules["stream_table"].StreamTable(seed=20_260_131)
        self.orders = modules["gate_columns"].OrderColumns()
        self.limits = modules["gate_columns"].GateLimits(late_us=60_000_000, skew_us=1_000)
        self.arena = bytearray(1 << 20)
        self.slots = []
        for stream in range(streams):
            liid = self.liids.intern(b"LAB-%06d" % stream)
            self.orders.set(liid, True, START_US - 3_600_000_000, START_US + 3_600_000_000, 1 << 12, stream)
            slot = self.table.slot_of(liid, 70_000 + stream, 1, create=True)
            self.table.set_target_state(slot, modules["stream_table"].TARGET_OK)
            self.slots.append(slot)
        intake = modules["intake"]
        self.tables = intake.Tables(self.liids, self.table, self.orders, modules["refused_columns"].RefusedColumns())
        self.into = intake.Pass(self.cols, self.verify)

    def rewind(self) -> None:
        for slot in self.slots:
            self.table.set_mark(slot, -1, 0)

    def feed(self, part: bytes, now_us: int) -> tuple[int, int, int]:
        """Nanoseconds of CPU time for scan, verify and gate, append."""
        self._begin(part)
        clock = time.process_time_ns
        begin = clock()
        self.modules["scan"].scan(self.arena, 0, len(part), self.cols, self.liids, 65_536)
        scanned = clock()
        self.modules["stream_table"].verify_columns(self.cols, self.table, self.verify)
        self.modules["gate_columns"].gate_columns(
            self.cols, self.verify, self.orders, self.table, now_us, self.limits, self.lane
        )
        judged = clock()
        self.rows.append_lane(self.cols, self.lane, self.verify, self.tally, 0, now_us, 1, 1)
        appended = clock()
        self._check()
        return scanned - begin, judged - scanned, appended - judged

    def one_pass(self, part: bytes, now_us: int) -> int:
        """Nanoseconds of CPU time for the same in one pass."""
        self._begin(part)
        begin = time.process_time_ns()
        self.modules["intake"].take(
            self.arena, 0, len(part), 65_536, self.tables, False, 0, now_us, self.limits, self.into, self.rows,
            self.tally, 1, 1,
        )  # fmt: skip
        taken = time.process_time_ns() - begin
        self._check()
        return taken

    def _begin(self, part: bytes) -> None:
        self.arena[: len(part)] = part
        self.rows.clear()
        self.tally.take()

    def _check(self) -> None:
        if self.rows.n != BUFFER_RECORDS:
            raise SystemExit(f"only {self.rows.n} of {BUFFER_RECORDS} records were bulk: not what is to be measured")


def measure(modules: dict[str, Any], streams: int, buffers: int, rounds: int) -> dict[str, float]:
    """Nanoseconds a record for each step, and records a second, over `rounds` times the same `buffers`."""
    total = buffers * BUFFER_RECORDS
    records = [media_record(i % streams, i // streams, START_US + i) for i in range(total)]
    parts = [b"".join(records[i : i + BUFFER_RECORDS]) for i in range(0, total, BUFFER_RECORDS)]
    stand = Stand(modules, streams)
    taken, passes = [], []
    for _ in range(rounds):
        stand.rewind()
        taken += [stand.feed(part, START_US + total) for part in parts]
        stand.rewind()
        passes += [stand.one_pass(part, START_US + total) for part in parts]
    scan_ns, judge_ns, append_ns = (statistics.median(step) / BUFFER_RECORDS for step in zip(*taken, strict=True))
    pass_ns = statistics.median(passes) / BUFFER_RECORDS
    return {
        "one_pass_ns": round(pass_ns, 1),
        "scan_ns": round(scan_ns, 1),
        "verify_gate_ns": round(judge_ns, 1),
        "append_ns": round(append_ns, 1),
        "scan_gate_records_per_s": round(1e9 / (scan_ns + judge_ns)),
        "records_per_s": round(1e9 / (scan_ns + judge_ns + append_ns)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    today = datetime.date.today().isoformat()
    parser.add_argument("--date", default=today, help="the day of the run, ISO 8601; today unless told")
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "results" / "kernels.json")
    arguments = parser.parse_args()
    ready = load(interpreted=False)
    results: dict[str, Any] = {
        "record_octets": len(media_record(1, 1, START_US)),
        "clock": "process CPU time, medians over buffers",
        "environment": environment_card(
            arguments.date, {name: bool(module.COMPILED) for name, module in ready.items()}
        ),
        "as_installed": {f"{n}_streams": measure(ready, n, 80 if n > 1000 else 16, 7) for n in (1, 64, 1000, 100_000)},
    }
    slow = load(interpreted=True)
    results["interpreted"] = {f"{n}_streams": measure(slow, n, 4, 8) for n in (1, 64, 1000)}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
