"""The carrier's side of HI1: documents into the ADMF, and what stands there out of it (`runtime.hi1_front`)."""

from __future__ import annotations

import uuid

from asn1.hi1_objects import HI1Object
from mediation.activation import Activation, ActivationState, covered
from mediation.admf import Admf
from mediation.interception import xid_of
from mediation.law.hi1_standing import notification, standing_objects
from mediation.notices import Notices
from mediation.runtime.clock import Clock


class CarrierReceiver:
    def __init__(self, admf: Admf, notices: Notices, clock: Clock) -> None:
        self._admf = admf
        self._notices = notices
        self._clock = clock

    def take(self, name: str) -> Exception | None:
        return self._admf.take(name)

    def objects(self, order_id: str | None = None) -> dict[uuid.UUID, HI1Object]:
        found: dict[uuid.UUID, HI1Object] = {}
        for one in self._admf.order_ids if order_id is None else (order_id,):
            xid = xid_of(one)
            activation = self._admf.activations.get(xid, Activation())
            awaits = activation.state is ActivationState.AWAITING and covered(activation) is None
            facts = self._notices.facts(one, awaits, self._admf.tasks.is_active(xid))
            standing = standing_objects(self._admf.documents(one), self._clock.now_us(), facts)
            found |= {each.object_id: each for each in standing}
        if order_id is None:
            notices = (notification(notice) for notice in self._notices.held.values())
            found |= {each.object_id: each for each in notices}
        return found
