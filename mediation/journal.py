"""The delivery window on disk: what was let through scope and is not acknowledged yet, with its numbers.

Files `journal-NNNNNNNN.log`, each a row of frames: length u32, nonce 12, AES-256-GCM of a frame's body; the key lies
apart. A body is JSON for small facts (state at the start of a file, acknowledgements, drops), a batch of records, or a
run: content records back to back with what each communication's number is behind them, sent and acknowledged as one.
A restart reads all files and has the same unacknowledged records with the same numbers. A last frame that is cut off
was never sent and is dropped. A file goes when nothing in it is unacknowledged any more. Bounded: beyond the capacity
the oldest records are dropped, and every drop is journalled and counted. Content that is never sent again (CCC of the
US dialects) is not kept; that its numbers were used is.

This is the cyclic buffer of TS 102 232-1 clause 6.3.3 (a third party's reading of it): what is in it is sent again
after a reconnect before anything new, and when it is full the oldest are overwritten and that is reported. TRIs that
belong among records are in it too (CIN reset, segment flags, integrity checks, operator messages); keep-alives and
acknowledgements never are.
"""

from __future__ import annotations

import json
import os
import struct
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mediation.runtime.config import NotReadyError
from mediation.runtime.disk import advice

_LENGTH: Final = struct.Struct(">I")
_RECORD: Final = struct.Struct(">QBBII")
_RUN: Final = struct.Struct(">QIBII")
ADVANCE: Final = struct.Struct(">16sQIIIB")
"""A row of a run, the LIID behind it: XID, correlation, CIN, number to be given next, records of the run, octets."""
_RECORDS: Final = b"R"
_RUNS: Final = b"B"
_FACT: Final = b"F"
MAX_FRAME_OCTETS: Final = 64 << 20
HI2: Final = 0
HI3: Final = 1
"""Streams have small numbers that no configuration may change, or a restart would send to somebody else."""
STATE_SHARE: Final = 16
"""A file is at least so many times as large as the counters that stand at its beginning: with a hundred thousand
communications they are the larger part of a small one."""

Note = tuple[str, int, dict[str, Any]]
"""What restores the counters of a communication: (xid, correlation, state)."""


class Advance(NamedTuple):
    """What restores the number of a communication behind a run."""

    xid: str
    correlation: int
    cin: int
    next_cc: int


class Entry(NamedTuple):
    """One record for one stream. `note` is what restores the communication's counters, None where there are none
    to restore. `tri`: it is no data record, and is not counted as one."""

    stream: int
    liid: str
    octets: bytes
    note: Note | None
    tri: bool = False


class Held(NamedTuple):
    """One record, or a run of them: `journal_id` is then that of the last one, `records` how many there are, `liids`
    whose, and `liid` is empty."""

    journal_id: int
    liid: str
    octets: bytes
    tri: bool = False
    records: int = 1
    liids: tuple[tuple[str, int], ...] = ()

    @property
    def each(self) -> tuple[tuple[str, int], ...]:
        """(LIID, records) of what counts as a record."""
        return self.liids or (() if self.tri else ((self.liid, 1),))


class _File:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.last_id = -1
        self.octets = 0


