"""The fleet's tables in PostgreSQL: one schema, made when it is not there, and the connection that speaks to it.

Rules. Every name is written with its schema, so nothing hangs on a session's search path; what a session needs is in
its options, so a new connection has it like the old one. A commit that returned is on the server's disk: a server that
is set not to wait is told to for us. Who dies in the middle of a transaction, or is stopped in it, loses its locks
after a lease. One version of the tables a fleet: another one is refused with what to do.

    about       the tables' version; the key under which calls of the US links get their numbers, the same at all shards
    shards      one row a collector: which start of it may mark, its newest marked commit, its last sign of life
    streams     one row a stream: whose it is, under which token, up to which number it is marked
    known       one row a communication: what a shard that gets another stream of it has to know
    told        of which communications a shard, that has or had a stream of them, has yet to hear something new
    once        digests of octets that one shard alone may store, for a time
    owed        what a shard was told is lost or stored twice, until it says that this is voided
    documents   what one shard lets in and all have to know, in one order; taken: how far each has read it
    segments    of each shard what lies where, and what was evicted; audit: copies of its signed entries

Times are microseconds since 1970. Gaps are octets, 24 a gap: epoch, first and last number missing, big endian.
"""

from __future__ import annotations

import os
import struct
import sys
from array import array
from collections.abc import Iterable
from typing import Any, Final

import psycopg
from psycopg import conninfo
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

from collector.fleet.names import Gaps
from collector.verify import MAX_RANGES
from mediation.runtime.config import NotReadyError

VERSION: Final = 2
_NAMING_OCTETS: Final = 32
_ADVISORY: Final = 0x63616C65
"""First key of the advisory locks: nobody else's, in a database that is ours."""
_MAKE: Final = 1
DOCUMENTS_LOCK: Final = 2
TIDY_LOCK: Final = 3

Row = tuple[Any, ...]


class Numbers(tuple[int, ...]):
    """A column of numbers, said as one `bigint[]`: thousands at once are written out natively."""


class Octets(tuple[bytes | None, ...]):
    """A column of octets, or nothing, said as one `bytea[]`."""


_TABLES: Final = (
    "CREATE SCHEMA fleet",
    "CREATE TABLE fleet.about (version int NOT NULL, naming bytea NOT NULL)",
    """CREATE TABLE fleet.shards (
        id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        shard text NOT NULL UNIQUE,
        incarnation bigint NOT NULL,
        last_commit bigint NOT NULL,
        records bigint NOT NULL,
        note text NOT NULL,
        beat_us bigint NOT NULL,
        about jsonb NOT NULL
    ) WITH (fillfactor = 20)""",
    """CREATE TABLE fleet.streams (
        liid bytea NOT NULL,
        cin bigint NOT NULL,
        kind smallint NOT NULL,
        owner int NOT NULL,
        owners int[] NOT NULL,
        token bigint NOT NULL,
        epoch bigint NOT NULL,
        mark bigint NOT NULL,
        claimed_us bigint NOT NULL,
        moved_us bigint NOT NULL,
        gaps bytea NOT NULL,
        PRIMARY KEY (liid, cin, kind)
    ) WITH (fillfactor = 60)""",
    """CREATE TABLE fleet.known (
        liid bytea NOT NULL,
        cin bigint NOT NULL,
        target smallint NOT NULL,
        originates smallint NOT NULL,
        answered_us bigint NOT NULL,
        first_cc_us bigint NOT NULL,
        last_reset_us bigint NOT NULL,
        by_shard int NOT NULL,
        by_commit bigint NOT NULL,
        changed_us bigint NOT NULL,
        PRIMARY KEY (liid, cin)
    ) WITH (fillfactor = 60)""",
    """CREATE TABLE fleet.told (
        shard int NOT NULL,
        number bigint GENERATED ALWAYS AS IDENTITY,
        liid bytea NOT NULL,
        cin bigint NOT NULL,
        PRIMARY KEY (shard, number)
    )""",
    """CREATE TABLE fleet.once (
        digest bytea PRIMARY KEY,
        shard int NOT NULL,
        commit bigint NOT NULL,
        at_us bigint NOT NULL
    )""",
    "CREATE INDEX once_at ON fleet.once (at_us)",
    # One with a digest is not about a stream.
    """CREATE TABLE fleet.owed (
        shard int NOT NULL,
        commit bigint NOT NULL,
        liid bytea NOT NULL,
        cin bigint NOT NULL,
        kind smallint NOT NULL,
        digest bytea
    )""",
    "CREATE INDEX owed_commit ON fleet.owed (shard, commit)",
    """CREATE TABLE fleet.documents (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        digest bytea NOT NULL UNIQUE,
        kind text NOT NULL,
        shard text NOT NULL,
        octets bytea NOT NULL,
        at_us bigint NOT NULL
    )""",
    "CREATE TABLE fleet.taken (shard text PRIMARY KEY, number bigint NOT NULL)",
    """CREATE TABLE fleet.segments (
        shard text NOT NULL,
        generation bigint NOT NULL,
        first_sequence bigint NOT NULL,
        records bigint NOT NULL,
        first_commit bigint NOT NULL,
        octets bigint NOT NULL,
        evicted_us bigint,
        PRIMARY KEY (shard, generation)
    )""",
    """CREATE TABLE fleet.audit (
        shard text NOT NULL,
        sequence bigint NOT NULL,
        octets bytea NOT NULL,
        PRIMARY KEY (shard, sequence)
    )""",
    """CREATE FUNCTION fleet.now_us(given bigint) RETURNS bigint LANGUAGE sql STABLE AS
        'SELECT COALESCE(given, (extract(epoch FROM statement_timestamp()) * 1000000)::bigint)'""",
    """CREATE FUNCTION fleet.earlier(one bigint, other bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT CASE
    WHEN least(one, other) = -9223372036854775808 THEN greatest(one, other) ELSE least(one, other) END'""",
)


