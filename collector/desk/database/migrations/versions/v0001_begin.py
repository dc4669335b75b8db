"""The first tables."""

from __future__ import annotations

from typing import Any

from alembic.operations import Operations
from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, String, Text

revision = "0001"
down_revision = None


def upgrade(operations: Operations) -> None:
    create = operations.create_table
    create(
        "credential",
        _id("user_id", key=True),
        Column("revision", Integer, nullable=False),
        Column("password_hash", String(256), nullable=False),
        Column("totp_secret", String(128)),
        Column("must_change", Boolean, nullable=False),
        _time("changed_us"),
        _id("changed_by"),
        Column("failures", Integer, nullable=False),
        _time("locked_until_us", absent=True),
        Column("totp_step", BigInteger),
    )
    create(
        "station",
        _id("station_id", key=True),
        Column("revision", Integer, nullable=False),
        Column("facility", String(200), nullable=False),
        Column("device_class", String(32), nullable=False),
        Column("certificate_sha256", String(64), unique=True),
        Column("token_sha256", String(64), unique=True),
        _id("enrolled_by"),
        _time("enrolled_us"),
        _id("revoked_by", absent=True),
        _time("revoked_us", absent=True),
    )
    create(
        "console_session",
        Column("token_sha256", String(64), primary_key=True),
        Column("revision", Integer, nullable=False),
        _id("user_id"),
        _id("station_id"),
        _time("created_us"),
        _time("seen_us"),
        _time("reauthenticated_us"),
        _time("revoked_us", absent=True),
        Column("revoked_why", String(200)),
    )
    operations.create_index("console_session_user", "console_session", ["user_id"])
    create(
        "api_token",
        Column("token_sha256", String(64), primary_key=True),
        Column("revision", Integer, nullable=False),
        _id("user_id"),
        _id("station_id"),
        Column("label", String(200), nullable=False),
        Column("actions", Text, nullable=False),
        _id("created_by"),
        _time("created_us"),
        _time("until_us"),
        _id("revoked_by", absent=True),
        _time("revoked_us", absent=True),
    )
    operations.create_index("api_token_user", "api_token", ["user_id"])
    create("synopsis", *_communication(), _revision(), Column("text", Text, nullable=False), *_author())
    create(
        "synopsis_draft",
        *_communication(),
        _id("by", key=True),
        Column("base", Integer, nullable=False),
        Column("text", Text, nullable=False),
        _time("at_us"),
    )
    create(
        "category",
        _id("category", key=True),
        _revision(),
        Column("label", String(200), nullable=False),
        Column("position", Integer, nullable=False),
        Column("retired", Boolean, nullable=False),
        *_author(),
    )
    create(
        "category_assignment",
        *_communication(),
        _id("category", key=True),
        _revision(),
        Column("assigned", Boolean, nullable=False),
        *_author(),
    )
    operations.create_index("category_assignment_category", "category_assignment", ["category"])
    create("worklist_item", *_communication(), _revision(), Column("state", String(16), nullable=False), *_author())
    create(
        "saved_view",
        _id("user_id", key=True),
        Column("name", String(200), primary_key=True),
        Column("query", Text, nullable=False),
        _time("changed_us"),
    )
    create(
        "paper",
        _id("request_id", key=True),
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("revision", Integer, nullable=False),
        Column("name", String(200), nullable=False),
        Column("media_type", String(128), nullable=False),
        Column("size_octets", BigInteger, nullable=False),
        Column("sha256", String(64), nullable=False),
        Column("octets", LargeBinary, nullable=False),
        _id("uploaded_by"),
        _time("uploaded_us"),
    )
    create(
        "alarm_acknowledgement",
        _id("alarm_id", key=True),
        Column("revision", Integer, nullable=False),
        Column("note", String(200), nullable=False),
        *_author(),
    )
    create(
        "instruction",
        _id("case_id", key=True),
        _revision(),
        Column("text", Text, nullable=False),
        Column("sha256", String(64), nullable=False),
        *_author(),
    )
    create(
        "instruction_signature",
        _id("user_id", key=True),
        _id("case_id", key=True),
        Column("sha256", String(64), primary_key=True),
        Column("revision", Integer, nullable=False),
        _time("at_us"),
    )
    create(
        "report_draft",
        _id("report_id", key=True),
        _revision(),
        _id("kind"),
        _id("case_id"),
        Column("text", Text, nullable=False),
        *_author(),
    )
    operations.create_index("report_draft_case", "report_draft", ["case_id"])


def _id(name: str, key: bool = False, absent: bool = False) -> Column[Any]:
    return Column(name, String(128), primary_key=key, nullable=absent)


def _time(name: str, absent: bool = False) -> Column[Any]:
    return Column(name, BigInteger, nullable=absent)


def _communication() -> tuple[Column[Any], ...]:
    cin = Column("cin", BigInteger, primary_key=True, autoincrement=False)
    return Column("liid", String(64), primary_key=True), cin


def _revision() -> Column[Any]:
    return Column("revision", Integer, primary_key=True, autoincrement=False)


def _author() -> tuple[Column[Any], ...]:
    return _id("by"), _time("at_us")
