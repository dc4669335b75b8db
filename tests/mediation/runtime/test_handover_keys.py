"""Keys that two ends agree on: read, or refused in words that show nothing of them."""

from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519

from mediation.config import FaultsModel, MediationConfig
from mediation.faults import Faults
from mediation.journal import Journal
from mediation.runtime.config import NotReadyError
from mediation.runtime.handover_keys import read_signing_key, read_verifying_key
from mediation.service import open_mediation

SIGNERS: list[Any] = [
    ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate(), ed448.Ed448PrivateKey.generate(),
]  # fmt: skip
DSA = dsa.generate_private_key(1024)


def private(path: Path, key: Any) -> Path:
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def public(path: Path, key: Any) -> Path:
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    path.write_bytes(pem)
    return path


@pytest.mark.parametrize("key", SIGNERS)
def test_signing_and_verifying_keys_are_read(tmp_path: Path, key: Any) -> None:
    assert type(read_signing_key(private(tmp_path / "key", key))) is type(key)
    assert read_verifying_key(public(tmp_path / "pub", key)) == key.public_key()


def test_dsa_is_for_verifying_alone(tmp_path: Path) -> None:
    assert read_verifying_key(public(tmp_path / "pub", DSA)) == DSA.public_key()
    with pytest.raises(NotReadyError, match="another kind"):
        read_signing_key(private(tmp_path / "key", DSA))


def test_other_keys_and_files_are_refused(tmp_path: Path) -> None:
    other = x25519.X25519PrivateKey.generate()
    with pytest.raises(NotReadyError, match="another kind"):
        read_verifying_key(public(tmp_path / "pub", other))
    with pytest.raises(NotReadyError, match="another kind"):
        read_signing_key(private(tmp_path / "key", rsa.generate_private_key(65537, 1024)))
    (tmp_path / "text").write_text("c0ffee")
    for read in (read_signing_key, read_verifying_key):
        for name in ("text", "none"):
            with pytest.raises(NotReadyError) as caught:
                read(tmp_path / name)
            assert name in str(caught.value) and "c0ffee" not in str(caught.value)


def test_the_mediation_function_does_not_start_without_the_keys_it_names(tmp_path: Path) -> None:
    values: dict[str, Any] = {
        "data_dir": str(tmp_path), "court_public_key": "c",
        "x1_plain": "yes, plain HTTP on loopback for a test", "x1_url": "http://127.0.0.1:1/", "ne_id": "n",
        "admf_id": "a", "hi2": {"port": 1}, "hi3": {"port": 2}, "network_functions": {"ims-1": "voice"},
        "encryption": {"keys_file": str(tmp_path / "keys.json")},
        "integrity": {"signer_file": str(tmp_path / "signer.key")},
    }  # fmt: skip
    config = MediationConfig.model_validate(values)
    journal = Journal(tmp_path / "journal", tmp_path / "journal.key", 1 << 20, 1 << 16, False)
    faults = Faults(FaultsModel())
    with pytest.raises(NotReadyError, match=r"keys\.json"):
        open_mediation(config, journal, cast(Any, None), faults)
    (tmp_path / "keys.json").write_text(f'{{"default": "{bytes(24).hex()}"}}')
    with pytest.raises(NotReadyError, match=r"signer\.key"):
        open_mediation(config, journal, cast(Any, None), faults)
    private(tmp_path / "signer.key", SIGNERS[1])
    assert open_mediation(config, journal, cast(Any, None), faults).totals.unknown_xid == 0
    assert config.handover_config().oid == "0.4.0.2.2.5.1.43"
    assert MediationConfig.model_validate(values | {"ps_module_version": 17}).handover_config().oid.endswith(".17")
