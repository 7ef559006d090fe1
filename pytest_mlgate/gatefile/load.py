"""Read a gate file: every mistake it holds at once, or frozen specs.

The order is text → plain values → per-gate merging of defaults → names of tables and models resolved → the kind's
struct. A gate that converts cleanly costs one msgspec call; only a gate that does not is taken to JSON Schema, which
knows how to list all that is wrong with it.
"""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from pytest_mlgate.errors import GateFileError, KindError, Place, Problem
from pytest_mlgate.gatefile.defaults import with_defaults
from pytest_mlgate.gatefile.document import Gate, GateFile, Promote, PromoteSpec
from pytest_mlgate.gatefile.nearest import did_you_mean
from pytest_mlgate.gatefile.nodes import Source, read
from pytest_mlgate.gatefile.phrase import phrases
from pytest_mlgate.gatefile.schema import ID_PATTERN, gate_schema, struct_schema
from pytest_mlgate.gatefile.targets import REFERENCES, Reference, find, fixtures_of, replaced, targets
from pytest_mlgate.kind import TAG_PATTERN, GateSpec, Kind
from pytest_mlgate.reference import BaselineRef, HistoryRef, ModelRef, TableRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pytest_mlgate.gatefile.nodes import KeyPath

VERSION = 1
SECTIONS = ("version", "name", "description", "tags", "defaults", "data", "models", "gates", "promote")
EXCUSES = frozenset({"skip", "skipif", "xfail"})
PYTEST_MARKS = EXCUSES | {"parametrize", "usefixtures", "filterwarnings", "mlgate"}
# Marks of well-known plugins that act, or demand arguments.
PLUGIN_MARKS = frozenset(
    {
        "timeout",
        "flaky",
        "asyncio",
        "anyio",
        "trio",
        "django_db",
        "xdist_group",
        "forked",
        "no_cover",
        "repeat",
        "order",
    }
)
_ID = re.compile(ID_PATTERN.strip("^$"))
_TAG = re.compile(TAG_PATTERN.strip("^$"))
_NOUNS = {"table": "data", "history": "data", "model": "models", "baseline": "models"}
# What may be a declared table or model, and something else besides.
_WIDENED: dict[str, Any] = {"history": HistoryRef, "baseline": BaselineRef}


class Kinds(Protocol):
    """Where kinds come from. Names are known without importing anything."""

    def names(self) -> Iterable[str]:
        """List the kinds that could be had."""

    def get(self, name: str) -> Kind[Any]:
        """Import one kind; raises `KindError` when it cannot be."""


def load(
    path: Path,
    kinds: Kinds,
    *,
    shown: Path | None = None,
    environ: Mapping[str, str] | None = None,
    data: bytes | None = None,
) -> GateFile:
    """Read one gate file.

    Args:
        path: the file.
        kinds: the kinds that its gates may be of.
        shown: the path that messages should show.
        environ: where `${VAR}` is looked up; the process environment unless given.
        data: the file's bytes, where they are not those on disk (an earlier revision).

    Raises:
        GateFileError: with every problem found, in file order.
    """
    shown = shown or path
    try:
        data = path.read_bytes() if data is None else data
    except OSError as error:
        problem = Problem(f"the file cannot be read: {error.strerror}", Place(shown, 1, 1))
        raise GateFileError([problem]) from None
    source = read(data, shown, os.environ if environ is None else environ)
    return _Loader(source, path.absolute(), kinds).load(hashlib.sha256(data).hexdigest())


