"""What required integrity checks hold, and that nobody can make the ledger hold more than there is."""

from typing import Any

import pytest

from asn1.integrity import Chain
from asn1.integrity_check import Fault, Finding, Place
from collector import standing
from collector.holding import MAX_HELD_SINGLY, Holds
from collector.standing import Entry, State
from mediation.law.verdicts import Reason

CHAIN = Chain(b"L", 1, 1)


class Store:
    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def stand(self, entries: Any) -> None:
        self.entries += entries


@pytest.fixture
def store() -> Store:
    return Store()


def holds(store: Store, known: tuple[Entry, ...] = ()) -> Holds:
    return Holds(store, lambda kind, fields: None, lambda: 7, known)


def wrong(*numbers: int, absent: tuple[int, ...] = (), chain: Chain = CHAIN) -> Finding:
    return Finding(Fault.WRONG_HASH, chain, tuple(Place(0, number) for number in numbers), "another one", absent)


def test_each_record_is_held_once_also_behind_a_restart(store: Store) -> None:
    one = holds(store)
    one.integrity([wrong(1, 2), wrong(2, 3, absent=(9,))], lambda chain: 4)
    scopes = [entry.scope for entry in store.entries]
    assert scopes == [
        standing.of_record(b"L", 1, 1, epoch, number) for epoch, number in ((0, 1), (0, 2), (0, 3), (4, 9))
    ]
    assert {(entry.state, entry.reason) for entry in store.entries} == {(State.HELD, Reason.TAMPERED)}
    again = holds(store, tuple(store.entries))
    again.integrity([wrong(1, 2, 3)], lambda chain: 4)
    assert len(store.entries) == 4


def test_many_records_are_held_by_one_leaf_over_their_communication(store: Store) -> None:
    one = holds(store)
    one.integrity([wrong(*range(MAX_HELD_SINGLY))], lambda chain: 0)
    assert len(store.entries) == MAX_HELD_SINGLY
    one.integrity([wrong(9_000)], lambda chain: 0)
    assert store.entries[-1].scope == standing.of_communication(b"L", 1)
    for number in range(10_000, 10_500):
        one.integrity([wrong(number)], lambda chain: 0)
    assert len(store.entries) == MAX_HELD_SINGLY + 1


def test_attack_checks_of_communications_that_never_were_write_nothing(store: Store) -> None:
    one = holds(store)
    for cin in range(1000):
        one.integrity([wrong(absent=(1, 2, 3), chain=CHAIN._replace(cin=cin))], lambda chain: None)
    assert store.entries == []
