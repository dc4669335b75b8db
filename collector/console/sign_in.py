"""Signing in, giving the password again, choosing another, enrolling a second factor. Every attempt is on record.

Rules. An unknown id, a wrong password, a wrong or missing code and a locked account are answered by one sentence after
the same work, so that nobody learns which ids exist. What is refused for another reason (a transfer, a suspension, no
row in the entry log) is said only to who has given the right password. Failures lock an account; attempts are counted
by address and by id before anything is looked up. A new sign-in is a new session with a new token, whatever cookie came
along. R-072: a session of the same id at another facility is ended by the new one, with an alarm on record.
"""

from __future__ import annotations

import base64
import secrets
from typing import Final, NamedTuple

from collector.console import totp
from collector.console.config import EntryLog, SecondFactor, SignInPolicy
from collector.console.desk_door import DeskDoor
from collector.console.memory import NO_STATION, Client, Memory, hash_of, token
from collector.console.passwords import Passwords, fault_of
from collector.console.place import StationAt
from collector.console.rates import Rates
from collector.console.signed_in import SignedIn
from collector.desk.database import Reading, Writing, credentials, sessions, stations
from collector.desk.desk import Desk
from mediation.law.desk import actor_at
from mediation.law.desk_state import DeskState

WRONG: Final = "That id, password or code is not right, or the account is locked for a while."


class Given(NamedTuple):
    user_id: str
    password: str
    code: str = ""


class SignedInNow(NamedTuple):
    """`token` for the cookie; empty when it was refused, and `says` is the sentence."""

    token: str
    says: str = ""


class _Proved(NamedTuple):
    right: bool
    step: int | None = None
    why: str = ""


