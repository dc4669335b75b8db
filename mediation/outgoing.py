"""From a product to the records that leave: aggregated, numbered, cut, ciphered, with the TRIs that belong among them.

One order for each product: the CIN reset that is due, then its segments between their flags, each numbered, ciphered
where that is agreed, and digested; behind them the hash and signature TRIs that are due by number. `due` gives what
is due by time. Content waits for company where aggregation is on, and leaves before any signalling of its
communication. Nothing is sent here and no clock is read: entries come out, for the journal, in the order they leave.

The chains of integrity checks are in memory alone: after a crash the last records of each have no check, and the
collector says so.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from asn1.encryption import ByteCounter, Profile, encrypt
from asn1.errors import EncodeError
from asn1.integrity import Chain, ChainWriter, Check, PrivateKey
from asn1.ps_pdu import PsHeader, encode_ps_pdu, liid_text, micro_stamp, tri_pdu
from asn1.segments import FIRST, LAST, cut
from mediation.journal import HI2, HI3, Entry
from mediation.outgoing_config import OutgoingConfig
from mediation.runtime.handover_keys import KeyRing
from mediation.sequence import Communication, Counters, plain
from mediation.templates import Contents, Templates

MAX_CHAINS: Final = 100_000
"""Chains and byte counters kept; beyond it the one longest unused begins again."""
_PARTS: Final = {
    "iPCC": "part3", "iPIRI": "part3", "iPIRIPacketReport": "part3", "iPMMCC": "part5", "iPMMIRI": "part5",
    "threeGPP33128DefinedIRI": "part7", "threeGPP33128DefinedCC": "part7",
}  # fmt: skip
_IRI_TYPES: Final = {"begin": "iRI-Begin", "end": "iRI-End", "continue": "iRI-Continue", "report": "iRI-Report"}


class Outgoing(NamedTuple):
    """One product on its way. `header` without a number; `iri_type` None for content."""

    xid: str
    correlation: int
    state: Communication
    header: PsHeader
    contents: Contents
    direction: str | None
    iri_type: str | None
    skip: int = 0


@dataclass(slots=True)
class _Waiting:
    products: list[Outgoing]
    since_us: int


class Sender:
    """`keys` and `signer` go with `config.encryption` and `config.integrity`. `random`: octets from a random source."""

    def __init__(
        self,
        config: OutgoingConfig,
        counters: Counters,
        keys: KeyRing | None = None,
        signer: PrivateKey | None = None,
        random: Callable[[int], bytes] | None = None,
    ) -> None:
        self._oid, self._old_module = config.ps_domain_oid, config.old_module
        self._resets, self._segment_octets = config.cin_reset != "never", config.segment_octets
        self._aggregation, self._encryption, self._integrity = config.aggregation, config.encryption, config.integrity
        self._counters = counters
        self._keys = keys
        self._signer = signer
        self._random = random
        self.templates = Templates()
        self._waiting: OrderedDict[tuple[str, int], _Waiting] = OrderedDict()
        self._chains: OrderedDict[Chain, tuple[ChainWriter, PsHeader]] = OrderedDict()
        self._unhashed: dict[Chain, None] = {}
        self._unsigned: dict[Chain, None] = {}
        """Chains with something that no hash, or no signature, has yet, the longest waiting first."""
        self._byte_counters: OrderedDict[tuple[bytes, int], ByteCounter] = OrderedDict()

    @property
    def plain(self) -> bool:
        """Whether a record of content leaves alone, whole, in the clear and with nothing behind it."""
        changed = self._aggregation or self._encryption or self._integrity or self._segment_octets
        return changed is None and self._counters.scope == "communication"

    def as_sent(self, header: PsHeader) -> PsHeader:
        """The header as the agreed module version has it."""
        header = header._replace(oid=self._oid)
        if self._old_module:
            header = header._replace(extended_interception_point_id=None, network_function_id=None)
        return header

    @property
    def waiting(self) -> int:
        """Products that wait for company, and so are in no journal yet."""
        return sum(len(one.products) for one in self._waiting.values())

    def put(self, product: Outgoing, now_us: int, real_us: int) -> list[Entry]:
        """What leaves because of one more product. `now_us`: the run's clock, for stamps; `real_us`: any clock that
        goes forward, for what is due. Raises EncodeError."""
        aggregation, key = self._aggregation, (product.xid, product.correlation)
        if self._encryption is not None:
            self._key(product.header.liid)
        if aggregation is None:
            return self._leave([product], now_us, real_us)
        if product.iri_type is not None:
            waiting = self._waiting.pop(key, None)
            ahead = [] if waiting is None else self._leave(waiting.products, now_us, real_us)
            return ahead + self._leave([product], now_us, real_us)
        waiting = self._waiting.setdefault(key, _Waiting([], real_us))
        waiting.products.append(product)
        if len(waiting.products) < aggregation.records:
            return []
        del self._waiting[key]
        return self._leave(waiting.products, now_us, real_us)

    def due(self, now_us: int, real_us: int, everything: bool = False) -> list[Entry]:
        """What leaves because its time has come; `everything`, before the end."""
        entries: list[Entry] = []
        aggregation = self._aggregation
        while self._waiting and aggregation is not None:
            key, oldest = next(iter(self._waiting.items()))
            if not everything and real_us - oldest.since_us < aggregation.us:
                break
            del self._waiting[key]
            entries += self._leave(oldest.products, now_us, real_us)
        integrity = self._integrity
        if integrity is None:
            return entries
        late_us = real_us - int(integrity.hash_s * 1e6)
        for chain in _front(self._unhashed, lambda one: self._chains[one][0].since_us, late_us, everything):
            entries += self._hash(chain, now_us, real_us)
        late_us = real_us - int(integrity.sign_s * 1e6)
        for chain in _front(self._unsigned, lambda one: self._chains[one][0].unsigned_since_us, late_us, everything):
            entries += self._sign(chain, now_us)
        return entries

    # One record, or several products as one

    def _leave(self, products: list[Outgoing], now_us: int, real_us: int) -> list[Entry]:
        first, entries = products[0], []
        if self._resets and self._counters.reset(first.state, first.header.liid.decode()):
            entries.append(self._entry(first, tri_pdu(self._header(first.header, 0, now_us), "cINReset"), tri=True))
        each = self._segment_octets
        cuttable = each is not None and len(products) == 1 and first.iri_type is None
        pieces = cut(first.contents, each) if cuttable and each is not None else [first.contents]
        if len(pieces) == 1:
            return [*entries, *self._record(products, first.contents, now_us, real_us)[1]]
        number = self._number([first])
        entries += self._flag(first, number, FIRST, now_us, real_us)
        for at, piece in enumerate(pieces):
            number, made = self._record([first._replace(skip=0 if at else first.skip)], piece, now_us, real_us)
            entries += made
        return entries + self._flag(first, number, LAST, now_us, real_us)

    def _number(self, products: list[Outgoing]) -> int:
        """That of the next record."""
        first = products[0]
        number = self._counters.number(first.state, first.header.liid.decode(), first.iri_type is None)
        return number + sum(one.skip for one in products) & 0xFFFFFFFF

    def _flag(self, product: Outgoing, number: int, name: str, now_us: int, real_us: int) -> list[Entry]:
        """A segment flag, and behind it the checks that are due with it, where flags are digested."""
        header = self._header(product.header, number, now_us)
        octets = tri_pdu(header, name)
        entries = [self._entry(product, octets, tri=True)]
        if self._integrity is not None and self._integrity.digest_flags:
            entries += self._digested(header, octets, True, now_us, real_us)
        return entries

    def _record(
        self, products: list[Outgoing], contents: Contents, now_us: int, real_us: int
    ) -> tuple[int, list[Entry]]:
        """One record with its number, and behind it the checks that are due with it."""
        first = products[0]
        content = first.iri_type is None
        liid = first.header.liid.decode()
        number = self._number(products)
        header = self.as_sent(first.header._replace(sequence_number=number))
        if len(products) > 1:
            stamp_us = max(now_us, *(one.header.time_us or 0 for one in products))
            header = header._replace(time_us=stamp_us, time_qualifier="timeOfAggregation")
        if self._encryption is None:
            plain_form = octets = self._encoded(header, products, contents)
        else:
            payload = _payload(products, contents)
            octets, plain_form = self._ciphered(header, payload, _PARTS.get(contents[0], "unknown"), content, now_us)
        self._counters.take(first.state, liid, content, number)
        entries = [self._entry(first, octets)]
        integrity = self._integrity
        if integrity is not None:
            entries += self._digested(header, plain_form if integrity.plain else octets, content, now_us, real_us)
        return number, entries

    def _digested(self, header: PsHeader, octets: bytes, content: bool, now_us: int, real_us: int) -> list[Entry]:
        """The checks that are due because of these octets."""
        integrity, entries = self._integrity, list[Entry]()
        assert integrity is not None
        chain = Chain(header.liid, -1 if header.cin is None else header.cin, int(content))
        writer, _ = self._chain(chain, header)
        writer.record(header.sequence_number, octets, real_us)
        self._unhashed.setdefault(chain)
        if writer.records >= integrity.hash_records:
            entries += self._hash(chain, now_us, real_us)
        if writer.hashes >= integrity.sign_hashes:
            entries += self._sign(chain, now_us)
        return entries

    def _encoded(self, header: PsHeader, products: list[Outgoing], contents: Contents) -> bytes:
        if len(products) == 1 and products[0].iri_type is None:
            return self.templates.encode(header, contents, products[0].direction)
        return encode_ps_pdu(header, _payload(products, contents))

    def _ciphered(
        self, header: PsHeader, payload: tuple[str, Any], part: str, content: bool, now_us: int
    ) -> tuple[bytes, bytes]:
        """What is sent, and the form before ciphering."""
        profile, key = self._profile, self._key(header.liid)
        counter = self._byte_counter(header.liid, int(content), now_us)
        fresh = b"" if self._random is None or profile.iv != "prefix" else self._random(16)
        sealed = encrypt(header, payload, profile, key, counter.next, part, fresh)
        counter.sent(len(sealed.plain_form))
        return sealed.octets, sealed.plain_form

    def _hash(self, chain: Chain, now_us: int, real_us: int) -> list[Entry]:
        self._unhashed.pop(chain, None)
        writer, header = self._chains[chain]
        made = self._said(chain, header, writer.hash(real_us), now_us)
        if writer.hashes:
            self._unsigned.setdefault(chain)
        return made

    def _sign(self, chain: Chain, now_us: int) -> list[Entry]:
        self._unsigned.pop(chain, None)
        writer, header = self._chains[chain]
        return self._said(chain, header, writer.signature(), now_us)

    def _said(self, chain: Chain, header: PsHeader, check: Check | None, now_us: int) -> list[Entry]:
        """An integrity check of a chain, on the stream of its records."""
        if check is None:
            return []
        value = check.value
        stamped = self._header(header, check.number, now_us)
        octets = tri_pdu(stamped, "integrityCheck", value)
        if self._encryption is not None and self._encryption.tri:
            payload = ("tRIPayload", ("integrityCheck", value))
            octets, _ = self._ciphered(stamped, payload, "part1", bool(chain.kind), now_us)
        return [Entry(HI3 if chain.kind else HI2, chain.liid.decode(), octets, None, True)]

    # Small things

    def _header(self, header: PsHeader, number: int, now_us: int) -> PsHeader:
        """The header of a TRI of the same communication."""
        return PsHeader(
            oid=self._oid,
            liid=header.liid,
            authorization_country=header.authorization_country,
            delivery_country=header.delivery_country,
            operator_id=header.operator_id,
            network_element_id=header.network_element_id,
            cin=header.cin,
            sequence_number=number,
            time_us=max(now_us, 0),
        )

    def _entry(self, product: Outgoing, octets: bytes, tri: bool = False) -> Entry:
        stream = HI2 if product.iri_type is not None else HI3
        note = (product.xid, product.correlation, plain(product.state))
        return Entry(stream, product.header.liid.decode(), octets, note, tri)

    def _key(self, liid: bytes) -> bytes:
        """Raises EncodeError where there is none: what was to be ciphered never leaves in the clear."""
        key = None if self._keys is None else self._keys.of(liid)
        if key is None:
            raise EncodeError(f"no handover key for {liid_text(liid)}: add it, or a default, to encryption.keys_file")
        return key

    @property
    def _profile(self) -> Profile:
        encryption = self._encryption
        return Profile() if encryption is None else encryption.agreed

    def _chain(self, chain: Chain, header: PsHeader) -> tuple[ChainWriter, PsHeader]:
        found = self._chains.get(chain)
        integrity = self._integrity
        if found is None and integrity is not None:
            profile = integrity.agreed._replace(named=not self._old_module)
            found = self._chains[chain] = ChainWriter(chain, profile, self._signer), header
            if len(self._chains) > MAX_CHAINS:
                gone, _ = self._chains.popitem(last=False)
                self._unhashed.pop(gone, None)
                self._unsigned.pop(gone, None)
        assert found is not None
        self._chains.move_to_end(chain)
        return found

    def _byte_counter(self, liid: bytes, kind: int, now_us: int) -> ByteCounter:
        found = self._byte_counters.get((liid, kind))
        if found is None:
            found = self._byte_counters[liid, kind] = ByteCounter(max(now_us, 0) // 1_000_000)
            if len(self._byte_counters) > MAX_CHAINS:
                self._byte_counters.popitem(last=False)
        return found


def _payload(products: Iterable[Outgoing], contents: Contents) -> tuple[str, Any]:
    """The payload of one record. Aggregated, each has its own time and its own direction (6.2.3)."""
    made = list(products)
    if made[0].iri_type is not None:
        return "iRIPayloadSequence", [
            _present({
                "iRIType": _IRI_TYPES[one.iri_type or "report"], "iRIContents": one.contents,
                "payloadDirection": one.direction,
            })
            for one in made
        ]  # fmt: skip
    payloads = []
    for one in made:
        value: dict[str, Any] = {
            "payloadDirection": one.direction,
            "cCContents": contents if len(made) == 1 else one.contents,
        }
        if len(made) > 1 and one.header.time_us is not None:
            value["microSecondTimeStamp"] = micro_stamp(one.header.time_us)
            value["timeStampQualifier"] = one.header.time_qualifier
        payloads.append(_present(value))
    return "cCPayloadSequence", payloads


def _front(
    waiting: dict[Chain, None], since_us: Callable[[Chain], int | None], late_us: int, everything: bool
) -> list[Chain]:
    """Those whose time has come; they stand in the order of their times."""
    found = []
    for chain in waiting:
        waits_since_us = since_us(chain)
        if waits_since_us is not None and not everything and waits_since_us > late_us:
            break
        found.append(chain)
    return found


def _present(value: dict[str, Any]) -> dict[str, Any]:
    return {name: held for name, held in value.items() if held is not None}
