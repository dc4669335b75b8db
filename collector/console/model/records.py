"""One record: its decoded tree beside its octets, why it was judged so, and whether it stands as it was signed.

Rules. What is withheld from this reader, does not hold its seal, or is sealed to a key that is not here has neither
tree nor octets, and the view says why; of a minimised or privileged one, and for whoever reads call-identifying
information alone, there are the fields that a pen register keeps, without their octets. Nothing is judged again
(`collector.explain`); the proof is made on the spot, from the files (`record_check`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, Protocol

from asn1 import recording
from asn1.errors import DecodeError
from asn1.laes import cc_apdu, ias, jstd025, pcesp, t1678
from asn1.laes.ccc import HEADER_OCTETS
from asn1.ps_pdu import liid_text
from asn1.spans import ROOT, Span, octets_text, ps_pdu_spans, spans, value_text
from asn1.table import OCTETS, Type
from collector.console.model.library import CaseLibrary
from collector.console.model.scope import Scope
from collector.console.model.shelf import Shelf
from collector.explain import Step, explain_record
from collector.export.communications import Shown
from collector.facts import RecordFacts
from collector.facts.stored import CONTENT, RECORDER, SPAN, dialect_of, facts_of_stored
from collector.rows import FORM_MASKED, FORM_NOTICE, FORM_QUARANTINED, FORM_RECEIVED, FORM_SYNTHETIC
from collector.store.epochs import read_trust
from collector.store.keys import pin_name
from collector.store.reader import StoredRecord
from collector.store.record_check import RecordReport, RecordState, verify_record
from collector.store.stores import place_of
from mediation.law.orders import CourtOrder
from mediation.law.verdicts import VerdictKind, reasons_of
from mediation.ledger.epochs import KeyHistory

HEX_ROW: Final = 16
MAX_HEX_OCTETS: Final = 16_384
NO_PLACE: Final = -1
SEALED: Final = "sealed to a key that is not here: it was quarantined at its delivery"
NO_KEY: Final = "its order's data key is not here: it was withdrawn by a hold, or the order is over"
FORMS: Final = {
    FORM_RECEIVED: "the octets as they were received", FORM_MASKED: "the permitted fields",
    FORM_QUARANTINED: "a sealed box", FORM_NOTICE: "the store's own", FORM_SYNTHETIC: "made by the collector",
}  # fmt: skip
_ROOTS: Final[dict[str, Type]] = {
    "t1678": t1678.LAES_PROTOCOL, "pcesp": pcesp.CDC_PDU, "ias": ias.IAS_PROTOCOL, "jstd025": jstd025.LAES_PROTOCOL,
}  # fmt: skip
_CCC_FIELDS: Final = (("CCC-Identifier", 4), ("NTP time stamp", 8), ("case identity", 8))


class Node(NamedTuple):
    """One line of the tree. `offset` and `length` are octets of the record shown, NO_PLACE where the node has none.
    `leaf`: nothing is inside it."""

    number: int
    parent: int
    depth: int
    name: str
    value: str
    clause: str
    offset: int
    length: int
    kind: str
    leaf: bool


class HexRow(NamedTuple):
    """Sixteen octets: their place, each as two digits, and as text where it prints."""

    offset: int
    octets: tuple[str, ...]
    text: str


class RecordView(NamedTuple):
    """`reasons` by name, the deciding one first. `form` in words. `withheld` says why there is no tree or only part of
    one, "" where all is shown. `deciphered`: what is shown is what was inside an encryption container. `undecoded` says
    why octets have no tree. `cut` octets are not in `hex`."""

    sequence: int
    liid: str
    cin: int
    order_id: str
    version: int
    verdict: str
    reasons: tuple[str, ...]
    received_us: int
    event_us: int
    form: str
    payload: str
    withheld: str
    deciphered: bool
    undecoded: str
    nodes: tuple[Node, ...]
    hex: tuple[HexRow, ...]
    cut: int
    explain: tuple[Step, ...]
    before: int | None
    after: int | None


class Versions(Protocol):
    """Where versions of orders come from: `collector.registry.Registry`."""

    def version(self, order_id: str, version: int) -> CourtOrder | None: ...


def record_view(library: CaseLibrary, scope: Scope, sequence: int, versions: Versions) -> RecordView:
    """Raises NotFoundError for a record that is not of these orders, IntegrityError when decisions cannot be read."""
    record = library.record(scope, sequence)
    order = scope.order_of(record.uid)
    order_id = "" if order is None else str(order.order_id)
    standings = library.standings()
    may = scope.judge(standings)(record)
    facts = _facts(record)
    before, after = library.beside(scope, record)
    standing = standings.of(record, scope.lifted)
    chain = explain_record(
        record, versions.version(order_id, record.version), facts if may.metadata else None, standing
    )
    nodes, undecoded = _nodes(record, facts, may)
    octets = (record.record or b"") if _readable(record, may) else b""
    return RecordView(
        record.sequence,
        liid_text(record.liid),
        record.cin,
        order_id,
        record.version,
        VerdictKind(record.verdict).name,
        tuple(reason.name for reason in reasons_of(record.reasons)),
        record.received_us,
        record.event_us,
        FORMS.get(record.form, str(record.form)),
        facts.payload if facts is not None and may.metadata else "",
        _withheld(record, may),
        record.plain is not None,
        undecoded,
        nodes,
        tuple(hex_rows(octets[:MAX_HEX_OCTETS])),
        max(len(octets) - MAX_HEX_OCTETS, 0),
        chain,
        before,
        after,
    )


def _facts(record: StoredRecord) -> RecordFacts | None:
    if record.form != FORM_RECEIVED or record.record is None:
        return None
    try:
        return facts_of_stored(
            record.content_tag, record.record, record.received_us, liid_text(record.liid), record.cin
        )
    except DecodeError:
        return None


def _readable(record: StoredRecord, may: Shown) -> bool:
    return record.form == FORM_RECEIVED and record.octets is not None and not may.why


def _withheld(record: StoredRecord, may: Shown) -> str:
    if may.why:
        return may.why
    if record.form == FORM_QUARANTINED:
        return SEALED
    return NO_KEY if record.octets is None else ""


def _nodes(record: StoredRecord, facts: RecordFacts | None, may: Shown) -> tuple[tuple[Node, ...], str]:
    """The tree as far as it may be seen, and why there is none where there should be."""
    if may.why:
        return (tuple(value_nodes(dict(facts.permitted))) if may.metadata and facts is not None else ()), ""
    if record.octets is None or record.form in (FORM_QUARANTINED, FORM_NOTICE):
        return (), ""
    if record.form != FORM_RECEIVED:
        return tuple(value_nodes(json.loads(record.octets))), ""
    try:
        return tuple(_placed(record_spans(record.content_tag, record.record or b""))), ""
    except DecodeError as error:
        return (), f"it cannot be read: {error}"


def record_spans(content_tag: int, octets: bytes) -> tuple[Span, ...]:
    """The elements of a stored record of any dialect. Raises DecodeError."""
    dialect = dialect_of(content_tag)
    if dialect is None:
        return ps_pdu_spans(octets)
    if dialect == RECORDER:
        return spans(recording.RECORDING, octets)
    rest = content_tag % SPAN
    if rest == CONTENT:
        return spans(cc_apdu.CC_APDU, octets)
    if rest - CONTENT in HEADER_OCTETS:
        return tuple(_datagram(octets, rest - CONTENT))
    return spans(_ROOTS[dialect], octets)


def _datagram(octets: bytes, header_octets: int) -> Iterator[Span]:
    """The header of a datagram of content, which is no BER, and the packet behind it."""
    yield Span(0, ROOT, 0, "CCC datagram", "", "", 0, len(octets), 0, "datagram")
    number, at = 1, 0
    for name, length in _CCC_FIELDS:
        if at >= header_octets:
            break
        yield Span(number, 0, 1, name, octets_text(octets[at : at + length]), "", at, length, at, "octets")
        number, at = number + 1, at + length
    yield Span(number, 0, 1, "packet", octets_text(octets[at:]), "", at, len(octets) - at, at, "octets")


def _placed(found: tuple[Span, ...]) -> Iterator[Node]:
    parents = {one.parent for one in found}
    for one in found:
        leaf = one.number not in parents
        yield Node(
            one.number, one.parent, one.depth, one.name, one.value, one.clause, one.offset, one.length, one.kind, leaf
        )  # fmt: skip


def value_nodes(value: Mapping[str, Any]) -> Iterator[Node]:
    """Fields without octets of their own, such as those of a masked record."""
    yield from _valued(value, [0], ROOT, 0)


def _valued(value: Any, numbers: list[int], parent: int, depth: int) -> Iterator[Node]:  # noqa: ANN401
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
    for name, held in pairs:
        number, numbers[0] = numbers[0], numbers[0] + 1
        inside = isinstance(held, Mapping | list | tuple)
        text = "" if inside else value_text(OCTETS, held)
        yield Node(number, parent, depth, str(name), text, "", NO_PLACE, NO_PLACE, "field", not inside)
        if inside:
            yield from _valued(held, numbers, number, depth + 1)


def hex_rows(octets: bytes) -> Iterator[HexRow]:
    for at in range(0, len(octets), HEX_ROW):
        row = octets[at : at + HEX_ROW]
        text = "".join(chr(one) if 0x20 <= one <= 0x7E else "." for one in row)
        yield HexRow(at, tuple(f"{one:02x}" for one in row), text)


# Integrity

HOLDS, FAILS, UNKNOWN = "holds", "fails", "not checked"


class ProofStep(NamedTuple):
    """One thing that was checked, what came of it, and in plain words what that means."""

    name: str
    outcome: str
    says: str


class Integrity(NamedTuple):
    """`state` as `record_check.RecordState`; `report` is the object of `verify --record --json`, with the sequence that
    the record has in its own store. `ledger`: whose ledger that is, in words, blank where there is one alone."""

    sequence: int
    ledger: str
    state: str
    ok: bool
    steps: tuple[ProofStep, ...]
    faults: tuple[str, ...]
    report: Mapping[str, Any]


def integrity(library: CaseLibrary, scope: Scope, sequence: int) -> Integrity:
    """Checked now, from the files. Raises NotFoundError for a record that is not of these orders; one that was evicted
    is nobody's any more, and is proven with `calea-lab verify`."""
    library.record(scope, sequence)
    shelf, own = library.shelf_of(sequence), place_of(sequence)[1]
    trust = read_trust(shelf.keys.directory)
    report = verify_record(shelf.store, own, trust, shelf.keys, shelf.pin, shelf.audit, witnessed=shelf.witnessed)
    epochs = len(trust.epochs) if isinstance(trust, KeyHistory) else 0
    steps = tuple(_steps(report, epochs, shelf))
    ledger = f"{shelf.name}, key {key_name(shelf)}: its record {own}" if shelf.name else ""
    return Integrity(sequence, ledger, str(report.state), report.ok, steps, tuple(report.faults), report.as_dict())


