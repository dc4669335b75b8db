"""The sending side, a record's CPU time: filling templates, the load generator over a socket, the mediation function.

    python -m bench.sending [--records N] [--octets N] [--streams N] [--runs N] [--date DAY] [--out FILE]

`fill`: records and X3 PDUs into memory, beside what makes one record at a time (the tables; a template, by a call).
`generator`: the same over TCP to a sink in another process. `mediation`: X3 over TCP from a generator in another
process through intake, scope, conversion, journal (encrypted, on disk) and the delivery session to a LEMF in a third
process that acknowledges; by the short way and, with fewer records, by the ordinary way. CPU time is that of the
process named alone, user and system, all threads; the others are beside it. Sent = journalled = received =
acknowledged is checked, else the run is void. Result: bench/results/sending.json with its environment card.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import structlog

from asn1 import multimedia, template
from asn1.columns import KIND_TRI, Columns, LiidTable
from asn1.handover import HandoverConfig, LemfSession
from asn1.ps_pdu import PsHeader, cc_pdu
from asn1.scan import scan
from bench.environment import environment_card
from carrier_sim.load import packets, streams
from carrier_sim.load.profile import Profile, record_streams, x3_streams
from carrier_sim.load.sender import Fills, Load, pour
from mediation import x3_contexts
from mediation.config import FaultsModel, MediationConfig
from mediation.delivery import Link
from mediation.faults import Faults
from mediation.intake import Intake
from mediation.journal import HI3, Journal
from mediation.law.orders import CaseId, CourtOrder, Liid, OrderId, OrderKind, Service, Target, TargetKind, Window
from mediation.mediate import Mediation
from mediation.runtime.config import PLAIN_WORDS, Listen
from mediation.templates import Templates

RESULT = Path(__file__).parent / "results" / "sending.json"
START_US = 1_750_000_000_000_000
HEAD_OCTETS = 256
ORDINARY_SHARE = 50
"""The ordinary way is measured with so many times fewer records: a record of it costs some hundred times more."""
PIECE = 4_096


def cpu_s() -> float:
    return time.process_time()


def per_record(count: int, work: Callable[[], None]) -> float:
    """Nanoseconds of CPU time a record."""
    began = cpu_s()
    work()
    return (cpu_s() - began) / count * 1e9


# Filling


def fill_rows(arguments: argparse.Namespace) -> dict[str, Any]:
    profile = profile_of(arguments)
    rows: dict[str, Any] = {}
    for name, made in (("records", record_streams(profile)), ("x3", x3_streams(profile))):
        out = bytearray(PIECE * (arguments.octets + HEAD_OCTETS))
        pieces = max(arguments.records // PIECE, 1)

        def work(made: Fills = made, out: bytearray = out, pieces: int = pieces) -> None:
            for piece in range(pieces):
                made.fill(out, 0, PIECE, START_US + piece * PIECE, 1)

        found = [per_record(pieces * PIECE, work) for _ in range(arguments.runs)]
        rows[f"fill_{name}"] = said(found)
    rows["before_tables"] = said([before(arguments, lambda: None)])
    rows["one_template_a_call"] = said([before(arguments, Templates)])
    return rows


def before(arguments: argparse.Namespace, kind: Callable[[], Templates | None]) -> float:
    """What a record of one stream costs made by itself: by the tables, or by a template."""
    made = kind()
    packet = bytes(arguments.octets)
    count = max(arguments.records // 200, 1_000)
    header = PsHeader(
        liid=b"LOAD-000000", authorization_country="US", delivery_country="US", operator_id=b"LABOP",
        network_element_id=b"med-1", cin=1, time_us=START_US, time_qualifier="timeOfInterception",
    )  # fmt: skip

    def work() -> None:
        for number in range(count):
            one = header._replace(sequence_number=number, time_us=START_US + number)
            contents = multimedia.ipmmcc(packet)
            if made is None:
                cc_pdu(one, contents, "fromTarget")
            else:
                made.encode(one, contents, "fromTarget")

    return per_record(count, work)


# The generator


def sink(port: int) -> None:
    """A process of its own: takes one connection's octets and throws them away."""
    with socket.create_connection(("127.0.0.1", port)) as control, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        control.sendall(f"{listening.getsockname()[1]}\n".encode())
        taken, buffer, octets = listening.accept()[0], bytearray(1 << 20), 0
        while got := taken.recv_into(buffer):
            octets += got
        control.sendall(f"{octets}\n".encode())


