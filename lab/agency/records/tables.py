"""What record management keeps, as tables of either database. The ledger says what was done; these say what there is.

Nothing here is deleted: what ended has a time when it did. Octets lie beside the database, one directory a package and
one file an item, and their hashes here.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text

META: Final = MetaData()
NAME, TEXT, HASH = String(128), Text, String(64)

CASES: Final = Table(
    "rm_cases",
    META,
    Column("case_id", NAME, primary_key=True),
    Column("opened_us", BigInteger, nullable=False),
    Column("outcome", NAME),
    Column("classification", NAME, nullable=False, default=""),
    Column("appeal_pending", Boolean, nullable=False, default=False),
    Column("closed_us", BigInteger),
)
ACCESS: Final = Table(
    "rm_access",
    META,
    Column("case_id", NAME, primary_key=True),
    Column("user_id", NAME, primary_key=True),
    Column("given_by", NAME, nullable=False),
    Column("need", TEXT, nullable=False),
    Column("given_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),
)
PACKAGES: Final = Table(
    "rm_packages",
    META,
    Column("package_id", HASH, primary_key=True),
    Column("case_id", NAME, nullable=False),
    Column("order_id", NAME, nullable=False),
    Column("brought_by", NAME, nullable=False),
    Column("received_us", BigInteger, nullable=False),
    Column("records", Integer, nullable=False),
    Column("withheld", Integer, nullable=False),
)
ITEMS: Final = Table(
    "rm_items",
    META,
    Column("item_id", HASH, primary_key=True),
    Column("case_id", NAME, nullable=False),
    Column("kind", NAME, nullable=False),
    Column("device", NAME, nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("brought_by", NAME, nullable=False),
    Column("received_us", BigInteger, nullable=False),
    Column("octets", Integer, nullable=False),
)
FOUND: Final = Table(
    "rm_found",
    META,
    Column("row", Integer, primary_key=True, autoincrement=True),
    Column("case_id", NAME, nullable=False),
    Column("source", HASH, nullable=False),
    Column("record", Integer),
    Column("kind", NAME, nullable=False),
    Column("time_us", BigInteger),
    Column("who", NAME),
    Index("rm_found_case", "case_id", "time_us"),
    Index("rm_found_who", "who"),
)
"""What can be searched: a row a record and identity, or an item; `source` a package or an item."""
AGREEMENTS: Final = Table(
    "rm_agreements",
    META,
    Column("agency", NAME, primary_key=True),
    Column("reference", TEXT, nullable=False),
    Column("filed_by", NAME, nullable=False),
    Column("filed_us", BigInteger, nullable=False),
)
DISCLOSURES: Final = Table(
    "rm_disclosures",
    META,
    Column("disclosure_id", NAME, primary_key=True),
    Column("case_id", NAME, nullable=False),
    Column("recipient", NAME, nullable=False),
    Column("ground", TEXT),
    Column("allowed", Boolean, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("harm_likely", Boolean, nullable=False),
    Column("told_us", BigInteger),
)
INCIDENTS: Final = Table(
    "rm_incidents",
    META,
    Column("incident_id", NAME, primary_key=True),
    Column("case_id", NAME, nullable=False),
    Column("says", TEXT, nullable=False),
    Column("aware_us", BigInteger, nullable=False),
    Column("reported_us", BigInteger),
    Column("reference", TEXT),
)
REQUESTS: Final = Table(
    "rm_requests",
    META,
    Column("request_id", NAME, primary_key=True),
    Column("case_id", NAME, nullable=False),
    Column("requester", TEXT, nullable=False),
    Column("asks", TEXT, nullable=False),
    Column("received_us", BigInteger, nullable=False),
    Column("reviewed_by", NAME),
    Column("release", Boolean),
    Column("why", TEXT),
)
"""Public records requests: each waits for a person (R-158)."""
PEOPLE: Final = Table(
    "rm_people",
    META,
    Column("user_id", NAME, primary_key=True),
    Column("role", NAME, nullable=False),
    Column("password", TEXT),
    Column("failed", Integer, nullable=False, default=0),
)
SESSIONS: Final = Table(
    "rm_sessions",
    META,
    Column("session", HASH, primary_key=True),
    Column("user_id", NAME, nullable=False),
    Column("csrf", HASH, nullable=False),
    Column("seen_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),
)
