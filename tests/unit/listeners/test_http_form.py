"""sc.listeners.http.form: a message and its envelope in multipart/form-data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.listeners.http.errors import HttpError
from sc.listeners.http.form import MAX_FIELDS, MAX_PARTS, boundary_of, read_form
from tests.fakes.flow import CLEAN, SPAM, StubPipeline, stub_flow
from tests.fakes.http_door import Client

KIND = "Content-Type: multipart/form-data; boundary=frontier"
MAIL = b"Subject: x\r\n\r\nbody\r\n--frontie\r\n"


def part(name: str, content: bytes, more: str = "") -> bytes:
    head = f'--frontier\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--frontier--\r\n"


UPLOAD = part("file", MAIL, '; filename="a.eml"')


def scanned(client: Client, body: bytes) -> StubPipeline:
    assert client.post("/scan", body, KIND).status == 200
    pipeline = client.door.flow.pipeline
    assert isinstance(pipeline, StubPipeline)
    return pipeline


def test_message_and_envelope() -> None:
    """What the form says is the envelope; the message is the file, octet by octet."""
    client = Client(stub_flow(decision=CLEAN))
    pipeline = scanned(
        client,
        form(
            part("ip", b"192.0.2.7"),
            part("from", b"<>"),
            part("helo", b" "),
            part("rcpt", b"a@b.example\r\n\r\n c@d.example"),
            part("port", b"25"),
            UPLOAD,
        ),
    )
    [message] = pipeline.seen
    assert bytes(message.content) == MAIL
    told = message.envelope
    assert (str(told.client_ip), told.client_port, told.sender) == ("192.0.2.7", 25, "")
    assert (told.recipients, told.helo) == (("a@b.example", "c@d.example"), None)


def test_text_in_place_of_a_file() -> None:
    """A browser sends an empty file where none was chosen."""
    empty = part("file", b"", '; filename=""')
    client = Client(stub_flow(decision=CLEAN))
    [message] = scanned(client, form(empty, part("text", MAIL))).seen
    assert bytes(message.content) == MAIL


def test_large_message() -> None:
    """Above 1 MiB it lies in a file without a name, and is whole."""
    content = b"Subject: x\r\n\r\n" + b"0123456789\r\n" * 200_000
    body = form(part("file", content, '; filename="a"'))
    read = read_form(body, b"frontier", None)
    assert (len(read.message), bytes(read.message) == content) == (len(content), True)


def test_programs_get_json() -> None:
    """`curl -F` gets ecsd's array and the decision in the header."""
    reply = Client(stub_flow(decision=SPAM)).post("/scan", form(UPLOAD), KIND)
    assert isinstance(reply.json, list)
    assert reply.fields["x-sc-action"] == "reject"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (form(), "the message is empty"),
        (form(part("other", MAIL)), "the message is empty"),
        (UPLOAD, "not a whole multipart"),
        (b"nonsense", "not a whole multipart"),
        (form(b"--frontier\r\n\r\nx\r\n"), "not a whole multipart"),
        (form(part("helo", b"\xff"), UPLOAD), "not a whole multipart"),
        (form(UPLOAD, UPLOAD), "file: is given more than once"),
        (form(part("ip", b"1"), part("ip", b"2"), UPLOAD), "ip: is given more"),
        (form(*[part(f"f{n}", b"") for n in range(MAX_PARTS + 1)]), "too many"),
        (form(part("from", bytes(MAX_FIELDS + 1)), UPLOAD), "too large"),
        (form(part("a", bytes(300_000)), part("b", bytes(300_000))), "too large"),
        (form(part("ip", b"x"), UPLOAD), "envelope.ip: not an IP address"),
        (form(part("helo", b"a\x01b"), UPLOAD), "control characters"),
    ],
)
def test_bad_forms(body: bytes, text: str) -> None:
    """400 with a sentence, and nothing is scanned."""
    client = Client()
    reply = client.post("/scan", body, KIND)
    assert (reply.status, text in reply.error) == (400, True), reply.error
    assert not getattr(client.door.flow.pipeline, "seen")  # noqa: B009


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=", "x; boundary=é"]
)
def test_no_boundary(kind: str) -> None:
    """Without a boundary there is no form."""
    if "é" in kind:
        assert boundary_of(kind) == "é".encode()
        return
    with pytest.raises(HttpError, match="needs a boundary"):
        boundary_of(kind)


@given(st.binary(max_size=2000), st.binary(max_size=70))
def test_any_octets(body: bytes, boundary: bytes) -> None:
    """Whatever comes is a form or a 400."""
    for octets in (body, b"--" + boundary + b"\r\n" + body, form(part("file", body))):
        try:
            read_form(octets, boundary or b"x", None)
        except HttpError as e:
            assert e.status == 400  # noqa: PT017 both ends are fine
