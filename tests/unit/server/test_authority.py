"""Which tokens are believed, and what they say."""

from __future__ import annotations

import asyncio
import base64
import json
import stat
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from parley.errors import AuthFailed, InvalidSettings
from parley.jobs.principal import Principal
from parley.server.authority import SECRET_FILE, Authority, AuthorityOptions, is_revocable

SECRET = "a secret of thirty-two bytes or more"
HOUR = 3600


def authority(**options: Any) -> Authority:
    return Authority(AuthorityOptions(enabled=True, secret=SECRET, **options), SECRET)


def signed(claims: dict[str, Any], key: Any = SECRET, algorithm: str = "HS256", **how: Any) -> str:
    return jwt.encode(claims, key, algorithm=algorithm, **how)


def claims(**more: Any) -> dict[str, Any]:
    given = {"sub": "anna", "exp": int(time.time()) + HOUR, **more}
    return {name: value for name, value in given.items() if value is not None}


def identify(known: Authority, token: str | None) -> Principal:
    return asyncio.run(known.identify(token))


def unsigned(header: dict[str, Any], body: dict[str, Any]) -> str:
    parts = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, body)
    )
    return ".".join(parts) + "."


def test_a_good_token_names_its_user_and_scopes():
    for scope in ("admin read", ["admin", "read"]):
        who = identify(authority(), signed(claims(scope=scope)))
        assert who == Principal(user="anna", scopes=frozenset({"admin", "read"})) and who.is_admin
    assert identify(authority(), signed(claims(scope=5))).scopes == frozenset()
    assert identify(authority(), signed(claims(exp=time.time() - 2))).user == "anna"  # within the leeway


def test_minted_tokens_are_good():
    known = authority()
    assert identify(known, known.mint("bert", 60, ["admin"])) == Principal(
        user="bert", scopes=frozenset({"admin"})
    )
    eternal = known.mint("bert", None)
    with pytest.raises(AuthFailed):
        identify(known, eternal)
    assert identify(authority(allow_eternal_tokens=True), eternal).user == "bert"


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
RSA_PUBLIC = RSA.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)

