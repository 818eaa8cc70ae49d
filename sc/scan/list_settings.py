"""What an operator may say about allow and deny lists."""

from typing import Any

from attrs import field, frozen
from attrs.validators import ge

from sc.scan.list_entry import Entry, read_entry


def _are_entries(_instance: object, _attribute: Any, value: tuple[str, ...]) -> None:
    for text in value:
        try:
            read_entry(text)
        except ValueError as e:
            raise ValueError(f"{text[:80]!r} {e}") from None


def _are_paths(_instance: object, _attribute: Any, value: tuple[str, ...]) -> None:
    for path in value:
        if not path.startswith("/"):
            raise ValueError(f"{path[:80]}: must be an absolute path")


@frozen(kw_only=True)
class ListsSettings:
    """
    Who is let in, and who is kept out. An entry is `network`, `sender`, `recipient` or
    `user` and a value; `from` a network (senders) and `until` a day may follow.

    @ivar allow: entries of mail that is let in: `network 192.0.2.0/24` is not scanned,
        `recipient abuse@example.net`, `user backup` and, if SPF passes, `sender
        example.org` only have no score.
    @ivar deny: entries of mail that is rejected.
    @ivar allow_files: files with more of them, one entry a line, `#` for comments.
    @ivar deny_files: the same of mail that is rejected.
    @ivar refresh: seconds between two looks whether a file has changed.
    """

    allow: tuple[str, ...] = field(default=(), validator=_are_entries)
    deny: tuple[str, ...] = field(default=(), validator=_are_entries)
    allow_files: tuple[str, ...] = field(default=(), validator=_are_paths)
    deny_files: tuple[str, ...] = field(default=(), validator=_are_paths)
    refresh: float = field(default=60.0, validator=ge(1))

    @property
    def files(self) -> tuple[str, ...]:
        return self.allow_files + self.deny_files

    @property
    def allowed(self) -> tuple[Entry, ...]:
        """The entries of the settings alone."""
        return tuple(read_entry(text, "lists.allow") for text in self.allow)

    @property
    def denied(self) -> tuple[Entry, ...]:
        return tuple(read_entry(text, "lists.deny") for text in self.deny)
