"""One pass that checks, and one that reads: what is read is what was checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from collector.standing import held, of_order
from collector.store.proof import KnownProof
from collector.store.reader import StoreReader, Survey
from collector.store.walk import SegmentFile, segment_paths
from mediation.law.orders import OrderId, order_uid
from mediation.law.verdicts import Reason
from mediation.runtime.process import IntegrityError

Make = Callable[[int, int], list[bytes]]


def every(view: Any) -> np.ndarray:
    return np.ones(len(view.rows), bool)


@pytest.fixture
def filled(bench: Any, make_records: Make) -> Any:
    store = bench.open()
    for _ in range(4):
        bench.put(store, make_records(20, 200))
    store.stand([held(of_order(order_uid(OrderId("O-1"))), Reason.ORDER_LAPSED, 5)])
    store.close()
    return bench


def test_a_survey_says_what_the_single_questions_say(filled: Any) -> None:
    reader = StoreReader(filled.directory, filled.keys)
    survey = reader.survey(b"LAB-0", every)
    other = StoreReader(filled.directory, filled.keys)
    assert survey.leaves == other.leaf_hashes() and survey.standings.entries == other.standings().entries
    assert survey.segments == other.segments(b"LAB-0") and survey.wanted == 81 and len(survey.chains) == 5
    assert list(reader.records(every, survey)) == list(other.records(every))


def test_attack_a_unit_exchanged_after_the_survey(filled: Any) -> None:
    """Its frames sound, its checkpoint signed in its day: it is another one than was looked at."""
    survey = StoreReader(filled.directory, filled.keys).survey(b"", every)
    with SegmentFile(segment_paths(filled.directory)[0]) as file:
        header = file.header()
        units = list(file.units(header))

    def proof(known: Survey = survey) -> KnownProof:
        return KnownProof(header, known.chains, known.leaves.first, known.leaves.hashes)

    sound = proof()
    assert [sound.unit(unit) for unit in units] == [None] * 5
    first = units[0]
    later = first._replace(commit=first.commit._replace(time_us=first.commit.time_us + 1))
    assert proof().unit(later) == "it is another one than was signed"
    (data,) = first.data
    hashes = bytes(32) + data.meta.hashes[32:]
    other = first._replace(data=(data._replace(meta=data.meta._replace(hashes=hashes)),))
    assert proof().unit(other) == "it is another one than was signed"
    short = proof(survey._replace(leaves=survey.leaves._replace(hashes=survey.leaves.hashes[:-32])))
    *before, last = (short.unit(unit) for unit in units)
    assert before == [None] * 4 and last == "it is another one than was signed"


def test_no_survey_of_a_store_whose_signatures_do_not_hold(filled: Any) -> None:
    stranger = Ed25519PrivateKey.generate().public_key()
    with pytest.raises(IntegrityError, match="not signed by this store's key"):
        StoreReader(filled.directory, filled.keys, stranger).survey(b"", every)
