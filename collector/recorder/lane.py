"""Pieces of covert recordings: one at a time, in the gate's order of checks, to exactly one verdict each.

Rules. Parsed, then whose warrant: without one nothing enters (R-162). Then signed by the key that the desk enrolled
for the device, else set apart (R-090); then the device's own flag: what cannot stream has not streamed (R-168). A piece
that comes again is a duplicate; the same piece with other octets was changed, and is set apart (R-093, R-167). The rest
is the gate's, for which the device is the target: another warrant's device is nobody's here (R-022, R-166).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from asn1.columns import KIND_CC, LiidTable
from asn1.errors import DecodeError
from asn1.recording import Recording, decode_recording, signed_by
from collector.assembly import Assembly
from collector.careful import CarefulLane
from collector.conflicts import digest_of
from collector.facts import facts_of_recording
from collector.facts.recording import target_of
from collector.facts.stored import RECORDING
from collector.gate_scope import TARGET_OK, CinState
from collector.laes.judging import KEPT, Judging
from collector.laes.link import Arrived
from collector.laes.names import Names
from collector.laes.naming import EITHER
from collector.minimise import Minimised
from collector.pipeline import LinkState
from collector.recorder.devices import Devices
from collector.rows import FORM_RECEIVED
from collector.store.keys import Keys
from collector.store.reader import DataView, StoreReader
from collector.stream_table import StreamTable
from mediation.law.verdicts import Reason

MAX_KNOWN: Final = 65_536
"""Pieces remembered by name, so that one that comes again is known."""
NOT_STREAMING: Final = "NOT_STREAMING"
Name = tuple[str, int, int]
"""Device, recording, piece."""


class RecorderLink(NamedTuple):
    state: LinkState


class RecorderLane:
    """`learn` makes a LIID that was met for the first time known to the store's thread; `hmac_key` numbers
    recordings."""

    def __init__(
        self,
        careful: CarefulLane,
        streams: StreamTable,
        assembly: Assembly,
        liids: LiidTable,
        learn: Callable[[], None],
        minimised: Minimised,
        hmac_key: bytes,
        devices: Devices,
    ) -> None:
        self._judging = Judging(careful, streams, assembly, liids, learn, minimised)
        self._names = Names(hmac_key)
        self._devices = devices
        self._links: dict[str, RecorderLink] = {}
        self._known: OrderedDict[Name, bytes] = OrderedDict()

    def taken(self) -> int:
        """Verdicts given since this was asked last."""
        judged, self._judging.judged = self._judging.judged, 0
        return judged

    def add(self, state: LinkState) -> None:
        """A link."""
        self._links[state.name] = RecorderLink(state)

    def oversized(self, name: str, octets: int, kind: int) -> None:
        """A record that is larger than the link takes, and not there."""
        self._judging.oversized(self._links[name], octets, kind)

    def message(self, name: str, arrived: Arrived, now_us: int) -> None:
        """One piece."""
        link, judging = self._links[name], self._judging
        try:
            piece = decode_recording(arrived.octets)
        except DecodeError as error:
            judging.unreadable(link, "", arrived, KIND_CC, error)
            return
        orders, liid = judging.orders_for(piece.liid), piece.liid.encode()
        if not orders:
            judging.no_order(link, arrived, liid, KIND_CC)
            return
        device = self._devices.find(piece.device)
        genuine = device is not None and signed_by(piece, device.key)
        if device is not None and genuine and piece.live and not device.streaming:
            judging.refuse(link, arrived, orders[0], KIND_CC, NOT_STREAMING, Reason.PARSE_ERROR, "R-168")
            return
        digest = judging.careful.keeper.digest(arrived.octets)
        known = self._known.get(_name_of(piece)) if genuine else None
        if known == digest:
            judging.duplicate(link, arrived, orders[0], KIND_CC)
            return
        liid_id = judging.intern(liid)
        if liid_id < 0:
            judging.no_room(link, arrived, liid, KIND_CC)
            return
        cin = self._names.own_number(liid, f"{piece.device}/{piece.recording}") if genuine else None
        facts = facts_of_recording(piece, arrived.arrival_us)._replace(cin=cin, unplaced=cin is None)
        state = CinState(TARGET_OK, taking_part=frozenset({target_of(piece)}))
        apart = (Reason.TAMPERED,) if known is not None or not genuine else ()
        place = (liid_id, KIND_CC, RECORDING, EITHER)
        verdict = judging.judge(link, arrived, facts, orders, *place, now_us, state, apart)
        judging.only_once(verdict, "recorder", arrived.octets)
        if verdict.kind in KEPT and not apart:
            self._remember(_name_of(piece), digest)

    def _remember(self, name: Name, digest: bytes) -> None:
        self._known.setdefault(name, digest)
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)

    def restore(self, known: Iterable[tuple[Name, bytes]]) -> None:
        """For a restart: pieces that are stored, oldest first."""
        for name, digest in known:
            self._remember(name, digest)


def stored_pieces(store: Path, keys: Keys) -> Iterable[tuple[Name, bytes]]:
    """Of what is durable and readable. Raises IntegrityError as the reader does."""
    for record in StoreReader(store, keys).records(_pieces):
        if record.octets is None or record.form != FORM_RECEIVED:
            continue
        digest = digest_of(keys.hmac_key, record.form, record.octets)
        if digest is not None:
            yield _name_of(decode_recording(record.octets)), digest


def _pieces(view: DataView) -> np.ndarray:
    chosen: np.ndarray = view.rows["content_tag"] == RECORDING
    return chosen


def _name_of(piece: Recording) -> Name:
    return piece.device, piece.recording, piece.piece
