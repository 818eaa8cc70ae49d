"""Which symbols ask for an action, whatever the score."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Self

from attrs import frozen

from sc.model.decision import Action
from sc.model.verdict import names_virus
from sc.scan.settings import PolicySettings
from sc.scan.symbols import ANY_VIRUS, wild
from sc.scanners.naming import symbol_prefix


@frozen
class Overrides:
    """
    @ivar exact: by symbol; most symbols meet only this.
    @ivar patterns: with wildcards.
    """

    exact: Mapping[str, Action]
    patterns: Mapping[str, Action]

    @classmethod
    def read(cls, settings: PolicySettings) -> Self:
        """What is said of a symbol itself counts before what its scanner would do."""
        said = all_overrides(settings)
        patterns = {name: said.pop(name) for name in wild(said)}
        return cls(said, patterns)

    def actions(self, symbol: str) -> Iterator[Action]:
        """The symbol's own name is the most specific that can be said of it."""
        if symbol in self.exact:
            yield self.exact[symbol]
            return
        for pattern, action in self.patterns.items():
            if fnmatchcase(symbol, pattern) and _is_meant(symbol, pattern):
                yield action


def _is_meant(symbol: str, pattern: str) -> bool:
    return pattern != ANY_VIRUS or names_virus(symbol)


def all_overrides(settings: PolicySettings) -> dict[str, Action]:
    return {**_of_scanners(settings.scanner_actions), **settings.overrides}


def _of_scanners(actions: Mapping[str, Mapping[str, Action]]) -> dict[str, Action]:
    """A scanner that has an action of its own states it as a symbol."""
    return {
        f"{symbol_prefix(scanner)}_ACTION_{word.upper().replace(' ', '_')}": action
        for scanner, table in actions.items()
        for word, action in table.items()
    }
