"""What can be asked of a running mediation function about its links."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import ValidationError

from asn1.errors import RefusedError
from mediation.control import Control
from mediation.delivery import Link
from mediation.journal import HI2, HI3


class FakeLink(Link):
    """One that is no connection."""

    def __init__(self, name: str, stream: int, up: bool) -> None:
        self.name, self.stream, self.up = name, stream, up
        self.said: list[tuple[str, object]] = []

    def say(self, name: str, value: object = None) -> bool:
        self.said.append((name, value))
        return self.up


class FakeMediation:
    def __init__(self) -> None:
        self.links = (FakeLink("hi2", HI2, True), FakeLink("hi3", HI3, False))
        self.messages: list[tuple[str, str, int, int]] = []

    def operator_message(self, text: str, priority: str, stream: int, now_us: int) -> None:
        self.messages.append((text, priority, stream, now_us))


@pytest.fixture
def asked() -> tuple[Control, FakeMediation]:
    mediation = FakeMediation()
    clock = SimpleNamespace(now_us=lambda: 7)
    return Control(cast(Any, mediation), cast(Any, None), cast(Any, None), cast(Any, clock)), mediation


def test_test_and_padding_pdus_go_where_a_link_is_up(asked: tuple[Control, FakeMediation]) -> None:
    control, mediation = asked
    assert control.say({"what": "testPDU"}) == {"what": "testPDU", "links": ["hi2"]}
    assert control.say({"what": "paddingPDU", "link": "hi2", "octets": 3}) == {"what": "paddingPDU", "links": ["hi2"]}
    assert mediation.links[0].said == [("testPDU", None), ("paddingPDU", bytes(3))]
    assert mediation.links[1].said == [("testPDU", None)] and mediation.messages == []


def test_an_operator_message_is_buffered_for_every_link_asked(asked: tuple[Control, FakeMediation]) -> None:
    control, mediation = asked
    control.say({"what": "operatorLeaMessage", "text": "maintenance at noon", "priority": "error"})
    control.say({"what": "operatorLeaMessage", "text": "done", "link": "hi3"})
    assert mediation.messages == [
        ("maintenance at noon", "error", HI2, 7), ("maintenance at noon", "error", HI3, 7),
        ("done", "informational", HI3, 7),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        {"what": "keep-alive"}, {"what": "testPDU", "link": "hi4"}, {"what": "paddingPDU", "octets": 1 << 20},
        {"what": "operatorLeaMessage"}, {"what": "operatorLeaMessage", "text": "ü" * 200}, [],
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_refused(asked: tuple[Control, FakeMediation], body: Any) -> None:
    control, mediation = asked
    with pytest.raises((ValidationError, RefusedError)):
        control.say(body)
    assert not mediation.messages and not mediation.links[0].said
