"""The signer process's rules, and those who ask for what they must not get. A real socket, no other process."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.errors import DecodeError, RefusedError
from collector.signer.client import SignerError, ask_public_key
from collector.signer.config import SignerConfig
from collector.signer.memory import SignerMemory
from collector.signer.purposes import Signed, judge
from collector.signer.service import MAX_CONNECTIONS, SignerService
from collector.signer.wire import KEY, LENGTH, MANIFEST, MAX_MANIFEST_OCTETS, MAX_OCTETS
from collector.store.keys import Keys
from collector.store.verifier import verify_store
from mediation.ledger.checkpoint import Checkpoint, parse_body, verify_note
from mediation.ledger.epochs import LedgerState
from mediation.runtime.config import NotReadyError
from mediation.runtime.process import IntegrityError
from tests.collector.signer.running import STORE, Running


def state(size: int, root: int = 0) -> LedgerState:
    return LedgerState(size, bytes([root or size % 251 + 1]) * 32)


def checkpoint(size: int, root: int = 0, origin: str = STORE) -> Checkpoint:
    return Checkpoint(origin, size, state(size, root).root)


# What may be signed


def test_a_ledger_grows_and_the_one_before_is_confirmed() -> None:
    one = judge(Signed(), state(5), fresh=True)
    two = judge(one, state(9), fresh=False)
    assert (two.confirmed, two.pending, two.taken_back) == (state(5), state(9), 0)
    assert judge(two, state(9), fresh=False) == two


@pytest.mark.parametrize("fresh", [True, False])
def test_attack_what_is_confirmed_is_never_taken_back(fresh: bool) -> None:
    signed = Signed(state(5), state(9))
    for asked in (state(4), state(5, 99), state(0)):
        with pytest.raises(RefusedError):
            judge(signed, asked, fresh)


def test_what_a_crash_lost_is_taken_back_by_a_new_connection_alone() -> None:
    signed = Signed(state(5), state(9))
    for asked in (state(5), state(7), state(9, 99)):
        with pytest.raises(RefusedError):
            judge(signed, asked, fresh=False)
        assert judge(signed, asked, fresh=True) == Signed(state(5), asked, 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3), st.booleans()), max_size=30))
def test_no_order_of_questions_gets_a_confirmed_size_two_roots(asked: list[tuple[int, int, bool]]) -> None:
    signed, confirmed = Signed(), {}
    for size, root, fresh in asked:
        try:
            signed = judge(signed, state(size, root), fresh)
        except RefusedError:
            continue
        assert signed.pending == state(size, root) and signed.confirmed.size <= signed.pending.size
        assert confirmed.setdefault(signed.confirmed.size, signed.confirmed.root) == signed.confirmed.root


# On disk


def test_what_was_signed_is_remembered_over_a_restart(tmp_path: Path) -> None:
    memory = SignerMemory(tmp_path)
    memory.keep(STORE, Signed(state(5), state(9), 1))
    again = SignerMemory(tmp_path)
    assert again.signed[STORE] == Signed(state(5), state(9), 1)
    assert again.key.private_bytes_raw() == memory.key.private_bytes_raw()
    assert (tmp_path / "signing.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "signed.json").write_text("[]")
    with pytest.raises(IntegrityError, match="not what this signer wrote"):
        SignerMemory(tmp_path)


def test_a_key_that_is_gone_is_not_made_again(tmp_path: Path) -> None:
    SignerMemory(tmp_path).keep(STORE, Signed(state(5), state(9)))
    (tmp_path / "signing.key").unlink()
    with pytest.raises(IntegrityError, match="is gone"):
        SignerMemory(tmp_path)


# On the socket


def test_a_note_is_signed_and_verifies(running: Running) -> None:
    remote = running.remote()
    key = ask_public_key(running.place)
    assert verify_note(remote.sign(checkpoint(5)), STORE, key) == checkpoint(5)
    assert verify_note(remote.sign(checkpoint(9)), STORE, key) == checkpoint(9)
    remote.close()


def test_attack_shorter_tree_other_root_replay_and_other_origin(running: Running) -> None:
    remote = running.remote()
    remote.sign(checkpoint(5))
    remote.sign(checkpoint(9))
    for wrong in (checkpoint(4), checkpoint(5), checkpoint(9, 99), checkpoint(20, origin="calea-lab/other")):
        with pytest.raises(SignerError, match=r"refuses: .*calea-lab verify"):
            remote.sign(wrong)
    assert remote.sign(checkpoint(12))
    remote.close()
    again = running.remote()
    with pytest.raises(SignerError, match="fewer: a ledger only grows"):
        again.sign(checkpoint(8))
    again.close()


@pytest.mark.parametrize(
    "octets",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        LENGTH.pack(MAX_OCTETS + 1) + bytes(MAX_OCTETS),
        LENGTH.pack(2 * MAX_MANIFEST_OCTETS) + MANIFEST + bytes(MAX_OCTETS),
        LENGTH.pack(1 << 31),
        LENGTH.pack(0),
        LENGTH.pack(9) + b"no bodies",
        LENGTH.pack(4) + b"\xff\n\n\n",
    ],
)
def test_attack_garbage_ends_its_connection_and_nothing_else(running: Running, octets: bytes) -> None:
    with running.raw() as connection:
        connection.sendall(octets)
        assert connection.recv(10) == b""
    remote = running.remote()
    assert remote.sign(checkpoint(5))
    remote.close()


def test_attack_a_flood_of_connections_leaves_those_that_are_served(running: Running) -> None:
    remote = running.remote()
    remote.sign(checkpoint(1))
    flood = [running.raw() for _ in range(4 * MAX_CONNECTIONS)]
    turned_away = 0
    for one in flood[2 * MAX_CONNECTIONS :]:
        turned_away += one.recv(1) == b""
    assert turned_away == 2 * MAX_CONNECTIONS
    assert remote.sign(checkpoint(2))
    for one in flood:
        one.close()
    remote.close()


def test_attack_another_user_is_not_heard(tmp_path: Path) -> None:
    """The kernel says who asks; here it is we who are not among those allowed."""
    made = Running(tmp_path, [os.getuid() + 1])
    try:
        with made.raw() as connection, pytest.raises(ConnectionError):
            connection.sendall(LENGTH.pack(len(KEY)) + KEY)
            if connection.recv(10) == b"":
                raise ConnectionResetError
        with pytest.raises(SignerError, match="does not answer"):
            ask_public_key(made.place)
    finally:
        made.stop()


def test_a_second_signer_on_one_socket_is_refused(running: Running) -> None:
    async def second(config: SignerConfig) -> None:
        service = SignerService(config)
        try:
            await service.start()
        finally:
            service.close()

    for directory in (running.config.data_dir, running.config.data_dir.parent / "other"):
        with pytest.raises(NotReadyError, match="Stop the signer that uses it"):
            asyncio.run(second(running.config.model_copy(update={"data_dir": directory})))
    remote = running.remote()
    assert remote.sign(checkpoint(1))
    remote.close()


@pytest.mark.parametrize("octets", [b"", b"x", b"a\n1\n", b"a\nb\nc\n", b"a\n01\n" + b"A" * 44 + b"\n", b"\xff\n" * 3])
def test_a_body_that_is_no_checkpoint_is_a_decode_error(octets: bytes) -> None:
    with pytest.raises(DecodeError):
        parse_body(octets)
    body = checkpoint(7).body().encode()
    assert parse_body(body) == checkpoint(7)


# Behind a store


def test_a_store_signs_through_it_and_has_no_private_key(running: Running, bench) -> None:
    bench.keys = Keys.create(bench.root / "keys2", _quarantine(bench), running.place)
    assert not (bench.root / "keys2" / "signing.key").exists()
    store = bench.open()
    bench.put(store, [b"one", b"two"])
    store.close()
    report = verify_store(bench.directory, ask_public_key(running.place), Keys(bench.root / "keys2"), bench.pin)
    assert report.ok and report.records == 2
    with pytest.raises(NotReadyError, match="a signer process holds it"):
        _ = Keys(bench.root / "keys2").signing


def test_a_signer_that_is_gone_stops_acknowledging_and_loses_nothing(running: Running, bench, tmp_path: Path) -> None:
    bench.keys = Keys.create(bench.root / "keys2", _quarantine(bench), running.place)
    store = bench.open()
    bench.put(store, [b"one"])
    running.stop()
    bench.put(store, [b"two"])
    store.close()
    assert bench.acknowledged == [b"one"] and "does not answer" in bench.failures[0]
    with pytest.raises(NotReadyError, match="is not there"):
        bench.open()
    bench.failures.clear()
    again = Running(tmp_path, [])
    store = bench.open()
    bench.put(store, [b"three"])
    store.close()
    again.stop()
    assert bench.acknowledged == [b"one", b"three"] and not bench.failures


def test_the_key_moves_to_a_signer_and_the_store_goes_on(bench, tmp_path: Path) -> None:
    store = bench.open()
    bench.put(store, [b"one"])
    store.close()
    private = bench.root / "keys" / "signing.key"
    with pytest.raises(NotReadyError, match="move it to the signer's directory"):
        Keys(bench.root / "keys", tmp_path / "s.sock")
    (tmp_path / "signer").mkdir()
    shutil.move(private, tmp_path / "signer" / "signing.key")
    made = Running(tmp_path, [])
    bench.keys = Keys(bench.root / "keys", made.place)
    store = bench.open()
    bench.put(store, [b"two"])
    store.close()
    made.stop()
    assert bench.failures == [] and verify_store(bench.directory, bench.keys.trust, bench.keys, bench.pin).ok


def _quarantine(bench) -> Path:
    path: Path = bench.root / "quarantine.pem"
    return path
