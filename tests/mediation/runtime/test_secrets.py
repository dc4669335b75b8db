"""R-089: a configuration with a secret in it is refused at the start."""

from pathlib import Path

import pytest
from pydantic import ConfigDict

from mediation.runtime.config import ConfigError, Model, load_config
from mediation.runtime.secrets import secrets_in


class Open(Model):
    """Any field, so that nothing but the secret can be what is refused."""

    model_config = ConfigDict(extra="allow")


@pytest.mark.rule("R-089", "R-089.1")
@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('password = "hunter2"', "password"),
        ('[database]\nDB_PASSWD = "x"', "database.DB_PASSWD"),
        ('[[links]]\nname = "a"\n[[links]]\napi_key = "x"', "links.1.api_key"),
        ('tokens = ["a", "b"]', "tokens.0"),
        ('index_url = "postgresql://desk:hunter2@127.0.0.1/calea"', "index_url"),
        ('certificate = "-----BEGIN PRIVATE KEY-----"', "certificate"),
        ('client_secret = ""', "client_secret"),
    ],
)
def test_a_secret_in_a_configuration_refuses_the_start(tmp_path: Path, text: str, where: str) -> None:
    path = tmp_path / "process.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="R-089") as refused:
        load_config(path, Open)
    assert f"{where}:" in str(refused.value) and "hunter2" not in str(refused.value)


def test_names_of_files_and_plain_urls_are_no_secrets(tmp_path: Path) -> None:
    values = {
        "index_url": "postgresql://desk@127.0.0.1/calea",
        "tls": {"certificate": "/ca/a.pem", "key": "/ca/a.key"},
        "court_public_key": "court.pub",
        "signing_key": None,
        "capacity_octets": 5,
    }
    assert list(secrets_in(values)) == []
