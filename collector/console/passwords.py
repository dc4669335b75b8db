"""Passwords: argon2id, in a small pool of their own, and as much work for somebody unknown as for anybody else.

A check takes tens of milliseconds and tens of mebibytes on purpose; two at a time are the most, so that a flood of
sign-ins takes neither the machine's memory nor the time of the pages.
"""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

MIN_CHARACTERS: Final = 12
MAX_CHARACTERS: Final = 256
ONE_TIME_GROUPS: Final = 4
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Nothing that is read as something else."""


class Passwords:
    """`memory_kib` and `passes` are argon2id's m and t (RFC 9106); one lane."""

    def __init__(self, memory_kib: int, passes: int) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._nobody = self._hasher.hash(secrets.token_hex(16))
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="argon2")

    def close(self) -> None:
        self._pool.shutdown()

    def hashed(self, password: str) -> str:
        return self._hasher.hash(password)

    async def hash(self, password: str) -> str:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self.hashed, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the one; for nobody's (None) the same work, and False."""
        given = password[:MAX_CHARACTERS]
        right = await asyncio.get_running_loop().run_in_executor(
            self._pool, self._verified, password_hash or self._nobody, given
        )
        return right and password_hash is not None and len(password) <= MAX_CHARACTERS

    def _verified(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (Argon2Error, InvalidHashError):
            return False


def one_time_password() -> str:
    """Eighty bits, in groups that a person can read to another."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(ONE_TIME_GROUPS))


def fault_of(password: str, user_id: str) -> str:
    """What is wrong with a password that somebody chose; empty when nothing is."""
    if not MIN_CHARACTERS <= len(password) <= MAX_CHARACTERS:
        return f"A password has {MIN_CHARACTERS} to {MAX_CHARACTERS} characters."
    if user_id.casefold() in password.casefold() or len(set(password)) < 5:
        return "Choose a password that has more to it, and not your id."
    return ""
