"""The defaults as an annotated file: every option, its default, one sentence.

The sentences are the `@ivar` lines of the settings classes, so that code, etc/sc.yaml
and docs/configuration.md cannot tell different things.
"""

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from ipaddress import IPv4Network, IPv6Network
from typing import Any, get_args, get_origin, get_type_hints

import attrs
import yaml
from attrs import frozen

from sc.config.structure import MISSING, default_of, key_of, settable

_IVAR = re.compile(r"^\s*@ivar (\w+):\s*(.*?)(?=^\s*@|\Z)", re.MULTILINE | re.DOTALL)

A_NAME = "NAME"
"""Stands where the operator gives a name of his own."""


@frozen
class Option:
    """
    One line of the reference.

    @ivar path: dotted, as `scctl check` names it; `[]` is a member of a list.
    @ivar default: as YAML text; None for a group of options.
    @ivar example: it exists only in what is empty by default.
    """

    path: str
    sentence: str
    default: str | None
    example: bool = False

    @property
    def depth(self) -> int:
        return self.path.count(".")

    @property
    def key(self) -> str:
        return self.path.rpartition(".")[2]


def options(settings: Any, path: str = "") -> Iterator[Option]:
    """Every option of a settings value, groups before their members."""
    told, hints = sentences(type(settings)), get_type_hints(type(settings))
    fields = settable(type(settings))
    # The switch first, groups last: an option behind a group would seem part of it.
    fields.sort(
        key=lambda a: (_is_group(getattr(settings, a.name)), a.name != "enabled")
    )
    for attribute in fields:
        value = getattr(settings, attribute.name)
        full = _join(path, key_of(attribute))
        if attribute.metadata.get("flatten"):
            yield from options(value, path)
            continue
        yield from _option(full, told.get(attribute.name, ""), value)
        yield from _examples(full, hints[attribute.name], value)


def _is_group(value: Any) -> bool:
    return attrs.has(type(value)) or (isinstance(value, Mapping) and bool(value))


def _option(path: str, sentence: str, value: Any) -> Iterator[Option]:
    if attrs.has(type(value)):
        yield Option(path, sentence or summary(type(value)), None)
        yield from options(value, path)
    elif _is_group(value):
        yield Option(path, sentence, None)
        for name, member in value.items():
            yield from _option(f"{path}.{name}", "", member)
    else:
        yield Option(path, sentence, as_yaml(value))


def _examples(path: str, hint: Any, value: Any) -> Iterator[Option]:
    """What a member of an empty list, or a group that is not there, would hold."""
    member = next((a for a in get_args(hint) if attrs.has(a)), None)
    if member is None or value:
        return
    inside = f"{path}[]" if get_origin(hint) is tuple else path
    if get_origin(hint) is dict:
        inside = f"{path}.{A_NAME}"
        yield Option(inside, summary(member), "", example=True)
    told, hints = sentences(member), get_type_hints(member)
    for attribute in settable(member):
        default = default_of(attribute)
        known = default is not MISSING and not attrs.has(type(default))
        text = as_yaml(default) if known else ""
        full = _join(inside, key_of(attribute))
        yield Option(full, told.get(attribute.name, ""), text, example=True)
        if get_origin(hints[attribute.name]) is tuple:
            yield from _examples(full, hints[attribute.name], default)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def sentences(wanted: type) -> dict[str, str]:
    """The `@ivar` lines of a class and its bases, on one line each."""
    told: dict[str, str] = {}
    for cls in reversed(wanted.__mro__):
        for name, text in _IVAR.findall(cls.__doc__ or ""):
            told[name] = _sentence(" ".join(text.split()))
    return told


def _sentence(words: str) -> str:
    """A capital, unless the first word is one of the option's own values."""
    first = words.partition(" ")[0]
    return words if first.endswith(":") else words[:1].upper() + words[1:]


def summary(wanted: type) -> str:
    """The first paragraph of a class's docstring, on one line."""
    text = (wanted.__doc__ or "").partition("@ivar")[0]
    return " ".join(text.strip().split("\n\n")[0].split())


def as_yaml(value: Any) -> str:
    """A default as it is written in the file."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    dumped = yaml.safe_dump(_plain(value), default_flow_style=True, width=1000)
    return dumped.removesuffix("...\n").strip()


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        word = str(value.value)
        return {"true": True, "false": False}.get(word, word)
    if isinstance(value, IPv4Network | IPv6Network):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if attrs.has(type(value)):
        return {
            key_of(a): _plain(getattr(value, a.name)) for a in settable(type(value))
        }
    return value


def annotated(settings: Any, head: str) -> str:
    """The YAML file; parsing it gives the defaults again."""
    lines = [f"# {line}".rstrip() for line in head.splitlines()]
    for option in options(settings):
        indent = "  " * option.depth
        if option.example:
            lines.append(f"{indent}# {option.key}: {option.default or ''}".rstrip())
            continue
        if option.depth == 0 or (option.default is None and option.depth == 1):
            lines.append("")
        if option.sentence:
            lines += _comment(option.sentence, indent)
        key = as_yaml(option.key)  # `*` begins an alias
        lines.append(f"{indent}{key}: {option.default or ''}".rstrip())
    return "\n".join(lines) + "\n"


def _comment(sentence: str, indent: str, width: int = 88) -> list[str]:
    lines, line = [], f"{indent}#"
    for word in sentence.split():
        if len(line) + 1 + len(word) > width:
            lines.append(line)
            line = f"{indent}#"
        line += f" {word}"
    return [*lines, line]


def tables(settings: Any) -> str:
    """The options as Markdown: a heading for each group, a row for each option."""
    lines: list[str] = []
    open_table = False
    for option in options(settings):
        if option.default is None:
            lines += ["", f"{'#' * (option.depth + 2)} `{option.path}`"]
            lines += ["", option.sentence] if option.sentence else []
            open_table = False
            continue
        if not open_table:
            lines += ["", "| option | default | meaning |", "|---|---|---|"]
            open_table = True
        default = f"`{option.default}`" if option.default else "none"
        cells = (f"`{option.path}`", default, option.sentence)
        lines.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    return "\n".join(lines) + "\n"
