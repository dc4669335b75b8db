"""`make fuzz`: mutated octets into every decoder entry point (`python -m lab.fuzz --mutants N --seed S`).

What must hold for each mutant: the decoder returns or raises `DecodeError`, nothing else; it does so within
`SLOWEST_S`; and what the compiled scan makes of a stream is what the interpreted one makes of it, column by column and
line by line. The report goes to reports/fuzz.json; exit code 1 when anything did not hold, with the mutant in hex.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
import uuid
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from asn1 import packets, ps_pdu, radius, sip, sms_tpdu, tlv, ts33128, view, x1, x2x3
from asn1.errors import DecodeError
from asn1.handover import HandoverConfig, LemfSession, MfSession
from asn1.laes import cc_apdu
from asn1.laes import describe as laes
from asn1.laes.ccc import HEADER_OCTETS, decode_datagram
from carrier_sim.config import CallItem, DataItem, SmsItem, WebItem
from carrier_sim.network import Network, Schedule
from carrier_sim.poi import Delivers, Poi, Task
from carrier_sim.speech import Clips
from carrier_sim.subscribers import Directory, Identity
from lab.kernels import ROOT, interpreted, require_compiled

SLOWEST_S = 1.0
"""A decoder that takes longer for one input of a few kilooctets has lost its bound."""
MAX_KEPT = 20
_MAX_RECORD = 1 << 16
_ROWS = 64


def _framer(octets: bytes) -> object:
    return x2x3.Framer().feed(octets)


def _submit(octets: bytes) -> object:
    return sms_tpdu.decode_tpdu(octets, True)


def _deliver(octets: bytes) -> object:
    return sms_tpdu.decode_tpdu(octets, False)


def _mf(octets: bytes) -> object:
    session = MfSession(HandoverConfig())
    session.connected(0)
    session.sent(1, 1)
    return session.receive(octets, 2), session.outgoing()


def _lemf(octets: bytes) -> object:
    session = LemfSession(HandoverConfig())
    session.connected(0)
    return session.tri(octets, len(octets), 1), session.outgoing()


def _tlv(octets: bytes) -> object:
    return tlv.read_tlv(octets, 0, len(octets))


def _laes_stream(dialect: str, octets: bytes) -> object:
    return list(laes.describe_stream([octets[:7], octets[7:]], dialect))


def _datagram(header_octets: int, octets: bytes) -> object:
    return decode_datagram(octets, header_octets)


ENTRY_POINTS: tuple[tuple[str, Callable[[bytes], object]], ...] = (
    ("tlv.read_tlv", _tlv),
    ("ps_pdu.decode_ps_pdu", ps_pdu.decode_ps_pdu),
    ("ts33128.decode_xiri", ts33128.decode_xiri),
    ("ts33128.decode_iri", ts33128.decode_iri),
    ("ts33128.decode_cc", ts33128.decode_cc),
    ("sms_tpdu.decode_tpdu submit", _submit),
    ("sms_tpdu.decode_tpdu deliver", _deliver),
    ("sip.parse_sip", sip.parse_sip),
    ("sip.parse_sdp", sip.parse_sdp),
    ("packets.parse_ip", packets.parse_ip),
    ("packets.parse_rtp", packets.parse_rtp),
    ("radius.parse_radius", radius.parse_radius),
    ("x2x3.decode_pdu", x2x3.decode_pdu),
    ("x2x3.Framer", _framer),
    ("x1.parse_request", x1.parse_request),
    ("x1.parse_response", x1.parse_response),
    ("handover.MfSession", _mf),
    ("handover.LemfSession", _lemf),
    ("view.describe", view.describe),
    *((f"laes.describe {name}", partial(laes.describe, dialect=name)) for name in laes.DIALECTS),
    *((f"laes.stream {name}", partial(_laes_stream, name)) for name in laes.DIALECTS),
    ("laes.cc_apdu.decode_apdu", cc_apdu.decode_apdu),
    *((f"laes.ccc.decode_datagram {octets}", partial(_datagram, octets)) for octets in HEADER_OCTETS),
)


@dataclass(slots=True)
class Report:
    mutants: int = 0
    calls: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    slowest_s: float = 0.0
    slowest: str = ""
    failures: list[dict[str, str]] = field(default_factory=list)
    failed: int = 0

    def fail(self, where: str, what: str, octets: bytes) -> None:
        self.failed += 1
        if len(self.failures) < MAX_KEPT:
            self.failures.append({"where": where, "what": what, "octets": octets.hex()})


def seeds(seed: int) -> list[bytes]:
    """The golden vectors, and what the simulated network sends: records, PDUs, packets, messages."""
    found: list[bytes] = []
    for path in sorted((ROOT / "tests" / "vectors" / "etsi").glob("*.json")):
        for vector in json.loads(path.read_text())["vectors"]:
            found += [bytes.fromhex(value) for key, value in vector.items() if key == "octets"]
    found += [path.read_bytes() for path in sorted((ROOT / "tests" / "vectors" / "us").glob("*.ber"))]
    schedule = Schedule()
    start_us = 1_767_600_000_000_000
    network = Network(seed, start_us, Directory(seed), Clips(), schedule)
    network.add(CallItem(caller="+12125550101", callee="+12125550102", seconds=0.1, dtmf="1"), start_us)
    network.add(SmsItem(sender="+12125550101", to="+12125550102", text="A simulated message."), start_us)
    network.add(SmsItem(sender="+12125550102", to="+12125550101", text="Ein Gruß aus der Übung", via="ims"), start_us)
    network.add(DataItem(subscriber="+12125550101", seconds=1, packets=3), start_us)
    network.add(WebItem(visitors=("+12125550101",)), start_us)
    events = schedule.due(1 << 62, 200)
    poi = Poi()
    poi.set_destination("did-1", Delivers.BOTH)
    xid = str(uuid.UUID(int=seed))
    poi.set_task(Task(xid, (Identity("e164Number", "12125550101"),), Delivers.BOTH, ("did-1",)))
    found += [event.octets for event in events]
    found += [emission.octets for event in events for emission in poi.handle(event)]
    found += _x1_messages()
    return sorted({octets for octets in found if octets})


def _x1_messages() -> list[bytes]:
    task = x1.TaskDetails(uuid.UUID(int=1), (("e164Number", "12125550101"),), "X2andX3", (uuid.UUID(int=2),))
    head = ("admf-sim-1", "ne-sim-1", uuid.UUID(int=3), 1_767_600_000_000_000)
    return [
        x1.build_request([x1.X1Message("ActivateTask", *head, task=task)]),
        x1.build_request([x1.X1Message("DeactivateTask", *head, xid=task.xid)]),
        x1.build_response([x1.X1Reply("ActivateTask", *head), x1.X1Reply("Ping", *head, error=x1.X1Error(1010, "no"))]),
        x1.build_top_level_error("admf-sim-1", "ne-sim-1", head[3]),
    ]


def mutate(octets: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """One to four changes of the kinds that break parsers: flips, interesting octets, cuts, copies, splices."""
    out = bytearray(octets)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(out)) if out else 0
        kind = chance.randrange(7)
        if kind == 0 and out:
            out[at] ^= 1 << chance.randrange(8)
        elif kind == 1 and out:
            out[at] = chance.choice((0x00, 0x01, 0x7F, 0x80, 0x81, 0x82, 0x84, 0x88, 0xA0, 0x30, 0xFF, 0x0D, 0x0A))
        elif kind == 2:
            del out[at:]
        elif kind == 3:
            out[at:at] = chance.randbytes(chance.randint(1, 8))
        elif kind == 4:
            del out[at : at + chance.randint(1, 8)]
        elif kind == 5:
            stop = at + chance.randint(1, 64)
            out[at:at] = out[at:stop] * chance.randint(1, 3)
        else:
            other = chance.choice(others)
            out[at:] = other[chance.randrange(len(other)) :]
    return bytes(out[:_MAX_RECORD])


def try_entry_points(octets: bytes, report: Report) -> None:
    for name, decode in ENTRY_POINTS:
        began = time.perf_counter()
        try:
            decode(octets)
        except DecodeError:
            report.refused[name] = report.refused.get(name, 0) + 1
        except Exception as error:
            report.fail(name, f"{type(error).__name__}: {error}"[:300], octets)
        took = time.perf_counter() - began
        report.calls[name] = report.calls.get(name, 0) + 1
        if took > report.slowest_s:
            report.slowest_s, report.slowest = took, name
        if took > SLOWEST_S:
            report.fail(name, f"took {took:.1f} s", octets)


def scanned(columns: ModuleType, scanner: ModuleType, names: Iterable[str], octets: bytes) -> dict[str, Any]:
    """Everything one scan says about the octets, as plain values; twice over the same columns, since they remember."""
    cols = columns.Columns(_ROWS)
    liids = columns.LiidTable()
    said: dict[str, Any] = {}
    for turn in (0, 1):
        end = scanner.scan(octets, 0, len(octets), cols, liids, _MAX_RECORD)
        said |= {f"end {turn}": end, f"n {turn}": cols.n, f"fatal {turn}": cols.fatal, f"skip {turn}": cols.skip}
        said |= {f"{name} {turn}": getattr(cols, name)[: cols.n].tolist() for name in names}
    said["liids"] = [liids.octets(index).hex() for index in range(len(liids))]
    return said


class Twins:
    """The compiled scan and view beside their interpreted copies."""

    def __init__(self) -> None:
        from asn1 import columns, scan

        require_compiled()
        self._fast = (columns, scan, view)
        one = columns.Columns(1)
        self._names = [name for name in dir(one) if isinstance(getattr(one, name), array)]
        self._slow = interpreted("asn1.columns", "asn1.scan", "asn1.view")

    def differ(self, octets: bytes) -> str | None:
        """What the two say differently, None when nothing."""
        fast, slow = (scanned(one, two, self._names, octets) for one, two, _ in (self._fast, self._slow))
        if fast != slow:
            keys = [key for key in fast if fast[key] != slow.get(key)]
            return f"scan: {', '.join(keys)}"
        lines = [list(twin[2].describe_stream([octets])) for twin in (self._fast, self._slow)]
        return None if lines[0] == lines[1] else "describe_stream"


def run(mutants: int, seed: int) -> Report:
    """Throw `mutants` mutants at everything; the same seed gives the same mutants."""
    chance = random.Random(seed)  # noqa: S311  a reproducible run, not a secret
    report = Report()
    twins = Twins()
    corpus = seeds(seed)
    for octets in corpus:
        try_entry_points(octets, report)
    for _ in range(mutants):
        octets = mutate(chance.choice(corpus), corpus, chance)
        report.mutants += 1
        try_entry_points(octets, report)
        difference = twins.differ(octets)
        if difference is not None:
            report.fail("compiled and interpreted", difference, octets)
    return report


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--mutants", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, default=Path("reports/fuzz.json"))
    arguments = parser.parse_args()
    began = time.monotonic()
    report = run(arguments.mutants, arguments.seed)
    seconds = time.monotonic() - began
    arguments.report.parent.mkdir(parents=True, exist_ok=True)
    value = {
        "seed": arguments.seed,
        "mutants": report.mutants,
        "calls": report.calls,
        "refused": report.refused,
        "slowest_ms": round(report.slowest_s * 1000, 1),
        "slowest": report.slowest,
        "failed": report.failed,
        "failures": report.failures,
        "seconds": round(seconds, 1),
    }
    arguments.report.write_text(json.dumps(value, indent=2) + "\n")
    print(
        f"fuzz: {report.mutants} mutants, {sum(report.calls.values())} calls in {seconds:.0f} s, "
        f"slowest {report.slowest_s * 1000:.0f} ms ({report.slowest}), {report.failed} failures; {arguments.report}"
    )
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
