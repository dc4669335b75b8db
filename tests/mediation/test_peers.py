"""Whose turn it is among the collectors of a fleet."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from mediation.laes_config import CccModel, LaesModel
from mediation.peers import Delivery, Round
from mediation.runtime.config import Peer

PEERS = [Peer(port=port) for port in (1, 2, 3)]


def test_an_address_of_its_own_is_a_delivery_to_that_one() -> None:
    assert Delivery.model_validate({"host": "127.0.0.1", "port": 7}).peers == (Peer(port=7),)
    assert Delivery.model_validate(Peer(port=7)).peers == (Peer(port=7),)
    assert Delivery.model_validate({"peers": [{"port": 7}, {"port": 8}]}).peers == (Peer(port=7), Peer(port=8))


@pytest.mark.parametrize("said", [{}, {"peers": []}, {"peers": [{"port": 7}], "port": 8}, {"peers": [{"port": 0}]}, 5])
def test_what_is_no_delivery_is_refused(said: Any) -> None:
    with pytest.raises(ValidationError):
        Delivery.model_validate(said)


def test_there_is_a_pause_only_behind_a_whole_round() -> None:
    turn = Round(PEERS, 0.5)
    tried = []
    for _ in range(6):
        port = turn.peer.port
        tried.append((port, turn.lost(0.0)))
    assert tried == [(1, 0.0), (2, 0.0), (3, 0.5), (1, 0.0), (2, 0.0), (3, 0.5)]


def test_with_one_peer_each_attempt_is_followed_by_a_pause() -> None:
    turn = Round(PEERS[:1], 0.5)
    turn.opened(0.0)
    assert [turn.lost(10.0), turn.lost(10.5)] == [0.5, 0.5] and turn.peer == PEERS[0]


def test_a_connection_that_held_begins_a_new_round_and_one_that_did_not_goes_on_with_the_old() -> None:
    turn = Round(PEERS, 0.5)
    turn.lost(0.0)
    turn.lost(0.0)
    turn.opened(0.0)
    assert (turn.lost(10.0), turn.peer.port) == (0.0, 1)
    turn.lost(10.0)
    turn.opened(10.0)
    # Who accepts and hangs up at once, as one whose connections are all taken, is no better than who refuses.
    assert turn.lost(10.1) == 0.5


def test_content_has_as_many_peers_as_its_call_data() -> None:
    peers = {"peers": [{"port": 7}, {"port": 8}]}
    one = LaesModel.model_validate({"liids": ["A"], "cdc": peers, "ccc": {"form": "apdu", **peers}})
    assert one.ccc is not None and [peer.port for peer in one.ccc.peers] == [7, 8]
    assert CccModel.model_validate({"form": "4", "port": 9}).peers == (Peer(port=9),)
    with pytest.raises(ValidationError, match=r"2 cdc\.peers need as many ccc\.peers"):
        LaesModel.model_validate({"liids": ["A"], "cdc": peers, "ccc": {"form": "apdu", "port": 9}})
