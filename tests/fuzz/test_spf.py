"""Whatever a domain publishes, nothing but `SpfError` comes out."""

from contextlib import suppress
from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from sc.content.spf_macro import MAX_NAME, Subject, expand, is_domain_spec
from sc.content.spf_record import SpfError, read_record, select

PIECES = st.sampled_from(
    [
        *("v=spf1 ", " ", "a", "mx", "ptr", ":", "/", "//", "ip4:", "ip6:", "exists:"),
        *("include:", "redirect=", "exp=", "%{", "}", "%", "%%", "%_", "l", "ir", "d9"),
        *("S", "p", "example", ".", "192.0.2.1", "2001:db8::", "24", "999", "-", "~"),
        *("all", "=", "\N{GREEK SMALL LETTER PI}", "\0", "\r"),
    ]
)
TEXT = st.lists(PIECES | st.text(max_size=3), max_size=30).map("".join)
NAME = st.text(max_size=300)


@given(TEXT | st.binary(max_size=100).map(lambda octets: octets.decode("latin-1")))
def test_records(text: str) -> None:
    """A record is read or refused."""
    with suppress(SpfError):
        select([text.encode()])
        read_record(b"v=spf1 " + text.encode())


@given(TEXT, NAME, NAME, NAME)
def test_macros(text: str, local: str, helo: str, domain: str) -> None:
    """Names that macros make stay bounded, whatever the sender says."""
    if is_domain_spec(text):
        for ip in ("192.0.2.1", "2001:db8::1"):
            subject = Subject(ip_address(ip), f"{local}@{domain}", helo)
            assert len(expand(text, subject.values(domain))) <= MAX_NAME
