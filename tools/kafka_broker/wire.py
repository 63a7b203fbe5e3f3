"""One connection to a broker: framing, TLS, SASL, and the primitive types of the protocol."""

import base64
import hashlib
import hmac
import os
import socket
import ssl
import struct

from .problem import Problem

SASL_HANDSHAKE, SASL_AUTHENTICATE = 17, 36


class Writer:
    def __init__(self):
        self.parts = []

    def put(self, form, *values):
        self.parts.append(struct.pack(">" + form, *values))
        return self

    def string(self, text):
        if text is None:
            return self.put("h", -1)
        data = text.encode()
        self.put("h", len(data)).parts.append(data)
        return self

    def bytes(self, data):
        self.put("i", len(data)).parts.append(data)
        return self

    def array(self, items, write):
        self.put("i", len(items))
        for item in items:
            write(item)
        return self

    def data(self):
        return b"".join(self.parts)


class Reader:
    def __init__(self, data):
        self.data, self.at = memoryview(data), 0

    def get(self, form):
        values = struct.unpack_from(">" + form, self.data, self.at)
        self.at += struct.calcsize(">" + form)
        return values[0] if len(values) == 1 else values

    def take(self, length):
        self.at += length
        return bytes(self.data[self.at - length : self.at])

    def string(self):
        length = self.get("h")
        return None if length < 0 else self.take(length).decode()

    def bytes(self):
        length = self.get("i")
        return b"" if length < 0 else self.take(length)

    def array(self, read):
        return [read() for _ in range(max(self.get("i"), 0))]


class Connection:
    """`secrets`: user, password and mechanism for SASL; ca, certificate and key for TLS; without ca no TLS."""

    def __init__(self, host, port, secrets=None, timeout=10):
        self.correlation, self.place = 0, f"{host}:{port}"
        try:
            self.socket = socket.create_connection((host, port), timeout=timeout)
        except OSError as error:
            raise Problem(f"nothing answers at {self.place}: {error}") from None
        secrets = secrets or {}
        if secrets.get("ca"):
            self._encrypt(host, secrets)
        if secrets.get("user"):
            self._log_in(secrets)

    def close(self):
        self.socket.close()

    def call(self, api, version, request=b""):
        """The reader of the response's body."""
        self.correlation += 1
        header = Writer().put("hhi", api, version, self.correlation).string("penstock-tools").data()
        try:
            self.socket.sendall(struct.pack(">i", len(header) + len(request)) + header + request)
            response = Reader(self._receive(struct.unpack(">i", self._receive(4))[0]))
        except ssl.SSLError as error:  # With TLS 1.3 a client learns of its refusal here and not in the handshake.
            raise Problem(f"the broker at {self.place} refused the certificate: {error.reason or error}") from None
        except TimeoutError:
            raise Problem(f"the broker at {self.place} did not answer in time") from None
        except OSError as error:
            raise Problem(f"the connection to {self.place} broke: {error}") from None
        if response.get("i") != self.correlation:
            raise Problem(f"the broker at {self.place} answered another request")
        return response

    def _receive(self, length):
        parts = []
        while length > 0:
            part = self.socket.recv(min(length, 1 << 20))
            if not part:
                raise ConnectionResetError("closed by the broker")
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def _encrypt(self, host, secrets):
        try:
            context = ssl.create_default_context(cafile=secrets["ca"])
            if secrets.get("certificate"):
                context.load_cert_chain(secrets["certificate"], secrets.get("key"))
            self.socket = context.wrap_socket(self.socket, server_hostname=host)
        except ssl.SSLCertVerificationError as error:
            raise Problem(f"the certificate of {self.place} is not to be trusted: {error.verify_message}") from None
        except OSError as error:
            raise Problem(f"no TLS with {self.place}: {error}") from None

    # --- SASL --------------------------------------------------------------------------------------------------------

    def _log_in(self, secrets):
        mechanism = secrets.get("mechanism") or "PLAIN"
        response = self.call(SASL_HANDSHAKE, 1, Writer().string(mechanism).data())
        if response.get("h") != 0:
            raise Problem(
                f"the broker does not know {mechanism}; it knows {', '.join(response.array(response.string))}"
            )
        if mechanism == "PLAIN":
            self._authenticate(secrets, f"\0{secrets['user']}\0{secrets['password']}".encode())
        else:
            self._scram(secrets, mechanism.removeprefix("SCRAM-").replace("-", "").lower())

    def _authenticate(self, secrets, token):
        response = self.call(SASL_AUTHENTICATE, 0, Writer().bytes(token).data())
        code, message = response.get("h"), response.string()
        if code != 0:
            raise Problem(f"the broker at {self.place} refused user '{secrets['user']}': {message or f'error {code}'}")
        return response.bytes()

    def _scram(self, secrets, algorithm):
        user = secrets["user"].replace("=", "=3D").replace(",", "=2C")
        first = f"n={user},r={base64.b64encode(os.urandom(18)).decode()}"
        challenge = self._authenticate(secrets, f"n,,{first}".encode()).decode()
        fields = dict(field.split("=", 1) for field in challenge.split(","))
        salted = hashlib.pbkdf2_hmac(
            algorithm, secrets["password"].encode(), base64.b64decode(fields["s"]), int(fields["i"])
        )
        final = f"c=biws,r={fields['r']}"
        signed = f"{first},{challenge},{final}".encode()
        key = hmac.digest(salted, b"Client Key", algorithm)
        signature = hmac.digest(hashlib.new(algorithm, key).digest(), signed, algorithm)
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature))).decode()
        self._authenticate(secrets, f"{final},p={proof}".encode())
