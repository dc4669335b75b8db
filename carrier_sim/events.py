"""What the simulated network hands to its points of interception: one frozen value a thing that happened.

An event names both parties by all their identities; whose side is the target is the POI's business. `octets` are what
was on the wire: the SIP message, the IP packet, the RADIUS packet, or for an SMS, an MMS or what the
packet core or IMS reports the BER XIRIPayload of its
leg (the CCPayload where it is the content of an MMS).
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from carrier_sim.subscribers import Party


class EventKind(Enum):
    SIP = "sip"
    MEDIA = "media"
    SMS = "sms"
    MMS = "mms"
    MMS_CONTENT = "mms_content"
    RADIUS = "radius"
    DATA = "data"
    SESSION = "session"
    REGISTRATION = "registration"
    IMS = "ims"


class Phase(Enum):
    """Where in its communication an event stands.

    OPENS: signalling that a point of interception must have seen to understand the rest (INVITE, its answer,
    accounting start); kept while the communication lasts, for tasks that come late. CLOSES: the last signalling.
    """

    OPENS = "opens"
    WITHIN = "within"
    CLOSES = "closes"


class Address(NamedTuple):
    """`host` as text. Both ends of one event are of one family."""

    host: str
    port: int


class InterceptEvent(NamedTuple):
    """`correlation` numbers the communication, 1..2^64-1. `sender`/`receiver` are None where that side is not a
    subscriber of this element (the far leg of an SMS). RADIUS has a sender only, and no direction. `behalf`: the party
    on whose behalf it happens though it takes no part itself (who had the call sent on), and whether that party counts
    as sending it."""

    time_us: int
    kind: EventKind
    correlation: int
    octets: bytes
    sender: Party | None
    receiver: Party | None
    source: Address | None = None
    destination: Address | None = None
    phase: Phase = Phase.WITHIN
    behalf: tuple[Party, bool] | None = None
