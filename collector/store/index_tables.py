"""The tables of the index: one row a commit, one a communication and segment, one an IRI event. It can be made anew.

Every row says of which segment it is (`generation`) and goes when the segment is evicted, so that an index that was
there from the beginning and one that is made anew say the same. What is to be known of a communication as a whole is
put together from its rows (`index_queries`), and kept put together for lists that page through millions of them:
`WHOLE`, `WHOLE_PARTY` and `WHOLE_TALLY` (`index_whole` keeps them, `index_pages` asks them).

SQLAlchemy Core; nothing here is particular to one database. Times are microseconds UTC, LIIDs as people read them
(`ps_pdu.liid_text`), order ids as the court gave them. Never withheld content: what a masked record keeps is all there
is to read, and of an accepted one only who took part.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, PrimaryKeyConstraint, String, Table, Text

SCHEMA_VERSION: Final = 5

METADATA: Final = MetaData()


def _generation() -> Column[int]:
    """The segment that the row is of."""
    return Column("generation", BigInteger, nullable=False)


MAX_NAME: Final = 128
"""Characters of a party's name that are kept."""


def _told() -> tuple[Column[Any], ...]:
    """What is told of a communication. `caller`, `called`: who began it and with whom, as `+digits` or another name;
    `sends`: whether the target did. `opened`, `ended`: whether a record says that it began and that it is over;
    `answer_us`: when it was answered. All None where no record says it."""
    return (
        Column("parties", Text, nullable=False, default="[]"),
        Column("caller", String(MAX_NAME)),
        Column("called", String(MAX_NAME)),
        Column("sends", Integer),
        Column("opened", Integer, nullable=False, default=0),
        Column("ended", Integer, nullable=False, default=0),
        Column("answer_us", BigInteger),
        Column("end_us", BigInteger),
        Column("iri", BigInteger, nullable=False, default=0),
        Column("cc_from_target", BigInteger, nullable=False, default=0),
        Column("cc_to_target", BigInteger, nullable=False, default=0),
        Column("cc_other", BigInteger, nullable=False, default=0),
        Column("first_sequence", BigInteger, nullable=False),
        Column("last_sequence", BigInteger, nullable=False),
    )


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
    *_told(),
    Column("begin_us", BigInteger),
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
    sqlite_with_rowid=False,
)
"""Its key is what SQLite keeps it by: a number of SQLite's own would be a second tree to write for each record."""

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
    sqlite_with_rowid=False,
)

VOIDED_TOTALS: Final = Table(
    "voided_totals",
    METADATA,
    _generation(),
    Column("uid", String(32), nullable=False),
    Column("records", BigInteger, nullable=False),
    PrimaryKeyConstraint("uid", "generation"),
)
"""Records of an order, by its uid, that are stored in a segment and are another shard's."""

OF_A_SEGMENT: Final = (BATCH, COMMUNICATION, IRI_EVENT, ORDER_TOTALS, STREAM_MARK, VOIDED_TOTALS)
"""The tables whose rows go with their segment."""

WHOLE: Final = Table(
    "whole",
    METADATA,
    Column("liid", String(64), nullable=False),
    Column("cin", BigInteger, nullable=False),
    Column("first_generation", BigInteger, nullable=False),
    _generation(),
    Column("kind", String(12), nullable=False),
    Column("order_id", String(128)),
    Column("service", String(16)),
    Column("content_service", String(16)),
    *_told(),
    Column("begin_us", BigInteger, nullable=False),
    Column("duration_us", BigInteger, nullable=False),
    PrimaryKeyConstraint("liid", "cin"),
    Index("whole_begin", "liid", "kind", "begin_us", "cin"),
    Index("whole_duration", "liid", "kind", "duration_us", "cin"),
    Index("whole_fresh", "liid", "last_sequence"),
    Index("whole_generation", "first_generation"),
)
"""A communication in all segments from `first_generation` to `generation`. `begin_us` is NO_BEGIN where nothing has a
time, so that what is sorted by has no gaps."""

NO_BEGIN: Final = -1

WHOLE_PARTY: Final = Table(
    "whole_party",
    METADATA,
    Column("liid", String(64), nullable=False),
    Column("party", String(MAX_NAME), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("begin_us", BigInteger, nullable=False),
    Column("cin", BigInteger, nullable=False),
    PrimaryKeyConstraint("liid", "party", "kind", "begin_us", "cin"),
    sqlite_with_rowid=False,
)
"""Who takes part in which communication, in the order of their times."""

WHOLE_TALLY: Final = Table(
    "whole_tally",
    METADATA,
    Column("liid", String(64), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("communications", BigInteger, nullable=False),
    PrimaryKeyConstraint("liid", "kind"),
)
"""How many communications of each kind there are, counted along."""
