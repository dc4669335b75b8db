"""What the quick walk answers is what the reference answers; what it is not sure of it leaves to it.

Every vector of every record type, and each with octets changed, cut, padded or doubled, on both paths of the kernel.
"""

from __future__ import annotations

import random
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1 import table, table_plan, tlv
from asn1.errors import DecodeError, LocalError
from asn1.table import Field, Sequence, SequenceOf, decode_reference, decode_reporting, encode
from asn1.table_types import GeneralizedTime, UtcTime
from tests.asn1.record_walk import records, vectors

RECORDS = records()
VECTORS = vectors()
TIMES = Sequence(
    "Times", (Field(0, "utc", UtcTime("UTCTime")), Field(1, "general", GeneralizedTime("G"), optional=True))
)


@pytest.fixture(params=["compiled", "interpreted"])
def walk(request: pytest.FixtureRequest, interpreted_twin: Any, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The kernel on either path, with plans of its own."""
    if request.param == "compiled":
        import asn1.walk as found

        if not found.COMPILED:
            pytest.fail("asn1.walk not compiled: run make, which builds it", pytrace=False)
        return found
    twin: ModuleType = interpreted_twin("asn1.walk")["asn1.walk"]
    assert not twin.COMPILED
    for module in (table, table_plan):
        monkeypatch.setattr(module, "walk", twin)
    monkeypatch.setattr(table_plan, "Plan", twin.Plan)
    monkeypatch.setattr(table, "Plan", twin.Plan)
    for kind in _with_plans():
        object.__setattr__(kind, "plan", None)
    request.addfinalizer(lambda: [object.__setattr__(kind, "plan", None) for kind in _with_plans()])
    return twin


def _with_plans() -> list[Any]:
    from tests.asn1.record_walk import reachable

    found: dict[int, Any] = {}
    for record in (*RECORDS.values(), TIMES):
        found |= {id(kind): kind for kind in reachable(record) if hasattr(kind, "plan")}
    return list(found.values())


def answers_alike(walk: ModuleType, record: Any, octets: bytes) -> bool:
    """Holds both against each other; whether the quick one was sure."""
    quick = walk.walk(table.plan_of(record), octets)
    checked = walk.check(table.plan_of(record), octets, walk.Spans())
    assert checked is (quick is not walk.UNSURE) or (not checked and _is_wide(record))
    try:
        value, unknown = decode_reference(record, octets)
    except DecodeError as error:
        assert quick is walk.UNSURE
        with pytest.raises(DecodeError) as raised:
            decode_reporting(record, octets)
        assert (raised.value.code, raised.value.offset, raised.value.path) == (error.code, error.offset, error.path)
        return False
    assert decode_reporting(record, octets) == (value, unknown)
    if quick is walk.UNSURE:
        return False
    assert unknown == () and quick == value and repr(quick) == repr(value), "also in types and in order"
    return True


def _is_wide(record: Any) -> bool:
    """Whether it has a SEQUENCE of more fields than a check keeps count of."""
    from tests.asn1.record_walk import reachable

    return any(len({one.name for one in getattr(kind, "fields", ())}) > 62 for kind in reachable(record))


def changed(octets: bytes, chance: random.Random) -> bytes:
    """One departure: a bit, an octet, a cut, an addition, a stretch twice, a length in another form."""
    at = chance.randrange(len(octets))
    kind = chance.randrange(6)
    if kind == 0:
        return octets[:at] + bytes([octets[at] ^ 1 << chance.randrange(8)]) + octets[at + 1 :]
    if kind == 1:
        return octets[:at] + bytes([chance.randrange(256)]) + octets[at + 1 :]
    if kind == 2:
        return octets[:at]
    if kind == 3:
        return octets + bytes([chance.randrange(256)])
    end = min(len(octets), at + chance.randrange(1, 9))
    if kind == 4:
        return octets[:at] + octets[at:end] + octets[at:]
    return octets[:1] + b"\x84" + len(octets[2:]).to_bytes(4, "big") + octets[2:]


def test_every_vector_means_the_same_on_both_walks(walk: ModuleType) -> None:
    sure = sum(answers_alike(walk, RECORDS[one.record], one.octets) for one in VECTORS)
    assert sure > len(VECTORS) * 2 // 3, "most records of the field are plain"


def test_a_check_says_where_the_marked_fields_are(walk: ModuleType) -> None:
    record = Sequence(
        "R", (Field(0, "one", UtcTime("U")), Field(1, "two", Sequence("S", (Field(0, "in", GeneralizedTime("G")),))))
    )
    value = {"one": 0, "two": {"in": 1_000_000}}
    octets, spans = encode(record, value), walk.Spans()
    plan = walk.marked(table.plan_of(record), {("two", "in"): 3, ("two",): 15})
    assert walk.check(plan, octets, spans)
    count, start, end = spans.span(3)
    assert (count, octets[start:end]) == (1, b"19700101000001Z") and spans.span(15)[1:] == (start - 2, end)
    assert walk.walk(plan, octets) == walk.walk(table.plan_of(record), octets) == value
    assert not walk.check(plan, octets + b"\0", spans) and spans.span(4)[0] == 0
    with pytest.raises(LocalError):
        walk.marked(plan, {("one",): 16})


def test_attack_what_is_changed_is_read_alike_or_left_to_the_reference(walk: ModuleType) -> None:
    chance = random.Random(26)
    rounds = 12 if walk.COMPILED else 3
    sure = 0
    for one in VECTORS:
        for _ in range(rounds):
            octets = one.octets
            for _ in range(chance.choice((1, 1, 2, 3))):
                octets = changed(octets, chance) or b"\0"
            sure += answers_alike(walk, RECORDS[one.record], octets)
    assert sure * 20 > rounds * len(VECTORS), "it does answer"


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_times_are_the_same_instants(data: st.DataObject) -> None:
    import asn1.walk as walk

    digits = st.integers(0, 99).map("{:02}".format)
    utc = "".join(data.draw(digits) for _ in range(6)) + data.draw(st.sampled_from(["Z", "Z", "+0100", ""]))
    general = "".join(data.draw(digits) for _ in range(7))
    general += data.draw(st.sampled_from(["", ".5", ".123456", ".1234567", ",5", "."])) + "Z"
    if data.draw(st.booleans()):
        month, day = data.draw(st.integers(1, 12)), data.draw(st.integers(28, 31))
        hour = data.draw(st.integers(22, 24))
        utc = f"{data.draw(digits)}{month:02}{day:02}{hour:02}5960Z"[:12] + "Z"
        general = f"{data.draw(st.integers(0, 9999)):04}{month:02}{day:02}{hour:02}5959{general[14:]}"
    content = b"".join(
        tlv.encode_tlv(tlv.CONTEXT, False, tag, text.encode()) for tag, text in enumerate((utc, general))
    )
    answers_alike(walk, TIMES, tlv.encode_tlv(tlv.UNIVERSAL, True, 16, content))


def test_attack_a_record_deeper_than_the_quick_walk_goes_is_the_references(walk: ModuleType) -> None:
    record: Any = table.OCTETS
    value: Any = b"x"
    for depth in range(28):
        record = Sequence(f"S{depth}", (Field(0, "inner", record),))
        value = {"inner": value}
    octets = encode(record, value)
    assert walk.walk(table.plan_of(record), octets) is walk.UNSURE
    assert decode_reporting(record, octets)[0] == value


def test_attack_a_list_of_very_many_is_bounded_by_the_size_of_the_record(walk: ModuleType) -> None:
    record = SequenceOf("L", table.NULL)
    octets = encode(record, [None] * 40_000)
    assert len(octets) > walk.MAX_OCTETS and walk.walk(table.plan_of(record), octets) is walk.UNSURE
    assert len(decode_reporting(record, octets)[0]) == 40_000
