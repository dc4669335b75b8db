"""Handshakes on loopback: who holds a certificate of the lab's own CA is let in, and nobody else."""

from __future__ import annotations

import asyncio
import ssl
import stat
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mediation.runtime.config import NotReadyError, TlsConfig
from mediation.runtime.tls import client_context, make_lab_ca, server_context

HELLO = b"SIMULATION\n"


@pytest.fixture(scope="module")
def now_us() -> int:
    return time.time_ns() // 1000


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, now_us: int) -> Path:
    directory = tmp_path_factory.mktemp("ca")
    make_lab_ca(directory, ("mediation", "collector"), now_us)
    return directory


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory, now_us: int) -> Path:
    """Another CA with certificates for the same names."""
    directory = tmp_path_factory.mktemp("stranger")
    make_lab_ca(directory, ("mediation", "collector"), now_us)
    return directory


def files(directory: Path, name: str, ca: Path | None) -> TlsConfig:
    return TlsConfig(certificate=directory / f"{name}.pem", key=directory / f"{name}.key", ca=ca)


async def talk(server: ssl.SSLContext, client: ssl.SSLContext | None, host: str = "127.0.0.1") -> str | None:
    """The TLS version spoken when octets went both ways; an OSError when a side refused."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server)
    port = listening.sockets[0].getsockname()[1]
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    try:
        async with asyncio.timeout(10):
            # The name is for the certificate alone: a machine need not know how to look up its own.
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=client, server_hostname=host if client else None
            )
            try:
                version = writer.get_extra_info("ssl_object").version() if client else None
                writer.write(HELLO)
                # In TLS 1.3 a server's refusal of the client's certificate arrives with the first read.
                if await reader.readexactly(len(HELLO)) != HELLO:
                    raise ConnectionError("other octets")
                return version
            except asyncio.IncompleteReadError as error:
                raise ConnectionError("closed without an answer") from error
            finally:
                writer.close()
    finally:
        listening.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_both_sides_of_the_lab_speak_tls_1_3(lab: Path, host: str) -> None:
    ca = lab / "ca.pem"
    server, client = server_context(files(lab, "collector", ca)), client_context(files(lab, "mediation", ca))
    assert await talk(server, client, host) == "TLSv1.3"


async def test_a_listener_without_a_ca_asks_for_no_certificate(lab: Path) -> None:
    context = ssl.create_default_context(cafile=lab / "ca.pem")
    assert await talk(server_context(files(lab, "collector", None)), context) == "TLSv1.3"


async def test_client_without_a_certificate_is_refused(lab: Path) -> None:
    context = ssl.create_default_context(cafile=lab / "ca.pem")
    with pytest.raises(OSError):
        await talk(server_context(files(lab, "collector", lab / "ca.pem")), context)


async def test_client_with_a_strangers_certificate_is_refused(lab: Path, stranger: Path) -> None:
    server = server_context(files(lab, "collector", lab / "ca.pem"))
    with pytest.raises(OSError):
        await talk(server, client_context(files(stranger, "mediation", lab / "ca.pem")))


async def test_server_with_a_strangers_certificate_is_refused(lab: Path, stranger: Path) -> None:
    server = server_context(files(stranger, "collector", None))
    with pytest.raises(ssl.SSLCertVerificationError):
        await talk(server, client_context(files(lab, "mediation", lab / "ca.pem")))


async def test_plain_text_is_refused_by_a_tls_listener(lab: Path) -> None:
    with pytest.raises(OSError):
        await talk(server_context(files(lab, "collector", None)), None)


@pytest.mark.parametrize("side", ["server", "client"])
async def test_certificate_of_a_ca_that_the_machine_trusts_is_refused(
    lab: Path, stranger: Path, side: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A public CA's certificate proves nothing about a leg of the lab: the configured CA is the only root."""
    monkeypatch.setenv("SSL_CERT_FILE", str(stranger / "ca.pem"))
    trusting = ssl.create_default_context()
    assert any("CA" in str(one["subject"]) for one in trusting.get_ca_certs()), "the machine does trust the stranger"
    ca = lab / "ca.pem"
    at_server, at_client = (stranger, lab) if side == "server" else (lab, stranger)
    server = server_context(files(at_server, "collector", ca))
    client = client_context(files(at_client, "mediation", ca))
    with pytest.raises(OSError):
        await talk(server, client)
    assert len(server.get_ca_certs()) == len(client.get_ca_certs()) == 1