BAD: dict[str, Any] = {
    "nothing": None,
    "empty": "",
    "garbage": "garbage",
    "dots": "..",
    "not base64": "ä.ö.ü",
    "surrogates": "\ud800.a.b",
    "wrong key": signed(claims(), "another secret of thirty-two bytes!"),
    "expired": signed(claims(exp=time.time() - HOUR)),
    "not yet": signed(claims(nbf=time.time() + HOUR)),
    "no sub": signed(claims(sub=None)),
    "empty sub": signed(claims(sub="")),
    "long sub": signed(claims(sub="x" * 201)),
    "control characters in sub": signed(claims(sub="a\nb")),
    "no exp": signed(claims(exp=None)),
    "another algorithm of the family": signed(claims(), algorithm="HS512"),
    "alg none": unsigned({"alg": "none", "typ": "JWT"}, claims()),
    "alg None": unsigned({"alg": "None", "typ": "JWT"}, claims()),
    "no alg": unsigned({"typ": "JWT"}, claims()),
    "alg is a list": unsigned({"alg": ["HS256"]}, claims()),
    "RS256": signed(claims(), RSA, "RS256"),
    "oversize": signed(claims(more="x" * 9000)),
    "for somebody else": signed(claims(aud="another server")),
    "unknown API key": "pk_0123456789ab_" + "x" * 43,
    "cut": signed(claims())[:-5],
    "signature stripped": signed(claims()).rpartition(".")[0] + ".",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_tokens_all_fail_alike(name: str):
    with pytest.raises(AuthFailed) as caught:
        identify(authority(), BAD[name])
    assert caught.value.message == "Authentication failed; send a valid token."


@pytest.mark.parametrize(
    "body",
    [
        '{"sub": 5, "exp": 99999999999}',
        '{"sub": null, "exp": 99999999999}',
        '{"sub": ["anna"], "exp": 99999999999}',
        '{"sub": "anna", "exp": "soon"}',
        '{"sub": "anna", "exp": null}',
        '{"sub": "anna", "exp": true}',
        '{"sub": "anna", "exp": Infinity}',
        '{"sub": "anna", "exp": NaN}',
        '{"sub": "anna", "exp": -1e400}',
        '{"sub": "anna", "exp": {}}',
        '{"sub": "\\ud800", "exp": 99999999999}',
        "[]",
        "5",
        '"anna"',
        "[" * 3000,
        "",
    ],
)
def test_signed_nonsense_fails_too(body: str):
    head = base64.urlsafe_b64encode(b'{"alg":"HS256"}').rstrip(b"=")
    text = head + b"." + base64.urlsafe_b64encode(body.encode()).rstrip(b"=")
    algorithm = jwt.get_algorithm_by_name("HS256")
    signature = algorithm.sign(text, algorithm.prepare_key(SECRET))
    token = (text + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()
    with pytest.raises(AuthFailed):
        identify(authority(), token)


@given(st.text(max_size=200) | st.from_regex(r"[\w-]{1,40}\.[\w-]{1,40}\.[\w-]{0,40}", fullmatch=True))
def test_any_text_fails(token: str):
    with pytest.raises(AuthFailed):
        identify(authority(), token)


def test_where_nobody_is_asked_everybody_is_the_same():
    known = Authority(AuthorityOptions(), SECRET)
    assert identify(known, None) == identify(known, "anything") == Principal()


@pytest.mark.parametrize(
    ("algorithm", "private"),
    [
        ("RS256", RSA),
        ("ES256", ec.generate_private_key(ec.SECP256R1())),
        ("EdDSA", ed25519.Ed25519PrivateKey.generate()),
    ],
)
def test_public_keys(algorithm: str, private: Any, tmp_path: Path):
    path = tmp_path / "public.pem"
    pem = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    path.write_bytes(pem)
    known = Authority.open(tmp_path, AuthorityOptions(enabled=True, algorithm=algorithm, public_key=path))
    assert identify(known, signed(claims(), private, algorithm)).user == "anna"
    assert not (tmp_path / SECRET_FILE).exists()
    # The public key is no secret: it must not pass for the key of an HMAC.
    head, body = ({"alg": "HS256", "typ": "JWT"}, claims())
    text = unsigned(head, body)[:-1].encode()
    import hashlib
    import hmac

    forged = base64.urlsafe_b64encode(hmac.digest(pem, text, hashlib.sha256)).rstrip(b"=").decode()
    with pytest.raises(AuthFailed):
        identify(known, f"{text.decode()}.{forged}")
    with pytest.raises(InvalidSettings):
        known.mint("anna", 60)


def test_keys_that_cannot_be_used_are_told(tmp_path: Path):
    (tmp_path / "broken.pem").write_text("-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n")
    for path in (None, tmp_path / "missing.pem", tmp_path / "broken.pem"):
        with pytest.raises(InvalidSettings) as caught:
            Authority.open(tmp_path, AuthorityOptions(algorithm="RS256", public_key=path))
        assert str(tmp_path) not in caught.value.message


def test_the_first_start_makes_a_secret_that_stays(tmp_path: Path):
    first = Authority.open(tmp_path, AuthorityOptions(enabled=True))
    mode = stat.S_IMODE((tmp_path / SECRET_FILE).stat().st_mode)
    assert mode == 0o600 and len((tmp_path / SECRET_FILE).read_bytes()) >= 64
    second = Authority.open(tmp_path, AuthorityOptions(enabled=True))
    assert identify(second, first.mint("anna", 60)).user == "anna"
    assert [path.name for path in tmp_path.iterdir()] == [SECRET_FILE]


def test_of_two_first_starts_at_once_one_makes_the_secret(tmp_path: Path):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        known = list(pool.map(lambda _: Authority.open(tmp_path, AuthorityOptions(enabled=True)), range(8)))
    token = known[0].mint("anna", 60)
    assert all(identify(one, token).user == "anna" for one in known)


def test_options_do_not_show_the_secret():
    assert SECRET not in repr(AuthorityOptions(secret=SECRET))


def test_only_keys_are_revocable():
    assert is_revocable("pk_x_y") and not is_revocable("a.b.c") and not is_revocable(None)
