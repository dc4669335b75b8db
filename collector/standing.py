"""Standing: what was decided about stored records after their delivery, and whether they may be read now.

A verdict is fixed at delivery. What comes later (a lapse, a conflict, minimisation, privilege, a release) is a signed
leaf of its own in the store's ledger; this file holds its form and the fold over all of them, and touches nothing.

    {"standing": {"v": 1, "state", "reason", "scope": {…}, "by", "role", "ground", "at_us"}}      one decision
    {"carried": [[sequence, {…}], …]}      decisions of a segment that is about to go, under their first sequences

Rules. Decisions are kept apart by their reason: for each reason the latest one that covers a record decides, so lifting
a privilege flag never lifts a hold (R-120, R-041). A record is withheld while any reason withholds it. A release names
who and on what ground; one of a privilege flag needs a supervisor (R-120). A record whose own verdict says MINIMISED
or PRIVILEGED_HOLD is withheld from its delivery on; one whose signature or octets do not hold is withheld whatever
anybody decided (R-090). Nothing here deletes: withheld is listed, with its reason. A voided record (`collector.voids`)
is not there for anybody, whatever was decided; no decision gives that state, and none lifts it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol

from asn1.errors import DecodeError, LocalError, RefusedError
from collector.rows import FORM_RECEIVED
from collector.voids import Void, Voids
from mediation.law.orders import OrderUid
from mediation.law.verdicts import Reason

FORMAT: Final = 1
MAX_SEQUENCES: Final = 1024
"""Records that one decision names one by one; whoever means more names an order or a communication."""
MAX_TEXT: Final = 1000
"""Characters of a ground; names are shorter still."""
SUPERVISOR: Final = "SUP"


class State(StrEnum):
    RELEASED = "RELEASED"
    HELD = "HELD"
    MINIMISED = "MINIMISED"
    PRIVILEGED = "PRIVILEGED"
    VOID = "VOID"
    """Not a decision of anybody's: another shard has the record (`collector.voids`)."""


_REASON_OF: Final = {State.MINIMISED: Reason.MINIMISED, State.PRIVILEGED: Reason.PRIVILEGED_HOLD}
_STRICTEST: Final = (State.HELD, State.PRIVILEGED, State.MINIMISED)
_OWN: Final = ((Reason.PRIVILEGED_HOLD, State.PRIVILEGED), (Reason.MINIMISED, State.MINIMISED))
"""Reasons of a verdict that withhold a record from its delivery on."""
_RULES: Final = {
    Reason.ORDER_LAPSED: "R-041",
    Reason.TAMPERED: "R-093",
    Reason.MINIMISED: "R-118",
    Reason.PRIVILEGED_HOLD: "R-120",
    Reason.TARGET_MISMATCH: "R-122",
    Reason.VOIDED: "R-093",
}


class Scope(NamedTuple):
    """What a decision covers: an order, a communication, one record by its place in its stream, or records by their
    sequence. The first two cover what is stored later too; `[from_us, to_us)` limits them by event time."""

    order: OrderUid | None = None
    liid: bytes | None = None
    cin: int | None = None
    kind: int | None = None
    epoch: int | None = None
    number: int | None = None
    sequences: tuple[int, ...] = ()
    from_us: int | None = None
    to_us: int | None = None


def of_order(uid: OrderUid, from_us: int | None = None, to_us: int | None = None) -> Scope:
    return Scope(order=uid, from_us=from_us, to_us=to_us)


def of_communication(liid: bytes, cin: int, from_us: int | None = None, to_us: int | None = None) -> Scope:
    return Scope(liid=liid, cin=cin, from_us=from_us, to_us=to_us)


def of_record(liid: bytes, cin: int, kind: int, epoch: int, number: int) -> Scope:
    return Scope(None, liid, cin, kind, epoch, number)


def of_sequences(sequences: Iterable[int]) -> Scope:
    return Scope(sequences=tuple(sorted(set(sequences))))


