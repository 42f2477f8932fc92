"""Encryption of fields, blind indexes for looking them up, and signed short-lived tokens.

Keys are written `kid:base64,older:base64`, 32 bytes each: the first seals, all open. The root, 32 bytes of its own,
never changes: blind indexes hang on it, and tokens are signed from it. Every use of a key goes through HKDF
(RFC 5869), so the field, the purpose and the cipher are bound into it, and the limit of 2**32 random nonces
holds for each field by itself.

A stored value is `v1.<kid>.<base64url(nonce | ciphertext | tag)>` with AES-256-GCM, `s1.…` with SM4-GCM.
"""

import base64
import hmac
import os
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORMS: Final = {"aes-256-gcm": "v1", "sm4": "s1"}
_NONCE: Final = 12
_TAG: Final = 16


class Undecryptable(ValueError):
    """A stored value that is not ours, was changed, belongs to another field, or whose key is gone."""


class BadToken(ValueError):
    """A token that must not be believed; `expired` tells whether it was ours once."""

    def __init__(self, why: str, *, expired: bool = False) -> None:
        super().__init__(why)
        self.expired = expired


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _key(text: str) -> bytes:
    """32 bytes from either spelling of base64. Raises `ValueError`."""
    try:
        key = _decode(text.strip().rstrip("=").replace("+", "-").replace("/", "_"))
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ValueError("a key is 32 bytes in base64")
    return key


@lru_cache(maxsize=1024)
def _derive(key: bytes, info: str, length: int = 32) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info.encode()).derive(key)


