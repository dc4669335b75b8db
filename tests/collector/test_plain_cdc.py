"""What the quick look at a call-data message answers is what the reader says; every other message it leaves to that.

Messages are made by chance from the descriptions of the dialects, out of values that are usual, unusual or hostile; on
both paths.
"""

from __future__ import annotations

import random
from types import ModuleType
from typing import Any

import pytest

from asn1.laes import ias, pcesp, t1678
from asn1.laes.message import CdcMessage
from collector.facts import laes, plain_cdc
from collector.facts.laes_rows import ROWS
from tests.collector.test_facts_every_field import T0
from tests.collector.test_plain_facts import OCTETS, TEXTS, Maker

NUMBERS = ("12125550102", "2125550102", "*69", "12125550102,,5", "at five", "", "+12125550102", "1" * 20)
OURS = {
    "dn": NUMBERS, "main": ("17", "a b", ""), "leg": ("1", ""), "caseId": ("LAB-1", "at five"),
    "iAPSystemId": ("ims-1", "at five"), "originationCause": ("call", "at five"), "generic": NUMBERS,
    "transitCarrierId": ("0288", "at five"),
}  # fmt: skip
USUAL = frozenset({"calling", "called", "answering", "input", "originationCause", "dn", "iAPSystemId", "leg"})
DIALECTS = {"t1678": t1678.LAES_MESSAGE, "pcesp": pcesp.DIALECT.messages, "ias": ias.DIALECT.messages}


class CdcMaker(Maker):
    def _comes(self, row: Any) -> bool:
        if row.optional and row.name in USUAL:
            return self.chance.random() < 0.7
        return not row.optional or self.chance.random() < self.hostile / 6


@pytest.fixture(params=["compiled", "interpreted"])
def looks(request: pytest.FixtureRequest, interpreted_twin: Any, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for name, values in OURS.items():
        monkeypatch.setitem(TEXTS, name, values)
    monkeypatch.setitem(OCTETS, "correlationID", (b"\1\2", b"at five at five"))
    found = plain_cdc
    if request.param == "interpreted":
        found = interpreted_twin("collector.facts.plain_cdc")["collector.facts.plain_cdc"]
    if (request.param == "compiled") != found.COMPILED:
        pytest.fail("collector.facts.plain_cdc is not compiled: run make, which builds it", pytrace=False)
    return found


def message(maker: Maker, dialect: str, usual: bool) -> CdcMessage:
    rows = [row for row in DIALECTS[dialect].fields if row.name in ROWS[dialect]]
    if usual:
        rows = [row for row in rows if row.name in ("origination", "answer", "release", "termAttempt")] or rows
    row = maker.chance.choice(rows)
    fields = maker.value(row.type, row.name)
    called = fields.get("called")
    if "input" in fields and isinstance(called, dict) and "dn" in called and maker.chance.random() < 0.7:
        fields["input"] = ("userInput", ("generic", called["dn"]))
    return CdcMessage(row.name, fields)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("hostile", [0.0, 0.2, 0.7])
def test_attack_no_message_is_read_otherwise_than_the_reader_reads_it(
    looks: ModuleType, dialect: str, hostile: float
) -> None:
    chance, sure, rounds = random.Random(f"{dialect} {hostile}"), 0, 1500
    for at in range(rounds):
        made = message(CdcMaker(chance, hostile), dialect, at % 2 == 0)
        row = ROWS[dialect][made.name]
        found = looks.cdc_facts(made.name, made.fields, row, T0, "LAB-9")
        if found is None:
            continue
        expected = laes.read_reference(made, row, T0, "LAB-9")
        sure += 1
        assert tuple(found) == tuple(expected), made
        assert [type(one) for one in found] == [type(one) for one in expected], made
        assert repr(found.permitted) == repr(expected.permitted), made
        for cin in (None, 7):
            assert looks.placed(found, cin) == found._replace(cin=cin, unplaced=cin is None)
    if dialect == "t1678":
        assert sure * 100 > rounds * {0.0: 20, 0.2: 5}.get(hostile, -1), f"{sure} of {rounds}"


def test_attack_words_and_keys_are_not_remembered(looks: ModuleType) -> None:
    for memory in (looks._number, looks._asked):
        memory.cache_clear()
    for text in ("at five", "", "12125550102 at five"):
        with pytest.raises(looks._NotPlain):
            looks._number(text)
    for text in ("12125550102,,4711", "1212555010247110815", "at five"):
        with pytest.raises(looks._NotPlain):
            looks._asked(text)
    assert [one.cache_info().currsize for one in (looks._number, looks._asked)] == [0, 0]
