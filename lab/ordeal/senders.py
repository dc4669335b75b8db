"""Who sends to a fleet under test: carriers' delivery links as they are, and an account of what was acknowledged.

A sender has a journal and two links of the mediation function (`mediation.delivery`), signalling and content, each of
which goes to the next collector when its own is gone. What it appends is told to the account by the digest of its
octets; no two records have the same. An acknowledgement is what took it out of the journal: from then on the sender has
forgotten it, and it is owed.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from asn1.handover import HandoverConfig
from lab.bench.profiles import Profile
from lab.bench.records import Matrix, matrix_of
from mediation.delivery import Link
from mediation.journal import HI2, HI3, Entry, Journal
from mediation.runtime.config import Peer

CONTENT_SHARE: Final = 4
"""Records of content for each of signalling."""
WINDOW_RECORDS: Final = 400
"""Unacknowledged records of a sender beyond which it makes no more: what is to be sent waits, as a carrier's does."""
RECONNECT_S: Final = 0.1
CAPACITY_OCTETS: Final = 64 << 20
SESSION: Final = HandoverConfig(ack_every_records=64, ack_after_us=20_000, time1_us=2_000_000, time3_us=5_000_000)


class Account:
    """Digests of what was sent. Nothing is ever taken out of it."""

    def __init__(self) -> None:
        self.sent: set[bytes] = set()

    def add(self, octets: bytes) -> None:
        digest = digest_of(octets)
        assert digest not in self.sent, "no two records are alike"
        self.sent.add(digest)


def digest_of(octets: bytes) -> bytes:
    return hashlib.blake2b(octets, digest_size=16).digest()


class Sender:
    """`number` of `senders`; its LIIDs and calls are nobody else's. `peers` as the links try them, in sessions of
    `session`."""

    def __init__(
        self,
        root: Path,
        number: int,
        senders: int,
        liids: int,
        peers: Sequence[Peer],
        account: Account,
        session: HandoverConfig = SESSION,
    ) -> None:
        self._account = account
        self._calls = _matrix("iri", number, senders, liids)
        self._content = _matrix("cc", number, senders, liids)
        self.journal = Journal(root / "journal", root / "journal.key", CAPACITY_OCTETS, 8 << 20, False)
        self.journal.start({"next_cin": 1, "held": []})
        self.links = [
            Link(name, stream, rotated(peers, 2 * number + at), self.journal, session, _now_us, RECONNECT_S)
            for at, (name, stream) in enumerate((("hi2", HI2), ("hi3", HI3)))
        ]
        self.made = 0

    @property
    def held(self) -> int:
        """Records that are not acknowledged yet."""
        return sum(one.records for stream in (HI2, HI3) for one in self.journal.held(stream))

    @property
    def acknowledged(self) -> int:
        return self.made - self.held

    def make(self, records: int) -> int:
        """Journal so many new ones, as far as the window lets it; how many were made."""
        entries: list[Entry] = []
        second = int(time.time()) - 1
        for at in range(min(records, WINDOW_RECORDS - self.held)):
            is_content = (self.made + at) % (CONTENT_SHARE + 1) != 0
            matrix, stream = (self._content, HI3) if is_content else (self._calls, HI2)
            octets = bytes(matrix.next(1, second).octets)
            self._account.add(octets)
            entries.append(Entry(stream, "ORDEAL", octets, None))
        if entries:
            self.journal.append(entries, {"next_cin": 1, "held": []} if self.journal.full_file else None)
            self.made += len(entries)
            for link in self.links:
                link.wake()
        return len(entries)

    def close(self) -> None:
        self.journal.close()


def rotated(peers: Sequence[Peer], by: int) -> list[Peer]:
    by %= len(peers)
    return [*peers[by:], *peers[:by]]


def _matrix(kind: str, number: int, senders: int, liids: int) -> Matrix:
    profile = Profile("ordeal", "a sender's share", kind=kind, liids=liids * senders, connections=senders)
    return matrix_of(profile, number, int(time.time()) - 1)[0]


def _now_us() -> int:
    return time.time_ns() // 1000


class Load:
    """All senders at `rate_per_s` together; `paused` while it is wanted that nothing new is made."""

    def __init__(self, senders: Sequence[Sender], rate_per_s: float) -> None:
        self.senders = senders
        self.paused = False
        self._rate_per_s = rate_per_s
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def made(self) -> int:
        return sum(one.made for one in self.senders)

    @property
    def held(self) -> int:
        return sum(one.held for one in self.senders)

    @property
    def acknowledged(self) -> int:
        return sum(one.acknowledged for one in self.senders)

    def start(self) -> None:
        links = [link for one in self.senders for link in one.links]
        self._tasks = [asyncio.create_task(one) for one in (self._make(), *(link.run() for link in links))]

    def check(self) -> None:
        """Raises what a task of ours ended with."""
        for task in self._tasks:
            if task.done():
                task.result()

    async def until(self, acknowledged: int, within_s: float) -> bool:
        """Until so many are acknowledged in all."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self.acknowledged < acknowledged:
                    self.check()
                    await asyncio.sleep(0.02)
        return self.acknowledged >= acknowledged

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for one in self.senders:
            one.close()

    async def _make(self) -> None:
        began_s, made = time.monotonic(), 0.0
        while True:
            await asyncio.sleep(0.02)
            now_s = time.monotonic()
            due = 0.0 if self.paused else (now_s - began_s) * self._rate_per_s
            began_s, made = now_s, made + due
            each, made = divmod(made, len(self.senders))
            for one in self.senders if each else ():
                one.make(int(each))


def load_of(
    root: Path,
    senders: int,
    liids: int,
    peers: Iterable[Peer],
    rate_per_s: float,
    account: Account,
    session: HandoverConfig = SESSION,
) -> Load:
    """`senders` with `liids` each."""
    ends = list(peers)
    made = []
    for number in range(senders):
        place = root / f"sender-{number}"
        place.mkdir(parents=True)
        made.append(Sender(place, number, senders, liids, ends, account, session))
    return Load(made, rate_per_s)
