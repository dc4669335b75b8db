"""The receiver's half of the integrity checks (`asn1.integrity`): records and check TRIs in, findings out. Pure.

Rules. Late and in turns: `record` and `check` only take note, `turn` compares. What a check speaks of may come after
it and is waited for; so is the check of a record. Records are kept, in memory alone, until a hash spoke of them;
bounded in octets, and what is given up for that is a finding too. A check TRI that comes again as it was (a resend) is
passed over. A finding never changes what was stored: it names the records, and the caller decides.
"""

from __future__ import annotations

import hashlib
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

from asn1.errors import DecodeError
from asn1.integrity import HASHES, Chain, IntegrityProfile, PublicKey, digested, signed_octets, verify

MAX_WAITING: Final = 1024
"""Check TRIs whose records or hashes have not come yet."""
MAX_LISTED: Final = 262_144
"""Numbers that all of them list together."""
MAX_REMEMBERED: Final = 4096
"""Records of a chain, and hash TRIs of it, remembered as settled, so that what comes again is known."""
MAX_CHAINS: Final = 65_536
MAX_NAMED: Final = 4096
"""Records that one finding names; a hash over more than that is over more than anybody agrees on."""


MAX_FLAG_OCTETS: Final = 512
"""A larger flag is no flag that anybody sends; it is not kept."""
ENTRY_OCTETS: Final = 384
"""What a waiting record takes beside its own octets, measured; counted, so that small ones fill no memory."""
_FIRST, _RECORD, _LAST = 0, 1, 2


class Fault(StrEnum):
    WRONG_HASH = "wrong_hash"
    MISSING_DATA = "missing_data"
    MISSING_CHECK = "missing_check"
    MISSING_HASH = "missing_hash"
    BAD_SIGNATURE = "bad_signature"
    UNKNOWN_KEY = "unknown_key"
    UNSIGNED = "unsigned"
    REPLAYED = "replayed"
    UNUSABLE = "unusable"
    GIVEN_UP = "given_up"


class Place(NamedTuple):
    epoch: int
    number: int


class Finding(NamedTuple):
    """`records`: the data records it is about, as far as they came; `absent`: the numbers of those that did not, or not
    since this receiver began; `says` for people, never content."""

    fault: Fault
    chain: Chain
    records: tuple[Place, ...]
    says: str
    absent: tuple[int, ...] = ()


class CheckLimits(NamedTuple):
    """`data_us`: how long a check waits for what it speaks of. `check_us`: how long a record waits for its hash, and
    `sign_us` a hash for its signature, where a key is configured. `octets`: records kept for that, in all."""

    data_us: int = 10_000_000
    check_us: int = 15_000_000
    sign_us: int = 60_000_000
    octets: int = 32 << 20


class _Record(NamedTuple):
    epoch: int
    octets: bytes
    since_us: int


class _Key(NamedTuple):
    """`part`: a record and its segment flags have the same number, and are digested in this order."""

    chain: Chain
    number: int
    part: int = _RECORD


class _Hash(NamedTuple):
    value: bytes
    records: tuple[Place, ...]
    since_us: int


class _Waiting(NamedTuple):
    chain: Chain
    number: int
    value: dict[str, Any]
    since_us: int


@dataclass(slots=True)
class _ChainState:
    settled: OrderedDict[tuple[Place, int], None] = field(default_factory=OrderedDict)
    numbers: Counter[int] = field(default_factory=Counter)
    """Of the settled ones, over all epochs."""
    hashes: OrderedDict[int, _Hash] = field(default_factory=OrderedDict)
    signed: OrderedDict[int, None] = field(default_factory=OrderedDict)
    told_key: bool = False
    epoch: int = 0
    """Of the newest record."""
    flag: tuple[int, bytes] | None = None
    """A first segment flag whose record has not come, and with it its epoch."""