class Journal:
    """Open for one process. `held(stream)` is the window, oldest first; ids grow over all streams."""

    def __init__(self, directory: Path, key_path: Path, capacity_octets: int, file_octets: int, fsync: bool) -> None:
        """Raises NotReadyError when the directory cannot be used or a file was changed."""
        self._capacity_octets = capacity_octets
        self._file_octets = file_octets
        self._fsync = fsync
        self._directory = directory
        self.next_id = 0
        self.held_octets = 0
        self.dropped: dict[str, int] = {}
        self.lost = False
        """There was a journal here before, and nothing of it is left: its counters are gone."""
        self.state: dict[str, Any] | None = None
        self.notes: list[Note | Advance] = []
        self._held: dict[int, deque[Held]] = {HI2: deque(), HI3: deque()}
        self._acknowledged: dict[int, int] = {}
        self._files: deque[_File] = deque()
        self._descriptor = -1
        self._state_octets = 0
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            known = key_path.exists()
            self._cipher = AESGCM(_key(key_path))
            self._replay()
            self.lost = known and self.state is None
        except OSError as error:
            raise NotReadyError(f"Cannot use the journal in {directory}: {error.strerror}. {advice(error)}") from error

    def start(self, state: dict[str, Any]) -> None:
        """Begin a file of our own with the counters as they are; what was replayed is in them."""
        self.notes = []
        self._rotate(state)

    def append(
        self, entries: list[Entry], state: dict[str, Any] | None = None, notes: Iterable[Note] = ()
    ) -> list[Held]:
        """Journal records before they are sent; their ids. `state` is wanted when `full_file` said so. `notes` are of
        records that leave without being kept."""
        if state is not None:
            self._rotate(state)
        if noted := list(notes):
            self._write(_FACT + json.dumps({"notes": noted}).encode())
        if not entries:
            return []
        body = bytearray(_RECORDS)
        made = []
        for entry in entries:
            note = json.dumps([entry.liid, *(entry.note or ())], separators=(",", ":")).encode()
            head = _RECORD.pack(self.next_id, entry.stream, entry.tri, len(note), len(entry.octets))
            body += head + note + entry.octets
            held = Held(self.next_id, entry.liid, entry.octets, entry.tri)
            self.held(entry.stream).append(held)
            self.held_octets += len(entry.octets)
            made.append(held)
            self._files[-1].last_id = self.next_id
            self.next_id += 1
        self._write(bytes(body))
        self._drop_beyond_capacity()
        return made

    def append_run(
        self,
        stream: int,
        octets: bytes,
        records: int,
        rows: bytes,
        liids: tuple[tuple[str, int], ...],
        state: dict[str, Any] | None = None,
    ) -> Held:
        """Journal content records that lie back to back, before they are sent. `rows` of their communications
        (ADVANCE), `liids` with their records; `state` as for `append`."""
        if state is not None:
            self._rotate(state)
        head = _RUN.pack(self.next_id, records, stream, len(rows), len(octets))
        held = Held(self.next_id + records - 1, "", octets, False, records, liids)
        self.held(stream).append(held)
        self.held_octets += len(octets)
        self._files[-1].last_id = held.journal_id
        self.next_id += records
        self._write(b"".join((_RUNS, head, rows, octets)))
        self._drop_beyond_capacity()
        return held

    @property
    def dropped_total(self) -> int:
        """Records and TRIs overwritten so far, over restarts."""
        return sum(self.dropped.values())

    @property
    def full_file(self) -> bool:
        """The current file has reached its size; give the state with the next `append`."""
        return self._files[-1].octets >= max(self._file_octets, STATE_SHARE * self._state_octets)

    def acknowledge(self, stream: int, journal_id: int) -> int:
        """Everything of `stream` up to this id is durable at the LEMF; how many records that was. A run is acknowledged
        with its last record."""
        if journal_id <= self._acknowledged.get(stream, -1):
            return 0
        self._acknowledged[stream] = journal_id
        count = self._release(stream, journal_id)
        self._write(_FACT + json.dumps({"ack": [stream, journal_id]}).encode())
        self._discard_files()
        return count

    def held(self, stream: int) -> deque[Held]:
        """The unacknowledged records of a stream, oldest first. Not to be changed."""
        return self._held.setdefault(stream, deque())

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _release(self, stream: int, journal_id: int) -> int:
        held, count = self.held(stream), 0
        while held and held[0].journal_id <= journal_id:
            gone = held.popleft()
            self.held_octets -= len(gone.octets)
            count += gone.records
        return count

    def _drop_beyond_capacity(self) -> None:
        dropped: list[tuple[int, int, str, int]] = []
        while self.held_octets > self._capacity_octets:
            stream = min((s for s in self._held if self._held[s]), key=lambda s: self._held[s][0].journal_id)
            lost = self._held[stream].popleft()
            self.held_octets -= len(lost.octets)
            for liid, records in lost.liids or ((lost.liid, 1),):
                self.dropped[liid] = self.dropped.get(liid, 0) + records
                dropped.append((stream, lost.journal_id, liid, records))
        if dropped:
            self._write(_FACT + json.dumps({"drop": dropped}).encode())

    def _discard_files(self) -> None:
        oldest = min((held[0].journal_id for held in self._held.values() if held), default=self.next_id)
        while len(self._files) > 1 and self._files[0].last_id < oldest:
            self._files.popleft().path.unlink()

    def _rotate(self, state: dict[str, Any]) -> None:
        number = int(self._files[-1].path.stem.rpartition("-")[2]) + 1 if self._files else 0
        self.close()
        path = self._directory / f"journal-{number:08d}.log"
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._files.append(_File(path))
        acks = [self._acknowledged.get(stream, -1) for stream in range(max(self._held) + 1)]
        fact = {"state": state, "next_id": self.next_id, "dropped": self.dropped, "acks": acks}
        said = json.dumps(fact).encode()
        self._state_octets = len(said)
        self._write(_FACT + said)
        self._discard_files()

    def _write(self, body: bytes) -> None:
        nonce = os.urandom(12)
        sealed = self._cipher.encrypt(nonce, body, None)
        parts = [memoryview(_LENGTH.pack(len(sealed) + 12) + nonce), memoryview(sealed)]
        octets = left = len(sealed) + 16
        while left:
            done = os.writev(self._descriptor, parts)
            left -= done
            while done and done >= len(parts[0]):
                done -= len(parts.pop(0))
            if parts and done:
                parts[0] = parts[0][done:]
        if self._fsync:
            os.fdatasync(self._descriptor)
        self._files[-1].octets += octets

    # Replay

    def _replay(self) -> None:
        for path in sorted(self._directory.glob("journal-*.log")):
            file = _File(path)
            self._files.append(file)
            for body in self._frames(path):
                if body[:1] == _RECORDS:
                    self._replay_records(body, file)
                elif body[:1] == _RUNS:
                    self._replay_run(body, file)
                else:
                    self._replay_fact(json.loads(body[1:]))
        for stream, journal_id in self._acknowledged.items():
            self._release(stream, journal_id)

    def _frames(self, path: Path) -> Iterator[bytes]:
        data = path.read_bytes()
        at = 0
        while at + 4 <= len(data):
            (octets,) = _LENGTH.unpack_from(data, at)
            if octets < 28 or octets > MAX_FRAME_OCTETS or at + 4 + octets > len(data):
                return
            frame = data[at + 4 : at + 4 + octets]
            try:
                yield self._cipher.decrypt(frame[:12], frame[12:], None)
            except InvalidTag as error:
                raise NotReadyError(
                    f"The journal {path.name} was changed, or its key was: it cannot be replayed. Restore both, or "
                    "move the journal away and accept the gap."
                ) from error
            at += 4 + octets

    def _replay_records(self, body: bytes, file: _File) -> None:
        at = 1
        while at < len(body):
            journal_id, stream, tri, note_octets, octets = _RECORD.unpack_from(body, at)
            at += _RECORD.size
            liid, *note = json.loads(body[at : at + note_octets])
            at += note_octets
            self.held(stream).append(Held(journal_id, liid, body[at : at + octets], bool(tri)))
            self.held_octets += octets
            if note:
                self.notes.append((note[0], note[1], note[2]))
            at += octets
            file.last_id = journal_id
            self.next_id = max(self.next_id, journal_id + 1)

    def _replay_run(self, body: bytes, file: _File) -> None:
        first_id, records, stream, rows_octets, octets = _RUN.unpack_from(body, 1)
        at = 1 + _RUN.size
        behind = at + rows_octets
        liids: dict[str, int] = {}
        while at < behind:
            xid, correlation, cin, next_cc, count, liid_octets = ADVANCE.unpack_from(body, at)
            at += ADVANCE.size
            liid = body[at : at + liid_octets].decode()
            at += liid_octets
            liids[liid] = liids.get(liid, 0) + count
            self.notes.append(Advance(str(UUID(bytes=xid)), correlation, cin, next_cc))
        held = Held(first_id + records - 1, "", body[at : at + octets], False, records, tuple(liids.items()))
        self.held(stream).append(held)
        self.held_octets += octets
        file.last_id = held.journal_id
        self.next_id = max(self.next_id, held.journal_id + 1)

    def _replay_fact(self, fact: dict[str, Any]) -> None:
        if "ack" in fact:
            stream, journal_id = fact["ack"]
            self._acknowledged[stream] = max(self._acknowledged.get(stream, -1), journal_id)
        elif "drop" in fact:
            gone = {(one[0], one[1]) for one in fact["drop"]}
            for stream in self._held:
                kept = [held for held in self._held[stream] if (stream, held.journal_id) not in gone]
                self.held_octets -= sum(len(h.octets) for h in self._held[stream]) - sum(len(h.octets) for h in kept)
                self._held[stream].clear()
                self._held[stream].extend(kept)
            for _, _, liid, *records in fact["drop"]:
                # Journals from before there were runs say no number: it was one record each.
                self.dropped[liid] = self.dropped.get(liid, 0) + (records[0] if records else 1)
        elif "notes" in fact:
            self.notes += [(xid, correlation, state) for xid, correlation, state in fact["notes"]]
        else:
            self.state = fact["state"]
            self.notes = []
            self.next_id = max(self.next_id, int(fact["next_id"]))
            self.dropped = dict(fact["dropped"])
            for stream, journal_id in enumerate(fact["acks"]):
                self._acknowledged[stream] = max(self._acknowledged.get(stream, -1), journal_id)


def _key(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        key = os.urandom(32)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        return key