class Entry(NamedTuple):
    """One decision. `reason` says why; of a release, which reason it lifts. `by` and `role` are who decided."""

    state: State
    reason: Reason
    scope: Scope
    by: str
    role: str
    ground: str
    at_us: int


Numbered = tuple[int, Entry]
"""A decision under the sequence of the leaf it first stood in, which orders decisions for good."""


def held(scope: Scope, reason: Reason, at_us: int, by: str = "SYS", role: str = "SYS", ground: str = "") -> Entry:
    """R-041 (ORDER_LAPSED), R-093 (TAMPERED), R-122 (TARGET_MISMATCH): unreadable by investigators, not deleted."""
    return _checked(Entry(State.HELD, reason, scope, by, role, ground, at_us))


def minimised(scope: Scope, at_us: int, by: str, role: str, ground: str = "") -> Entry:
    """R-118: stored and withheld."""
    return _checked(Entry(State.MINIMISED, Reason.MINIMISED, scope, by, role, ground, at_us))


def privileged(scope: Scope, at_us: int, by: str, role: str, ground: str = "") -> Entry:
    """R-120: hidden from investigators, for the filter role."""
    return _checked(Entry(State.PRIVILEGED, Reason.PRIVILEGED_HOLD, scope, by, role, ground, at_us))


def released(scope: Scope, lifts: Reason, at_us: int, by: str, role: str, ground: str) -> Entry:
    """Raises RefusedError without who and on what ground, and for a privilege flag without a supervisor (R-120)."""
    if lifts is Reason.VOIDED:
        raise RefusedError("Nobody takes a void back: the record is another shard's to show (ADR 0048).")
    if not by.strip() or not ground.strip():
        raise RefusedError("A release says who decides it and on what ground; one of them is missing.")
    if lifts is Reason.PRIVILEGED_HOLD and role != SUPERVISOR:
        raise RefusedError(f"Only a supervisor takes a privilege flag back (R-120); {by} is {role or 'nobody'}.")
    return _checked(Entry(State.RELEASED, lifts, scope, by, role, ground, at_us))


def rule_of(reason: Reason) -> str:
    """The rule behind a withholding reason."""
    return _RULES.get(reason, "R-041")


# Octets


def entry_to_json(entry: Entry) -> bytes:
    """The leaf of one decision, canonical JSON."""
    return _canonical({"standing": _value(entry)})


def carried_to_json(entries: Iterable[Numbered]) -> bytes:
    """The leaf of decisions carried forward out of a segment that is about to go."""
    return _canonical({"carried": [[sequence, _value(entry)] for sequence, entry in entries]})


def entry_from_json(octets: bytes) -> Entry:
    """One decision's leaf. Raises DecodeError."""
    found = entries_of(octets, 0)
    if len(found) != 1:
        raise DecodeError(DecodeError.BAD_VALUE, "not the leaf of one decision")
    return found[0][1]


def entries_of(octets: bytes, sequence: int) -> tuple[Numbered, ...]:
    """The decisions in a leaf of the store's own at `sequence`; none for another kind of notice. Raises DecodeError."""
    try:
        value = json.loads(octets)
        if "standing" in value:
            return ((sequence, _entry(value["standing"])),)
        return tuple((int(first), _entry(one)) for first, one in value.get("carried", ()))
    except (ValueError, KeyError, TypeError, AttributeError, LocalError) as error:
        raise DecodeError(DecodeError.BAD_VALUE, f"leaf {sequence} is not a decision about records: {error}") from error


