"""The desk's database: what people write at the console. Primary, with migrations; SQLite or PostgreSQL by URL.

Duties, grants, requests and tickets are not in it: they are the signed ledger of `collector.desk` (ADR 0010). What has
lasting meaning here is put on that ledger by its digest before it is committed (ADR 0022), so that a row which was
changed, removed, put back or slipped in past the console is found.

    database = DeskDatabase.open(f"sqlite:///{data / 'desk' / 'desk.sqlite'}")     # or postgresql://user@host/name
    with database.reading() as reading:                                            # one snapshot
        newest = synopses.newest(reading, "LAB-0001", 7)
    with Desk.open(...) as desk, database.recorded(desk, now_us) as writing:       # on the ledger, then committed
        saved = synopses.save(writing, "LAB-0001", 7, "…", seen=newest.revision, by="rivera", at_us=now_us)
    with database.writing() as writing:                                            # of no lasting meaning: no ledger
        synopses.autosave(writing, "LAB-0001", 7, "…", base=3, by="rivera", at_us=now_us)

Calls block: a coroutine makes them by `asyncio.to_thread`, a whole transaction at once. Every time is an argument, in
microseconds UTC. Texts and octets are bounded (`bounds`); one that is too long, or holds what a database does not take,
raises BoundError with a sentence. Who saves over a revision that he has not seen gets ConflictError. A `recorded`
transaction takes whatever a `writing` one does; a write of lasting meaning (below: noted) is refused in the latter.

| module | what it holds | noted |
|---|---|---|
| `credentials` | argon2id hash, TOTP secret, failures, lock, must-change, by user | hash, secret, must-change |
| `stations` | facility, device class, certificate fingerprint or hash of an enrolment token | all |
| `sessions` | console sessions by hash of their token; revocable | begin, revocation |
| `tokens` | API tokens by their hash: user, station, actions, end; revocable | all |
| `synopses` | of a communication (LIID, CIN); every revision; an autosaved draft for each author | revisions |
| `categories` | the agency's list over the defaults; assignments to communications | all |
| `worklist` | state of a communication: new, heard, done | all |
| `views` | saved views: a name and a query string for a user | nothing |
| `papers` | octets, name and SHA-256 of what a request came with | all |
| `alarms` | acknowledgements | all |
| `instructions` | minimisation instructions of a case, and who signed which | all |
| `reports` | drafts of reports, every revision | all |

    database.settle(desk, entries, now_us)              when a process begins: what a crash left on the ledger alone
    is_on_record(reading, on_record, "credential", user_id="rivera")    one row, before anybody is let in by it
    check_against_ledger(database, entries)             every noted row against every `written` entry

`entries` are those of `read_desk`; `OnRecord(entries)` keeps what they say and takes later ones by `add`.
"""

from __future__ import annotations

from collector.desk.database import (
    alarms,
    categories,
    credentials,
    instructions,
    papers,
    reports,
    sessions,
    stations,
    synopses,
    tokens,
    views,
    worklist,
)
from collector.desk.database.bounds import BoundError, ConflictError
from collector.desk.database.checking import Checked, OnRecord, is_on_record
from collector.desk.database.opening import DatabaseError, DeskDatabase, check_against_ledger
from collector.desk.database.writing import Reading, Writing, Written

__all__ = [
    "BoundError",
    "Checked",
    "ConflictError",
    "DatabaseError",
    "DeskDatabase",
    "OnRecord",
    "Reading",
    "Writing",
    "Written",
    "alarms",
    "categories",
    "check_against_ledger",
    "credentials",
    "instructions",
    "is_on_record",
    "papers",
    "reports",
    "sessions",
    "stations",
    "synopses",
    "tokens",
    "views",
    "worklist",
]
