"""sc.attached.reader, .process: a real child for each message, within its limits."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import evolve
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ProcessExitedAlready

from sc.attached import process, reader
from sc.attached.exchange import MAX_ANSWER, NO_ANSWER
from sc.attached.kinds import Attachment, Kind
from sc.attached.process import LATE, read_now
from sc.attached.reader import AttachmentReader, Child
from sc.attached.settings import AttachedSettings
from sc.model.envelope import Envelope
from sc.model.evidence import Attached, Role
from sc.model.message import Message
from tests.fakes import attachments as fakes
from tests.fakes.inline_threads import INLINE

ALL = AttachedSettings(html=True, ics=True, pdf=True, qr=True, timeout=60)
EVERY_KIND = fakes.message(
    ("text/html", "a.html", b'<a href="http://a.example/">'),
    ("text/calendar", "b.ics", b"URL:http://b.example/\r\n"),
    ("application/pdf", "c.pdf", fakes.pdf(clicked="http://c.example/")),
    ("image/png", "d.png", fakes.qr("http://d.example/")),
)
LINKS = tuple(
    Attached(name, ((f"http://{name[0]}.example/", Role.NAVIGATES),))
    for name in ("a.html", "b.ics", "c.pdf", "d.png")
)


def reading(settings: AttachedSettings = ALL) -> AttachmentReader:
    return AttachmentReader(settings, reactor, reactor, INLINE)


def mail(content: bytes) -> Message:
    return Message("1", Envelope(), content)


async def test_every_kind() -> None:
    """One child reads them all."""
    assert await reading().read(mail(EVERY_KIND)) == LINKS


async def test_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read, nothing started, unless the operator says so, and if needed."""
    monkeypatch.setattr(reader, "command", None)
    assert await reading(AttachedSettings()).read(mail(EVERY_KIND)) == ()
    assert await reading().read(mail(fakes.message())) == ()


async def test_too_many() -> None:
    """The warning stands behind what was read."""
    found = await reading(evolve(ALL, parts=2)).read(mail(EVERY_KIND))
    over = Attached("", problem="more than 2 attachments: the rest was not read")
    assert found == (*LINKS[:2], over)


async def test_bomb() -> None:
    """A file that unpacks beyond the limit costs its own links, not the next one's."""
    content = fakes.message(
        ("application/pdf", "bomb.pdf", fakes.pdf_bomb(300 << 20)),
        ("text/html", "a.html", b'<a href="http://a.example/">'),
    )
    bomb, page = await reading(evolve(ALL, memory=200 << 20)).read(mail(content))
    assert bomb.name == "bomb.pdf"
    assert bomb.urls == ()
    assert page == LINKS[0]


async def test_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not end is ended, and says so."""
    child(monkeypatch, "import time; time.sleep(600)")
    found = await reading(evolve(ALL, timeout=0.3)).read(mail(EVERY_KIND))
    assert {one.problem for one in found} == {LATE}


async def test_oversize(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that talks for ever is not listened to."""
    child(monkeypatch, f"import os\nwhile True: os.write(1, b'x' * {MAX_ANSWER})")
    found = await reading().read(mail(EVERY_KIND))
    assert {one.problem for one in found} == {"it holds too many links"}


async def test_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash costs a warning."""
    child(monkeypatch, "import os; os.abort()")
    found = await reading().read(mail(EVERY_KIND))
    assert {one.problem for one in found} == {NO_ANSWER}


async def test_no_process() -> None:
    """A host that has no room for one more process costs a warning, not the report."""

    class Full:
        def spawnProcess(self, *args: object) -> None:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    full = AttachmentReader(ALL, Full(), reactor, INLINE)  # type: ignore[arg-type]
    (found,) = {one.problem for one in await full.read(mail(EVERY_KIND))}
    assert found.startswith("its reader cannot be started: Resource temporarily")


async def test_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asked has gone: the child goes, too."""
    children: list[Child] = []

    class Watched(Child):
        def __init__(self) -> None:
            super().__init__()
            self.gone: Deferred[None] = Deferred()
            children.append(self)

        def processEnded(self, reason: object) -> None:
            super().processEnded(reason)  # type: ignore[arg-type]
            self.gone.callback(None)

    monkeypatch.setattr(reader, "Child", Watched)
    child(monkeypatch, "import time; time.sleep(600)")
    work = Deferred.fromCoroutine(reading().read(mail(EVERY_KIND)))
    work.cancel()
    with pytest.raises(CancelledError):
        await work
    (gone,) = children
    await gone.gone  # type: ignore[attr-defined]


def test_said_to_who_has_gone() -> None:
    """A child that never started, or has ended, is left alone."""
    early = Child()
    early.say(b"x")
    early.kill("late")
    assert early.why == "late"

    class Ended:
        def signalProcess(self, name: str) -> None:
            raise ProcessExitedAlready

    early.transport = Ended()  # type: ignore[assignment]
    early.kill("again")
    assert early.why == "late"


def test_for_commands() -> None:
    """The same without a reactor."""
    assert read_now([Attachment(Kind.ICS, "b.ics", b"URL:http://b.example/")], ALL) == (
        LINKS[1],
    )


def test_late_for_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """And with the same bound."""
    child(monkeypatch, "import time; time.sleep(600)")
    (found,) = read_now([Attachment(Kind.ICS, "b.ics", b"x")], evolve(ALL, timeout=0.3))
    assert found == Attached("b.ics", problem=LATE)


def child(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Another program in its place."""

    def other(settings: AttachedSettings) -> list[str]:
        return [sys.executable, "-c", program]

    monkeypatch.setattr(process, "command", other)
    monkeypatch.setattr(reader, "command", other)


def test_it_sees_nothing_of_ours(tmp_path: Path) -> None:
    """No variable, and no file can be written."""
    assert "PATH" not in process.environment()
    program = (
        "from sc.attached.child import limit; limit(256 << 20, 5)\n"
        f"open({str(tmp_path / 'never')!r}, 'w', buffering=1).write('x\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        env=process.environment(),
        capture_output=True,
        check=False,
    )
    assert done.returncode != 0


@pytest.mark.parametrize(("option", "module"), [("pdf", "pypdf"), ("qr", "zxingcpp")])
def test_missing(option: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator reads what to install."""

    def nothing(name: str) -> None:
        return None

    monkeypatch.setattr("sc.attached.settings.find_spec", nothing)
    AttachedSettings(html=True, ics=True)
    with pytest.raises(
        ValueError, match=rf"module {module}.*pip install 'sc\[{option}]'"
    ):
        AttachedSettings(**{option: True})
