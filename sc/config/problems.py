"""What is wrong with a configuration: every error, with its path, file and line."""

from attrs import frozen


@frozen
class Problem:
    """@ivar line: counted from 1; 0 is the file as a whole."""

    path: str
    line: int
    text: str


class ConfigError(Exception):
    """
    The configuration cannot be used; nothing was changed.

    @ivar problems: all of them, in the order of the file.
    """

    def __init__(self, source: str, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(_render(source, p) for p in problems))
        self.source = source
        self.problems = problems


def _render(source: str, problem: Problem) -> str:
    place = f"{source}:{problem.line}" if problem.line else source
    return f"{place}: {problem.path}: {problem.text}"
