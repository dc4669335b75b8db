"""One link of a US dialect as its lanes see it, and a record as it was received on it."""

from __future__ import annotations

from typing import NamedTuple

from collector.laes.hold import Hold
from collector.laes.loss import Losses
from collector.laes.naming import Endpoint
from collector.laes.resend import ResendWindow
from collector.laes.terms import LaesTerms
from collector.pipeline import LinkState


class Arrived(NamedTuple):
    """A record as it was received. `offset`: where it lies in the open arena, None when it lies in none."""

    octets: bytes
    offset: int | None
    arrival_us: int


class LaesLink:
    """`address` is where it listens, once it does."""

    def __init__(self, state: LinkState, terms: LaesTerms) -> None:
        self.state = state
        self.terms = terms
        self.address: Endpoint = ("", 0)
        self.window = ResendWindow(terms.resend_octets, terms.resend_us)
        self.hold = Hold(terms.hold_octets, terms.hold_us)
        self.losses = Losses()
