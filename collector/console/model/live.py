"""Listening to a call while it goes on: what was committed since, as sound, for as long as it may be heard.

Rules. One `Follower` a process looks at the store and hands what is new to everybody who listens; it never looks back:
whoever begins to listen hears what is committed from then on. Before every piece of sound the listener's `allowed` is
asked, and what was decided about the communication is looked at: where either says no, the listening stops for good,
with the sentence why. A record that is withheld sounds as nothing. Only committed records are heard. In a fleet all
stores are followed, since what is said may go on in another than where it began. Nothing waits for a listener who does
not take what is there: the oldest of it goes. A store that cannot be followed is named in `trouble` and silences no
other; what was decided in it before then holds on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import numpy as np

from asn1.columns import KIND_CC, KIND_IRI
from asn1.errors import DecodeError, LabError, RefusedError
from collector.console.model.library import CaseLibrary, liid_octets
from collector.console.model.scope import Scope
from collector.console.model.shelf import Shelf
from collector.console.model.sound import MARK, PeakBook, Peaks
from collector.databases import sentence
from collector.export.audio import RATE_PER_S, Piece, Placer, Samples, mixed, wav_head
from collector.export.communications import Packet, packets_of
from collector.export.service import payload_names
from collector.rows import FORM_RECEIVED, FORM_SYNTHETIC
from collector.standing import Standings
from collector.store.index_events import IRI_END
from collector.store.placed import rows_of
from collector.store.reader import DataView, StoredRecord
from collector.store.stores import Decisions, by_arrival, together
from mediation.law.orders import OrderUid

CHANNELS: Final = ("from_target", "to_target", "mixed", "stereo")
HOLD_SAMPLES: Final = RATE_PER_S * 60 // 1_000
"""How much is held back for packets that are late."""
FLUSH_US: Final = 200_000
"""Once nothing has come for so long, what was held back is heard."""
JUMP_SAMPLES: Final = 2 * RATE_PER_S
"""A silence longer than this is left out: whoever listens hears what is said now."""
MAX_PENDING: Final = 4_096
"""Packets that wait for a listener, some forty seconds both ways."""
MAX_LISTENERS: Final = 64
_ENDLESS: Final = 0x7FFFFFFF
_HEAD_SAMPLES: Final = (_ENDLESS - 4_096) // 4

SOUND, WAITING, ENDED, STOPPED = "sound", "waiting", "ended", "stopped"
Allowed = Callable[[], str]
"""Says "" while the listener may go on, else the sentence why not."""


class LiveStep(NamedTuple):
    """`state` is sound, waiting, ended (the call is over) or stopped (it may not be heard any longer, `why`). `pcm`:
    signed 16 bit, little endian, 8000 a second, of the channel asked for. `sequence` is the newest record in it,
    `at_us` when its first sample was."""

    state: str
    pcm: bytes = b""
    why: str = ""
    sequence: int = -1
    at_us: int | None = None


class _Now(NamedTuple):
    """A record of the communication as it would come now, for `Standings.of`."""

    uid: OrderUid
    liid: bytes
    cin: int
    event_us: int
    sequence: int = -1
    kind: int = KIND_CC
    epoch: int = -1
    number: int = -1
    form: int = FORM_SYNTHETIC
    reasons: int = 0
    fault: str | None = None


class LiveAudio:
    """One listener to one communication. Made by `Follower.listen`."""

    def __init__(
        self,
        scope: Scope,
        liid: bytes,
        cin: int,
        channel: str,
        allowed: Allowed,
        names: dict[int, str],
        close: Callable[[], None],
    ) -> None:
        self.scope, self.liid, self.cin = scope, liid, cin
        self._channel = channel
        self._allowed = allowed
        self._close = close
        self._placer = Placer(names)
        self._pending: list[Piece] = []
        self._emitted = 0
        self._fed_us: int | None = None
        self._fresh = False
        self._over = False
        self._why = ""
        self._book = PeakBook()
        self._standings: Decisions | None = None
        self._lock = threading.Lock()

    def step(self, now_us: int) -> LiveStep:
        """What may be heard now. Never blocks."""
        with self._lock:
            self._why = self._why or self._allowed() or self._decided(now_us)
            if self._why:
                self._pending.clear()
                self._close()
                return LiveStep(STOPPED, why=self._why)
            step = self._sound(now_us)
            # Asked again behind the work: what ended meanwhile is not heard.
            self._why = self._allowed()
            return LiveStep(STOPPED, why=self._why) if self._why else step

    def close(self) -> None:
        """The listener is gone."""
        self._close()

    def peaks(self) -> Peaks:
        """Of everything heard so far."""
        with self._lock:
            return self._book.peaks()

    def take(self, packets: Iterable[Packet], over: bool, standings: Decisions) -> None:
        """What the follower found; `over`: a record says that the communication has ended."""
        with self._lock:
            self._standings = standings
            self._over = self._over or over
            for packet in packets:
                self._placer.add(packet)
                self._fresh = True
            self._pending += self._placer.take(_ENDLESS)
            del self._pending[: max(len(self._pending) - MAX_PENDING, 0)]

    def _decided(self, now_us: int) -> str:
        if self._standings is None:
            return ""
        judge = self.scope.judge(self._standings)
        for uid in self.scope.uids:
            why = judge(_Now(uid, self.liid, self.cin, now_us)).why
            if why:
                return why
        return ""

    def _sound(self, now_us: int) -> LiveStep:
        if self._fresh or self._fed_us is None:
            self._fed_us, self._fresh = now_us, False
        self._pending = [one for one in self._pending if one.end > self._emitted]
        newest = max((one.end for one in self._pending), default=self._emitted)
        flush = self._over or now_us - self._fed_us >= FLUSH_US
        until = newest if flush else newest - HOLD_SAMPLES
        if until <= self._emitted:
            return LiveStep(ENDED if self._over and not self._pending else WAITING)
        if until - self._emitted > JUMP_SAMPLES:
            self._emitted = max(self._emitted, min(one.at for one in self._pending), until - JUMP_SAMPLES)
            if until <= self._emitted:
                return LiveStep(WAITING)
        samples = mixed(self._pending, self._emitted, until)
        begun = [one.sequence for one in self._pending if one.at < until]
        start_us = self._placer.start_us
        at_us = None if start_us is None else start_us + self._emitted * 1_000_000 // RATE_PER_S
        self._emitted = until
        self._book.add(samples)
        return LiveStep(SOUND, self._chosen(samples), "", max(begun, default=-1), at_us)

    def _chosen(self, samples: Samples) -> bytes:
        if self._channel == "stereo":
            chosen = samples
        elif self._channel == "mixed":
            chosen = np.clip(samples.astype(np.int32).sum(axis=1), -32_768, 32_767).astype(np.int16)
        else:
            chosen = samples[:, CHANNELS.index(self._channel)]
        return chosen.astype("<i2").tobytes()


class Follower:
    """One a process. `poll` is called some ten times a second, by one thread."""

    def __init__(self, library: CaseLibrary) -> None:
        self._library = library
        self._commits: dict[int, int] = {}
        """Behind which commit of each store what is new is looked for."""
        self._standings: dict[int, Standings] = {}
        """The decisions of each store, as far as they could be read."""
        self.trouble: dict[str, str] = {}
        """Why a store could not be followed at the last poll, by its collector's name."""
        self._listeners: dict[int, LiveAudio] = {}
        self._next = 0
        self._lock = threading.Lock()

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    def listen(self, scope: Scope, liid: str, cin: int, channel: str, allowed: Allowed) -> LiveAudio:
        """Raises NotFoundError, RefusedError for a reader of no content, a channel there is not, or one listener too
        many."""
        if channel not in CHANNELS:
            raise RefusedError(f"A listener hears one of {', '.join(CHANNELS)}.")
        if not scope.content:
            raise RefusedError("Listening needs access to content (R-073).")
        names = payload_names(self._library.communication(scope, liid, cin, signalling=True))
        with self._lock:
            if len(self._listeners) >= MAX_LISTENERS:
                raise RefusedError(f"{MAX_LISTENERS} people are listening: somebody has to end before another begins.")
            number, self._next = self._next, self._next + 1
            made = LiveAudio(scope, liid_octets(liid), cin, channel, allowed, names, lambda: self._gone(number))
            if not self._listeners:
                self._commits = {one.number: one.reader.newest() for one in self._library.shelves}
            self._listeners[number] = made
            return made

    def poll(self) -> int:
        """Hand on what is new; how many records that was."""
        with self._lock:
            listeners = list(self._listeners.values())
            if not listeners:
                return 0
            # All of it at once: what one store has of a call's end may lie before what another has of its sound.
            trouble: dict[str, str] = {}
            each, reached = list[list[StoredRecord]](), dict[int, int]()
            for one in self._library.shelves:
                found, why = self._fresh(one, listeners, reached)
                if why:
                    trouble[one.name] = why
                each.append(found)
            records = list(by_arrival(iter(one) for one in each))
            standings = together(self._standings)
            for listener in listeners:
                _hand(listener, records, standings)
            self._commits |= reached
            self.trouble = trouble
            return len(records)

    def _fresh(
        self, shelf: Shelf, listeners: list[LiveAudio], reached: dict[int, int]
    ) -> tuple[list[StoredRecord], str]:
        """What is new in a store, up to where it could be read, with the sentence why no further; up to which commit
        that is goes into `reached`."""
        found, why = list[StoredRecord](), ""
        known = self._commits.get(shelf.number)
        try:
            if known is None:
                # It was away when the first listener began: nobody hears what came before.
                reached[shelf.number] = shelf.reader.newest()
            else:
                for commit, records in shelf.behind(known, lambda view: _heard(view, listeners)):
                    found += records
                    reached[shelf.number] = commit
        except Exception as error:
            why = _why(error)
        try:
            # Behind the records: what was decided before one of them came is known when it is judged.
            self._standings[shelf.number] = shelf.standings()
        except Exception as error:
            # What was decided about these is not known: they are heard when it is, or not at all.
            reached.pop(shelf.number, None)
            found, why = [], _why(error)
        return found, why

    def _gone(self, number: int) -> None:
        self._listeners.pop(number, None)


