"""Who a request comes from: its session, its station, its bearer token, against the desk's database and ledger.

Rules. The browser has random tokens, the database their hashes. A row that is not on the ledger as it was written is
nobody's (ADR 0022): whoever writes into the database past the console lets nobody in by it. A session belongs to the
station it began at: its cookie shown from another one is a stolen cookie, and ends it. Times are the machine's.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple, TypeVar

from collector.console.config import SecondFactor, SignInPolicy
from collector.console.desk_door import DeskDoor
from collector.console.place import StationAt
from collector.console.signed_in import SessionState, SignedIn
from collector.desk.database import DeskDatabase, Reading, Writing, credentials, sessions, stations, tokens
from collector.desk.database.checking import OnRecord, is_on_record
from collector.desk.desk import Desk
from mediation.law.actors import Action
from mediation.law.desk import actor_at
from mediation.runtime.clock import Clock

T = TypeVar("T")
TOKEN_OCTETS: Final = 32
NO_STATION: Final = "-"
"""As the station of a session that began at none."""
SEEN_EVERY_US: Final = 5_000_000
"""How exactly it is kept when somebody was last seen: each time is a write."""
MAX_FLASHES: Final = 8
MAX_FLASHED: Final = 1024
STOLEN: Final = "its cookie was shown from another station"
_OVER: Final = "Your session has ended. Sign in again."


class Client(NamedTuple):
    """What a request shows of itself: cookies, the certificate's SHA-256, the address."""

    session_token: str
    station_token: str
    certificate_sha256: str
    address: str


class Flash(NamedTuple):
    says: str
    tone: str


def token() -> str:
    return secrets.token_urlsafe(TOKEN_OCTETS)


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def csrf_of(session_token: str) -> str:
    """Of a session, from what its browser alone has."""
    return hmac.digest(session_token.encode(), b"csrf", "sha256").hex()


