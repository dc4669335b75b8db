"""Contexts find the heads they were given and no others, refuse what would leave their arrays, and grow."""

from __future__ import annotations

import importlib
import random
import re
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from asn1 import multimedia, record_template
from asn1.errors import LocalError
from asn1.ps_pdu import PsHeader, decode_ps_pdu
from asn1.tlv import read_tlv
from asn1.x2x3 import PayloadDirection, PayloadFormat, PduType, X2X3Pdu, encode_pdu, head_places

ROOT = Path(__file__).parents[2]
NAMES = ("asn1.template", "mediation.x3_contexts")
FOREVER_US = 1 << 61


@pytest.fixture(scope="module", params=["compiled", "interpreted"])
def kernels(request: pytest.FixtureRequest, interpreted_twin: Any) -> SimpleNamespace:
    found: dict[str, ModuleType] = (
        dict(interpreted_twin(*NAMES))
        if request.param == "interpreted"
        else {name: importlib.import_module(name) for name in NAMES}
    )
    assert request.param == "interpreted" or all(module.COMPILED for module in found.values())
    return SimpleNamespace(**{name.rpartition(".")[2]: module for name, module in found.items()})


@pytest.fixture
def template(kernels: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(record_template, "Template", kernels.template.Template)
    header = PsHeader(liid=b"X", operator_id=b"OP", cin=1, time_us=0)
    return record_template.cc_template(header, multimedia.ipmmcc(b""), "fromTarget")


def pdu(xid: int, correlation: int, number: int, payload: bytes = b"packet", time_ns: int = 10**18) -> bytes:
    return encode_pdu(
        X2X3Pdu(
            PduType.X3, PayloadFormat.IPV4, PayloadDirection.FROM_TARGET, xid.to_bytes(16, "big"), correlation, payload,
            nfid="ims-1", sequence_number=number, timestamp_ns=time_ns,
        )
    )  # fmt: skip


def head_of(kernels: SimpleNamespace, octets: bytes) -> Any:
    places = head_places(octets)
    assert places is not None
    return kernels.x3_contexts.Head(octets[: places.octets], places.number_at, places.time_at)


def add(kernels: SimpleNamespace, contexts: Any, octets: bytes, number: int, template: int = 0) -> None:
    head = head_of(kernels, octets)
    contexts.add(head, template, b"LAB-%d" % number, number, number, number, 0, 0, FOREVER_US)


def test_every_context_is_found_among_thousands_and_no_other(kernels: SimpleNamespace, template: Any) -> None:
    chance = random.Random(1)
    contexts = kernels.x3_contexts.Contexts()
    known = [(chance.getrandbits(128), chance.getrandbits(64)) for _ in range(1_500)]
    for number, one in enumerate(known):
        add(kernels, contexts, pdu(*one, 0), number)
    octets = bytearray(b"".join(pdu(*known[at], 7) for at in range(1_500)) + pdu(known[0][0], known[1][1], 7))
    out = bytearray(2 * len(octets))
    contexts.begin()
    contexts.run(octets, 0, len(octets), out, 0, template, 0)
    assert contexts.state == kernels.x3_contexts.UNKNOWN and contexts.records == contexts.touched_n == 1_500
    assert not contexts.knows(octets, contexts.end) and contexts.knows(octets, 0)
    at = 0
    for number in range(1_500):
        end = read_tlv(out, at, contexts.out_end).end
        header = decode_ps_pdu(bytes(out[at:end])).header
        assert (header.liid, header.cin, header.sequence_number) == (b"LAB-%d" % number, number, 0)
        at = end
    assert at == contexts.out_end and set(contexts.gaps[:1_500]) == {7}


def test_a_run_ends_where_something_else_begins_and_is_gone_on_with(kernels: SimpleNamespace, template: Any) -> None:
    module = kernels.x3_contexts
    contexts = module.Contexts()
    add(kernels, contexts, pdu(1, 1, 0), 0)
    add(kernels, contexts, pdu(2, 1, 0), 1, template=3)
    octets = pdu(1, 1, 0) + pdu(2, 1, 0) + pdu(1, 1, 1)
    out = bytearray(1_000)
    contexts.run(octets, 0, len(octets), out, 0, template, 0)
    assert (contexts.state, contexts.wanted, contexts.records) == (module.OTHER_TEMPLATE, 3, 1)
    contexts.run(octets, contexts.end, len(octets), out, 0, template, 3)
    assert (contexts.state, contexts.records) == (module.OTHER_TEMPLATE, 1)
    contexts.run(octets, contexts.end, len(octets) - 1, out, 0, template, 0)
    assert (contexts.state, contexts.records) == (module.WAITS, 0)
    contexts.run(octets, contexts.end, len(octets), bytearray(50), 0, template, 0)
    assert (contexts.state, contexts.records, contexts.out_end) == (module.FULL, 0, 0)
    contexts.run(octets, contexts.end, len(octets), out, 0, template, 0)
    assert (contexts.state, contexts.records, contexts.end) == (module.WAITS, 1, len(octets))
    contexts.run(octets, len(octets), len(octets), out, 0, template, 0)
    assert (contexts.state, contexts.records) == (module.WAITS, 0)


@pytest.mark.parametrize(
    "octets",
    [
        b"", bytes(39), bytes(60), b"\xff" * 300, pdu(1, 1, 0)[:-1], pdu(1, 1, 0, b""),
        pdu(1, 1, 0)[:4] + (1 << 31).to_bytes(4, "big") + pdu(1, 1, 0)[8:],
        pdu(1, 1, 0)[:8] + b"\xff\xff\xff\xff" + pdu(1, 1, 0)[12:], b"\x01" + pdu(1, 1, 0)[1:],
        pdu(1, 1, 0)[:3] + b"\x01" + pdu(1, 1, 0)[4:], pdu(1, 1, 0)[:5] + b"\x01" + pdu(1, 1, 0)[6:],
    ],
)  # fmt: skip
def test_attack_octets_that_are_no_whole_pdu_of_a_context_are_left_alone(
    kernels: SimpleNamespace, template: Any, octets: bytes
) -> None:
    contexts = kernels.x3_contexts.Contexts()
    add(kernels, contexts, pdu(1, 1, 0), 0)
    out = bytearray(1_000)
    contexts.run(octets, 0, len(octets), out, 0, template, 0)
    assert (contexts.records, contexts.end, contexts.out_end) == (0, 0, 0) and not any(out)
    assert contexts.knows(octets, len(octets) + 5) is contexts.knows(octets, -1) is False


def test_times_are_read_to_the_end_of_their_field(kernels: SimpleNamespace, template: Any) -> None:
    contexts = kernels.x3_contexts.Contexts()
    last_ns = ((1 << 32) - 1) * 1_000_000_000 + 999_999_999
    add(kernels, contexts, pdu(1, 1, 0), 0)
    octets, out = pdu(1, 1, (1 << 32) - 1, time_ns=last_ns), bytearray(1_000)
    contexts.begin()
    contexts.run(octets, 0, len(octets), out, 0, template, 0)
    assert decode_ps_pdu(bytes(out[: contexts.out_end])).header.time_us == last_ns // 1000
    assert contexts.gaps[0] == (1 << 32) - 1 and contexts.expected[0] == 0
    place = head_of(kernels, octets).time_at + 4
    broken = octets[:place] + (1_000_000_000).to_bytes(4, "big") + octets[place + 4 :]
    contexts.run(broken, 0, len(broken), out, 0, template, 0)
    assert contexts.state == kernels.x3_contexts.UNKNOWN


def test_what_makes_no_context_is_refused(kernels: SimpleNamespace, template: Any) -> None:
    module = kernels.x3_contexts
    contexts = module.Contexts()
    head = head_of(kernels, pdu(1, 1, 0))
    rest = (0, b"L", 1, 0, 0, 0, 0, FOREVER_US)
    contexts.add(head, *rest)
    other = head_of(kernels, pdu(2, 1, 0))
    for wrong in (
        head, head._replace(octets=bytes(300)), head._replace(octets=bytes(10)), other._replace(number_at=10),
        other._replace(time_at=len(other.octets) - 4), other._replace(time_at=other.number_at + 2),
    ):  # fmt: skip
        with pytest.raises(LocalError):
            contexts.add(wrong, *rest)
    for index, value in ((1, b""), (1, bytes(26)), (2, -2), (2, 1 << 32), (6, -1)):
        with pytest.raises(LocalError):
            contexts.add(other, *rest[:index], value, *rest[index + 1 :])
    for start, stop, at in ((-1, 5, 0), (3, 2, 0), (0, 11, 0), (0, 5, -1), (0, 5, 21)):
        with pytest.raises(LocalError):
            contexts.run(bytes(10), start, stop, bytearray(20), at, template, 0)
    assert contexts.find(bytes(5)) == contexts.find(bytes(300)) == -1
    contexts.clear()
    assert contexts.n == 0 and contexts.find(head.octets) == -1


def test_a_full_table_says_so(kernels: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    if kernels.x3_contexts.COMPILED:
        assert kernels.x3_contexts.MAX_CONTEXTS == 1 << 18
    monkeypatch.setattr(kernels.x3_contexts, "MAX_CONTEXTS", 2)
    contexts = kernels.x3_contexts.Contexts()
    for number in range(2):
        add(kernels, contexts, pdu(number, 1, 0), number)
    with pytest.raises(LocalError, match="more than 2 contexts"):
        add(kernels, contexts, pdu(2, 1, 0), 2)


def test_constants_of_the_types_file_are_those_of_the_source(interpreted_twin: Any) -> None:
    module = interpreted_twin(*NAMES)["mediation.x3_contexts"]
    types = (ROOT / "mediation/x3_contexts.pxd").read_text()
    values = dict(re.findall(r"^    (_[A-Z0-9_]+) = (-?\d+)$", types, re.M))
    defines = dict(re.findall(r"#define (\w+) \(\(int64_t\)(\d+)\)", types))
    values |= {one: defines[macro] for one, macro in re.findall(r'const int64_t (_[A-Z_]+) "(\w+)"', types)}
    assert len(values) == 10 and all(getattr(module, name) == int(value) for name, value in values.items())
