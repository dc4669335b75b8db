"""`python -m lab.bench.generator PLAN`: the process that sends, in one event loop, whatever the number of connections.

It connects, negotiates, opens the communications, says `{"ready": …}` and waits for the word on standard input. Then it
sends what is due by the schedule (or as much as the pipe takes), tells its progress four times a second, and at the end
waits for what is not acknowledged yet. No answer ever drives the next send: answers are only counted and timed. A
request to acknowledge follows each piece, so an acknowledgement says that everything before it is durable; where pieces
are small and many, only some, chosen by the clock, and only their records are timed: each request is work for the
collector, and what was not asked for at once would look slower than it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import selectors
import sys
import time
from collections import deque
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from asn1.handover import Acknowledged, HandoverConfig, MfSession, OptionsAgreed, PeerSilent
from lab.bench.call_data import CallData
from lab.bench.plan import Loaded, Plan
from lab.bench.profiles import Profile
from lab.bench.records import CINS, FIRST_CIN, Records, liid_of, liids_on, matrix_of
from lab.bench.schedule import Latencies, Schedule
from mediation.runtime.config import NotReadyError, TlsConfig
from mediation.runtime.tls import client_context

PIECE_OCTETS: Final = 256 * 1024
"""What is written at once, at most; a connection's share of it where there are many."""
LEAST_PIECE_OCTETS: Final = 16 * 1024
SELECT_LIMIT: Final = 500
"""Up to so many connections `select` is used, whose waits are precise to microseconds; those of epoll are whole
milliseconds, which would be counted as the collector's latency."""
PROGRESS_S: Final = 0.25
SETUP_S: Final = 600.0
"""How long the opening of all communications may take."""
CONNECT_AT_ONCE: Final = 64
JOINED_OCTETS: Final = 64 * 1024
"""Up to so many octets of records are written together with the request behind them, as a sender's buffer would: else
each piece comes in two, and is read twice."""
REQUESTS_PER_S: Final = 1000
"""Of all paced connections together, at most, each work for both sides; flat out every piece has one."""
PEER_SILENT_US: Final = 600_000_000
"""A full pipe in front of a slow collector takes longer than the minute that an answer may usually take."""
PATIENCE: Final = 2.0
"""A paced run that cannot keep up goes on sending what was due for so many times its length, then stops."""


def _now_us() -> int:
    return time.time_ns() // 1000


