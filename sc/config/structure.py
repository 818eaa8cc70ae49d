"""A YAML node tree to typed values, by the annotations of attrs classes."""

import types
import typing
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import attrs
import yaml

from sc.config.problems import Problem
from sc.config.scalars import describe, scalar

MISSING = attrs.NOTHING


def settable(wanted: Any) -> list[Any]:
    """The attrs fields that are options; `internal` ones are set by the code."""
    return [
        a for a in attrs.fields(wanted) if a.init and not a.metadata.get("internal")
    ]


class _InvalidError(Exception):
    """One value that cannot be read; its problem is already noted."""


def key_of(attribute: "attrs.Attribute[Any]") -> str:
    """The YAML key of an attrs field; metadata renames Python's reserved words."""
    return str(attribute.metadata.get("key", attribute.name))


class Structurer:
    """
    Reads nodes, and goes on after an error so that all are told at once.

    @ivar problems: what was wrong so far.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def note(self, path: str, node: yaml.Node, text: str) -> None:
        problem = Problem(path or "(top)", node.start_mark.line + 1, text)
        if problem not in self.problems:
            self.problems.append(problem)

    def _invalid(self, path: str, node: yaml.Node, text: str) -> _InvalidError:
        self.note(path, node, text)
        return _InvalidError(text)

    def read(
        self, node: yaml.Node | None, wanted: Any, path: str, base: Any = None
    ) -> Any:
        """
        The value of a node as `wanted`; `base` gives what a mapping leaves out.

        An unreadable value is noted as a problem and replaced by `base`.
        """
        if node is None:
            return base
        try:
            return self._read(node, wanted, path, base)
        except _InvalidError:
            return base

    def _read(self, node: yaml.Node, wanted: Any, path: str, base: Any) -> Any:
        origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
        if origin in (typing.Union, types.UnionType):
            return self._read_union(node, arguments, path, base)
        if origin is tuple:
            return self._read_tuple(node, arguments[0], path)
        if origin is dict:
            return self._read_dict(node, arguments[1], path, base or {})
        if attrs.has(wanted):
            return self.read_class(node, wanted, path, base)
        if not isinstance(node, yaml.ScalarNode):
            raise self._invalid(path, node, f"must be {describe(wanted)}")
        return self._read_scalar(node, wanted, path)

    def _read_union(
        self, node: yaml.Node, wanted: tuple[Any, ...], path: str, base: Any
    ) -> Any:
        if is_null(node) and type(None) in wanted:
            return None
        # X | None, or the two versions of an address: one reader serves both.
        rest = next(w for w in wanted if w is not type(None))
        return self._read(node, rest, path, base)

    def _read_tuple(self, node: yaml.Node, item: Any, path: str) -> tuple[Any, ...]:
        if is_null(node):
            return ()
        if not isinstance(node, yaml.SequenceNode):
            return (self._read(node, item, path, None),)
        return tuple(
            self.read(child, item, f"{path}[{i}]") for i, child in enumerate(node.value)
        )

    def _read_dict(
        self, node: yaml.Node, item: Any, path: str, base: dict[str, Any]
    ) -> dict[str, Any]:
        given = {
            key: self.read(child, item, _join(path, key), base.get(key))
            for key, child in self.items(node, path)
        }
        return {**base, **given}

    def items(self, node: yaml.Node, path: str) -> list[tuple[str, yaml.Node]]:
        """The pairs of a mapping; a repeated key is noted and its first value kept."""
        if is_null(node):
            return []
        if not isinstance(node, yaml.MappingNode):
            raise self._invalid(path, node, "must be a mapping of names to values")
        pairs: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in pairs:
                self.note(_join(path, name), key, "stands here a second time")
            else:
                pairs[name] = value
        return list(pairs.items())

    def mapping(self, node: yaml.Node, path: str) -> list[tuple[str, yaml.Node]]:
        """Like `items`, but nothing is in what is no mapping."""
        try:
            return self.items(node, path)
        except _InvalidError:
            return []

    def read_class(self, node: yaml.Node, wanted: Any, path: str, base: Any) -> Any:
        """
        An attrs class from a mapping; or from a bare value, where one of its fields
        may stand `alone` (by its metadata).
        """
        fields = {key_of(a): a for a in settable(wanted)}
        alone = _alone(node, fields.values())
        if alone is not None:
            return self._construct_alone(node, wanted, alone, path)
        known = len(self.problems)
        given = _left_out(wanted, base)
        for key, child in self.items(node, path):
            if key in fields:
                name = fields[key].alias or key
                given[name] = self._read_field(
                    child, wanted, fields[key], _join(path, key), base
                )
            else:
                self.note(_join(path, key), child, _no_such(key, fields))
        for key, attribute in fields.items():
            if attribute.default is MISSING and attribute.alias not in given:
                self.note(_join(path, key), node, "is missing")
        if len(self.problems) > known:
            raise _InvalidError(path)
        return self._construct(wanted, given, node, path)

    def _construct_alone(
        self, node: yaml.Node, wanted: Any, attribute: Any, path: str
    ) -> Any:
        known = len(self.problems)
        value = self._read_field(node, wanted, attribute, path, None)
        if len(self.problems) > known:
            raise _InvalidError(path)
        return self._construct(wanted, {attribute.alias: value}, node, path)

    def _read_field(
        self, node: yaml.Node, wanted: Any, attribute: Any, path: str, base: Any
    ) -> Any:
        hint = typing.get_type_hints(wanted)[attribute.name]
        old = default_of(attribute) if base is None else getattr(base, attribute.name)
        old = None if old is MISSING else old
        known = len(self.problems)
        value = self.read(node, hint, path, old)
        if len(self.problems) == known:
            self._validate(attribute, value, node, path)
        return value

    def _validate(self, attribute: Any, value: Any, node: yaml.Node, path: str) -> None:
        if attribute.validator is None:
            return
        try:
            attribute.validator(None, attribute, value)
        except (ValueError, TypeError) as e:
            text = str(e.args[0] if e.args else e)
            # attrs begins with the attribute's name, which the path ends with.
            self.note(path, node, text.removeprefix(f"'{attribute.name}' "))

    def _construct(
        self, wanted: Any, given: dict[str, Any], node: yaml.Node, path: str
    ) -> Any:
        try:
            return wanted(**given)
        except (ValueError, TypeError) as e:
            raise self._invalid(path, node, str(e)) from e

    def _read_scalar(self, node: yaml.ScalarNode, wanted: Any, path: str) -> Any:
        text = str(node.value).strip()
        if is_null(node):
            raise self._invalid(path, node, f"must be {describe(wanted)}, not empty")
        try:
            return scalar(text, wanted)
        except ValueError as e:
            detail = f" ({e})" if wanted in (IPv4Network, IPv6Network) else ""
            raise self._invalid(
                path, node, f"must be {describe(wanted)}{detail}"
            ) from e


def _alone(node: yaml.Node, attributes: typing.Iterable[Any]) -> Any:
    """The field that a bare value fills, or None."""
    if not isinstance(node, yaml.ScalarNode) or is_null(node):
        return None
    return next((a for a in attributes if a.metadata.get("alone")), None)


def child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    """What stands under a key; None if nothing does."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for key, value in pairs if key.value == name), None)


def is_null(node: yaml.Node) -> bool:
    """An empty value, `~` or `null`."""
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _left_out(wanted: Any, base: Any) -> dict[str, Any]:
    if base is None:
        return {}
    return {a.alias: getattr(base, a.name) for a in attrs.fields(wanted) if a.init}


def _no_such(key: str, fields: typing.Iterable[str]) -> str:
    near = get_close_matches(key, list(fields), 1)
    return "no such option" + (f"; did you mean {near[0]}?" if near else "")


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def default_of(attribute: Any) -> Any:
    """Its value where nothing is said, or `MISSING`."""
    if isinstance(attribute.default, attrs.Factory):  # type: ignore[arg-type]
        return attribute.default.factory()
    return attribute.default