class SignIn:
    def __init__(self, memory: Memory, desk: DeskDoor, passwords: Passwords, policy: SignInPolicy) -> None:
        self._memory = memory
        self._desk = desk
        self._passwords = passwords
        self._policy = policy
        self._rates = Rates(policy.attempts_per_minute, policy.attempts_per_minute / 60)
        self.refused = 0

    def wait_s(self, address: str, user_id: str, wall_us: int) -> float:
        """Seconds until another attempt may be made; 0.0 when it may."""
        by_address = self._rates.take(f"address {address}", wall_us)
        return max(by_address, self._rates.take(f"id {hash_of(user_id)}", wall_us))

    async def sign_in(self, given: Given, client: Client, station: StationAt | None, wall_us: int) -> SignedInNow:
        proved = await self._prove(given, wall_us)
        if not proved.right:
            await self._refuse(given.user_id, client, station, proved.why, wall_us)
            return SignedInNow("", WRONG)
        fresh = token()

        def begin(writing: Writing, desk: Desk, now_us: int) -> str:
            why = self._stands_against(desk.state, given.user_id, station, now_us)
            if why:
                desk.record("sign_in_refused", _record(given.user_id, client, station, why), now_us)
                return why
            if proved.step is not None and not credentials.use_totp_step(writing, given.user_id, proved.step):
                desk.record("sign_in_refused", _record(given.user_id, client, station, "code used"), now_us)
                return WRONG
            self._end_others(writing, desk, given.user_id, client, station, wall_us, now_us)
            where = NO_STATION if station is None else station.station_id
            sessions.begin(writing, hash_of(fresh), given.user_id, where, wall_us)
            credentials.succeeded(writing, given.user_id)
            if station is not None and self._policy.entry_log is EntryLog.STATION:
                desk.enter(given.user_id, station.facility, station.device, now_us)
            desk.record("sign_in", _record(given.user_id, client, station), now_us)
            return ""

        why = await self._memory.record(begin)
        return SignedInNow("" if why else fresh, why)

    async def again(self, signed_in: SignedIn, given: Given, client: Client, wall_us: int) -> bool:
        """The password of the same person, after a while without a sign of life."""
        proved = await self._prove(given, wall_us)
        if not proved.right or not await self._use(signed_in.user_id, proved.step):
            await self._refuse(signed_in.user_id, client, signed_in.station, proved.why or "code used", wall_us)
            return False

        def note(writing: Writing) -> None:
            sessions.reauthenticated(writing, signed_in.session, wall_us)
            credentials.succeeded(writing, signed_in.user_id)

        await self._memory.write(note)
        await self._log("reauthenticated", _record(signed_in.user_id, client, signed_in.station))
        return True

    async def change_password(self, signed_in: SignedIn, old: str, new: str, wall_us: int) -> str:
        """The sentence why not; empty when it was changed, and every other session of theirs is over."""
        fault = fault_of(new, signed_in.user_id)
        if fault:
            return fault
        credential = await self._memory.read(lambda reading: credentials.find(reading, signed_in.user_id))
        if not await self._passwords.verify(None if credential is None else credential.password_hash, old):
            await self._memory.write(lambda writing: self._count(writing, signed_in.user_id, wall_us))
            return "That is not your present password."
        if old == new:
            return "Choose another password than the present one."
        hashed = await self._passwords.hash(new)

        def change(writing: Writing, desk: Desk, now_us: int) -> None:
            credentials.set_password(writing, signed_in.user_id, hashed, signed_in.user_id, wall_us)
            why, but = "the password was changed", signed_in.session
            sessions.revoke_all(writing, signed_in.user_id, why, signed_in.user_id, wall_us, but)

        await self._memory.record(change)
        return ""

    async def enrol_code(self, signed_in: SignedIn, secret: bytes, code: str, wall_us: int) -> bool:
        """A second factor, once a code shows that the authenticator has the secret."""
        step = totp.used_step(secret, code, wall_us, -1)
        if step is None:
            return False

        def keep(writing: Writing, desk: Desk, now_us: int) -> None:
            text = base64.b32encode(secret).decode()
            credentials.set_totp(writing, signed_in.user_id, text, signed_in.user_id, wall_us)
            credentials.use_totp_step(writing, signed_in.user_id, step)

        await self._memory.record(keep)
        return True

    async def sign_out(self, signed_in: SignedIn) -> None:
        await self._memory.end(signed_in.session, "signed out", signed_in.user_id)

    async def _prove(self, given: Given, wall_us: int) -> _Proved:
        """The same work whatever is wrong."""

        def find(reading: Reading) -> credentials.Credential | None:
            found = credentials.find(reading, given.user_id)
            if found is not None and not self._memory.stands(reading, "credential", user_id=given.user_id):
                return None
            return found

        found = await self._memory.read(find)
        right = await self._passwords.verify(None if found is None else found.password_hash, given.password)
        secret = secrets.token_bytes(totp.SECRET_OCTETS)
        asked = found is not None and found.totp_secret is not None
        asked = asked and self._policy.second_factor is not SecondFactor.OFF
        last_step = -1
        if found is not None and found.totp_secret is not None and asked:
            secret = base64.b32decode(found.totp_secret)
            last_step = -1 if found.totp_step is None else found.totp_step
        step = totp.used_step(secret, given.code, wall_us, last_step)
        if found is None:
            return _Proved(False, why="unknown id")
        if found.locked(wall_us):
            return _Proved(False, why="locked")
        if not right:
            return _Proved(False, why="wrong password")
        if asked and step is None:
            return _Proved(False, why="wrong code")
        return _Proved(True, step if asked else None)

    async def _refuse(self, user_id: str, client: Client, station: StationAt | None, why: str, wall_us: int) -> None:
        self.refused += 1
        if why != "locked":
            await self._memory.write(lambda writing: self._count(writing, user_id, wall_us))
        await self._log("sign_in_refused", _record(user_id, client, station, why))

    def _count(self, writing: Writing, user_id: str, wall_us: int) -> int:
        return credentials.failed(writing, user_id, wall_us, self._policy.failures, int(self._policy.lock_s * 1e6))

    async def _use(self, user_id: str, step: int | None) -> bool:
        if step is None:
            return True
        return await self._memory.write(lambda writing: credentials.use_totp_step(writing, user_id, step))

    async def _log(self, kind: str, fields: dict[str, str]) -> None:
        await self._desk.act(lambda desk, now_us: desk.record(kind, dict(fields), now_us))

    def _stands_against(self, state: DeskState, user_id: str, station: StationAt | None, now_us: int) -> str:
        """R-071, R-079, R-086: why somebody who proved who they are may not sign in now; empty when nothing is."""
        actor = actor_at(state, user_id, now_us)
        if actor is None:
            return "The desk does not know this id any more (R-072)."
        if actor.suspended:
            return "This id is suspended (R-086)."
        if actor.duties_end_us is not None and now_us >= actor.duties_end_us:
            return "These duties have ended (R-071)."
        if station is not None and self._policy.entry_log is EntryLog.GUARD:
            row = state.present.get(user_id)
            entered = row is not None and row.facility == station.facility
            if row is None or not entered or row.at_us < state.tour_start_us(now_us):
                return f"The entry log of {station.facility} has no row of yours in this tour (R-079)."
        return ""

    def _end_others(
        self,
        writing: Writing,
        desk: Desk,
        user_id: str,
        client: Client,
        station: StationAt | None,
        wall_us: int,
        now_us: int,
    ) -> None:
        """The session whose cookie came along, and those of this id at another facility (R-072)."""
        places = {one.station_id: one.facility for one in stations.listed(writing)}
        here = "" if station is None else station.facility
        elsewhere: set[str] = set()
        old = hash_of(client.session_token) if client.session_token else ""
        for one in sessions.live(writing, user_id):
            there = places.get(one.station_id, "")
            if there and here and there != here:
                elsewhere.add(there)
                sessions.revoke(writing, one.token_sha256, f"signed in at {here} (R-072)", "SYS", wall_us)
            elif one.token_sha256 == old:
                sessions.revoke(writing, old, "signed in again", user_id, wall_us)
        if elsewhere:
            alarm = {"rule": "R-072", "user_id": user_id, "facilities": sorted({*elsewhere, here})}
            desk.record("alarm", alarm, now_us)


def _record(user_id: str, client: Client, station: StationAt | None, why: str = "") -> dict[str, str]:
    fields = {
        "user_id": user_id[:128],
        "station": "" if station is None else station.station_id,
        "facility": "" if station is None else station.facility,
        "address": client.address,
    }
    return fields | ({"why": why} if why else {})
