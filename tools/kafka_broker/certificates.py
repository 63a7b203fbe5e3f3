"""Certificates for a test broker and its clients, good and bad, made by openssl in a folder of their own."""

import os
import shutil
import subprocess

from .problem import Problem

KINDS = ("good", "wrong-ca", "expired")
BEGIN, EXPIRED_END, GOOD_END = "20200101000000Z", "20200201000000Z", "20991231000000Z"

_CONFIG = """\
[ca]
default_ca = authority
[authority]
database = {folder}/index
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = name
prompt = no
[name]
commonName = overridden
[root]
basicConstraints = critical,CA:TRUE
keyUsage = keyCertSign,cRLSign
subjectKeyIdentifier = hash
[broker]
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1,DNS:localhost
[client]
extendedKeyUsage = clientAuth
"""


def make(folder):
    """ca.pem, other-ca.pem, and {broker,client}-{good,wrong-ca,expired}.pem with their .key files."""
    if not shutil.which("openssl"):
        raise Problem("no openssl in PATH; it makes the certificates of the modes with TLS: run tools/setup")
    os.makedirs(folder, exist_ok=True)
    for name, text in (("config", _CONFIG.format(folder=folder)), ("index", ""), ("serial", "01\n")):
        _write(os.path.join(folder, name), text)
    for authority in ("ca", "other-ca"):
        _openssl(
            folder,
            "req",
            "-x509",
            *_new_key(authority),
            "-subj",
            f"/CN=Penstock test {authority}",
            "-extensions",
            "root",
            "-days",
            "3650",
            "-out",
            f"{authority}.pem",
        )
    for role in ("broker", "client"):
        for kind in KINDS:
            _issue(folder, role, kind)


def _issue(folder, role, kind):
    name = f"{role}-{kind}"
    authority = "other-ca" if kind == "wrong-ca" else "ca"
    _openssl(folder, "req", *_new_key(name), "-subj", f"/CN=penstock-{name}", "-out", f"{name}.csr")
    _openssl(folder, "ca", "-batch", "-notext", "-config", "config", "-extensions", role, "-in", f"{name}.csr",
             "-cert", f"{authority}.pem", "-keyfile", f"{authority}.key", "-out", f"{name}.pem",
             "-startdate", BEGIN, "-enddate", EXPIRED_END if kind == "expired" else GOOD_END)  # fmt: skip


def keystore(folder, kind):
    """The broker's key and certificate as one file, as Java wants them."""
    path = os.path.join(folder, f"broker-{kind}-keystore.pem")
    parts = []
    for suffix in ("key", "pem"):
        with open(os.path.join(folder, f"broker-{kind}.{suffix}"), encoding="ascii") as file:
            parts.append(file.read())
    _write(path, "".join(parts))
    return path


def _new_key(name):
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key",
            "-config", "config"]  # fmt: skip


def _openssl(folder, *arguments):
    run = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise Problem(f"openssl {arguments[0]} failed:\n{run.stderr}")


def _write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