def key_name(shelf: Shelf) -> str:
    """By the key of its ledger the origin of a store is told from that of another: the first digits, as a pinned
    checkpoint is named by."""
    return pin_name(shelf.keys.identity).partition(".")[0]


def _steps(report: RecordReport, epochs: int, shelf: Shelf) -> Iterator[ProofStep]:
    hashed = report.leaf or ""
    if report.state is RecordState.CHANGED and not report.proof:
        yield ProofStep("octets", FAILS, "What is stored is not what was signed: it was changed behind the collector.")
    elif report.state is RecordState.PROVEN_BY_HASH:
        yield ProofStep(
            "octets", UNKNOWN, "The octets could not be read without their key; the hash beside them stands."
        )
    elif report.leaf is None:
        yield ProofStep("octets", FAILS, "The record is not where it belongs.")
    else:
        yield ProofStep(
            "octets", HOLDS, f"Octets and verdict together give the hash {hashed[:16]}…: nothing was changed."
        )
    if report.proof:
        says = f"From this hash, {len(report.proof)} others lead to the root over all {report.size} records."
        yield ProofStep("place in the ledger", HOLDS, says)
    else:
        yield ProofStep("place in the ledger", FAILS, "No path leads from the record to the signed root.")
    if report.key is None:
        yield ProofStep("checkpoint", FAILS, "No checkpoint of this ledger is signed by the collector's key.")
    else:
        yield ProofStep(
            "checkpoint", HOLDS, f"The root over {report.size} records is signed by the key {report.key[:16]}…."
        )
        of = (
            f"the newest of {epochs} epochs that an offline root vouches for"
            if epochs
            else "the collector's key for good"
        )
        yield ProofStep("key", HOLDS, f"That key is {of}.")
    yield _kept("pin", shelf.pin is not None and shelf.pin.exists(), "the pinned checkpoint", report)
    yield _kept(
        "witness",
        shelf.witnessed is not None,
        "" if shelf.witnessed is None else f"what {shelf.witnessed.name} saw",
        report,
    )


def _kept(name: str, there: bool, called: str, report: RecordReport) -> ProofStep:
    """A signed state that is kept outside the store: it tells of a store that was put back or forked."""
    if not there:
        return ProofStep(name, UNKNOWN, f"No {name} is configured here: an old copy of the whole store would not show.")
    bad = [fault for fault in report.faults if (called in fault if name == "witness" else "pinned checkpoint" in fault)]
    if bad:
        return ProofStep(name, FAILS, bad[0])
    return ProofStep(name, HOLDS, f"The store continues {called}: it was neither rolled back nor forked.")
