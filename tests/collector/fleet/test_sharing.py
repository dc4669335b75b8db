"""What comes by the feed goes into the inbox once, and not where the shard has it by its own door."""

from pathlib import Path
from typing import cast

import pytest

from collector.fleet.documents import DOCUMENT, Item
from collector.fleet.sharing import Sharing
from collector.in_force import OrdersInForce


class Feed:
    def __init__(self) -> None:
        self.published: list[tuple[str, bytes]] = []

    def publish(self, kind: str, octets: bytes) -> None:
        self.published.append((kind, octets))


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
def sharing(feed: Feed, tmp_path: Path) -> Sharing:
    orders = cast(OrdersInForce, object())
    return Sharing(feed, tmp_path, orders, lambda *_: None, lambda: None, lambda kind, fields: pytest.fail(kind))


def item(octets: bytes) -> Item:
    return Item(1, DOCUMENT, octets, "other", 0)


def test_a_document_of_another_shard_goes_into_the_inbox_once(sharing: Sharing, feed: Feed, tmp_path: Path) -> None:
    sharing.take(item(b"theirs"))
    sharing.take(item(b"theirs"))
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"theirs"]
    sharing.documents()
    assert feed.published == []


def test_what_came_by_our_own_door_is_published_and_not_taken_from_the_feed(
    sharing: Sharing, feed: Feed, tmp_path: Path
) -> None:
    (tmp_path / "1.json").write_bytes(b"ours")
    sharing.documents()
    sharing.documents()
    assert feed.published == [(DOCUMENT, b"ours")]
    sharing.take(item(b"ours"))
    assert [path.name for path in tmp_path.iterdir()] == ["1.json"]


def test_attack_octets_that_begin_as_ours_are_not_taken_for_ours(sharing: Sharing, tmp_path: Path) -> None:
    (tmp_path / "1.json").write_bytes(b"ours")
    sharing.documents()
    sharing.take(item(b"ours "))
    assert len(list(tmp_path.iterdir())) == 2
