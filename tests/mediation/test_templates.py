"""A template gives the octets that the tables give, for every stream, size, number and time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1 import ip, multimedia
from asn1.errors import EncodeError
from asn1.ps_pdu import PsHeader, cc_pdu
from asn1.ts33128 import encode_cc
from mediation import templates as templates_module
from mediation.templates import Templates

SECOND = 1_000_000
MMS = encode_cc(
    ("mMSCCPDU", {"version": {"majorVersion": 1, "minorVersion": 3}, "transactionID": "T", "mMSContent": b"x"})
)


def header(number: int = 0, time_us: int | None = 1_750_000_000 * SECOND, **changes: Any) -> PsHeader:
    return PsHeader(
        liid=b"LAB-1", operator_id=b"OP", cin=3, sequence_number=number, time_us=time_us, **changes
    )  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    records=st.lists(
        st.tuples(
            st.sampled_from(["iPMMCC", "iPCC", "threeGPP33128DefinedCC"]),
            st.one_of(st.integers(0, 300), st.integers(0, (1 << 32) - 1)),
            st.one_of(st.integers(0, 1 << 33), st.just(1_750_000_000), st.just((1 << 31) - 1)),
            st.integers(0, SECOND - 1),
            st.one_of(st.integers(0, 3), st.sampled_from([127, 128, 200, 255, 256, 1_400])),
            st.integers(0, 255),
            st.sampled_from(["toTarget", "fromTarget", None]),
            st.sampled_from([None, b"ims-1"]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_any_record_is_what_the_tables_make_of_it(records: list[tuple[Any, ...]]) -> None:
    templates = Templates()
    for kind, number, seconds, microseconds, size, fill, direction, function in records * 2:
        packet = bytes((fill,)) * size
        contents: Any = (kind, MMS)
        if kind != "threeGPP33128DefinedCC":
            contents = multimedia.ipmmcc(packet) if kind == "iPMMCC" else ip.ipcc(packet)
        one = header(number, seconds * SECOND + microseconds, network_function_id=function)
        try:
            expected = cc_pdu(one, contents, direction)
        except EncodeError:
            with pytest.raises(EncodeError):
                templates.encode(one, contents, direction)
            continue
        assert templates.encode(one, contents, direction) == expected


def test_a_stream_of_speech_is_learned_once_and_patched_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    def counted(*arguments: Any) -> bytes:
        nonlocal asked
        asked += 1
        return cc_pdu(*arguments)

    monkeypatch.setattr(templates_module, "cc_pdu", counted)
    templates = Templates()
    for number in range(2_000):
        one = header(number, 1_750_000_000 * SECOND + number * 20_000)._replace(liid=b"LAB-%d" % (number % 7))
        contents = multimedia.ipmmcc(number.to_bytes(200 + number % 90, "big"))
        assert templates.encode(one, contents, "toTarget") == cc_pdu(one, contents, "toTarget")
    assert asked == 1


def test_flood_of_shapes_holds_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates_module, "MAX_TEMPLATES", 10)
    templates = Templates()
    for number in range(1, 100):
        one = header(network_function_id=b"f%d" % number)
        assert templates.encode(one, multimedia.ipmmcc(b"x"), None) == cc_pdu(one, multimedia.ipmmcc(b"x"), None)
    assert len(templates._held) == 10


def test_a_value_that_no_record_can_hold_is_what_the_tables_say(monkeypatch: pytest.MonkeyPatch) -> None:
    templates = Templates()
    templates.encode(header(), multimedia.ipmmcc(b"x"), None)
    for wrong in (header(1 << 32), header()._replace(liid=b""), header()._replace(cin=-1), header(0, -1)):
        with pytest.raises(EncodeError):
            templates.encode(wrong, multimedia.ipmmcc(b"x"), None)


def test_a_record_without_a_time_is_left_to_the_tables() -> None:
    templates = Templates()
    contents = multimedia.ipmmcc(b"x" * 40)
    assert templates.encode(header(time_us=None), contents, None) == cc_pdu(header(time_us=None), contents, None)
    assert not templates._held
