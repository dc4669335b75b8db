"""TLS contexts and the lab's own certificate authority.

TLS 1.2 at least, 1.3 preferred (TS 102 232-1 clause 6.4, by a third party's reading).
"""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mediation.runtime.config import NotReadyError, TlsConfig

LAB_SUFFIX: Final = ".invalid"
"""A lab certificate is for its name under this domain, which no name service knows."""


def peer_name(identifier: str) -> str:
    """The host name that the certificate of a peer with this X1 or HI1 identifier is for."""
    return f"{identifier}{LAB_SUFFIX}"


def names_in(certificate: Mapping[str, Any] | None) -> frozenset[str]:
    """The identifiers a peer's certificate (`getpeercert()`) speaks for: its DNS names, those of the lab without their
    domain. Which field of a certificate names an X1 identity has not been read; this is assumed."""
    found = (value for kind, value in (certificate or {}).get("subjectAltName", ()) if kind == "DNS")
    return frozenset(str(name).removesuffix(LAB_SUFFIX) for name in found) - {"localhost"}


def server_context(config: TlsConfig, required: bool = True) -> ssl.SSLContext:
    """A listener's context; asks for a client certificate when `config.ca` is set. One that does not hold is refused,
    and so is a client without one, unless it is not `required`."""
    asks = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
    return _load(ssl.Purpose.CLIENT_AUTH, config, asks if config.ca else ssl.CERT_NONE)


def client_context(config: TlsConfig) -> ssl.SSLContext:
    """A connecting side's context: its own certificate, and the lab CA as the only root."""
    return _load(ssl.Purpose.SERVER_AUTH, config, ssl.CERT_REQUIRED)


def _load(purpose: ssl.Purpose, config: TlsConfig, verify: ssl.VerifyMode) -> ssl.SSLContext:
    try:
        # With a file of roots named, those of the system are not loaded: a public CA's certificate is no lab peer's.
        context = ssl.create_default_context(purpose, cafile=config.ca)
        context.load_cert_chain(config.certificate, config.key)
    except (OSError, ssl.SSLError) as error:
        raise NotReadyError(
            f"Cannot load the TLS files {config.certificate}, {config.key}, {config.ca}: {error}."
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if verify is ssl.CERT_NONE:
        context.check_hostname = False
    context.verify_mode = verify
    return context


def make_lab_ca(
    directory: Path,
    names: tuple[str, ...],
    now_us: int,
    days: int = 365,
    hosts: Mapping[str, tuple[str, ...]] | None = None,
) -> None:
    """Write `ca.pem`/`ca.key` and one `NAME.pem`/`NAME.key` for each name, valid for localhost and 127.0.0.1, and for
    the addresses and host names that `hosts` has for it.

    Existing files stay. Certificates start a day before `now_us`, since a run's clock may be set back.
    """
    directory.mkdir(parents=True, exist_ok=True)
    start = datetime.datetime.fromtimestamp(now_us / 1e6, datetime.UTC) - datetime.timedelta(days=1)
    end = start + datetime.timedelta(days=days)
    ca_key, ca = _load_or_make_ca(directory, start, end)
    for name in names:
        if (directory / f"{name}.pem").exists():
            continue
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(
            x509.Name([_common(f"calea-lab {name} SIMULATION")]), ca.subject, key.public_key(), start, end
        )
        certificate = (
            builder.add_extension(
                x509.SubjectAlternativeName(
                    [
                        x509.DNSName("localhost"),
                        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
                        x509.DNSName(peer_name(name)),
                        *map(_alternative, (hosts or {}).get(name, ())),
                    ]
                ),
                critical=False,
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
            .sign(ca_key, hashes.SHA256())
        )
        _write(directory, name, key, certificate)


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _load_or_make_ca(
    directory: Path, start: datetime.datetime, end: datetime.datetime
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    if (directory / "ca.pem").exists():
        loaded = serialization.load_pem_private_key((directory / "ca.key").read_bytes(), None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise NotReadyError(
                f"{directory / 'ca.key'} is not an elliptic-curve key: remove the directory to make a new CA."
            )
        return loaded, x509.load_pem_x509_certificate((directory / "ca.pem").read_bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([_common("calea-lab CA SIMULATION")])
    certificate = (
        _builder(name, name, key.public_key(), start, end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(directory, "ca", key, certificate)
    return key, certificate


def _common(text: str) -> x509.NameAttribute[str]:
    return x509.NameAttribute(NameOID.COMMON_NAME, text)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    start: datetime.datetime,
    end: datetime.datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )


def _write(directory: Path, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    key_path = directory / f"{name}.key"
    key_path.touch(mode=0o600)
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (directory / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