class Link(asyncio.Protocol):
    """One connection of a mediation function. Journal ids are the records sent so far; 0 stands for the opening."""

    transport: asyncio.Transport

    def __init__(self, matrix: Records, negotiate: bool, latencies: Latencies, piece_octets: int) -> None:
        self.session = MfSession(HandoverConfig(ack_every_records=1, negotiate=negotiate, time3_us=PEER_SILENT_US))
        self._negotiate = negotiate
        self.matrix = matrix
        self.latencies = latencies
        self.schedule: Schedule | None = None
        self.request_every_s = 0.0
        self.piece_records = max(piece_octets // matrix.record_octets, 1)
        self.sent = 0
        self.acknowledged = 0
        self.last_acknowledged_s = 0.0
        self.behind_s = 0.0
        self.open = asyncio.Event()
        self.opened = asyncio.Event()
        self.writable = asyncio.Event()
        self.settled = asyncio.Event()
        self.ended = asyncio.Event()
        self.lost = False
        self.tls_version: str | None = None
        self._asked = 0
        self._asked_s = -1e9
        self._timed: deque[tuple[int, int, float]] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        secured = transport.get_extra_info("ssl_object")
        self.tls_version = None if secured is None else secured.version()
        # What a piece is patched into must have left before it is patched again. Under TLS, asyncio takes its limit as
        # reached when the buffer is as large: with 0 it would pause on an empty one, and nobody would resume it.
        transport.set_write_buffer_limits(high=0 if secured is None else 1)
        self.writable.set()
        self._connected()

    def _connected(self) -> None:
        self.session.connected(_now_us())
        self._say()
        if not self._negotiate:
            self.open.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        for event in (self.open, self.opened, self.writable, self.settled, self.ended):
            event.set()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def data_received(self, data: bytes) -> None:
        now_s = time.monotonic()
        for event in self.session.receive(data, _now_us()):
            if isinstance(event, OptionsAgreed):
                self.open.set()
            elif isinstance(event, PeerSilent):
                self.transport.close()
            elif isinstance(event, Acknowledged):
                self._acknowledge(event.journal_id, now_s)
        self._say()

    def begin(self, opening: bytes) -> None:
        """Send what opens the communications; `opened` is set when it is durable."""
        self.transport.write(opening)
        self._ask()

    def send(self, records: int, now_s: float) -> int:
        """Write up to so many of the next records; how many were."""
        piece, written = self.matrix.next(min(records, self.piece_records), int(time.time()) - 1)
        self.settled.clear()
        self.sent += written
        if now_s - self._asked_s < self.request_every_s:
            self.transport.write(piece)
            return written
        self._asked_s = now_s
        self._timed.append((self.sent - written, self.sent, now_s))
        if len(piece) > JOINED_OCTETS:
            self.transport.write(piece)
            self._ask()
        else:
            self._ask(piece)
        return written

    def send_due(self, now_s: float, most: int) -> None:
        """Write what is due, `most` at most since the beginning."""
        assert self.schedule is not None
        due = min(self.schedule.due(now_s), most)
        while self.sent < due and self.writable.is_set() and not self.lost:
            self.send(due - self.sent, now_s)
        if self.sent < due:
            late = now_s - self.schedule.start_s - self.schedule.offset_s - self.sent / self.schedule.rate_per_s
            self.behind_s = max(self.behind_s, late)

    def finish(self) -> None:
        """Ask for what was not asked for yet; nothing more is sent."""
        if self._asked < self.sent:
            self._ask()

    def remind(self) -> None:
        """Ask again where too many requests were waiting."""
        self.session.timer(_now_us())
        self._say()

    def _ask(self, behind: bytes | memoryview = b"") -> None:
        """For an acknowledgement of everything so far; the records `behind` are written with the request."""
        self._asked = self.sent
        self.session.sent(self.sent, _now_us())
        self._say(behind)

    def _say(self, behind: bytes | memoryview = b"") -> None:
        octets = self.session.outgoing()
        if behind:
            octets = b"".join((behind, octets))
        if octets and not self.transport.is_closing():
            self.transport.write(octets)

    def _acknowledge(self, journal_id: int, now_s: float) -> None:
        self.opened.set()
        if journal_id == self.sent:
            self.settled.set()
        if journal_id <= self.acknowledged:
            return
        while self._timed and self._timed[0][1] <= journal_id:
            first, last, written_s = self._timed.popleft()
            if self.schedule is not None:
                self.latencies.add(self.schedule.latencies_us(first, last, now_s))
            else:
                self.latencies.add_many(int((now_s - written_s) * 1e6), last - first)
        self.acknowledged = journal_id
        self.last_acknowledged_s = now_s


class QuietLink(Link):
    """One connection of a dialect in which nothing is ever answered."""

    def _connected(self) -> None:
        self.open.set()

    def data_received(self, data: bytes) -> None:
        """Nothing is expected; whatever it is, it acknowledges nothing."""

    def _ask(self, behind: bytes | memoryview = b"") -> None:
        self._asked = self.sent
        self.settled.set()
        self._say(behind)


class Load:
    """All connections of a plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.latencies = {"paced": Latencies(), "flood": Latencies()}
        self.links: list[Link] = []
        self._openings: list[list[bytes]] = []
        profile = plan.profile
        piece = max(PIECE_OCTETS // profile.connections, LEAST_PIECE_OCTETS)
        for number in range(plan.part, profile.connections, plan.parts):
            matrix, opening = _records(profile, number)
            group = "paced" if profile.rate_per_s is not None and number >= profile.flood else "flood"
            link = Link if profile.acknowledges else QuietLink
            self.links.append(link(matrix, plan.negotiate, self.latencies[group], piece))
            self._openings.append(opening)

    @property
    def opened(self) -> int:
        return sum(map(len, self._openings))

    @property
    def sent(self) -> int:
        return sum(link.sent for link in self.links)

    @property
    def acknowledged(self) -> int:
        return sum(link.acknowledged for link in self.links)

    async def set_up(self) -> None:
        """Connect, negotiate, open the communications. Raises NotReadyError."""
        plan = self.plan
        context = None
        if plan.tls is not None:
            context = client_context(TlsConfig(**{name: Path(path) for name, path in plan.tls.items()}))
        loop = asyncio.get_running_loop()
        gate = asyncio.Semaphore(CONNECT_AT_ONCE)

        async def one(link: Link, opening: list[bytes]) -> None:
            async with gate:
                await loop.create_connection(
                    lambda: link, plan.host, plan.port, ssl=context, server_hostname="localhost" if context else None
                )
                await link.open.wait()
            if opening:
                link.begin(b"".join(opening))
                await link.opened.wait()

        remind = asyncio.create_task(self._remind())
        try:
            async with asyncio.timeout(SETUP_S):
                await asyncio.gather(*(one(*both) for both in zip(self.links, self._openings, strict=True)))
        except OSError as error:
            raise NotReadyError(f"Cannot connect to {plan.host}:{plan.port}: {error.strerror or error}.") from error
        except TimeoutError as error:
            raise NotReadyError(f"{plan.host}:{plan.port} did not open within {SETUP_S:.0f} s.") from error
        finally:
            remind.cancel()
        if any(link.lost for link in self.links):
            raise NotReadyError(f"{plan.host}:{plan.port} closed a connection before the run began; see its log.")

    async def run(self) -> Loaded:
        profile = self.plan.profile
        cpu_before = time.process_time()
        began_s = time.monotonic()
        telling = asyncio.create_task(self._tell(began_s))
        reminding = asyncio.create_task(self._remind())
        try:
            if profile.rate_per_s is None:
                await asyncio.gather(*(self._flat_out(link, began_s + profile.seconds) for link in self._shares()))
            else:
                await self._paced(profile, profile.rate_per_s, began_s)
            await self._drain()
        finally:
            telling.cancel()
            reminding.cancel()
        self._say_progress(began_s)
        ended_s = max((link.last_acknowledged_s for link in self.links if link.sent), default=began_s)
        acknowledges = profile.acknowledges
        return Loaded(
            sent=self.sent,
            acknowledged=self.acknowledged if acknowledges else None,
            opened=self.opened,
            seconds=ended_s - began_s if ended_s > began_s else time.monotonic() - began_s,
            cpu_s=time.process_time() - cpu_before,
            latencies={name: one.bins() for name, one in self.latencies.items() if one.count},
            largest_us={name: one.largest_us for name, one in self.latencies.items()},
            record_octets=self.links[0].matrix.record_octets,
            behind_s=max(link.behind_s for link in self.links),
            unsent=self._unsent(profile),
            lost_links=sum(link.lost for link in self.links),
            acknowledging=acknowledges and all(link.session.acknowledging for link in self.links),
            tls_version=self.links[0].tls_version,
        )

    def close(self) -> None:
        for link in self.links:
            if not link.lost:
                link.transport.close()

    def _shares(self) -> list[tuple[Link, int | None]]:
        """Each connection with how many records are its own; None: as many as there is time for."""
        records, links = self.plan.profile.records, len(self.links)
        if records is None:
            return [(link, None) for link in self.links]
        return [(link, records // links + (at < records % links)) for at, link in enumerate(self.links)]

    async def _flat_out(self, share: tuple[Link, int | None], until_s: float) -> None:
        link, records = share
        while not link.lost and (records is None or link.sent < records):
            await link.writable.wait()
            now_s = time.monotonic()
            if records is None and now_s >= until_s:
                return
            link.send(link.piece_records if records is None else records - link.sent, now_s)
            # Others are to send too, and answers to be read.
            await asyncio.sleep(0)

    async def _paced(self, profile: Profile, rate_per_s: int, began_s: float) -> None:
        links = self.links[profile.flood :]
        each = rate_per_s / len(links)
        total = profile.records if profile.records is not None else int(rate_per_s * profile.seconds)
        shares = {id(link): total // len(links) + (at < total % len(links)) for at, link in enumerate(links)}
        for at, link in enumerate(links):
            link.schedule = Schedule(began_s, each, at / rate_per_s)
            link.request_every_s = len(links) / REQUESTS_PER_S
        length_s = total / rate_per_s
        floods = [
            asyncio.create_task(self._flat_out((link, None), began_s + length_s))
            for link in self.links[: profile.flood]
        ]
        tick_s = max(self.plan.tick_us / 1e6, len(links) * 1e-5)
        next_s = began_s
        while any(link.sent < shares[id(link)] and not link.lost for link in links):
            now_s = time.monotonic()
            if now_s > began_s + length_s * (1 + PATIENCE) + 1:
                break
            for link in links:
                link.send_due(now_s, shares[id(link)])
            next_s = max(next_s + tick_s, time.monotonic())
            await asyncio.sleep(next_s - time.monotonic())
        await asyncio.gather(*floods)

    def _unsent(self, profile: Profile) -> int:
        if profile.records is not None:
            return max(profile.records - self.sent, 0)
        if profile.rate_per_s is None:
            return 0
        return max(int(profile.rate_per_s * profile.seconds) - sum(one.sent for one in self.links[profile.flood :]), 0)

    async def _drain(self) -> None:
        """Wait for the last acknowledgements, or for the end of patience: what is missing then shows in the counts."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.plan.drain_s):
                for link in self.links:
                    if link.sent and not link.lost:
                        link.finish()
                for link in self.links:
                    if link.sent:
                        await link.settled.wait()
                        await link.writable.wait()

    async def _remind(self) -> None:
        while True:
            await asyncio.sleep(0.05)
            for link in self.links:
                if not link.lost and link.session.unacknowledged >= 0:
                    link.remind()

    async def _tell(self, began_s: float) -> None:
        while True:
            self._say_progress(began_s)
            await asyncio.sleep(PROGRESS_S)

    def _say_progress(self, began_s: float) -> None:
        _print({"at_s": round(time.monotonic() - began_s, 3), "sent": self.sent, "acknowledged": self.acknowledged})


def _records(profile: Profile, connection: int) -> tuple[Records, list[bytes]]:
    if profile.acknowledges:
        return matrix_of(profile, connection, int(time.time()) - 1)
    first = FIRST_CIN + connection * (CINS // profile.connections)
    return CallData([liid_of(one) for one in liids_on(profile, connection)], first), []


def _print(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


async def main(plan: Plan) -> None:
    load = Load(plan)
    # Nothing made from here on is a cycle; a pause of the collector of garbage would be counted as latency.
    gc.collect()
    gc.freeze()
    gc.disable()
    await load.set_up()
    _print({"ready": True, "opened": load.opened})
    if not await asyncio.to_thread(sys.stdin.readline):
        return
    _print({"result": asdict(await load.run())})
    load.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1.0):
            for link in load.links:
                await link.ended.wait()


def run(arguments: list[str]) -> int:
    plan = Plan.read(Path(arguments[0]))
    make = asyncio.new_event_loop
    if plan.profile.connections <= SELECT_LIMIT:

        def make() -> asyncio.AbstractEventLoop:
            return asyncio.SelectorEventLoop(selectors.SelectSelector())

    try:
        with asyncio.Runner(loop_factory=make) as runner:
            runner.run(main(plan))
    except NotReadyError as error:
        sys.stderr.write(f"{error}\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
