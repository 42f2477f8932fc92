"""The keys that sign certificates and the log, whom to trust, and the PAdES signature itself.

`VAR_DIR/signing` is made at first start: `root.pem` and `signer.pem` (own authority, P-256, key and certificate),
`log.pem` (Ed25519), all readable by the owner only, and `trusted/` with what a verifier needs: the roots, the
official signers and the log keys of this and earlier days. An official PKCS#12 (ANLAN_SIGNING_CERT) takes over
signing; what was signed before stays verifiable, because nothing ever leaves `trusted/`.
"""

import base64
import hashlib
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.timestamps import HTTPTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
ROOT_YEARS, SIGNER_YEARS = 30, 10
RENEW_BEFORE = timedelta(days=90)
ROOM = {False: 16384, True: 40960}
"""Hex digits reserved for a signature, without and with a timestamp."""
PEM = serialization.Encoding.PEM
_BLOCK = re.compile(rb"-----BEGIN (?:CERTIFICATE|PUBLIC KEY)-----.*?-----END [A-Z ]+-----\s*", re.DOTALL)


# --- keys ------------------------------------------------------------------------------------------


def home() -> Path:
    """The folder of the keys; made on first use. Two processes may start at once: the first to finish wins."""
    folder = Path(settings.ANLAN_SIGNING_DIR or Path(settings.VAR_DIR) / "signing")
    if not folder.is_dir():
        draft = Path(tempfile.mkdtemp(prefix=".signing-", dir=folder.parent))
        _make_keys(draft)
        try:
            os.rename(draft, folder)
        except OSError:  # the other process was first: a folder that is not empty is never replaced
            shutil.rmtree(draft)
    return folder


def _make_keys(folder: Path) -> None:
    (folder / "trusted").mkdir()
    root_key = ec.generate_private_key(ec.SECP256R1())
    root = _certificate("安澜证书签发根", root_key, None, ROOT_YEARS)
    _write(folder / "root.pem", _pem(root_key) + root.public_bytes(PEM))
    _write_signer(folder, root_key, root)
    log_key = ed25519.Ed25519PrivateKey.generate()
    _write(folder / "log.pem", _pem(log_key))
    _trust(folder, "ca", root.public_bytes(PEM), root.fingerprint(hashes.SHA256()).hex())
    public = log_key.public_key()
    _trust(
        folder,
        "log",
        public.public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        log_id(public),
    )


def _write_signer(folder: Path, root_key: PrivateKey, root: x509.Certificate) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    _write(
        folder / "signer.pem",
        _pem(key) + _certificate("安澜证书签章", key, (root_key, root), SIGNER_YEARS).public_bytes(PEM),
    )


def _certificate(
    name: str, key: PrivateKey, issuer: tuple[PrivateKey, x509.Certificate] | None, years: int
) -> x509.Certificate:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Anlan"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    signing_key, now, ca = issuer[0] if issuer else key, datetime.now(UTC), issuer is None
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[1].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=365 * years))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=0 if ca else None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not ca,
                content_commitment=not ca,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=ca,
                crl_sign=ca,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False)
        .sign(signing_key, hashes.SHA256())
    )


def _pem(key: PrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _write(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Put a whole file into place, never half of one."""
    handle, draft = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.chmod(draft, mode)
    os.replace(draft, path)


def _trust(folder: Path, kind: str, pem: bytes, fingerprint: str) -> None:
    path = folder / "trusted" / f"{kind}-{fingerprint[:16]}.pem"
    if not path.exists():
        _write(path, pem, 0o644)


def log_id(key: ed25519.Ed25519PublicKey) -> str:
    """The name of a log: SHA-256 of its public key, hex."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()


@lru_cache(maxsize=4)
def _log_key(path: Path) -> ed25519.Ed25519PrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise ImproperlyConfigured(f"{path}: not an Ed25519 key")
    return key


def this_log() -> str:
    """The name of the log that is signed now."""
    return log_id(_log_key(home() / "log.pem").public_key())


def sign_for_log(message: bytes) -> str:
    """An Ed25519 signature by the log key, base64."""
    return base64.b64encode(_log_key(home() / "log.pem").sign(message)).decode()


# --- whom to trust -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trust:
    """Certificates that may sign (roots, or pinned signers) and keys of logs by their names."""

    certificates: tuple[asn1_x509.Certificate, ...]
    logs: dict[str, ed25519.Ed25519PublicKey]

    def is_head(self, log: str, message: bytes, signature: str) -> bool:
        """Whether the log of that name signed the message."""
        key = self.logs.get(log)
        try:
            return key is not None and key.verify(base64.b64decode(signature, validate=True), message) is None
        except (InvalidSignature, ValueError):
            return False


def load_trust(folder: Path | None = None) -> Trust:
    """Read every PEM file of a folder (`trusted/` of this house): certificates and Ed25519 public keys.

    Raises `FileNotFoundError` when there is no such folder, `ValueError` when a file cannot be read.
    """
    if folder is None:
        if settings.ANLAN_SIGNING_CERT:
            signer()  # an official certificate is pinned as soon as it is in use
        folder = home() / "trusted"
    certificates, logs = [], {}
    if not folder.is_dir():
        raise FileNotFoundError(folder)
    for path in sorted(folder.glob("*.pem")):
        content = path.read_bytes()
        for block in _BLOCK.findall(content):
            if b"PUBLIC KEY" in block[:40]:
                key = serialization.load_pem_public_key(block)
                if isinstance(key, ed25519.Ed25519PublicKey):
                    logs[log_id(key)] = key
            else:
                certificates.append(_asn1(x509.load_pem_x509_certificate(block)))
    return Trust(tuple(certificates), logs)


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))


