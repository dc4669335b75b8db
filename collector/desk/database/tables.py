"""The tables, as the newest migration leaves them (a test holds one against the other), and what of a row is noted.

A noted row has a `revision`. Where a table keeps every revision it is part of the key, and nothing is ever changed or
deleted; where the row is changed in place it counts up. Times are microseconds UTC.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

METADATA: Final = MetaData()


def _id(name: str, key: bool = False, absent: bool = False) -> Column[str]:
    return Column(name, String(128), primary_key=key, nullable=absent)


def _time(name: str, absent: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=absent)


def _communication() -> tuple[Column[Any], Column[Any]]:
    return (
        Column("liid", String(64), primary_key=True),
        Column("cin", BigInteger, primary_key=True, autoincrement=False),
    )


def _revision(key: bool = True) -> Column[int]:
    return Column("revision", Integer, primary_key=key, autoincrement=False, nullable=False)


CREDENTIAL: Final = Table(
    "credential",
    METADATA,
    _id("user_id", key=True),
    _revision(key=False),
    Column("password_hash", String(256), nullable=False),
    Column("totp_secret", String(128)),
    Column("must_change", Boolean, nullable=False),
    _time("changed_us"),
    _id("changed_by"),
    Column("failures", Integer, nullable=False),
    _time("locked_until_us", absent=True),
    Column("totp_step", BigInteger),
)

STATION: Final = Table(
    "station",
    METADATA,
    _id("station_id", key=True),
    _revision(key=False),
    Column("facility", String(200), nullable=False),
    Column("device_class", String(32), nullable=False),
    Column("certificate_sha256", String(64), unique=True),
    Column("token_sha256", String(64), unique=True),
    _id("enrolled_by"),
    _time("enrolled_us"),
    _id("revoked_by", absent=True),
    _time("revoked_us", absent=True),
)

CONSOLE_SESSION: Final = Table(
    "console_session",
    METADATA,
    Column("token_sha256", String(64), primary_key=True),
    _revision(key=False),
    _id("user_id"),
    _id("station_id"),
    _time("created_us"),
    _time("seen_us"),
    _time("reauthenticated_us"),
    _time("revoked_us", absent=True),
    Column("revoked_why", String(200)),
    Index("console_session_user", "user_id"),
)

API_TOKEN: Final = Table(
    "api_token",
    METADATA,
    Column("token_sha256", String(64), primary_key=True),
    _revision(key=False),
    _id("user_id"),
    _id("station_id"),
    Column("label", String(200), nullable=False),
    Column("actions", Text, nullable=False),
    _id("created_by"),
    _time("created_us"),
    _time("until_us"),
    _id("revoked_by", absent=True),
    _time("revoked_us", absent=True),
    Index("api_token_user", "user_id"),
)

SYNOPSIS: Final = Table(
    "synopsis",
    METADATA,
    *_communication(),
    _revision(),
    Column("text", Text, nullable=False),
    _id("by"),
    _time("at_us"),
)

SYNOPSIS_DRAFT: Final = Table(
    "synopsis_draft",
    METADATA,
    *_communication(),
    _id("by", key=True),
    Column("base", Integer, nullable=False),
    Column("text", Text, nullable=False),
    _time("at_us"),
)

CATEGORY: Final = Table(
    "category",
    METADATA,
    _id("category", key=True),
    _revision(),
    Column("label", String(200), nullable=False),
    Column("position", Integer, nullable=False),
    Column("retired", Boolean, nullable=False),
    _id("by"),
    _time("at_us"),
)

CATEGORY_ASSIGNMENT: Final = Table(
    "category_assignment",
    METADATA,
    *_communication(),
    _id("category", key=True),
    _revision(),
    Column("assigned", Boolean, nullable=False),
    _id("by"),
    _time("at_us"),
    Index("category_assignment_category", "category"),
)

WORKLIST_ITEM: Final = Table(
    "worklist_item",
    METADATA,
    *_communication(),
    _revision(),
    Column("state", String(16), nullable=False),
    _id("by"),
    _time("at_us"),
)

SAVED_VIEW: Final = Table(
    "saved_view",
    METADATA,
    _id("user_id", key=True),
    Column("name", String(200), primary_key=True),
    Column("query", Text, nullable=False),
    _time("changed_us"),
)

PAPER: Final = Table(
    "paper",
    METADATA,
    _id("request_id", key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    _revision(key=False),
    Column("name", String(200), nullable=False),
    Column("media_type", String(128), nullable=False),
    Column("size_octets", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("octets", LargeBinary, nullable=False),
    _id("uploaded_by"),
    _time("uploaded_us"),
)

ALARM_ACKNOWLEDGEMENT: Final = Table(
    "alarm_acknowledgement",
    METADATA,
    _id("alarm_id", key=True),
    _revision(key=False),
    Column("note", String(200), nullable=False),
    _id("by"),
    _time("at_us"),
)

INSTRUCTION: Final = Table(
    "instruction",
    METADATA,
    _id("case_id", key=True),
    _revision(),
    Column("text", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    _id("by"),
    _time("at_us"),
)

INSTRUCTION_SIGNATURE: Final = Table(
    "instruction_signature",
    METADATA,
    _id("user_id", key=True),
    _id("case_id", key=True),
    Column("sha256", String(64), primary_key=True),
    _revision(key=False),
    _time("at_us"),
)

REPORT_DRAFT: Final = Table(
    "report_draft",
    METADATA,
    _id("report_id", key=True),
    _revision(),
    _id("kind"),
    _id("case_id"),
    Column("text", Text, nullable=False),
    _id("by"),
    _time("at_us"),
    Index("report_draft_case", "case_id"),
)


class Noted(NamedTuple):
    """What is noted of a table's rows. `key` names the thing (without its revision); `volatile` columns change without
    a note; `hashed` columns are octets that go into the digest by their SHA-256."""

    table: Table
    key: tuple[str, ...]
    keeps_revisions: bool
    volatile: frozenset[str] = frozenset()
    hashed: frozenset[str] = frozenset()


CREDENTIALS: Final = Noted(CREDENTIAL, ("user_id",), False, frozenset({"failures", "locked_until_us", "totp_step"}))
STATIONS: Final = Noted(STATION, ("station_id",), False)
SESSIONS: Final = Noted(CONSOLE_SESSION, ("token_sha256",), False, frozenset({"seen_us", "reauthenticated_us"}))
TOKENS: Final = Noted(API_TOKEN, ("token_sha256",), False)
SYNOPSES: Final = Noted(SYNOPSIS, ("liid", "cin"), True)
CATEGORIES: Final = Noted(CATEGORY, ("category",), True)
ASSIGNMENTS: Final = Noted(CATEGORY_ASSIGNMENT, ("liid", "cin", "category"), True)
WORKLIST: Final = Noted(WORKLIST_ITEM, ("liid", "cin"), True)
PAPERS: Final = Noted(PAPER, ("request_id", "number"), True, hashed=frozenset({"octets"}))
ACKNOWLEDGEMENTS: Final = Noted(ALARM_ACKNOWLEDGEMENT, ("alarm_id",), True)
INSTRUCTIONS: Final = Noted(INSTRUCTION, ("case_id",), True)
SIGNATURES: Final = Noted(INSTRUCTION_SIGNATURE, ("user_id", "case_id", "sha256"), True)
REPORTS: Final = Noted(REPORT_DRAFT, ("report_id",), True)

NOTED: Final = (
    CREDENTIALS,
    STATIONS,
    SESSIONS,
    TOKENS,
    SYNOPSES,
    CATEGORIES,
    ASSIGNMENTS,
    WORKLIST,
    PAPERS,
    ACKNOWLEDGEMENTS,
    INSTRUCTIONS,
    SIGNATURES,
    REPORTS,
)
NOTED_BY_NAME: Final = {one.table.name: one for one in NOTED}
