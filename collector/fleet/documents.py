"""What one shard lets in and all of them have to know: court documents, commands of the desk, first interceptions.

Rules. A feed in the fleet's database, in one order for everybody: who publishes waits for who publishes, so a number
that is read is never followed by a smaller one. It carries octets and believes nothing: a document is signed by the
court and a command by the desk, and each shard that reads one judges it as if it had come in by its own door. The same
octets are published once. A first interception (R-008) is the shards' own word, and only ever moves an order's to an
earlier time. How far a shard has taken the feed in is kept beside it, written behind the taking: after a crash the last
items come again.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

import psycopg

from asn1.errors import DecodeError, LocalError
from asn1.hi1_xml import MAX_OCTETS
from collector.fleet.session import Session
from collector.fleet.tables import DOCUMENTS_LOCK, Row, lock
from mediation.law.orders import OrderUid

DOCUMENT: Final = "document"
"""Octets: a court document as it came. Commands of the desk have their own names as kinds."""
FIRST: Final = "first_interception"
"""Octets: see `first_octets`."""
MAX_ITEM_OCTETS: Final = MAX_OCTETS
"""Of one item: as much as a message over HI1."""
READ_ITEMS: Final = 16
"""Items read at once: bounds the memory of who has been away for long."""
MAX_KIND: Final = 32
_FIRST: Final = struct.Struct(">16sq")

_KNOWN: Final = "SELECT digest FROM fleet.documents WHERE digest = ANY (%(digests)s)"
_PUBLISH: Final = """
INSERT INTO fleet.documents (digest, kind, shard, octets, at_us)
VALUES (%(digest)s, %(kind)s, %(shard)s, %(octets)s, fleet.now_us(NULL)) ON CONFLICT (digest) DO NOTHING"""
_READ: Final = """
SELECT number, kind, octets, shard, at_us FROM fleet.documents
WHERE number > %(after)s AND length(octets) <= %(octets)s ORDER BY number LIMIT %(items)s"""
_POSITION: Final = "SELECT number FROM fleet.taken WHERE shard = %(shard)s"
_TOOK: Final = """
INSERT INTO fleet.taken AS t (shard, number) VALUES (%(shard)s, %(number)s)
ON CONFLICT (shard) DO UPDATE SET number = greatest(t.number, excluded.number)"""


class Publication(NamedTuple):
    kind: str
    octets: bytes


class Item(NamedTuple):
    """`shard`: who published it, at `at_us` by the database. A command is as old as it was then, not as it is when a
    shard that was down reads it: its age is to be held against `at_us`."""

    number: int
    kind: str
    octets: bytes
    shard: str
    at_us: int


def first_octets(uid: OrderUid, event_us: int) -> bytes:
    """An order's first interception: its uid, then the event's time."""
    return _FIRST.pack(uid, event_us)


def first_of(octets: bytes) -> tuple[OrderUid, int]:
    """Raises DecodeError."""
    if len(octets) != _FIRST.size:
        raise DecodeError(DecodeError.BAD_LENGTH, f"a first interception has {_FIRST.size} octets")
    uid, event_us = _FIRST.unpack(octets)
    return OrderUid(uid), event_us


class SharedFeed:
    """One shard's reading and writing of it. One thread. Raises AwayError."""

    def __init__(self, session: Session, shard: str) -> None:
        self._session = session
        self._shard = shard

    def publish(self, items: Sequence[Publication]) -> None:
        """What is not in the feed yet, in this order."""
        for item in items:
            if len(item.octets) > MAX_ITEM_OCTETS or not 0 < len(item.kind) <= MAX_KIND:
                raise LocalError(f"an item of the feed has a name and at most {MAX_ITEM_OCTETS} octets")
        by_digest = {hashlib.sha256(item.kind.encode() + b"\0" + item.octets).digest(): item for item in items}

        def work(connection: psycopg.Connection[Row]) -> None:
            known = {row[0] for row in connection.execute(_KNOWN, {"digests": list(by_digest)}, binary=True)}
            new = [(digest, item) for digest, item in by_digest.items() if digest not in known]
            if not new:
                return
            # Numbers are given under the lock and seen behind it: in the order of commits.
            connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", lock(DOCUMENTS_LOCK))
            for digest, (kind, octets) in new:
                values = {"digest": digest, "kind": kind, "shard": self._shard, "octets": octets}
                connection.execute(_PUBLISH, values)

        if items:
            self._session.transaction(work)

    def read(self, after: int) -> list[Item]:
        """The next items behind this number, at most READ_ITEMS, ours among them."""
        values = {"after": after, "octets": MAX_ITEM_OCTETS, "items": READ_ITEMS}
        rows = self._session.statement(lambda one: one.execute(_READ, values, binary=True).fetchall())
        return [Item(*row) for row in rows]

    def position(self) -> int:
        """The number of the last item that this shard has taken in, 0 for none."""
        rows = self._session.statement(lambda one: one.execute(_POSITION, {"shard": self._shard}).fetchall())
        return int(rows[0][0]) if rows else 0

    def took(self, number: int) -> None:
        """Everything up to this number is taken in, and that is durable here."""
        self._session.statement(lambda one: one.execute(_TOOK, {"shard": self._shard, "number": number}))