async def test_server_under_another_name_is_refused(lab: Path) -> None:
    context = client_context(files(lab, "mediation", lab / "ca.pem"))
    assert context.check_hostname
    server = server_context(files(lab, "collector", None))
    async with asyncio.timeout(10):
        listening = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=server)
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        port = listening.sockets[0].getsockname()[1]
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="mediation.invalid")
        listening.close()


async def test_expired_certificate_is_refused(lab: Path, tmp_path: Path, now_us: int) -> None:
    make_lab_ca(tmp_path, ("collector",), now_us - 400 * 86_400_000_000)
    server = server_context(files(tmp_path, "collector", None))
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        await talk(server, client_context(files(lab, "mediation", tmp_path / "ca.pem")))


async def test_certificate_of_a_leaf_that_plays_ca_is_refused(lab: Path, tmp_path: Path, now_us: int) -> None:
    """A leg's own key cannot issue: its certificate is no CA's."""
    for name in ("pem", "key"):
        (tmp_path / f"ca.{name}").write_bytes((lab / f"mediation.{name}").read_bytes())
    make_lab_ca(tmp_path, ("collector",), now_us)
    chain = tmp_path / "chain.pem"
    chain.write_bytes((tmp_path / "collector.pem").read_bytes() + (lab / "mediation.pem").read_bytes())
    server = server_context(TlsConfig(certificate=chain, key=tmp_path / "collector.key"))
    with pytest.raises(ssl.SSLCertVerificationError):
        await talk(server, client_context(files(lab, "mediation", lab / "ca.pem")))


async def test_downgrade_below_tls_1_2_is_refused_by_both_sides(lab: Path) -> None:
    server = server_context(files(lab, "collector", lab / "ca.pem"))
    client = client_context(files(lab, "mediation", lab / "ca.pem"))
    assert server.minimum_version == client.minimum_version == ssl.TLSVersion.TLSv1_2
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    assert await talk(server, client) == "TLSv1.2"


@pytest.mark.parametrize("context", [server_context, client_context])
@pytest.mark.parametrize("broken", ["missing", "mismatch", "garbage", "ca missing", "ca garbage"])
def test_files_that_cannot_be_loaded_are_one_sentence(
    lab: Path, tmp_path: Path, context: Callable[[TlsConfig], ssl.SSLContext], broken: str
) -> None:
    (tmp_path / "garbage").write_bytes(b"no certificate")
    good = files(lab, "collector", lab / "ca.pem")
    changes: dict[str, Path] = {
        "missing": {"certificate": tmp_path / "nowhere"},
        "mismatch": {"key": lab / "mediation.key"},
        "garbage": {"key": tmp_path / "garbage"},
        "ca missing": {"ca": tmp_path / "nowhere"},
        "ca garbage": {"ca": tmp_path / "garbage"},
    }[broken]
    with pytest.raises(NotReadyError, match=r"^Cannot load the TLS files ") as caught:
        context(good.model_copy(update=changes))
    assert "\n" not in str(caught.value)


def test_private_keys_are_their_owners_alone(lab: Path) -> None:
    keys = list(lab.glob("*.key"))
    assert len(keys) == 3
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in keys)


def test_making_the_ca_again_keeps_what_is_there_and_adds_what_is_new(lab: Path, tmp_path: Path, now_us: int) -> None:
    make_lab_ca(tmp_path, ("a",), now_us)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    make_lab_ca(tmp_path, ("a", "b"), now_us)
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert before.items() <= after.items() and set(after) - set(before) == {"b.pem", "b.key"}


def test_certificates_say_simulation_and_start_a_day_before_the_run(tmp_path: Path) -> None:
    begun_us = 1_750_000_000_000_000
    make_lab_ca(tmp_path, ("a",), begun_us, days=30)
    for name in ("ca", "a"):
        certificate = x509.load_pem_x509_certificate((tmp_path / f"{name}.pem").read_bytes())
        assert "SIMULATION" in certificate.subject.rfc4514_string()
        start = certificate.not_valid_before_utc
        assert start.timestamp() * 1_000_000 == begun_us - 86_400_000_000
        assert certificate.not_valid_after_utc - start == timedelta(days=30)


def test_a_ca_key_of_another_kind_is_refused_and_not_replaced(tmp_path: Path, now_us: int) -> None:
    make_lab_ca(tmp_path, (), now_us)
    octets = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "ca.key").write_bytes(octets)
    with pytest.raises(NotReadyError, match="remove the directory"):
        make_lab_ca(tmp_path, ("a",), now_us)
    assert (tmp_path / "ca.key").read_bytes() == octets
