"""The tables of the index: one row a commit, one a communication and segment, one an IRI event. It can be made anew.

Every row says of which segment it is (`generation`) and goes when the segment is evicted, so that an index that was
there from the beginning and one that is made anew say the same. What is to be known of a communication as a whole is
put together from its rows (`index_queries`).

SQLAlchemy Core; nothing here is particular to one database. Times are microseconds UTC, LIIDs as people read them
(`ps_pdu.liid_text`), order ids as the court gave them. Never withheld content: what a masked record keeps is all there
is to read, and of an accepted one only who took part.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, PrimaryKeyConstraint, String, Table, Text

SCHEMA_VERSION: Final = 2

METADATA: Final = MetaData()


def _generation() -> Column[int]:
    """The segment that the row is of."""
    return Column("generation", BigInteger, nullable=False)


META: Final = Table(
    "meta", METADATA, Column("key", String(32), primary_key=True), Column("value", Text, nullable=False)
)

BATCH: Final = Table(
    "batch",
    METADATA,
    Column("commit_number", BigInteger, primary_key=True, autoincrement=False),
    _generation(),
    Column("time_us", BigInteger, nullable=False),
    Column("first_sequence", BigInteger, nullable=False),
    Column("records", BigInteger, nullable=False),
    Column("octets", BigInteger, nullable=False),
)

COMMUNICATION: Final = Table(
    "communication",
    METADATA,
    _generation(),
    Column("liid", String(64), nullable=False),
    Column("cin", BigInteger, nullable=False),
    Column("order_id", String(128)),
    Column("service", String(16)),
    Column("content_service", String(16)),
    Column("parties", Text, nullable=False, default="[]"),
    Column("begin_us", BigInteger),
    Column("end_us", BigInteger),
    Column("iri", BigInteger, nullable=False, default=0),
    Column("cc_from_target", BigInteger, nullable=False, default=0),
    Column("cc_to_target", BigInteger, nullable=False, default=0),
    Column("cc_other", BigInteger, nullable=False, default=0),
    Column("first_sequence", BigInteger, nullable=False),
    Column("last_sequence", BigInteger, nullable=False),
    PrimaryKeyConstraint("liid", "cin", "generation"),
    Index("communication_generation", "generation"),
)

IRI_EVENT: Final = Table(
    "iri_event",
    METADATA,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    _generation(),
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
    _generation(),
    Column("order_id", String(128), nullable=False),
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
    PrimaryKeyConstraint("order_id", "generation"),
)

STREAM_MARK: Final = Table(
    "stream_mark",
    METADATA,
    _generation(),
    Column("liid", String(64), nullable=False),
    Column("cin", BigInteger, nullable=False),
    Column("kind", Integer, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("mark", BigInteger, nullable=False),
    PrimaryKeyConstraint("liid", "cin", "kind", "generation"),
)

OF_A_SEGMENT: Final = (BATCH, COMMUNICATION, IRI_EVENT, ORDER_TOTALS, STREAM_MARK)
"""The tables whose rows go with their segment."""