def _why(error: Exception) -> str:
    """Whatever is wrong with one store is its own trouble. What is no sentence of ours may have content in it."""
    return sentence(error) if isinstance(error, (LabError, OSError)) else type(error).__name__


def _heard(view: DataView, listeners: Iterable[LiveAudio]) -> np.ndarray:
    chosen = np.zeros(len(view.rows), bool)
    for one in listeners:
        chosen |= rows_of(view, one.liid, one.cin, one.scope.uids)
    return chosen


def _hand(listener: LiveAudio, records: Iterable[StoredRecord], standings: Decisions) -> None:
    judge = listener.scope.judge(standings)
    packets: list[Packet] = []
    over = False
    for record in records:
        if (record.liid, record.cin) != (listener.liid, listener.cin) or record.uid not in listener.scope.uids:
            continue
        over = over or (record.kind == KIND_IRI and record.iri_type == IRI_END)
        if record.kind != KIND_CC or record.form != FORM_RECEIVED or record.octets is None or judge(record).why:
            continue
        try:
            packets += packets_of(record)
        except DecodeError:
            continue
    listener.take(packets, over, standings)


def live_head(channel: str) -> bytes:
    """What stands before the samples of a listening that nobody knows the length of."""
    return wav_head(_HEAD_SAMPLES, f"{MARK}: live", 2 if channel == "stereo" else 1)