async def generator_row(arguments: argparse.Namespace, form: str) -> dict[str, Any]:
    profile, found = profile_of(arguments), []
    for _ in range(arguments.runs):
        made = record_streams(profile) if form == "records" else x3_streams(profile)
        with Child("sink") as child:
            reader, writer = await asyncio.open_connection("127.0.0.1", child.number())
            began = cpu_s()
            load = Load(arguments.records, arguments.octets + HEAD_OCTETS, START_US, 1)
            poured = await pour(made, load, reader, writer, time.monotonic)
            found.append((cpu_s() - began) / poured.records * 1e9)
            writer.close()
            await writer.wait_closed()
            if await asyncio.to_thread(child.number) != poured.octets:
                raise SystemExit("a run is void: the sink has not what was sent")
    return said(found)


# The mediation function


def lemf(port: int) -> None:
    """A process of its own: the agency's end of one HI3 connection. Acknowledges everything as soon as it is read."""
    with socket.create_connection(("127.0.0.1", port)) as control, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        control.sendall(f"{listening.getsockname()[1]}\n".encode())
        taken = listening.accept()[0]
        session, cols, liids = LemfSession(HandoverConfig()), Columns(1 << 15), LiidTable()
        session.connected(0)
        buffer, have, records, position = bytearray(4 << 20), 0, 0, 0
        while got := taken.recv_into(memoryview(buffer)[have:]):
            have += got
            at = 0
            while True:
                end = scan(buffer, at, have, cols, liids, 1 << 20)
                for row in range(cols.n):
                    if cols.kind[row] == KIND_TRI:
                        first = cols.offset[row]
                        octets = bytes(buffer[first : first + cols.length[row]])
                        session.tri(octets, position + first + len(octets), 0)
                    else:
                        records += 1
                if end == at:
                    break
                at = end
            session.durable(position + at, 0)
            position += at
            buffer[: have - at] = buffer[at:have]
            have -= at
            if answer := session.outgoing():
                taken.sendall(answer)
        control.sendall(f"{records}\n".encode())


def feed(port: int, arguments: argparse.Namespace) -> None:
    """A process of its own: X3 for the mediation function, as the load generator sends it; its CPU time at the end."""
    with socket.create_connection(("127.0.0.1", port)) as control:
        control.sendall(b"0\n")
        target = int(control.recv(16))
        profile = profile_of(arguments)
        xids = [UUID(int=number + 1).bytes for number in range(profile.liids)]

        async def send() -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", target)
            load = Load(arguments.records, arguments.octets + HEAD_OCTETS, START_US, 1)
            await pour(x3_streams(profile, xids), load, reader, writer, time.monotonic)
            writer.close()
            await writer.wait_closed()

        made = cpu_s()
        asyncio.run(send())
        control.sendall(f"{int((cpu_s() - made) * 1e9)}\n".encode())


class Child:
    """This script's other halves, each a process; what it says are numbers on a socket."""

    def __init__(self, half: str, *more: str) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        port = self._listening.getsockname()[1]
        command = [sys.executable, "-m", "bench.sending", "--half", half, "--port", str(port)]
        self._process = subprocess.Popen([*command, *more])

    def __enter__(self) -> Child:
        self._control = self._listening.accept()[0]
        self._said = self._control.makefile()
        return self

    def number(self) -> int:
        return int(self._said.readline())

    def tell(self, number: int) -> None:
        self._control.sendall(str(number).encode())

    def __exit__(self, *_: object) -> None:
        self._control.close()
        self._listening.close()
        self._process.wait(60)


def mediation_on(root: Path, profile: Profile) -> tuple[Mediation, Journal]:
    config = MediationConfig.model_validate(
        {
            "data_dir": root, "court_public_key": root / "court.pub", "x1_url": "http://127.0.0.1:1/X1/NE",
            "x1_plain": PLAIN_WORDS, "ne_id": "ne", "admf_id": "admf", "hi2": {"port": 1}, "hi3": {"port": 2},
            "network_functions": {"ims-1": "voice"},
        }
    )  # fmt: skip
    orders = {
        UUID(int=number + 1): CourtOrder(
            OrderId(f"O-{number}"), 1, OrderKind.EAVESDROPPING, CaseId("C-1"), Liid(profile.liid(number).decode()),
            "LAB", Window(START_US, START_US + 10**12), (Target(TargetKind.E164, "12125550101"),),
            services=frozenset({Service.VOICE}),
        )
        for number in range(profile.liids)
    }  # fmt: skip
    admf: Any = SimpleNamespace(
        orders=orders, changes=0, refused=0, active_tasks=len(orders), inbox_looks=0, activations={}
    )
    journal = Journal(root / "journal", root / "keys" / "journal.key", 256 << 20, 8 << 20, False)
    return Mediation(config, journal, admf, Faults(FaultsModel())), journal


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110  it looks on
        await asyncio.sleep(0.02)