class Memory:
    """`database` calls are made in `run`'s thread."""

    def __init__(
        self,
        database: DeskDatabase,
        desk: DeskDoor,
        clock: Clock,
        policy: SignInPolicy,
        wall_us: Callable[[], int],
    ) -> None:
        self._database = database
        self._desk = desk
        self._clock = clock
        self._policy = policy
        self._wall_us = wall_us
        self._on_record = OnRecord()
        self._taken = 0
        self._lock = threading.Lock()
        self._flashes: OrderedDict[str, list[Flash]] = OrderedDict()

    @property
    def database(self) -> DeskDatabase:
        return self._database

    # Transactions

    async def read(self, work: Callable[[Reading], T]) -> T:
        def run() -> T:
            with self._database.reading() as reading:
                return work(reading)

        return await asyncio.to_thread(run)

    async def write(self, work: Callable[[Writing], T]) -> T:
        """Of no lasting meaning: on no ledger."""

        def run() -> T:
            with self._database.writing() as writing:
                return work(writing)

        return await asyncio.to_thread(run)

    async def record(self, work: Callable[[Writing, Desk, int], T]) -> T:
        """On the ledger, then committed; in the desk's thread, with the desk open."""

        def run(desk: Desk, now_us: int) -> T:
            with self._database.recorded(desk, now_us) as writing:
                return work(writing, desk, now_us)

        return await self._desk.act(run)

    def stands(self, reading: Reading, table: str, **key: str | int) -> bool:
        """Whether a row is the one that was put on the ledger."""
        with self._lock:
            entries = self._desk.entries
            for entry in entries[self._taken :]:
                self._on_record.add(entry)
            self._taken = len(entries)
            return is_on_record(reading, self._on_record, table, **key)

    # Who asks

    async def recognise(self, client: Client, active: bool) -> tuple[SignedIn | None, StationAt | None, str]:
        """Who is signed in, at which station; and, when a session has ended, the sentence why. `active`: whether the
        request is a sign of life of whoever sits there."""
        found = await self.read(partial(self._found, client))
        if found.stolen:
            await self.end(found.hash, STOLEN, "SYS")
        elif found.signed_in is not None and active and found.seen_due:
            await self.write(lambda writing: sessions.seen(writing, found.hash, self._wall_us()))
        return found.signed_in, found.station, found.why

    async def bearer(self, bearer: str, client: Client) -> SignedIn | None:
        """Whose token this is, from the station it is bound to; None for any other."""
        return await self.read(partial(self._bearer, hash_of(bearer), client)) if bearer else None

    async def ended(self, session: str) -> str:
        """For what goes on: why it may not, in a sentence; empty while it may."""

        def look(reading: Reading) -> str:
            token = tokens.find(reading, session)
            if token is not None:
                return "" if token.usable(self._wall_us()) else "The token has ended."
            found = sessions.find(reading, session)
            if found is None or not found.live or self._over(found):
                return _OVER
            if self._idle(found):
                return "Nothing was done for a while: give your password again."
            return ""

        return await self.read(look)

    async def end(self, session: str, why: str, by: str) -> bool:
        """Revoke a session, on record."""

        def revoke(writing: Writing, desk: Desk, now_us: int) -> bool:
            return sessions.revoke(writing, session, why, by, self._wall_us())

        return await self.record(revoke)

    def _found(self, client: Client, reading: Reading) -> _Found:
        station = self._station(client, reading)
        hashed = hash_of(client.session_token) if client.session_token else ""
        session = sessions.find(reading, hashed) if hashed else None
        if session is None or not self.stands(reading, "console_session", token_sha256=hashed):
            return _Found(None, station)
        if not session.live or self._over(session):
            return _Found(None, station, hashed, _OVER)
        if session.station_id != (NO_STATION if station is None else station.station_id):
            return _Found(None, station, hashed, _OVER, stolen=True)
        actor = actor_at(self._desk.state, session.user_id, self._clock.now_us())
        credential = credentials.find(reading, session.user_id)
        if actor is None or credential is None:
            return _Found(None, station, hashed, _OVER)
        enrolled = credential.totp_secret is not None
        signed_in = SignedIn(
            session.user_id,
            actor.role,
            hashed,
            station,
            self._state(session, credential.must_change, enrolled),
            csrf_of(client.session_token),
            enrolled and self._policy.second_factor is not SecondFactor.OFF,
            session.created_us,
        )
        # Who has to give the password again shows no sign of life by asking for pages.
        lives = signed_in.state is not SessionState.IDLE
        due = lives and self._wall_us() - session.seen_us >= SEEN_EVERY_US
        return _Found(signed_in, station, hashed, seen_due=due)

    def _bearer(self, hashed: str, client: Client, reading: Reading) -> SignedIn | None:
        found = tokens.find(reading, hashed)
        if found is None or not self.stands(reading, "api_token", token_sha256=hashed):
            return None
        station = self._station(client, reading)
        elsewhere = found.station_id not in ("", "" if station is None else station.station_id)
        actor = actor_at(self._desk.state, found.user_id, self._clock.now_us())
        if not found.usable(self._wall_us()) or elsewhere or actor is None:
            return None
        actions = frozenset(Action(one) for one in found.actions if one in set(Action))
        return SignedIn(found.user_id, actor.role, hashed, station, began_us=found.created_us, actions=actions)

    def _station(self, client: Client, reading: Reading) -> StationAt | None:
        found = None
        if client.certificate_sha256:
            found = stations.by_certificate(reading, client.certificate_sha256)
        if found is None and client.station_token:
            found = stations.by_token(reading, hash_of(client.station_token))
        if found is None or not self.stands(reading, "station", station_id=found.station_id):
            return None
        return StationAt(found.station_id, found.facility, found.device_class)

    def _state(self, session: sessions.Session, must_change: bool, enrolled: bool) -> SessionState:
        if self._idle(session):
            return SessionState.IDLE
        if must_change:
            return SessionState.MUST_CHANGE
        if self._policy.second_factor is SecondFactor.REQUIRED and not enrolled:
            return SessionState.MUST_ENROL
        return SessionState.OPEN

    def _over(self, session: sessions.Session) -> bool:
        return self._wall_us() - session.created_us >= self._policy.session_s * 1e6

    def _idle(self, session: sessions.Session) -> bool:
        last_us = max(session.seen_us, session.reauthenticated_us)
        return self._wall_us() - last_us >= self._policy.idle_s * 1e6 + SEEN_EVERY_US

    # Sentences for the next page

    def flash(self, session: str, says: str, tone: str) -> None:
        kept = self._flashes.setdefault(session, [])
        kept.append(Flash(says, tone))
        del kept[:-MAX_FLASHES]
        while len(self._flashes) > MAX_FLASHED:
            self._flashes.popitem(last=False)

    def flashes(self, session: str) -> Sequence[Flash]:
        """Those that wait; they are gone then."""
        return self._flashes.pop(session, [])


class _Found(NamedTuple):
    signed_in: SignedIn | None
    station: StationAt | None
    hash: str = ""
    why: str = ""
    stolen: bool = False
    seen_due: bool = False