def _canonical(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _value(entry: Entry) -> dict[str, Any]:
    scope = {name: value for name, value in entry.scope._asdict().items() if value not in (None, ())}
    for name in ("order", "liid"):
        if name in scope:
            scope[name] = scope[name].hex()
    return {"v": FORMAT, **entry._asdict(), "reason": entry.reason.name, "scope": scope}


def _entry(value: dict[str, Any]) -> Entry:
    if value["v"] != FORMAT:
        raise ValueError(f"format {value['v']}; this program reads {FORMAT}")
    scope = dict(value["scope"])
    for name in ("order", "liid"):
        if name in scope:
            scope[name] = bytes.fromhex(scope[name])
    for name in ("cin", "kind", "epoch", "number", "from_us", "to_us"):
        if name in scope:
            scope[name] = int(scope[name])
    scope["sequences"] = tuple(int(one) for one in scope.get("sequences", ()))
    by, role, ground = (str(value[name]) for name in ("by", "role", "ground"))
    state, reason = State(value["state"]), Reason[value["reason"]]
    return _checked(Entry(state, reason, Scope(**scope), by, role, ground, int(value["at_us"])))


def _checked(entry: Entry) -> Entry:
    """Raises LocalError for a decision that says nothing, or two things at once."""
    scope = entry.scope
    stream = (scope.kind, scope.epoch, scope.number)
    ways = (scope.order is not None, scope.liid is not None, bool(scope.sequences))
    if sum(ways) != 1 or (scope.liid is None) != (scope.cin is None):
        raise LocalError("a decision covers an order, a communication, a record, or records by sequence")
    if (scope.liid is None and any(one is not None for one in stream)) or len({one is None for one in stream}) > 1:
        raise LocalError("a record's place is a LIID, a CIN, a kind, an epoch and a number")
    if len(scope.sequences) > MAX_SEQUENCES:
        raise LocalError(f"a decision names at most {MAX_SEQUENCES} records; name their order or communication")
    if (
        entry.state is State.VOID
        or entry.reason in (Reason.OK, Reason.VOIDED)
        or _REASON_OF.get(entry.state, entry.reason) is not entry.reason
    ):
        raise LocalError(f"{entry.state} is not given for {entry.reason.name}")
    if max(len(entry.by), len(entry.role), len(entry.ground)) > MAX_TEXT:
        raise LocalError(f"a ground has at most {MAX_TEXT} characters")
    return entry


# The fold


class Judged(Protocol):
    """What of a stored record the fold looks at: `collector.store.reader.StoredRecord` has it."""

    @property
    def sequence(self) -> int: ...
    @property
    def uid(self) -> OrderUid: ...
    @property
    def liid(self) -> bytes: ...
    @property
    def cin(self) -> int: ...
    @property
    def kind(self) -> int: ...
    @property
    def epoch(self) -> int: ...
    @property
    def number(self) -> int: ...
    @property
    def event_us(self) -> int: ...
    @property
    def form(self) -> int: ...
    @property
    def reasons(self) -> int: ...
    @property
    def fault(self) -> str | None: ...


class StandingState(NamedTuple):
    """`state` None: nothing was ever decided. `entry` is the decision behind it, None where the record's own verdict or
    its broken seal withholds it. `void` says why the record is not here."""

    state: State | None = None
    reason: Reason | None = None
    entry: Entry | None = None
    fault: str | None = None
    void: Void | None = None

    @property
    def withheld(self) -> bool:
        return self.state not in (None, State.RELEASED)

    @property
    def metadata_shown(self) -> bool:
        """R-118, R-120: minimising and privilege hide content; a hold hides everything (R-041), and so does a void."""
        return self.state not in (State.HELD, State.VOID)

    def says(self) -> str:
        """One sentence for whoever asks why; empty when nothing was decided."""
        if self.state is None or self.reason is None:
            return ""
        if self.void is not None:
            return f"{self.void.says()} ({rule_of(self.reason)})"
        rule = "R-090" if self.fault else rule_of(self.reason)
        if self.fault:
            return f"HELD for TAMPERED ({rule}): {self.fault}"
        words = "RELEASED from" if self.state is State.RELEASED else f"{self.state} for"
        text = f"{words} {self.reason.name} ({rule})"
        if self.entry is None:
            return f"{text} since its delivery"
        ground = f": {self.entry.ground}" if self.entry.ground else ""
        return f"{text} by {self.entry.by}{ground}"


_Key = tuple[object, ...]


class Standings:
    """The decisions in force, ready to be asked about any record."""

    def __init__(self, entries: Iterable[Numbered] = ()) -> None:
        self._entries: dict[int, Entry] = {}
        self._index: dict[_Key, list[int]] = {}
        self.voids = Voids()
        for sequence, entry in sorted(entries, key=lambda one: one[0]):
            self.add(sequence, entry)

    @classmethod
    def fold(cls, entries: Iterable[Numbered]) -> Standings:
        return cls(entries)

    def add(self, sequence: int, entry: Entry) -> None:
        """One more; a decision met again (carried forward) counts once. In any order."""
        if sequence in self._entries:
            return
        self._entries[sequence] = entry
        scope = entry.scope
        names: Iterable[_Key] = [("order", scope.order)] if scope.order is not None else []
        if scope.liid is not None:
            names = [("stream", scope.liid, scope.cin, scope.kind, scope.epoch, scope.number)]
        for name in (*names, *(("sequence", one) for one in scope.sequences)):
            self._index.setdefault(name, []).append(sequence)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def version(self) -> tuple[int, int]:
        """Another one whenever a decision or a void has come in since."""
        return len(self._entries), self.voids.told

    @property
    def entries(self) -> tuple[Numbered, ...]:
        """All of them, oldest first."""
        return tuple(sorted(self._entries.items()))

    def of(self, record: Judged, but: frozenset[Reason] = frozenset()) -> StandingState:
        """The strictest state that any reason gives the record; a release only when nothing withholds it. `but` are
        reasons that do not withhold from this reader: a privilege flag from the filter role (R-120)."""
        void = self.voids.of(record.sequence)
        if void is not None:
            return StandingState(State.VOID, Reason.VOIDED, void=void)
        if record.fault is not None:
            return StandingState(State.HELD, Reason.TAMPERED, None, record.fault)
        latest: dict[Reason, StandingState] = {}
        if record.form == FORM_RECEIVED:
            latest = {reason: StandingState(state, reason) for reason, state in _OWN if record.reasons >> reason & 1}
        found: set[int] = set()
        stream = ("stream", record.liid, record.cin)
        place = (record.kind, record.epoch, record.number)
        for key in (
            ("order", record.uid),
            (*stream, None, None, None),
            (*stream, *place),
            ("sequence", record.sequence),
        ):
            found.update(self._index.get(key, ()))
        for sequence in sorted(found):
            entry = self._entries[sequence]
            if _in_time(entry.scope, record.event_us):
                latest[entry.reason] = StandingState(entry.state, entry.reason, entry)
        for reason in but & latest.keys():
            del latest[reason]
        for state in _STRICTEST:
            for one in latest.values():
                if one.state is state:
                    return one
        return next(iter(reversed(latest.values())), StandingState())

    def in_force(self, oldest: int) -> tuple[Numbered, ...]:
        """What must be kept while records from `oldest` on are there: nothing that a later decision of the same scope
        and reason replaced, nothing about records that are all gone, no release with nothing left to lift."""
        # One look: the store's writer may add the next one while another thread asks.
        entries = self.entries
        last = {(entry.scope, entry.reason): sequence for sequence, entry in entries}
        kept: list[Numbered] = []
        withholding = {reason for reason, _ in _OWN}
        for sequence, entry in entries:
            gone = entry.scope.sequences and entry.scope.sequences[-1] < oldest
            if gone or last[entry.scope, entry.reason] != sequence:
                continue
            if entry.state is State.RELEASED and entry.reason not in withholding:
                continue
            if entry.state is not State.RELEASED:
                withholding.add(entry.reason)
            kept.append((sequence, entry))
        return tuple(kept)


def _in_time(scope: Scope, event_us: int) -> bool:
    return (scope.from_us is None or event_us >= scope.from_us) and (scope.to_us is None or event_us < scope.to_us)
