"""The key that clips are signed with: the user's own, or one that the studio makes at its first start.

C2PA's certificate profile wants a certificate that another one signed, X.509 version 3, for signing only. The
studio's issuer signs one and its private key is then forgotten, so nobody can issue a second.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from filelock import FileLock

from engines.errors import StudioError
from engines.files import whole_folder
from studio.settings import Settings

STUDIO = "Visema Studio"
CHAIN, KEY = "certificate.pem", "key.pem"
LASTS = timedelta(days=365 * 20)
CLOCKS_DIFFER = timedelta(days=1)
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_BOTH = "To sign with your own certificate set both STUDIO_SIGN_CERT and STUDIO_SIGN_KEY."


@dataclass(frozen=True)
class SigningKey:
    """PEM of the certificates (the signer's first) and of its private key; C2PA's name of its algorithm."""

    chain: bytes
    key: bytes
    algorithm: str

    @property
    def signer(self) -> x509.Certificate:
        """The certificate that signs."""
        return x509.load_pem_x509_certificates(self.chain)[0]

    @property
    def signer_pem(self) -> str:
        """The same as PEM text."""
        return self.signer.public_bytes(serialization.Encoding.PEM).decode()


def load_signing_key(settings: Settings) -> SigningKey:
    """The user's key if the settings name one, else the studio's, made now if there is none yet.

    Raises StudioError if the user's files cannot be used.
    """
    given = (settings.sign_cert, settings.sign_key)
    if given == (None, None):
        folder = settings.data / "credentials"
        _make_if_missing(folder)
        return _read(folder / CHAIN, folder / KEY)
    if settings.sign_cert is None or settings.sign_key is None:
        raise StudioError(_BOTH)
    return _read(settings.sign_cert, settings.sign_key)


def _make_if_missing(folder: Path) -> None:
    if folder.is_dir():
        return
    with FileLock(folder.with_name(".credentials.lock")):
        if not folder.is_dir():
            with whole_folder(folder) as part:
                _write_new(part)


def _write_new(folder: Path) -> None:
    issuer_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    place = secrets.token_hex(3)
    issuer = _issuer(f"{STUDIO} issuer {place}", issuer_key)
    signer = _signer(f"{STUDIO} {place}", key, issuer, issuer_key)
    pem = serialization.Encoding.PEM
    chain = signer.public_bytes(pem) + issuer.public_bytes(pem)
    (folder / CHAIN).write_bytes(chain)
    with os.fdopen(os.open(folder / KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(_pem(key))


def _issuer(name: str, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    usage = _usage(digital_signature=False, key_cert_sign=True, crl_sign=True)
    builder = _certificate(_name(name), _name(name), key.public_key(), key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())


def _signer(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: x509.Certificate, issuer_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    usage = _usage(digital_signature=True, key_cert_sign=False, crl_sign=False)
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
    builder = _certificate(_name(name), issuer.subject, key.public_key(), issuer_key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(usage, critical=True).add_extension(purpose, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePublicKey,
) -> x509.CertificateBuilder:
    now = datetime.now(timezone.utc)
    builder = x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - CLOCKS_DIFFER).not_valid_after(now + LASTS)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    from_issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key)
    return builder.add_extension(from_issuer, critical=False)


def _name(name: str) -> x509.Name:
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, STUDIO)
    return x509.Name([organization, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _usage(digital_signature: bool, key_cert_sign: bool, crl_sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _read(chain_file: Path, key_file: Path) -> SigningKey:
    try:
        chain, key = chain_file.read_bytes(), key_file.read_bytes()
        certificates = x509.load_pem_x509_certificates(chain)
        private: Any = serialization.load_pem_private_key(key, None)
        same = private.public_key() == certificates[0].public_key()
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise StudioError(f"The signing certificate or its key cannot be read ({error}); {_REMEDY}.") from None
    if not same:
        raise StudioError(f"The signing key does not belong to the first certificate of '{chain_file.name}'.")
    if certificates[0].not_valid_after_utc < datetime.now(timezone.utc):
        raise StudioError(f"The signing certificate '{chain_file.name}' has expired; {_REMEDY}.")
    return SigningKey(chain, _pem(private), _algorithm(private))


_REMEDY = "STUDIO_SIGN_CERT is a PEM file with the certificate and its chain, STUDIO_SIGN_KEY one with the key"


def _algorithm(key: Any) -> str:
    """C2PA's name of the algorithm for ``key``; raises StudioError for a kind that C2PA does not allow."""
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, rsa.RSAPrivateKey):
        return "ps256"
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    raise StudioError("This kind of signing key is not allowed for clips; use ECDSA P-256, RSA or Ed25519.")


def _pem(key: Any) -> bytes:
    pem: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem
