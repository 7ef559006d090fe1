"""From YAML text to plain values whose positions can still be asked for.

PyYAML composes a tree of nodes that know their line and column. We keep that tree, build plain values from it under
our own rules (YAML 1.2 core types, no duplicate keys, no tags, bounded aliases and depth, `${VAR}` substitution), and
look a position up only when there is something to complain about: a good file pays nothing for good messages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any

import yaml

from pytest_mlgate.errors import GateFileError, Place, Problem
from pytest_mlgate.plain import redactor

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 40
MAX_ALIASED_NODES = 20_000
_TAG = "tag:yaml.org,2002:"
_VARIABLE = re.compile(r"\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\})")
_SECRET = re.compile(
    r"(?:^|_)(?:TOKENS?|SECRETS?|PASS|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|KEY|APIKEY|PRIVATE|AUTH|DSN|PAT)(?:_|$)",
    re.IGNORECASE,
)
_SHORTEST_SECRET = 4
_FLATTEN = "write it flat: this looks like an attack or an accident"

Key = str | int
KeyPath = tuple[Key, ...]


class _CoreLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # libyaml may be missing
    """A safe loader whose plain scalars follow YAML 1.2's core schema: `NO` and `12:30` are text, `1e-3` a number."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own protocol


_CORE_TYPES = (
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
)
_CORE_PATTERNS = {name: re.compile(pattern) for name, pattern, _ in _CORE_TYPES}
for _name, _pattern, _first in _CORE_TYPES:
    _firsts = ["" if letter == "\0" else letter for letter in _first]
    _CoreLoader.add_implicit_resolver(_TAG + _name, re.compile(rf"^(?:{_pattern})$"), _firsts)


@dataclass(slots=True)
class Source:
    """A gate file's text, its node tree, the plain value built from it, and the problems met on the way."""

    path: Path
    lines: list[str]
    root: Any
    value: Any = None
    problems: list[Problem] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)

    _keys: dict[int, dict[str, Any]] = field(default_factory=dict)

    def complain(self, path: KeyPath, what: str, mend: str = "", *, at_key: bool = False) -> None:
        """Record a problem at a path into the document; a path that does not exist points at its nearest ancestor."""
        self.complain_at(self._locate(path, at_key=at_key).start_mark, what, mend)

    def complain_at(self, mark: Any, what: str, mend: str = "") -> None:
        """Record a problem at a YAML mark (which counts from zero)."""
        text = self.lines[mark.line] if mark.line < len(self.lines) else ""
        blot = redactor(self.secrets)
        self.problems.append(Problem(blot(what), Place(self.path, mark.line + 1, mark.column + 1), text, blot(mend)))

    def place(self, path: KeyPath) -> Place:
        """Give the position of a key."""
        mark = self._locate(path, at_key=True).start_mark
        return Place(self.path, mark.line + 1, mark.column + 1)

    def _locate(self, path: KeyPath, *, at_key: bool) -> Any:
        """Find the node at a path, or its nearest ancestor; with `at_key` the node of the last key itself."""
        node = self.root
        for depth, part in enumerate(path):
            last = depth == len(path) - 1
            if isinstance(node, yaml.MappingNode):
                pair = self._pairs(node).get(str(part))
                if pair is None:
                    return node
                node = pair[0] if last and at_key else pair[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
            else:
                return node
        return node

    def _pairs(self, node: Any) -> dict[str, Any]:
        """Index a mapping's pairs by key, once: a file of thousands of gates asks for the place of each."""
        if id(node) not in self._keys:
            pairs = reversed(node.value)  # of a key written twice the first stands, as it does in the value
            self._keys[id(node)] = {pair[0].value: pair for pair in pairs if isinstance(pair[0].value, str)}
        return self._keys[id(node)]


def read(data: bytes, path: Path, environ: Mapping[str, str] | None) -> Source:
    """Parse YAML bytes into a `Source`.

    Args:
        data: the file's bytes.
        path: as messages should show it.
        environ: where `${VAR}` is looked up; None leaves every dollar sign as it is.

    Returns:
        A source with `value` built. Problems that leave the rest readable are in `problems`.

    Raises:
        GateFileError: the text is not YAML at all, too large, too deep, or expands without end.
    """
    if len(data) > MAX_BYTES:
        raise GateFileError([Problem(f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB", Place(path, 1, 1))])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = Problem("the file is not UTF-8 text", Place(path, line, 1), mend="save it as UTF-8")
        raise GateFileError([problem]) from None
    lines = text.splitlines()
    source = Source(path, lines, _compose(text, path, lines))
    source.value = _Builder(source, environ).build(source.root, 0)
    return source


def _compose(text: str, path: Path, lines: list[str]) -> Any:
    """Let PyYAML compose the node tree, and phrase what it objects to."""
    loader = _CoreLoader(text)
    try:
        _refuse_depth(text, path)
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        shown = lines[line] if line < len(lines) else ""
        what = f"not valid YAML: {error.problem or error.context}"
        raise GateFileError([Problem(what, Place(path, line + 1, column + 1), shown)]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        code = error.character if isinstance(error.character, int) else ord(error.character)
        what = f"not valid YAML: the character U+{code:04X} is not allowed"
        raise GateFileError([Problem(what, Place(path, line, 1))]) from None
    except yaml.YAMLError as error:
        raise GateFileError([Problem(f"not valid YAML: {error}", Place(path, 1, 1))]) from None
    finally:
        loader.dispose()
    if root is None:
        mend = "a gate file starts with `version: 1`"
        raise GateFileError([Problem("the file is empty", Place(path, 1, 1), mend=mend)])
    return root


def _refuse_depth(text: str, path: Path) -> None:
    """Refuse deep nesting before composing: libyaml's composer recurses in C, and 50,000 brackets end the process."""
    loader, depth = _CoreLoader(text), 0
    try:
        while (event := loader.get_event()) is not None:
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MAX_DEPTH:
                    mark: Any = event.start_mark
                    place = Place(path, mark.line + 1, mark.column + 1)
                    raise GateFileError([Problem(f"nested deeper than {MAX_DEPTH} levels", place, mend=_FLATTEN)])
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    finally:
        loader.dispose()


class _Builder:
    """Builds plain values from nodes, collecting problems instead of stopping at the first."""

    def __init__(self, source: Source, environ: Mapping[str, str] | None) -> None:
        self._source = source
        self._environ = environ
        self._seen: set[int] = set()
        self._aliased = 0

    def build(self, node: Any, depth: int, *, inside_alias: bool = False) -> Any:
        if depth > MAX_DEPTH:
            self._give_up(node, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(node, yaml.ScalarNode):
            self._aliased += inside_alias
            return self._scalar(node)
        inside_alias = inside_alias or id(node) in self._seen
        self._seen.add(id(node))
        self._aliased += inside_alias
        if self._aliased > MAX_ALIASED_NODES:
            self._give_up(node, f"aliases expand to more than {MAX_ALIASED_NODES} values")
        if not node.tag.startswith(_TAG) or node.tag.removeprefix(_TAG) not in ("map", "seq"):
            self._source.complain_at(node.start_mark, f"the YAML tag {node.tag!r} is not allowed", "remove the tag")
        if isinstance(node, yaml.SequenceNode):
            return [self.build(one, depth + 1, inside_alias=inside_alias) for one in node.value]
        return self._mapping(node, depth, inside_alias=inside_alias)

    def _mapping(self, node: Any, depth: int, *, inside_alias: bool) -> dict[str, Any]:
        built: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._source.complain_at(key_node.start_mark, "a key must be plain text")
                continue
            key = key_node.value
            if key == "<<":
                mend = "merge keys are no part of YAML 1.2; use `defaults:`, or write it out"
                self._source.complain_at(key_node.start_mark, "'<<' is read as a plain key", mend)
            if key in built:
                first = f"it stands first on line {lines[key]}"
                self._source.complain_at(key_node.start_mark, f"the key {key!r} is written twice", first)
                continue
            lines[key] = key_node.start_mark.line + 1
            built[key] = self.build(value_node, depth + 1, inside_alias=inside_alias)
        return built

    def _scalar(self, node: Any) -> Any:
        tag, text = node.tag, node.value
        if self._environ is not None and "$" in text and _VARIABLE.search(text):
            text = self._substitute(node, self._environ)
            if node.style not in ("'", '"', "|", ">"):
                tag = _CoreLoader("").resolve(yaml.ScalarNode, text, (True, False))
        wanted = _CORE_PATTERNS.get(tag.removeprefix(_TAG))
        if wanted is not None and not wanted.fullmatch(text):  # possible only behind an explicit tag
            self._source.complain_at(
                node.start_mark, f"{text!r} does not fit the YAML tag {node.tag!r}", "remove the tag"
            )
            return None
        match tag.removeprefix(_TAG):
            case "str":
                return text
            case "null":
                return None
            case "bool":
                return text[0] in "tT"
            case "int" | "float" as kind:
                return self._number(node, kind, text)
        self._source.complain_at(node.start_mark, f"the YAML tag {node.tag!r} is not allowed", "remove the tag")
        return None

    def _number(self, node: Any, kind: str, text: str) -> Any:
        """Read a number; what is not finite is a mistake, since no limit can mean anything beside it."""
        try:
            if kind == "int":
                base = {"0o": 8, "0x": 16}.get(text[:2].lower(), 10)
                return int(text, base)
            number = float(text.replace(".inf", "inf").replace(".Inf", "inf").replace(".INF", "inf").replace(".n", "n"))
        except ValueError:
            self._source.complain_at(node.start_mark, "this is no number that can be read")
            return None
        if not isfinite(number):
            self._source.complain_at(node.start_mark, "numbers must be finite", "leave the limit out instead")
            return None
        return number

    def _substitute(self, node: Any, environ: Mapping[str, str]) -> str:
        """Replace `${VAR}` and `${VAR:-default}`; `$$` stands for one dollar sign."""

        def value_of(match: re.Match[str]) -> str:
            name, default = match.group(1), match.group(2)
            if name is None:
                return "$"
            value = environ.get(name)
            if value:
                if _SECRET.search(name) and len(value) >= _SHORTEST_SECRET:
                    self._source.secrets.add(value)
                return value
            if default is None:
                mend = f"set it, or give a default: ${{{name}:-…}}"
                self._source.complain_at(node.start_mark, f"the environment variable {name} is not set", mend)
                return ""
            return default

        return _VARIABLE.sub(value_of, node.value)

    def _give_up(self, node: Any, what: str) -> None:
        self._source.complain_at(node.start_mark, what, _FLATTEN)
        raise GateFileError(self._source.problems)