def make_tables(connection: psycopg.Connection[Row]) -> None:
    """The schema, where it is not there yet; one shard makes it, the others wait. Raises NotReadyError for tables of
    another version, psycopg.Error."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_ADVISORY, _MAKE))
        cursor.execute("SELECT to_regclass('fleet.about') IS NOT NULL")
        row = cursor.fetchone()
        if row is None or not row[0]:
            for statement in _TABLES:
                cursor.execute(statement)
            cursor.execute("INSERT INTO fleet.about VALUES (%s, %s)", (VERSION, os.urandom(_NAMING_OCTETS)))
        cursor.execute("SELECT version FROM fleet.about")
        found = cursor.fetchall()
    if found != [(VERSION,)]:
        versions = ", ".join(str(version) for (version,) in found) or "none"
        raise NotReadyError(
            f"The fleet's database has tables of version {versions}, this program those of version {VERSION}. "
            "All collectors of a fleet run one version: end them, drop the schema fleet, begin again."
        )


def lock(key: int) -> tuple[int, int]:
    """Both keys of an advisory lock of ours."""
    return _ADVISORY, key


def open_connection(url: str, shard: str, lease_s: float) -> psycopg.Connection[Row]:
    """A connection outside of any transaction. A peer that has vanished is noticed within about a lease. Raises
    psycopg.Error when there is none to be had, NotReadyError for a URL that is none."""
    lease_ms = max(1, int(lease_s * 1000))
    try:
        given = conninfo.conninfo_to_dict(plain_url(url))
    except psycopg.Error as error:
        raise NotReadyError(f"The fleet's database_url cannot be read: {error}.") from error
    options = (
        f"{given.pop('options', '') or ''} -c default_transaction_isolation=read\\ committed"
        f" -c idle_in_transaction_session_timeout={lease_ms} -c statement_timeout={10 * lease_ms}"
        # Rows are found by key, in the order in which they are asked for: that is the order in which they are locked.
        " -c enable_hashjoin=off -c enable_mergejoin=off -c enable_seqscan=off -c jit=off"
    )
    defaults: dict[str, Any] = {
        "application_name": f"calea-lab {shard}",
        "connect_timeout": max(2, round(lease_s)),
        "tcp_user_timeout": lease_ms,
        "keepalives_idle": max(1, round(lease_s)),
        "target_session_attrs": "read-write",
    }
    defaults |= {**given, "options": options.strip()}
    connection = psycopg.connect(conninfo.make_conninfo(**defaults))
    connection.adapters.register_dumper(Numbers, _NumbersDumper)
    connection.adapters.register_dumper(Octets, _OctetsDumper)
    # A server that does not wait for its disk forgets what was acknowledged; a stricter setting than ours stays.
    connection.execute(
        "SELECT set_config('synchronous_commit', 'on', false) "
        "WHERE current_setting('synchronous_commit') IN ('off', 'local')"
    )
    connection.commit()
    return connection


def plain_url(url: str) -> str:
    """As libpq reads it, also where it is written with SQLAlchemy's driver."""
    head, colon, rest = url.partition("://")
    return f"{head.partition('+')[0]}{colon}{rest}"


class _NumbersDumper(Dumper):
    """An array as PostgreSQL sends it: a head, then length and value of each."""

    format = Format.BINARY
    oid = 1016

    def dump(self, obj: Iterable[int]) -> Buffer:
        values = array("q", obj)
        if sys.byteorder == "little":
            values.byteswap()
        octets = values.tobytes()
        cells = bytearray(12 * len(values))
        cells[3::12] = b"\x08" * len(values)
        for at in range(8):
            cells[4 + at :: 12] = octets[at::8]
        return _array_head(len(values), 20) + cells


class _OctetsDumper(Dumper):
    format = Format.BINARY
    oid = 1001

    def dump(self, obj: tuple[bytes | None, ...]) -> Buffer:
        length = struct.Struct(">i").pack
        cells = [_NOTHING if one is None else length(len(one)) + one for one in obj]
        return _array_head(len(obj), 17) + b"".join(cells)


_NOTHING: Final = b"\xff\xff\xff\xff"


def _array_head(length: int, oid: int) -> bytes:
    """One dimension that counts from 1, of elements of this type; may hold nothing in places."""
    return struct.pack(">iiIii", 1, 1, oid, length, 1)


def packed_gaps(gaps: Gaps) -> bytes:
    """The newest MAX_RANGES of them."""
    newest = gaps[-MAX_RANGES:]
    return struct.pack(f">{3 * len(newest)}q", *(number for gap in newest for number in gap))


def unpacked_gaps(octets: bytes) -> Gaps:
    numbers = struct.unpack(f">{len(octets) // 8}q", octets)
    return tuple(zip(numbers[0::3], numbers[1::3], numbers[2::3], strict=True))
