"""A covert audio recorder: recordings of its own, signed as they are made, until it is full or its warrant ends.

Rules. It records on one of two bases: installed for a warrant (R-163), inside that warrant's period alone (R-164), or
given out for a conversation of which one party consents, with a supervisor's authorisation (R-165); then it knows of no
warrant and has no way to the collection system (R-162). Only the technical unit installs and removes it. Few can send
while they record (R-168). There is no edit: what is in its memory is read out or cleared (R-167).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asn1.errors import RefusedError
from asn1.recording import SAMPLE_US, SAMPLES_PER_S, Recording, Sound, sign_recording
from lab.agency.devices.memory import Memory
from mediation.law.orders import Window

PIECE_SAMPLES: Final = SAMPLES_PER_S
"""One second a piece."""
TECHNICAL: Final = "TARU"
MAX_SECONDS: Final = 3600


class Basis(StrEnum):
    WARRANT = "warrant"
    ONE_PARTY = "one party consents"


@dataclass(frozen=True, slots=True)
class Deployment:
    """`liid` and `window` of the warrant; `authorised_by`: the supervisor, where one party consents."""

    basis: Basis
    liid: str = ""
    window: Window | None = None
    authorised_by: str = ""


@dataclass(slots=True)
class Recorder:
    """`recordings`: how many it has begun, in its whole life."""

    name: str
    key: Ed25519PrivateKey
    streaming: bool
    memory: Memory
    deployment: Deployment | None = None
    recordings: int = 0

    def install(self, role: str, liid: str, window: Window) -> None:
        """For a warrant. Raises RefusedError."""
        self.technical(role)
        if self.deployment is not None:
            raise RefusedError(f"{self.name} is out already, because of {self.deployment.basis}: it is returned first.")
        self.deployment = Deployment(Basis.WARRANT, liid, window)

    def give_out(self, authorised_by: str) -> None:
        """For a conversation of which a party consents. Raises RefusedError without a supervisor's name (R-165)."""
        if not authorised_by.strip():
            raise RefusedError("DOC_MISSING: a supervisor authorises it, by name (R-165).")
        if self.deployment is not None:
            raise RefusedError(f"{self.name} is out already, because of {self.deployment.basis}: it is returned first.")
        self.deployment = Deployment(Basis.ONE_PARTY, authorised_by=authorised_by.strip())

    def give_back(self, role: str) -> Deployment:
        """It comes back from where it was; what it recorded stays in it. Raises RefusedError."""
        if self.deployment is None:
            raise RefusedError(f"{self.name} is with its command: there is nothing to return.")
        if self.deployment.basis is Basis.WARRANT:
            self.technical(role)
        ended, self.deployment = self.deployment, None
        return ended

    def record(self, begins_us: int, samples: bytes, code: str, live: bool = False, past_its_end: bool = False) -> Made:
        """One recording, from `begins_us` on. `past_its_end`: a device that does not know when to stop. Raises
        RefusedError."""
        if self.deployment is None:
            raise RefusedError(f"{self.name} is with its command and records nothing.")
        if live and not self.streaming:
            raise RefusedError(f"{self.name} cannot send while it records (R-168).")
        if not samples or len(samples) > MAX_SECONDS * SAMPLES_PER_S:
            raise RefusedError(f"A recording takes up to {MAX_SECONDS} seconds.")
        self.recordings += 1
        return Made(self, self.recordings, begins_us, samples, code, live, past_its_end)

    def technical(self, role: str) -> None:
        if role != TECHNICAL:
            raise RefusedError("ACCESS_DENIED_ROLE: only the technical unit installs and removes it (R-163).")


@dataclass(frozen=True, slots=True)
class Made:
    """A recording under way: its pieces, one after the other, as far as the period lets them begin and end."""

    by: Recorder
    number: int
    begins_us: int
    samples: bytes
    code: str
    live: bool
    past_its_end: bool

    def pieces(self) -> Iterator[bytes]:
        """Each signed."""
        deployment = self.by.deployment
        assert deployment is not None, "it is out while it records"
        for index, at in enumerate(range(0, len(self.samples), PIECE_SAMPLES)):
            begins_us = self.begins_us + at * SAMPLE_US
            octets = self._within(deployment.window, begins_us, self.samples[at : at + PIECE_SAMPLES])
            if octets:
                piece = Recording(
                    self.by.name, deployment.liid, self.number, index, begins_us, self.live, Sound(self.code, octets)
                )
                yield sign_recording(piece, self.by.key)

    def _within(self, window: Window | None, begins_us: int, octets: bytes) -> bytes:
        """R-164: it is off before the period and from its end on; the last piece is cut there."""
        if window is None or self.past_its_end:
            return octets
        if not window.contains(begins_us):
            return b""
        return octets[: (window.end_us - begins_us) // SAMPLE_US]
