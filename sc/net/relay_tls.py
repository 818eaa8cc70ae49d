"""TLS to a relay: whom we trust, whose certificate it must be, and why it is not.

Twisted's `optionsForClientTLS` does the same check, but cannot trust a CA beside the
system's, and keeps OpenSSL's reason to itself: an operator would read "certificate
verify failed" for a certificate that has expired and for one of a CA that is missing.
"""

import re
from collections.abc import Iterable

from cryptography import x509
from OpenSSL import SSL
from OpenSSL.crypto import X509
from service_identity import CertificateError, VerificationError
from service_identity.pyopenssl import verify_hostname, verify_ip_address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from sc.net.relay_error import RelayError
from sc.net.relay_settings import RelaySettings, is_address

MAX_TEXT = 100
"""Characters of a stranger's certificate that are told."""

MAX_NAMES = 3

# X509_V_ERR_* of openssl/x509_vfy.h, the ones that operators meet.
_EXPIRED, _NOT_YET = 10, 9
_UNKNOWN = {
    2: "unknown CA",
    18: "self-signed",
    19: "unknown root CA",
    20: "unknown CA",
    21: "unknown CA",
}


def _plain(text: str) -> str:
    return re.sub(r"[^ -~]", "?", text)[:MAX_TEXT]


def _chain_problem(certificate: x509.Certificate, error: int) -> str:
    if error == _EXPIRED:
        return f"has expired on {certificate.not_valid_after_utc:%Y-%m-%d}"
    if error == _NOT_YET:
        return f"is not valid before {certificate.not_valid_before_utc:%Y-%m-%d}"
    if error in _UNKNOWN:
        issuer = _plain(certificate.issuer.rfc4514_string())
        return f"is not trusted: {_UNKNOWN[error]} ({issuer}); see ca_file"
    return f"is not valid (X.509 error {error})"


def _names(certificate: x509.Certificate) -> str:
    """The first of its names, as far as they can be read."""
    kind = x509.SubjectAlternativeName
    try:
        names = certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return "no name"
    texts: Iterable[str] = (
        *names.get_values_for_type(x509.DNSName),
        *(str(ip) for ip in names.get_values_for_type(x509.IPAddress)),
    )
    shown = [_plain(text) for text in list(texts)[:MAX_NAMES]]
    return ", ".join(shown) or "no name"


@implementer(IOpenSSLClientConnectionCreator)
class Handshake:
    """
    One handshake as a client.

    @ivar problem: what is wrong with the server's certificate; "" if nothing is.
    """

    def __init__(self, context: SSL.Context, name: str) -> None:
        self.problem = ""
        self._context = context
        self._name = name
        self._connection: SSL.Connection | None = None

    def clientConnectionForTLS(
        self, tlsProtocol: TLSMemoryBIOProtocol
    ) -> SSL.Connection:
        connection = SSL.Connection(self._context)
        if not is_address(self._name):  # RFC 6066 3: no address in SNI
            connection.set_tlsext_host_name(self._name.encode("ascii"))
        always = SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT
        connection.set_verify(always, self._chain_checked)
        self._connection = connection
        return connection

    def _chain_checked(
        self, _: SSL.Connection, certificate: X509, error: int, __: int, ok: int
    ) -> bool:
        """OpenSSL's own answer stays; we only keep its reason."""
        if not ok and not self.problem:
            shown = certificate.to_cryptography()
            self.problem = f"its certificate {_chain_problem(shown, error)}"
        return bool(ok)

    def check_name(self) -> bool:
        """At the end of the handshake, before anything is said."""
        assert self._connection is not None
        check = verify_ip_address if is_address(self._name) else verify_hostname
        try:
            check(self._connection, self._name)
        except (VerificationError, CertificateError):
            peer = self._connection.get_peer_certificate()
            assert peer is not None
            names = _names(peer.to_cryptography())
            self.problem = (
                f"its certificate is for {names}, not for {self._name}; see tls_name"
            )
        return not self.problem

    def failure(self, reason: Failure) -> str:
        """Why it came to nothing, from what the connection was lost with."""
        if self.problem:
            return self.problem
        # OpenSSL's words: the third of each triple, the first of them the cause.
        triples = reason.value.args[0] if isinstance(reason.value, SSL.Error) else ()
        text = triples[0][2] if triples else "the server closed the connection"
        return f"TLS failed: {text}"


class Trust:
    """Makes handshakes; the roots are read once, at the first."""

    def __init__(self, settings: RelaySettings) -> None:
        self._name = settings.certified_name
        self._ca_file = settings.ca_file
        self._context: SSL.Context | None = None

    def handshake(self) -> Handshake:
        """
        @raise RelayError: `ca_file` cannot be used.
        """
        if self._context is None:
            self._context = self._read()
        return Handshake(self._context, self._name)

    def _read(self) -> SSL.Context:
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)  # RFC 8996
        context.set_mode(SSL.MODE_RELEASE_BUFFERS)
        context.set_options(SSL.OP_NO_RENEGOTIATION)
        context.set_default_verify_paths()
        if self._ca_file is not None:
            _add(context, self._ca_file)
        return context


def _add(context: SSL.Context, ca_file: str) -> None:
    # OpenSSL's own words for a missing file and for a file without certificate are
    # no sentences, and name the path to whoever asks for reports.
    try:
        with open(ca_file, "rb"):  # noqa: PTH123 opened for its error only
            context.load_verify_locations(ca_file)
    except OSError as e:
        raise RelayError(f"ca_file cannot be read: {e.strerror}") from e
    except SSL.Error as e:
        raise RelayError("ca_file holds no PEM certificate") from e
