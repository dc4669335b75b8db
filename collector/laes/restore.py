"""After a restart: which messages of call data are stored already, so that what is replayed is known as sent again.

Read from the store itself, newest windows alone: nothing that is not durable counts as seen. A record whose order's key
is withdrawn cannot be compared and would be stored again under a key of its own, which loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from asn1.columns import KIND_IRI
from collector.conflicts import digest_of
from collector.facts.stored import SPAN
from collector.laes.lane import LaesLane
from collector.store.keys import Keys
from collector.store.reader import DataView, StoreReader


def restore_resend_windows(store: Path, keys: Keys, lane: LaesLane, now_us: int) -> None:
    """Fill the windows of all links from `store`. Raises IntegrityError as the reader does."""
    if lane.resend_us:
        lane.restore_seen(_seen(store, keys, now_us - lane.resend_us))


def _seen(store: Path, keys: Keys, since_us: int) -> Iterator[tuple[bytes, int, int]]:
    def wanted(view: DataView) -> np.ndarray:
        rows = view.rows
        chosen: np.ndarray = (
            (rows["kind"] == KIND_IRI) & (rows["content_tag"] >= SPAN) & (rows["received_us"] >= since_us)
        )
        return chosen

    for record in StoreReader(store, keys).records(wanted):
        if record.octets is not None:
            digest = digest_of(keys.hmac_key, record.form, record.octets)
            if digest is not None:
                yield digest, len(record.octets), record.received_us