async def mediation_run(arguments: argparse.Namespace, root: Path, short: bool) -> tuple[float, float]:
    """Nanoseconds a record of the mediation function's CPU time, and of the generator's."""
    profile, records = profile_of(arguments), arguments.records
    mediation, journal = mediation_on(root, profile)
    room = asyncio.Event()
    room.set()

    def consume(pdus: list[Any], frames: list[bytes]) -> None:
        mediation.consume(pdus, START_US, time.monotonic(), frames if short else ())

    async def watch() -> None:
        while True:
            (room.clear if journal.held_octets > 192 << 20 else room.set)()
            await asyncio.sleep(0.05)

    intake = Intake(consume, room, mediation if short else None)
    with Child("lemf") as agency, Child("feed", *argv_of(arguments)) as carrier:
        peer: Any = SimpleNamespace(host="127.0.0.1", port=agency.number(), tls=None)
        link = Link("hi3", HI3, (peer,), journal, HandoverConfig(), lambda: time.time_ns() // 1000, 0.5)
        mediation.links = (link,)
        tasks = [asyncio.create_task(link.run()), asyncio.create_task(watch())]
        port = await intake.listen("x3", Listen())
        await until(lambda: link.status.acknowledging)
        carrier.number()
        began = cpu_s()
        carrier.tell(port)
        await until(lambda: sum(link.status.acknowledged.values()) >= records)
        spent = cpu_s() - began
        generated = await asyncio.to_thread(carrier.number)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await intake.close()
        received = await asyncio.to_thread(agency.number)
    per_liid = mediation.status(intake)["per_liid"].values()
    counted, gaps = (sum(one[name] for one in per_liid) for name in ("cc", "gaps"))
    journal.close()
    if not received == counted == records or gaps:
        raise SystemExit(f"a run is void: {records} sent, {counted} journalled, {received} received, {gaps} missing")
    return spent / records * 1e9, generated / records


async def mediation_rows(arguments: argparse.Namespace) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for name, short in (("mediation", True), ("before_mediation", False)):
        fewer = argparse.Namespace(**vars(arguments))
        fewer.records = arguments.records if short else max(arguments.records // ORDINARY_SHARE, 1_000)
        found = []
        for _ in range(arguments.runs if short else 1):
            with tempfile.TemporaryDirectory(dir=arguments.scratch) as directory:
                found.append(await mediation_run(fewer, Path(directory), short))
        rows[name] = said([one for one, _ in found]) | {"records": fewer.records}
        if short:
            rows["generator_and_mediation"] = said([mediated + made for mediated, made in found])
    return rows


# Said


def said(found: list[float]) -> dict[str, Any]:
    middle = statistics.median(found)
    return {
        "ns_a_record": round(middle, 1),
        "records_per_core_s": round(1e9 / middle),
        "runs_ns": [round(one, 1) for one in found],
    }


def profile_of(arguments: argparse.Namespace) -> Profile:
    return Profile(arguments.streams, arguments.streams, (arguments.octets,))


def argv_of(arguments: argparse.Namespace) -> list[str]:
    return [f"--{name}={getattr(arguments, name)}" for name in ("records", "octets", "streams")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--octets", type=int, default=200, help="of the IP packet")
    parser.add_argument("--streams", type=int, default=64)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--scratch", type=Path, default=None, help="where the journals of the runs lie")
    parser.add_argument("--date", default=time.strftime("%Y-%m-%d", time.gmtime()))
    parser.add_argument("--out", type=Path, default=RESULT)
    parser.add_argument("--half", choices=["sink", "lemf", "feed"], help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.half is not None:
        halves = {"sink": sink, "lemf": lemf, "feed": lambda port: feed(port, arguments)}
        return halves[arguments.half](arguments.port)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    rows = fill_rows(arguments)
    rows["generator_records"] = asyncio.run(generator_row(arguments, "records"))
    rows["generator_x3"] = asyncio.run(generator_row(arguments, "x3"))
    rows |= asyncio.run(mediation_rows(arguments))
    compiled = {module.__name__: module.COMPILED for module in (template, packets, streams, x3_contexts)}
    result = {
        "what": "CPU time a record of the sending side, medians; each row's process alone",
        "octets": arguments.octets,
        "streams": arguments.streams,
        "records": arguments.records,
        "records_per_core_s": rows["generator_and_mediation"]["records_per_core_s"],
        "rows": rows,
        "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
        "environment": environment_card(arguments.date, compiled) | {"processes": os.cpu_count()},
    }
    arguments.out.parent.mkdir(exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    for name, row in rows.items():
        print(f"{name:28} {row['ns_a_record']:10.1f} ns {row['records_per_core_s']:12} records per core-second")


if __name__ == "__main__":
    main()