class Checker:
    """All chains of one link. `key` verifies signatures; without it they are counted and prove nothing."""

    def __init__(
        self, profile: IntegrityProfile, key: PublicKey | None = None, limits: CheckLimits | None = None
    ) -> None:
        self._profile = profile
        self._key = key
        self._limits = limits if limits is not None else CheckLimits()
        self._chains: OrderedDict[Chain, _ChainState] = OrderedDict()
        self._pending: OrderedDict[_Key, _Record] = OrderedDict()
        self._octets = 0
        self._waiting: list[_Waiting] = []
        self._listed = 0
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self._findings: list[Finding] = []
        self.records_checked = 0
        self.hashes_right = 0
        self.signatures_right = 0

    @property
    def pending(self) -> int:
        """Records that no hash spoke of yet."""
        return len(self._pending)

    def record(self, chain: Chain, epoch: int, number: int, octets: bytes, now_us: int) -> None:
        """A data record, in the form that is digested, whatever became of it."""
        state = self._state(chain)
        state.epoch, flag, state.flag = epoch, state.flag, None
        if flag is not None and flag[0] == number:
            self._put(_Key(chain, number, _FIRST), epoch, flag[1], now_us)
        self._put(_Key(chain, number), epoch, octets, now_us)

    def flag(self, chain: Chain, first: bool, number: int, octets: bytes, now_us: int) -> None:
        """A first or last segment flag. A link that digests none passes it over."""
        if not self._profile.flags or len(octets) > MAX_FLAG_OCTETS:
            return
        state = self._state(chain)
        if first:
            state.flag = number, octets
        else:
            self._put(_Key(chain, number, _LAST), state.epoch, octets, now_us)

    def _put(self, key: _Key, epoch: int, octets: bytes, now_us: int) -> None:
        if (Place(epoch, key.number), key.part) in self._state(key.chain).settled:
            return
        known = self._pending.get(key)
        if known is not None:
            if known.epoch >= epoch:
                return
            # A new epoch counts from 0 again, and what had this number before has no hash yet.
            self._drop(key, Fault.MISSING_CHECK, "no hash spoke of it before its stream began anew")
        try:
            kept = digested(octets, self._profile.scope)
        except DecodeError:
            return
        self._pending[key] = _Record(epoch, kept, now_us)
        self._octets += len(kept) + ENTRY_OCTETS
        while self._octets > self._limits.octets:
            self._drop(next(iter(self._pending)), Fault.GIVEN_UP, "more records wait for their hash than are kept")

    def check(self, liid: bytes, cin: int, number: int, value: dict[str, Any], now_us: int) -> None:
        """An IntegrityCheck TRI: its header's LIID, CIN and number, its value."""
        kind = {"iRI": 0, "cC": 1}.get(str(value.get("dataType")))
        chain = Chain(liid, cin, 0 if kind is None else kind)
        if kind is None or value["checkType"] not in ("hash", "signature"):
            self._find(Fault.UNUSABLE, chain, (), "a check that does not say of what kind of records it is")
            return
        name = _fingerprint(chain, number, value)
        if name in self._seen:
            return
        self._seen[name] = None
        if len(self._seen) > MAX_REMEMBERED:
            self._seen.popitem(last=False)
        self._listed += len(value["includedSequenceNumbers"])
        while self._waiting and (len(self._waiting) >= MAX_WAITING or self._listed > MAX_LISTED):
            first = self._waiting.pop(0)
            self._listed -= len(first.value["includedSequenceNumbers"])
            self._find(Fault.GIVEN_UP, first.chain, self._spoken_of(first), "more checks wait than are kept")
        self._waiting.append(_Waiting(chain, number, value, now_us))

    def turn(self, now_us: int) -> list[Finding]:
        """Compare what can be compared and give up what has waited too long."""
        # Hashes first: a signature that came with them speaks of them.
        self._waiting.sort(key=lambda one: one.value["checkType"] != "hash")
        self._waiting = [one for one in self._waiting if not self._settle(one, now_us)]
        self._listed = sum(len(one.value["includedSequenceNumbers"]) for one in self._waiting)
        late_us = now_us - self._limits.check_us
        wanted = {(one.chain, number) for one in self._waiting for number in self._numbers(one)}
        for key in [key for key, one in self._overdue(late_us) if (key.chain, key.number) not in wanted]:
            self._drop(key, Fault.MISSING_CHECK, "no hash spoke of it in time")
        if self._key is not None:
            self._unsigned(now_us - self._limits.sign_us)
        found, self._findings = self._merged(), []
        return found

    # One check

    def _settle(self, one: _Waiting, now_us: int) -> bool:
        late = now_us - one.since_us >= self._limits.data_us
        return self._hash(one, late, now_us) if one.value["checkType"] == "hash" else self._signature(one, late)

    def _hash(self, one: _Waiting, late: bool, now_us: int) -> bool:
        chain, state, numbers = one.chain, self._state(one.chain), one.value["includedSequenceNumbers"]
        algorithm = HASHES.get(str(one.value.get("hashAlgorithm", self._profile.hash_algorithm)))
        keys = self._keys(chain, numbers)
        missing = [number for number, key in zip(numbers, keys, strict=True) if key is None]
        most = max(Counter(numbers).values(), default=0)
        if algorithm is None or not 1 <= most <= (3 if self._profile.flags else 1):
            places = self._take(chain, keys)
            self._find(Fault.UNUSABLE, chain, places, "a hash of no known kind, or over no list of records")
            return True
        if missing:
            if not late:
                return False
            again = any(number in state.numbers for number in missing)
            places = self._take(chain, keys)
            fault = Fault.REPLAYED if again and not places else Fault.MISSING_DATA
            absent = tuple(missing[:MAX_NAMED]) if fault is Fault.MISSING_DATA else ()
            self._find(fault, chain, places, f"a hash speaks of {len(missing)} records that are not there", absent)
            return True
        digest = hashlib.new(algorithm)
        for key in keys:
            if key is not None:
                digest.update(self._pending[key].octets)
        places = self._take(chain, keys)
        self.records_checked += len(places)
        if digest.digest() != one.value["checkValue"]:
            self._find(Fault.WRONG_HASH, chain, places, f"the hash over {len(places)} records is another one")
            return True
        self.hashes_right += 1
        if self._key is not None:
            before = state.hashes.pop(one.number, None)
            if before is not None:
                self._find(Fault.UNSIGNED, chain, before.records, "another hash came under its number")
            state.signed.pop(one.number, None)
        state.hashes[one.number] = _Hash(one.value["checkValue"], places, now_us)
        while len(state.hashes) > MAX_REMEMBERED:
            _, lost = state.hashes.popitem(last=False)
            if self._key is not None:
                self._find(Fault.UNSIGNED, chain, lost.records, "more hashes wait for a signature than are kept")
        return True

    def _signature(self, one: _Waiting, late: bool) -> bool:
        chain, state, numbers = one.chain, self._state(one.chain), one.value["includedSequenceNumbers"]
        if self._key is None:
            if not state.told_key:
                self._find(Fault.UNKNOWN_KEY, chain, (), "no key is configured for this link's signatures")
            state.told_key = True
            return True
        missing = [number for number in numbers if number not in state.hashes]
        if missing or not numbers or len(set(numbers)) != len(numbers):
            if not late and numbers:
                return False
            again = any(number in state.signed for number in missing)
            fault = Fault.REPLAYED if again else Fault.MISSING_HASH
            self._find(fault, chain, (), f"a signature speaks of {len(missing)} hashes that wait for none")
            return True
        algorithm = one.value.get("signatureAlgorithm")
        values = [state.hashes[number].value for number in numbers]
        octets = signed_octets(chain, numbers, values, algorithm, self._profile.signing)
        hash_algorithm = self._profile.hash_algorithm
        right = verify(self._key, one.value["checkValue"], octets, algorithm, hash_algorithm)
        records = [place for number in numbers for place in state.hashes[number].records]
        if right:
            self.signatures_right += 1
            for number in numbers:
                del state.hashes[number]
                state.signed[number] = None
            while len(state.signed) > MAX_REMEMBERED:
                state.signed.popitem(last=False)
        else:
            self._find(Fault.BAD_SIGNATURE, chain, tuple(records), "the signature is not that of the configured key")
        return True

    # What waits

    def _state(self, chain: Chain) -> _ChainState:
        state = self._chains.get(chain)
        if state is not None:
            self._chains.move_to_end(chain)
            return state
        state = self._chains[chain] = _ChainState()
        if len(self._chains) > MAX_CHAINS:
            gone, lost = self._chains.popitem(last=False)
            for one in lost.hashes.values() if self._key is not None else ():
                self._find(Fault.UNSIGNED, gone, one.records, "more chains are open than are kept")
        return state

    def _keys(self, chain: Chain, numbers: list[int]) -> list[_Key | None]:
        """What a hash lists, in its order; None for what is not here. A number that comes again is the next of what has
        that number, where flags are digested, and else the same record."""
        if not self._profile.flags:
            keys = [_Key(chain, number) for number in numbers]
            return [key if key in self._pending else None for key in keys]
        met: Counter[int] = Counter()
        found = []
        for number in numbers:
            here = [key for part in (_FIRST, _RECORD, _LAST) if (key := _Key(chain, number, part)) in self._pending]
            found.append(here[met[number]] if met[number] < len(here) else None)
            met[number] += 1
        return found

    def _take(self, chain: Chain, keys: list[_Key | None]) -> tuple[Place, ...]:
        """Those that are here are settled from now on; the places of the records among them."""
        state, places = self._state(chain), []
        for key in keys:
            found = None if key is None else self._pending.pop(key, None)
            if key is None or found is None:
                continue
            self._octets -= len(found.octets) + ENTRY_OCTETS
            place = Place(found.epoch, key.number)
            self._remember(state, place, key.part)
            if key.part == _RECORD:
                places.append(place)
        return tuple(places)

    @staticmethod
    def _remember(state: _ChainState, place: Place, part: int) -> None:
        if (place, part) in state.settled:
            return
        state.settled[place, part] = None
        state.numbers[place.number] += 1
        if len(state.settled) > MAX_REMEMBERED:
            (gone, _), _ = state.settled.popitem(last=False)
            state.numbers[gone.number] -= 1
            if not state.numbers[gone.number]:
                del state.numbers[gone.number]

    def _drop(self, key: _Key, fault: Fault, says: str) -> None:
        found = self._pending.pop(key)
        self._octets -= len(found.octets) + ENTRY_OCTETS
        place = Place(found.epoch, key.number)
        self._remember(self._state(key.chain), place, key.part)
        self._find(fault, key.chain, (place,) if key.part == _RECORD else (), says)

    def _overdue(self, late_us: int) -> list[tuple[_Key, _Record]]:
        found = []
        for key, one in self._pending.items():
            if one.since_us > late_us:
                break
            found.append((key, one))
        return found

    def _unsigned(self, late_us: int) -> None:
        for chain, state in list(self._chains.items()):
            while state.hashes:
                number, oldest = next(iter(state.hashes.items()))
                if oldest.since_us > late_us:
                    break
                del state.hashes[number]
                self._find(Fault.UNSIGNED, chain, oldest.records, "no signature spoke of its hash in time")

    def _spoken_of(self, one: _Waiting) -> tuple[Place, ...]:
        return self._take(one.chain, self._keys(one.chain, self._numbers(one)))

    @staticmethod
    def _numbers(one: _Waiting) -> list[int]:
        return list(one.value["includedSequenceNumbers"]) if one.value["checkType"] == "hash" else []

    def _find(
        self, fault: Fault, chain: Chain, records: tuple[Place, ...], says: str, absent: tuple[int, ...] = ()
    ) -> None:
        self._findings.append(Finding(fault, chain, records, says, absent))

    def _merged(self) -> list[Finding]:
        """Single records that lack the same thing as one finding."""
        merged: dict[tuple[Fault, Chain, str, tuple[int, ...]], list[Place]] = {}
        for one in self._findings:
            merged.setdefault((one.fault, one.chain, one.says, one.absent), []).extend(one.records)
        return [
            Finding(fault, chain, tuple(records[at : at + MAX_NAMED]), says, absent)
            for (fault, chain, says, absent), records in merged.items()
            for at in range(0, max(len(records), 1), MAX_NAMED)
        ]


def _fingerprint(chain: Chain, number: int, value: dict[str, Any]) -> bytes:
    return hashlib.sha256(repr((chain, number, sorted(value.items()))).encode()).digest()