class _Loader:
    """Holds what the sections of one file need to know of each other while it is read."""

    def __init__(self, source: Source, path: Path, kinds: Kinds) -> None:
        self.source = source
        self.path = path
        self.kinds = kinds
        self.tables: dict[str, TableRef | None] = {}
        self.models: dict[str, ModelRef | None] = {}

    def load(self, sha256: str) -> GateFile:
        document = self.source.value
        gates: list[Gate] = []
        promote = None
        if not isinstance(document, dict):
            self.source.complain((), "a gate file is a mapping", "it starts with `version: 1`")
        elif self._header(document):
            self.tables = self._declared(document, "data", TableRef, "path")
            self.models = self._declared(document, "models", ModelRef, None)
            gates = self._gates(document)
            promote = self._promote(document)
        if self.source.problems:
            unique = dict.fromkeys(self.source.problems)
            raise GateFileError(sorted(unique, key=_position))
        name = str(document.get("name") or self.path.name.removesuffix(".yaml").removesuffix(".gate"))
        return GateFile(self.path, name, sha256, tuple(gates), promote, frozenset(self.source.secrets))

    def _header(self, document: dict[str, Any]) -> bool:
        """Check the version and the section names; false when the rest cannot be understood."""
        for key in document:
            if key not in SECTIONS:
                mend = did_you_mean(key, SECTIONS, "known keys")
                self.source.complain((key,), f"unknown key {key!r}", mend, at_key=True)
        if "version" not in document:
            self.source.complain((), "'version' is missing", "add `version: 1` as the first line", at_key=True)
        elif document["version"] != VERSION or isinstance(document["version"], bool):
            version = document["version"]
            newer = isinstance(version, int) and version > VERSION
            mend = "upgrade pytest-mlgate" if newer else f"write `version: {VERSION}`"
            what = f"this version of pytest-mlgate reads gate files of version {VERSION}"
            self.source.complain(("version",), what, mend)
            return False
        for key in ("name", "description"):
            if not isinstance(document.get(key, ""), str):
                self.source.complain((key,), "expected text")
        return True

    def _section(self, document: dict[str, Any], name: str) -> dict[str, Any]:
        section = document.get(name)
        if section is None:
            return {}
        if not isinstance(section, dict):
            self.source.complain((name,), f"expected a mapping under {name!r}")
            return {}
        return section

    def _declared(
        self, document: dict[str, Any], section: str, struct: type[TableRef | ModelRef], shorthand: str | None
    ) -> dict[str, Any]:
        """Read the named tables or models; a faulty one is kept as None, so that its name still counts as known."""
        declared: dict[str, Any] = {}
        for name, raw in self._section(document, section).items():
            path = (section, name)
            if not _ID.fullmatch(name):
                self.source.complain(path, f"{name!r} is no usable name", "letters, digits, _ . -", at_key=True)
            if shorthand and isinstance(raw, str):
                raw = {shorthand: raw}  # noqa: PLW2901 - a string is short for a mapping
            declared[name] = self._reference(raw, struct, path)
        return declared

    def _reference(self, raw: Any, struct: type[Reference], path: KeyPath) -> Any:
        """Read one input that is written out; complains and gives None when it is faulty."""
        try:
            reference = msgspec.convert(self._absolute(raw, struct), struct)
        except msgspec.ValidationError as error:
            self._explain(raw, struct_schema(struct), error, path)
            return None
        for mistake in reference.mistakes():
            self.source.complain(path, mistake, at_key=True)
        return reference

    def _absolute(self, raw: Any, struct: type[msgspec.Struct]) -> Any:
        """Make file paths absolute: relative ones start at the gate file's folder."""
        for pattern, role in targets(struct):
            if role != "file":
                continue
            for path, value in list(find(raw, pattern)):
                if isinstance(value, str) and value:
                    raw = replaced(raw, path, os.path.normpath(self.path.parent / value))
        return raw

    def _gates(self, document: dict[str, Any]) -> list[Gate]:
        gates = self._section(document, "gates")
        if not gates:
            self.source.complain(("gates",), "there are no gates", "write at least one under `gates:`", at_key=True)
        defaults = self._section(document, "defaults")
        file_tags = self._tags(document.get("tags"), ("tags",))
        kinds = {gate_id: self._kind(gate_id, raw) for gate_id, raw in gates.items()}
        self._unused_defaults(defaults, [kind for kind in kinds.values() if kind is not None])
        read_gates = (self._gate(gate_id, raw, kinds[gate_id], defaults, file_tags) for gate_id, raw in gates.items())
        return [gate for gate in read_gates if gate is not None]

    def _kind(self, gate_id: str, raw: Any) -> Kind[Any] | None:
        """Find a gate's kind, complaining where there is none."""
        path = ("gates", gate_id)
        if not _ID.fullmatch(gate_id):
            mend = "start with a letter or digit; letters, digits, _ . - may follow"
            self.source.complain(path, f"{gate_id!r} cannot be a gate id", mend, at_key=True)
        if not isinstance(raw, dict):
            self.source.complain(path, "a gate is a mapping", "start with `kind: …`", at_key=True)
            return None
        if "kind" not in raw:
            mend = f"known kinds: {', '.join(sorted(self.kinds.names()))}"
            self.source.complain(path, "'kind' is missing", mend, at_key=True)
            return None
        name = raw["kind"]
        if not isinstance(name, str) or name not in self.kinds.names():
            mend = did_you_mean(name, self.kinds.names(), "known kinds")
            self.source.complain((*path, "kind"), f"there is no gate kind {name!r}", mend)
            return None
        try:
            return self.kinds.get(name)
        except KindError as error:
            self.source.complain((*path, "kind"), str(error))
            return None

    def _unused_defaults(self, defaults: dict[str, Any], kinds: list[Kind[Any]]) -> None:
        known = {field for kind in kinds for field in kind.spec.__struct_encode_fields__} - {"kind"}
        for key in defaults:
            if kinds and key not in known:
                mend = did_you_mean(key, known, "parameters of the kinds used here")
                self.source.complain(("defaults", key), f"no gate here has a parameter {key!r}", mend, at_key=True)

    def _gate(
        self, gate_id: str, raw: dict[str, Any], kind: Kind[Any] | None, defaults: dict[str, Any], tags: tuple[str, ...]
    ) -> Gate | None:
        if kind is None:
            return None
        path = ("gates", gate_id)
        struct: type[GateSpec] = kind.spec
        merged = with_defaults(raw, defaults, struct)
        try:
            spec = msgspec.convert(self._resolved(merged, kind.spec, path), kind.spec)
        except msgspec.ValidationError as error:
            faulty = self._explain(merged, gate_schema(struct), error, path)
            self._mistakes_beside(faulty, merged, kind, path)
            return None
        except GateFileError:  # a name inside could not be resolved, which has been said; say the rest too
            self._explain(merged, gate_schema(struct), None, path)
            return None
        self._mistakes(spec, kind, path)
        own_tags = self._tags(merged.get("tags"), (*path, "tags"))
        place = self.source.place(path)
        every_tag = tuple(dict.fromkeys((*tags, *own_tags)))
        return Gate(gate_id, spec, kind, place.line, place.column, fixtures_of(spec), every_tag)

    def _mistakes(self, spec: GateSpec, kind: Kind[Any], path: KeyPath, *, whole: bool = True) -> None:
        """Say what the kind finds wrong with a spec whose types are right, of the `whole` gate or of its parameters."""
        try:
            mistakes = list(kind.mistakes(spec))
        except Exception as error:  # noqa: BLE001 - a third party's own check must not take the session down
            raised = f"{type(error).__name__}: {error}"
            self._complain((*path, "kind"), f"the kind {kind.name!r} raised while it checked this gate: {raised}")
            return
        for mistake in mistakes:
            if mistake.path or whole:
                self._complain((*path, *mistake.path), mistake.what, mistake.mend)

    def _mistakes_beside(self, faulty: set[Any], merged: dict[str, Any], kind: Kind[Any], path: KeyPath) -> None:
        """Look for the kind's mistakes in the parameters that have the right types, so that one run tells all."""
        sound = {key: value for key, value in merged.items() if key not in faulty}
        try:
            spec = msgspec.convert(self._resolved(sound, kind.spec, path), kind.spec)
        except (msgspec.ValidationError, GateFileError):
            return  # a faulty parameter is a required one: nothing more can be known before it is mended
        self._mistakes(spec, kind, path, whole=False)  # what is said of the whole gate needs all of its parts

    def _tags(self, raw: Any, path: KeyPath) -> tuple[str, ...]:
        if raw is None:
            return ()
        if not isinstance(raw, list) or not all(isinstance(tag, str) and _TAG.fullmatch(tag) for tag in raw):
            self._complain(path, "expected a list of tags", "letters, digits, _ . -, not starting with a digit")
            return ()
        for tag in raw:
            if tag in PYTEST_MARKS | PLUGIN_MARKS:
                owner = "pytest's own marks" if tag in PYTEST_MARKS else "a plugin's marks"
                mend = "use `waive:` for a known failure" if tag in EXCUSES else "choose another name"
                self._complain(path, f"{tag!r} is one of {owner} and cannot be a tag", mend)
        return tuple(raw)

    def _resolved(self, merged: dict[str, Any], spec: type[GateSpec], path: KeyPath) -> dict[str, Any]:
        """Put declared tables and models where their names stand, and read those written in place.

        Raises:
            GateFileError: something could not be resolved; it has been complained about.
        """
        resolved: dict[str, Any] = self._absolute(merged, spec)
        faulty = False
        for pattern, role in targets(spec):
            if role == "file":
                continue
            declared: dict[str, Any] = self.tables if _NOUNS.get(role) == "data" else self.models
            struct = REFERENCES[role]
            for inner, value in list(find(merged, pattern)):
                if value is None:
                    continue
                if isinstance(value, str) and role in _NOUNS:
                    reference = self._by_name(value, role, declared, (*path, *inner))
                    if role in _WIDENED and reference is not None:
                        reference = _WIDENED[role](**msgspec.structs.asdict(reference))
                elif isinstance(value, dict):
                    reference = self._reference(value, struct, (*path, *inner))
                else:
                    continue  # of no possible type: the struct's schema will say so
                faulty = faulty or reference is None
                resolved = replaced(resolved, inner, reference)
        if faulty:
            raise GateFileError([])
        return resolved

    def _by_name(self, name: str, role: str, declared: dict[str, Any], path: KeyPath) -> Any:
        if name not in declared:
            section = _NOUNS[role]
            mend = did_you_mean(name, declared, f"declared under `{section}:`")
            if section == "data" and ("/" in name or name.endswith((".parquet", ".csv"))):
                mend = "declare the file under `data:`, or write {path: …} here"
            noun = "table" if section == "data" else "model"
            self._complain(path, f"there is no {noun} {name!r}", mend)
            return None
        return declared[name]

    def _explain(
        self, raw: Any, schema: Mapping[str, Any], error: msgspec.ValidationError | None, path: KeyPath
    ) -> set[Any]:
        """Say everything that is wrong with a part; the schema lists it, msgspec's own word is the fallback.

        Returns:
            The parameters that are at fault.
        """
        faulty: set[Any] = set()
        before = len(self.source.problems)
        for phrase in phrases(raw, schema):
            faulty.update(phrase.path[:1])
            self._complain((*path, *phrase.path), phrase.what, phrase.mend, at_key=phrase.at_key)
        if error is not None and len(self.source.problems) == before:
            text, _, where = str(error).partition(" - at `$")
            inner = tuple(part for part in re.split(r"[.\[\]]+", where.rstrip("`")) if part)
            self._complain((*path, *inner), text)
            faulty.update(inner[:1])
        return faulty

    def _complain(self, path: KeyPath, what: str, mend: str = "", *, at_key: bool = False) -> None:
        """Complain at a path; a parameter that came from `defaults:` is pointed at there."""
        gates = self.source.value.get("gates") or {}
        if len(path) > 2 and path[0] == "gates" and path[2] not in gates.get(path[1], {}):  # noqa: PLR2004 - section, id, key
            defaults = self.source.value.get("defaults")
            if isinstance(defaults, dict) and path[2] in defaults:
                path = ("defaults", *path[2:])
        self.source.complain(path, what, mend, at_key=at_key)

    def _promote(self, document: dict[str, Any]) -> Promote | None:
        raw = document.get("promote")
        if raw is None:
            return None
        path = ("promote",)
        try:
            spec = msgspec.convert(raw, PromoteSpec)
        except msgspec.ValidationError as error:
            self._explain(raw, struct_schema(PromoteSpec), error, path)
            return None
        ids = list(self._section(document, "gates"))
        for index, gate_id in enumerate(() if spec.requires == "all" else spec.requires):
            if gate_id not in ids:
                mend = did_you_mean(gate_id, ids, "gates here")
                self.source.complain((*path, "requires", index), f"there is no gate {gate_id!r}", mend)
        if spec.requires != "all" and not spec.requires:
            what = "a promotion must require at least one gate"
            self.source.complain((*path, "requires"), what, "write `requires: all`")
        model = self._by_name(spec.model, "model", self.models, (*path, "model"))
        to = self._by_name(spec.to, "model", self.models, (*path, "to"))
        if model is None or to is None:
            return None
        if to.registry is None:
            mend = "declare it as {registry: local, path: …, name: …, alias: …}"
            self.source.complain((*path, "to"), f"{spec.to!r} is no registry entry, so nothing can move there", mend)
        if model.registry is not None:
            what = f"{spec.model!r} is already in a registry"
            self.source.complain((*path, "model"), what, "name a model with weights")
        requires = tuple(ids) if spec.requires == "all" else spec.requires
        return Promote(model=model, to=to, requires=requires, allow_waived=spec.allow_waived)


def _position(problem: Problem) -> tuple[int, int]:
    return (problem.place.line, problem.place.column) if problem.place is not None else (0, 0)
