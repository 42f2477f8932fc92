import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.lib.crypto import BadToken, Keyring, Undecryptable, new_key

ROOT, OLD, NEW = (base64.b64encode(char * 32).decode() for char in (b"\xfb", b"1", b"2"))
before = Keyring.parse(f"k1:{OLD}", ROOT)
after = Keyring.parse(f"k2:{NEW}, k1:{OLD}", ROOT)
AAD = "accounts.Person.id_number"


@given(st.text())
def test_text_there_and_back(text: str) -> None:
    value = before.encrypt(text, AAD)
    assert value.startswith("v1.k1.") and before.decrypt(value, AAD) == text
    assert value != before.encrypt(text, AAD)


def test_values_survive_a_new_key_and_ask_for_rotation() -> None:
    value = before.encrypt("410105", AAD)
    assert after.decrypt(value, AAD) == "410105"
    assert after.needs_rotation(value) and not before.needs_rotation(value)
    assert after.blind_index("phone", "138") == before.blind_index("phone", "138")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "410105",
        "v1.k1.",
        "v1.k1.AAAA",
        "v1.k1.*",
        "v2.k1.AAAA",
        "v1.gone.AAAA",
        "v1.k1.é",
        "v1.k1.AAAAA",
        "s1.k1.AAAA",
    ],
)
def test_what_is_not_ours_is_not_decrypted(value: str) -> None:
    with pytest.raises(Undecryptable):
        before.decrypt(value, AAD)


def test_a_value_is_bound_to_its_place_and_cannot_be_changed() -> None:
    value = before.encrypt("410105", AAD)
    with pytest.raises(Undecryptable):
        before.decrypt(value, "accounts.Person.name")
    for at in range(6, len(value) - 1):  # the last character also carries unused bits
        changed = value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :]
        with pytest.raises(Undecryptable):
            before.decrypt(changed, AAD)


def test_sm4_seals_the_same_way_or_says_clearly_that_it_cannot() -> None:
    ring = Keyring.parse(f"k1:{OLD}", ROOT, "sm4")
    try:
        value = ring.encrypt("焊工", AAD)
    except RuntimeError as error:
        assert "SM4" in str(error)
        return
    assert value.startswith("s1.k1.") and ring.decrypt(value, AAD) == before.decrypt(value, AAD) == "焊工"
    assert before.needs_rotation(value)
    with pytest.raises(Undecryptable):
        ring.decrypt(value[:-6] + "AAAA" + value[-2:], AAD)


def test_blind_indexes_are_stable_and_tell_purposes_apart() -> None:
    index = before.blind_index("phone", "13800000417")
    assert len(index) == 32 and index == before.blind_index("phone", "13800000417")
    assert len({index, before.blind_index("id", "13800000417"), before.blind_index("phone", "13800000418")}) == 3
    assert index == "c3054982fe73911a085e7f66b69ab88a"  # stored in databases: it must never become another


def test_tokens_carry_their_payload_until_they_expire() -> None:
    token = before.sign({"s": 7, "名": "李"}, purpose="beat", expires_at=1000)
    assert after.read(token, purpose="beat", now=999.9) == {"s": 7, "名": "李"}
    with pytest.raises(BadToken) as caught:
        before.read(token, purpose="beat", now=1000)
    assert caught.value.expired
    moment = datetime(2026, 11, 20, tzinfo=UTC)
    assert before.read(before.sign({}, purpose="x", expires_at=moment), purpose="x", now=moment.timestamp() - 1) == {}
    with pytest.raises(ValueError):
        before.sign({}, purpose="x", expires_at=moment.replace(tzinfo=None))


def test_no_changed_token_is_believed() -> None:
    token = before.sign({"s": 7}, purpose="beat", expires_at=1000)
    changed = [token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(len(token))]
    for bad in [*changed, token + "=", token[:-1], "", ".", "..", "é.é", token.split(".")[0], token + ".", "\ud800.x"]:
        with pytest.raises(BadToken) as caught:
            before.read(bad, purpose="beat", now=1)
        assert not caught.value.expired
    with pytest.raises(BadToken):
        before.read(token, purpose="exam", now=1)


@pytest.mark.parametrize(
    ("keys", "root", "cipher"),
    [
        ("", ROOT, "sm4"),
        (f"k1:{OLD}", "", "sm4"),
        (f"k1:{OLD}", ROOT, "des"),
        ("k1:AAAA", ROOT, "sm4"),
        (OLD, ROOT, "sm4"),
        (f"k1:{OLD},k1:{NEW}", ROOT, "sm4"),
        (f"k.1:{OLD}", ROOT, "sm4"),
    ],
)
def test_a_bad_setting_is_named_and_shows_no_key(keys: str, root: str, cipher: str) -> None:
    with pytest.raises(ValueError) as caught:
        Keyring.parse(keys, root, cipher)
    assert OLD not in str(caught.value)


def test_a_ring_does_not_print_its_keys() -> None:
    assert repr(before) == "Keyring(cipher='aes-256-gcm')"
    assert Keyring.parse(f"a:{new_key()}", new_key()).current == "a"