# --- signing ---------------------------------------------------------------------------------------


def signer() -> SimpleSigner:
    """The signer in use: the official certificate where one is given, else the platform's own, renewed in time."""
    if settings.ANLAN_SIGNING_CERT:
        return _official(Path(settings.ANLAN_SIGNING_CERT), settings.ANLAN_SIGNING_PASSWORD, home())
    return _own(home() / "signer.pem", datetime.now(UTC).date().toordinal())


@lru_cache(maxsize=4)
def _own(path: Path, _day: int) -> SimpleSigner:
    key, certificate = _read_pair(path)
    if certificate.not_valid_after_utc - datetime.now(UTC) < RENEW_BEFORE:
        _write_signer(path.parent, *_read_pair(path.parent / "root.pem"))
        key, certificate = _read_pair(path)
    return _simple(key, certificate, [])


def _read_pair(path: Path) -> tuple[PrivateKey, x509.Certificate]:
    content = path.read_bytes()
    key = serialization.load_pem_private_key(content, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise ImproperlyConfigured(f"{path}: neither an EC nor an RSA key")
    return key, x509.load_pem_x509_certificate(content[content.index(b"-----BEGIN CERTIFICATE") :])


@lru_cache(maxsize=4)
def _official(path: Path, password: str, folder: Path) -> SimpleSigner:
    """Load a PKCS#12, pin its certificate in `trusted/`. Raises `ImproperlyConfigured` and says what to do."""
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(path.read_bytes(), password.encode() or None)
    except OSError as error:
        raise ImproperlyConfigured(f"ANLAN_SIGNING_CERT: 读不到 {path}（{error.strerror}）。") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ImproperlyConfigured(
            f"ANLAN_SIGNING_CERT: 打不开 {path}。请核对 ANLAN_SIGNING_PASSWORD；国密 SM2 证书暂不支持，请用 RSA 或 ECDSA 的 PKCS#12。"
        ) from error
    if certificate is None or not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise ImproperlyConfigured(
            f"ANLAN_SIGNING_CERT: {path} 里没有 RSA 或 ECDSA 的私钥和证书；国密 SM2 证书暂不支持。"
        )
    if certificate.not_valid_after_utc < datetime.now(UTC):
        raise ImproperlyConfigured(f"ANLAN_SIGNING_CERT: {path} 里的证书已经过期，请换新证书。")
    _trust(folder, "signer", certificate.public_bytes(PEM), certificate.fingerprint(hashes.SHA256()).hex())
    return _simple(key, certificate, [other for other in others if other.subject != other.issuer])


def _simple(key: PrivateKey, certificate: x509.Certificate, chain: list[x509.Certificate]) -> SimpleSigner:
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    for other in chain:
        store.register(_asn1(other))
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return SimpleSigner(_asn1(certificate), asn1_keys.PrivateKeyInfo.load(der), store, embed_roots=False)


def sign_pdf(content: bytes) -> bytes:
    """Sign a PDF: PAdES B-B, or B-T with ANLAN_TIMESTAMP_URL; certified, no change allowed afterwards."""
    stamped = bool(settings.ANLAN_TIMESTAMP_URL)
    meta = PdfSignatureMetadata(
        field_name="Signature",
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    output = BytesIO()
    PdfSigner(
        meta,
        signer(),
        timestamper=HTTPTimeStamper(settings.ANLAN_TIMESTAMP_URL, timeout=10) if stamped else None,
        new_field_spec=SigFieldSpec("Signature", on_page=0),
    ).sign_pdf(IncrementalPdfFileWriter(BytesIO(content)), bytes_reserved=ROOM[stamped], output=output)
    return output.getvalue()
