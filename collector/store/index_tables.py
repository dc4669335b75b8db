"""The tables of the index: one row a commit, one a communication, one an IRI event. All of it can be made anew.

SQLAlchemy Core; nothing here is particular to one database. Times are microseconds UTC, LIIDs as people read them
(`ps_pdu.liid_text`), order ids as the court gave them. Never withheld content: what a masked record keeps is all there
is to read, and of an accepted one only who took part.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, PrimaryKeyConstraint, String, Table, Text

SCHEMA_VERSION: Final = 1

METADATA: Final = MetaData()

META: Final = Table(
    "meta", METADATA, Column("key", String(32), primary_key=True), Column("value", Text, nullable=False)
)

BATCH: Final = Table(
    "batch",
    METADATA,
    Column("commit_number", BigInteger, primary_key=True, autoincrement=False),
    Column("time_us", BigInteger, nullable=False),
    Column("first_sequence", BigInteger, nullable=False),
    Column("records", BigInteger, nullable=False),
    Column("octets", BigInteger, nullable=False),
)

COMMUNICATION: Final = Table(
    "communication",
    METADATA,
    Column("liid", String(64), nullable=False),
    Column("cin", BigInteger, nullable=False),
    Column("order_id", String(128)),
    Column("service", String(16)),
    Column("parties", Text, nullable=False, default="[]"),
    Column("begin_us", BigInteger),
    Column("end_us", BigInteger),
    Column("iri", BigInteger, nullable=False, default=0),
    Column("cc_from_target", BigInteger, nullable=False, default=0),
    Column("cc_to_target", BigInteger, nullable=False, default=0),
    Column("cc_other", BigInteger, nullable=False, default=0),
    Column("first_sequence", BigInteger, nullable=False),
    Column("last_sequence", BigInteger, nullable=False),
    PrimaryKeyConstraint("liid", "cin"),
)

IRI_EVENT: Final = Table(
    "iri_event",
    METADATA,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("liid", String(64), nullable=False),
    Column("cin", BigInteger, nullable=False),
    Column("order_id", String(128)),
    Column("event_us", BigInteger),
    Column("verdict", Integer, nullable=False),
    Column("iri_type", Integer),
    Column("payload", String(64)),
    Column("direction", Integer),
    Column("parties", Text, nullable=False, default="[]"),
    Index("iri_event_communication", "liid", "cin", "event_us"),
)

ORDER_TOTALS: Final = Table(
    "order_totals",
    METADATA,
    Column("order_id", String(128), primary_key=True),
    Column("uid", String(32), nullable=False),
    Column("liid", String(64), nullable=False),
    Column("delivered", BigInteger, nullable=False, default=0),
    Column("accepted", BigInteger, nullable=False, default=0),
    Column("flagged", BigInteger, nullable=False, default=0),
    Column("masked", BigInteger, nullable=False, default=0),
    Column("quarantined", BigInteger, nullable=False, default=0),
    Column("rejected", BigInteger, nullable=False, default=0),
    Column("duplicate", BigInteger, nullable=False, default=0),
    Column("reasons", Text, nullable=False, default="{}"),
)

STREAM_MARK: Final = Table(
    "stream_mark",
    METADATA,
    Column("liid", String(64), nullable=False),
    Column("cin", BigInteger, nullable=False),
    Column("kind", Integer, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("mark", BigInteger, nullable=False),
    PrimaryKeyConstraint("liid", "cin", "kind"),
)