class _Sm4Gcm:
    """SM4-GCM with the interface of `AESGCM`; OpenSSL has it from 3.1, some builds leave it out."""

    def __init__(self, key: bytes) -> None:
        self.algorithm = algorithms.SM4(key)
        try:
            Cipher(self.algorithm, modes.GCM(bytes(_NONCE))).encryptor()
        except UnsupportedAlgorithm:
            raise RuntimeError("this build of OpenSSL has no SM4-GCM: set the cipher to aes-256-gcm") from None

    def encrypt(self, nonce: bytes, data: bytes, aad: bytes) -> bytes:
        encryptor = Cipher(self.algorithm, modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(aad)
        return encryptor.update(data) + encryptor.finalize() + encryptor.tag

    def decrypt(self, nonce: bytes, data: bytes, aad: bytes) -> bytes:
        if len(data) < _TAG:
            raise InvalidTag
        decryptor = Cipher(self.algorithm, modes.GCM(nonce, data[-_TAG:])).decryptor()
        decryptor.authenticate_additional_data(aad)
        return decryptor.update(data[:-_TAG]) + decryptor.finalize()


@lru_cache(maxsize=1024)
def _aead(key: bytes, form: str, aad: str) -> AESGCM | _Sm4Gcm:
    if form == FORMS["sm4"]:
        return _Sm4Gcm(_derive(key, f"{form}:{aad}", 16))
    return AESGCM(_derive(key, f"{form}:{aad}"))


@dataclass(frozen=True)
class Keyring:
    """The keys of one installation; pure, and safe to share between threads."""

    root: bytes = field(repr=False)
    keys: dict[str, bytes] = field(repr=False)  # key id → 32 bytes, the current one first
    cipher: str = "aes-256-gcm"

    @classmethod
    def parse(cls, keys: str, root: str, cipher: str = "aes-256-gcm") -> "Keyring":
        """From the settings. Raises `ValueError` that names the fault but shows no key."""
        parsed: dict[str, bytes] = {}
        for part in filter(None, (part.strip() for part in keys.split(","))):
            kid, _, encoded = part.partition(":")
            if not (kid.isascii() and kid.isalnum()) or kid in parsed:
                raise ValueError("keys are written kid:base64,older:base64 with distinct ids of letters and digits")
            parsed[kid] = _key(encoded)
        if not parsed:
            raise ValueError("at least one key is needed")
        if cipher not in FORMS:
            raise ValueError(f"unknown cipher {cipher!r}: one of {', '.join(FORMS)}")
        return cls(_key(root), parsed, cipher)

    @property
    def current(self) -> str:
        return next(iter(self.keys))

    # --- fields

    def encrypt(self, text: str, aad: str) -> str:
        """`text` sealed for the place `aad` ("app.Model.field"), under the current key."""
        kid, form, nonce = self.current, FORMS[self.cipher], os.urandom(_NONCE)
        sealed = _aead(self.keys[kid], form, aad).encrypt(nonce, text.encode(), aad.encode())
        return f"{form}.{kid}.{_encode(nonce + sealed)}"

    def decrypt(self, value: str, aad: str) -> str:
        """The text sealed in `value`, under whichever key of the ring. Raises `Undecryptable`."""
        form, _, rest = value.partition(".")
        kid, _, body = rest.partition(".")
        if form not in FORMS.values() or not body:
            raise Undecryptable("not an encrypted value")
        if kid not in self.keys:
            raise Undecryptable(f"the key {kid!r} is not in the ring")
        try:
            data = _decode(body)
            return _aead(self.keys[kid], form, aad).decrypt(data[:_NONCE], data[_NONCE:], aad.encode()).decode()
        except (InvalidTag, ValueError) as error:  # ValueError: no base64, or too short
            raise Undecryptable(f"changed, or written for another place than {aad}") from error

    def needs_rotation(self, value: str) -> bool:
        """Whether a stored value was written with another key or cipher than the current ones."""
        return not value.startswith(f"{FORMS[self.cipher]}.{self.current}.")

    def blind_index(self, purpose: str, value: str) -> str:
        """32 hex characters by which equal values are found; the same for ever, different for each purpose.

        The caller gives the canonical form (`codes.phone` and so on).
        """
        return hmac.digest(_derive(self.root, f"index:{purpose}"), value.encode(), "sha256").hex()[:32]

    # --- tokens: <base64url(json [expires, payload])>.<base64url(HMAC-SHA256)>

    def sign(self, payload: dict[str, Any], *, purpose: str, expires_at: datetime | float) -> str:
        """A token for `purpose` that carries `payload` (readable by its holder) until `expires_at`."""
        body = _encode(orjson.dumps([_seconds(expires_at), payload]))
        return f"{body}.{self._mac(purpose, body)}"

    def read(self, token: str, *, purpose: str, now: datetime | float) -> dict[str, Any]:
        """The payload of a token signed for `purpose` and not expired at `now`. Raises `BadToken`."""
        body, _, mac = token.rpartition(".")
        # The text is compared, not the bytes it stands for: so no second spelling of a token is valid.
        if not hmac.compare_digest(self._mac(purpose, body).encode(), mac.encode(errors="replace")):
            raise BadToken("forged, or for another purpose")
        expires, payload = orjson.loads(_decode(body))
        if _seconds(now) >= expires:
            raise BadToken("expired", expired=True)
        return payload  # type: ignore[no-any-return]  # what `sign` was given

    def _mac(self, purpose: str, body: str) -> str:
        key = _derive(self.root, f"token:{purpose}")
        return _encode(hmac.digest(key, body.encode(errors="replace"), "sha256"))


def _seconds(moment: datetime | float) -> float:
    """Seconds since 1970 of an aware datetime, or the number itself. Raises `ValueError` on a naive one."""
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return moment.timestamp()
    return moment


def new_key() -> str:
    """32 fresh random bytes as they are written in the setting."""
    return _encode(os.urandom(32))


@lru_cache(maxsize=1)
def ring() -> Keyring:
    """The ring of the settings ANLAN_KEYS, ANLAN_INDEX_ROOT and ANLAN_CIPHER: the only way in for keys."""
    from django.conf import settings

    return Keyring.parse(settings.ANLAN_KEYS, settings.ANLAN_INDEX_ROOT, settings.ANLAN_CIPHER)


def encrypt(text: str, aad: str) -> str:
    """`Keyring.encrypt` with the ring of the settings; the same for the five below."""
    return ring().encrypt(text, aad)


def decrypt(value: str, aad: str) -> str:
    return ring().decrypt(value, aad)


def needs_rotation(value: str) -> bool:
    return ring().needs_rotation(value)


def blind_index(purpose: str, value: str) -> str:
    return ring().blind_index(purpose, value)


def sign(payload: dict[str, Any], *, purpose: str, expires_at: datetime | float) -> str:
    return ring().sign(payload, purpose=purpose, expires_at=expires_at)


def read(token: str, *, purpose: str, now: datetime | float) -> dict[str, Any]:
    return ring().read(token, purpose=purpose, now=now)
