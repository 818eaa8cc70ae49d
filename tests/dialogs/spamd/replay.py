"""Reads the dialogues of this folder; README.md has their format."""

import re
from collections.abc import Callable
from enum import Enum
from pathlib import Path

from attrs import field, frozen

from sc.access import Access
from sc.listeners.spamd.session import Door
from sc.listeners.spamd.settings import SpamdLimits, SpamdSettings
from sc.model.decision import Action, ScoredSymbol
from tests.fakes.flow import decision_of, stub_flow
from tests.fakes.inline_threads import INLINE

HERE = Path(__file__).parent
NAMES = sorted(path.stem for path in HERE.glob("*.txt"))

_STEP = re.compile(r"([CcSs])(?:: ?(.*)|<(FIN|RST)>)")
_ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|.)")
_PLAIN = {"t": "\t", "r": "\r", "n": "\n", "\\": "\\"}


class End(Enum):
    FIN = "FIN"
    RST = "RST"


@frozen
class Step:
    """
    @ivar octets: what this side says; b"" if it closes.
    """

    client: bool
    octets: bytes = b""
    end: End | None = None


@frozen
class Dialog:
    steps: tuple[Step, ...]
    options: dict[str, str] = field(factory=dict)

    @property
    def said(self) -> bytes:
        """All that the client sends."""
        return b"".join(s.octets for s in self.steps if s.client)

    @property
    def expected(self) -> bytes:
        """All that the server sends."""
        return b"".join(s.octets for s in self.steps if not s.client)

    @property
    def closes(self) -> bool:
        """Does the client close its half?"""
        return any(s.client and s.end for s in self.steps)

    @property
    def end(self) -> End:
        end = self.steps[-1].end
        assert end is not None, "a dialogue says how it ends"
        return end

    def door(self) -> Door:
        names = self.options.get("symbols", "STUB").split()
        decision = decision_of(
            Action(self.options.get("decision", "no action")),
            *(ScoredSymbol(name, 1.0) for name in names),
        )
        limits = SpamdLimits(message_size=int(self.options.get("limit", "65536")))
        settings = SpamdSettings(limits=limits)
        return Door(stub_flow(decision), Access(), settings, INLINE)


def read(name: str) -> Dialog:
    steps: list[Step] = []
    options: dict[str, str] = {}
    for line in (HERE / f"{name}.txt").read_text("utf-8").splitlines():
        if line.startswith("@"):
            key, _, value = line[1:].partition(" ")
            options[key] = value
        elif not line.startswith("#"):
            steps.append(_step(line))
    return Dialog(tuple(steps), options)


def _step(line: str) -> Step:
    match = _STEP.fullmatch(line)
    assert match is not None, f"no line of a dialogue: {line!r}"
    side, text, end = match.groups()
    if end is not None:
        return Step(side == "C", end=End(end))
    tail = "\r\n" if side.isupper() else "\n"
    if re.search(r"(?<!\\)(\\\\)*\\$", text):
        text, tail = text[:-1], ""
    octets = (_ESCAPE.sub(_unescape, text) + tail).encode("latin-1")
    return Step(side in "Cc", octets)


def _unescape(match: re.Match[str]) -> str:
    what = match[1]
    return chr(int(what[1:], 16)) if len(what) == 3 else _PLAIN[what]


@frozen
class Peer:
    """
    One way to play a dialogue.

    @ivar say: give octets to the server.
    @ivar close: the client's FIN.
    @ivar heard: what the server has sent so far.
    @ivar ended: how the server has ended, or None.
    """

    say: Callable[[bytes], None]
    close: Callable[[], None]
    heard: Callable[[], bytes]
    ended: Callable[[], End | None]


def play(dialog: Dialog, peer: Peer) -> None:
    """Step by step; the server may not speak before its turn."""
    expected = b""
    for step in dialog.steps:
        if not step.client:
            expected += step.octets
            continue
        assert peer.heard() == expected
        assert peer.ended() is None, "the server has left"
        if step.end:
            peer.close()
        else:
            peer.say(step.octets)
    assert peer.heard() == expected
    assert peer.ended() is dialog.end
