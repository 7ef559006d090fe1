"""What a gate file may name: tables, models, baselines, providers, guardrails and files.

A kind declares a field of one of these types and says no more: the loader finds the names written there, makes relative
paths absolute and asks for the fixtures behind them, and the inputs layer opens what they speak of.
"""

from __future__ import annotations

import keyword
import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct

from pytest_mlgate.baselines import SUFFIX
from pytest_mlgate.engine_settings import Setting, setting_mistakes, url_mistakes

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = "mlgate-file"
PARQUET, CSV, JSON = (".parquet", ".pq"), (".csv", ".tsv"), (".jsonl", ".ndjson", ".json")
ARROW = (".arrow", ".feather", ".ipc")
DATABASES = (".duckdb", ".ddb", ".db")
METRICS = (".json", ".yaml", ".yml", ".toml")
ELSEWHERE = ("spark", "ibis")
_HERE = re.compile(r"(HEAD|@)($|[~^@{])")  # what is checked out, and what came before it
FilePath = Annotated[
    str, Meta(min_length=1, extra={FILE: True}, description="a file; a relative path starts at the gate file's folder")
]
# One probability a row, or one for each class.
ScoreColumns = str | Annotated[tuple[str, ...], Meta(min_length=1)]
FixtureName = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="the name of a pytest fixture")]
DottedName = Annotated[
    str, Meta(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$", description="user code, as package.module:attribute")
]


def _fixture_mistakes(name: str | None) -> Iterable[str]:
    """Find names that a Python signature cannot hold."""
    if name is not None and (not name.isidentifier() or keyword.iskeyword(name)):
        yield f"{name!r} cannot be the name of a fixture"


class CsvDialect(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a CSV file is written, where it is not as most are.

    Args:
        delimiter: what stands between fields; unless given, whichever of `, ; tab |` the header uses most.
        quote: what stands around a field that holds a delimiter; empty for files that quote nothing.
        encoding: any text encoding that Python knows, as `latin-1`, `utf-16` or `cp1252`.
        nulls: texts that mean a missing value, beside the empty field.
        header: whether the first line names the columns.
        names: of the columns, where there is no header; `column0`, `column1`, … unless given.
        decimal: what stands before the fraction of a number.
        types: of columns, where the type that fits every row is not the one meant: `{zip: string}`.
    """

    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] | None = None
    quote: Annotated[str, Meta(max_length=1)] = '"'
    encoding: str = "utf-8"
    nulls: tuple[str, ...] = ()
    header: bool = True
    names: Annotated[tuple[str, ...], Meta(min_length=1)] | None = None
    decimal: Literal[".", ","] = "."
    types: dict[str, Literal["integer", "number", "boolean", "string", "date", "timestamp"]] = {}

    def mistakes(self) -> Iterable[str]:
        """Say what no single field can know."""
        try:
            "".encode(self.encoding)
        except (LookupError, ValueError):
            yield f"csv.encoding {self.encoding!r} is no text encoding; write utf-8, latin-1, utf-16, cp1252, …"
        if self.delimiter is not None and self.delimiter in (self.quote, self.decimal, "\n", "\r"):
            yield f"csv.delimiter {self.delimiter!r} means something else in this file"
        if self.header and self.names is not None:
            yield "csv.names are for files without a header: write `header: false` too"


class Sample(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Some of a table's rows, chosen by a hash: the same ones whatever order they come in and whatever reads them.

    Rows that are equal in what is hashed are alike: a share takes all of them or none.

    Args:
        rows: how many; all where there are fewer.
        share: or which part of them, in expectation.
        seed: another seed chooses other rows.
        by: the column or columns that are hashed, best an identifier; unless given, the whole row. Rows that share
            an identifier are chosen together.
    """

    rows: Annotated[int, Meta(gt=0)] | None = None
    share: Annotated[float, Meta(gt=0, le=1)] | None = None
    seed: int = 0
    by: str | Annotated[tuple[str, ...], Meta(min_length=1)] | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that are hashed; none stands for all."""
        return (self.by,) if isinstance(self.by, str) else self.by or ()

    def mistakes(self) -> Iterable[str]:
        """Say what no single field can know: one size."""
        if (self.rows is None) == (self.share is None):
            yield "a sample has either rows or a share"


class TableRef(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A table. In a gate file a string names a declared one; in `data:` it is the path of one.

    It is in files (Parquet, CSV, JSON lines, Arrow), in a DuckDB database, on Spark, in a warehouse, or what a pytest
    fixture or a callable of the user's returns.

    Args:
        path: a file, a pattern (`part-*.parquet`, `**`), a folder of part files, or a DuckDB database.
        table: the table or view of the database, `schema.table` in another schema, or
        query: one SELECT on the database, which can reach nothing outside it.
        fixture: a pytest fixture that returns the table.
        python: a callable that returns it, `package.module:attribute`, called once per session.
        engine: what reads it and answers for it: the built-in DuckDB; `spark`, for a `table` or a `path` to Parquet
            files; `ibis`, for a `table` behind a `url`.
        settings: of the Spark session that is started, or must be running: `{spark.sql.shuffle.partitions: 8}`.
        url: of a database, as Ibis writes it: `postgres://user:${PASSWORD}@host/database`.
        where: an SQL predicate in the columns' own names; only rows for which it is true are measured.
        sample: measure some of the rows only; every report says so.
        csv: how a CSV file is written.
        hive: whether folders called `key=value` are columns; for a folder they are unless this says no.
        union_by_name: whether Parquet files may have different columns; those a file lacks are missing there.
        labels: names of coded values for reports: `{SEX: {1: male, 2: female}}`.
    """

    path: FilePath | None = None
    table: Annotated[str, Meta(min_length=1)] | None = None
    query: Annotated[str, Meta(min_length=1)] | None = None
    fixture: FixtureName | None = None
    python: DottedName | None = None
    engine: Literal["duckdb", "spark", "ibis"] | None = None
    settings: dict[str, Setting] = {}
    url: Annotated[str, Meta(min_length=1)] | None = None
    where: Annotated[str, Meta(min_length=1)] | None = None
    sample: Sample | None = None
    csv: CsvDialect | None = None
    hive: bool | None = None
    union_by_name: bool = False
    labels: dict[str, dict[str, str]] = {}

    @property
    def is_database(self) -> bool:
        """Whether the path is that of a DuckDB database."""
        return self.path is not None and self.path.lower().endswith(DATABASES)

    def mistakes(self) -> Iterable[str]:
        """Say what no single field can know: exactly one source, and only what this source has a use for."""
        yield from _fixture_mistakes(self.fixture)
        yield from self.csv.mistakes() if self.csv is not None else ()
        yield from self.sample.mistakes() if self.sample is not None else ()
        if self.settings and self.engine != "spark":
            yield "settings are for `engine: spark`"
        yield from setting_mistakes(self.settings)
        if self.engine in ELSEWHERE:
            yield from self._elsewhere_mistakes()
            return
        if self.url is not None:
            yield "url is for `engine: ibis`"
        if sum(source is not None for source in (self.path, self.fixture, self.python)) != 1:
            yield "a table has one source: a path, a fixture or python"
        if self.path is not None:
            yield from self._path_mistakes(self.path)
        else:
            plain = TableRef()
            for name in ("table", "query", "csv", "hive", "union_by_name"):
                if getattr(self, name) != getattr(plain, name):
                    yield f"{name} is for tables that have a path"

    def _elsewhere_mistakes(self) -> Iterable[str]:
        """Find what Spark or a warehouse has no use for."""
        for name in ("fixture", "python", "query", "csv", "sample"):
            if getattr(self, name) is not None:
                hint = ": make it a view and name that as `table`" if name == "query" else ""
                yield f"{name} does not go with `engine: {self.engine}`{hint}"
        if self.engine == "spark":
            if (self.path is None) == (self.table is None):
                yield "a table on Spark is either a table of its catalog or a path"
            if self.url is not None:
                yield "url is for `engine: ibis`"
            return
        if self.url is None or self.table is None or self.path is not None:
            yield "a table through Ibis has a url and a table"
        if self.url is not None:
            yield from url_mistakes(self.url)

    def _path_mistakes(self, path: str) -> Iterable[str]:
        asked = [name for name in ("table", "query") if getattr(self, name) is not None]
        if self.is_database and len(asked) != 1:
            yield "a database needs either table or query, to say which of its rows are meant"
        if not self.is_database and asked:
            yield f"{asked[0]} is for a DuckDB database, a path that ends in one of {', '.join(DATABASES)}"
        suffix = PurePath(path).suffix.lower()
        for name, suffixes in (("csv", CSV), ("union_by_name", PARQUET)):
            if getattr(self, name) and suffix in {*CSV, *PARQUET, *JSON, *ARROW, *DATABASES} - {*suffixes}:
                yield f"{name} is for {', '.join(suffixes)}, and this is {suffix}"
        if self.hive is not None and self.is_database:
            yield "hive is for files in folders"


class HistoryRef(TableRef, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How things were: a table, or the profile that `mlgate profile` made of one. A string names a declared table.

    Args:
        profile: the profile's path; it stands alone.
    """

    profile: FilePath | None = None

    def mistakes(self) -> Iterable[str]:
        """Say what no single field can know: a profile needs nothing else."""
        if self.profile is None:
            yield from super().mistakes()
        elif HistoryRef(profile=self.profile) != self:
            yield "a profile says all there is to know of its table: leave the other parameters out"


class ModelRef(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A model: loaded from weights, found in a registry, or made by a pytest fixture; and how data reach it.

    Args:
        loader: which library loads it.
        factory: builds the network without weights, `package.module:attribute`, called with `arguments`.
        weights: a `.safetensors` file, or a state dict that `torch.load(weights_only=True)` accepts.
        registry: which registry holds it; `path`, `name` and `alias` find it there.
        optional: it may not exist yet (the first release has no champion).
        fixture: a pytest fixture that returns the model, usually through `mlgate_train`.
        features: the columns that go in, in order, as one float32 matrix.
        preprocess: instead, a callable that takes an Arrow table and returns the model's input (a tuple is unpacked).
        output: what comes out.
        threshold: from which probability a row is predicted positive.
        positive: the label that `probability` speaks of.
        batch_size: rows per forward pass.
    """

    loader: Literal["torch"] | None = None
    factory: DottedName | None = None
    arguments: dict[str, Any] = {}
    weights: FilePath | None = None
    registry: Literal["local"] | None = None
    path: FilePath | None = None
    name: str | None = None
    alias: str | None = None
    optional: bool = False
    fixture: FixtureName | None = None
    features: Annotated[tuple[str, ...], Meta(min_length=1)] | None = None
    preprocess: DottedName | None = None
    output: Literal["logits", "probability", "label", "value"] | None = None
    threshold: Annotated[float, Meta(ge=0, le=1)] = 0.5
    positive: bool | int | str = 1
    batch_size: Annotated[int, Meta(gt=0)] = 8192

    def mistakes(self) -> Iterable[str]:
        """Say what no single field can know: one source, and all that this source needs."""
        sources = {
            "weights": ("factory", "weights"),
            "registry": ("registry", "path", "name", "alias"),
            "fixture": ("fixture",),
        }
        yield from _fixture_mistakes(self.fixture)
        chosen = [source for source in sources if getattr(self, source) is not None]
        if len(chosen) != 1:
            yield "a model comes from exactly one of weights, registry or fixture"
            return
        missing = [field for field in sources[chosen[0]] if getattr(self, field) is None]
        if missing:
            yield f"a model from {chosen[0]} also needs {', '.join(missing)}"
        if self.features is not None and self.preprocess is not None:
            yield "features and preprocess are two ways of saying the same: keep one"
        if self.registry is None and self.optional:
            yield "only a model in a registry can be optional"


class ProviderRef(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whoever answers prompts: replies that were recorded, a callable of the user's, or one that a fixture returns.

    Args:
        kind: `replay` reads recorded replies from `path`; `python` calls `callable`.
        path: recorded replies, one JSON object a line.
        callable: takes the messages, and `model` and `settings` where it has such parameters; returns the reply.
        fixture: a pytest fixture that returns such a callable.
    """

    kind: Literal["replay", "python"] | None = None
    path: FilePath | None = None
    callable: DottedName | None = None
    fixture: FixtureName | None = None

    def mistakes(self) -> Iterable[str]:
        """Say what no single field can know: one source, and all that this source needs."""
        given = {field for field in ("path", "callable", "fixture") if getattr(self, field) is not None}
        match self.kind:
            case None if given != {"fixture"}:
                yield "a provider is {kind: replay, path: …}, {kind: python, callable: module:function} or {fixture: …}"
            case "replay" if given != {"path"}:
                yield "a provider of kind replay needs path, and nothing else"
            case "python" if given != {"callable"}:
                yield "a provider of kind python needs callable, and nothing else"


class BaselineRef(ModelRef, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a candidate is compared with: a model, other columns of the same rows, or numbers in a file.

    In a gate file a string names a declared model. A registry's champion is bytes alone: its entry must say how it is
    built and run (factory, features, output), and keep saying so when the candidate's settings change.

    Args:
        score: a column (of several classes, a column for each) holding the old probabilities, and/or
        prediction: a column holding the old predicted class or number.
        file: a JSON, YAML or TOML file of metric values, as DVC keeps them. It may say on which data and with which
            settings they were measured: `rows`, `sha256`, `settings: {threshold: 0.5}`.
        key: where in it the values stand, as `eval` or `eval.test`; or the place of each, `{roc_auc: eval.auc}`.
        committed: a file `….baseline.json` that `--mlgate-update` writes, to be reviewed and committed.
        rev: read the file as it is at this revision of git, as `origin/main`, and not as it lies in the tree.
        optional: it may not exist yet: a champion, or a file at `rev`.
    """

    score: ScoreColumns | None = None
    prediction: str | None = None
    file: FilePath | None = None
    key: Annotated[str, Meta(min_length=1)] | dict[str, str] | None = None
    committed: FilePath | None = None
    rev: Annotated[str, Meta(min_length=1)] | None = None

    @property
    def is_record(self) -> bool:
        """Whether it is numbers in a file."""
        return self.file is not None or self.committed is not None

    @property
    def is_model(self) -> bool:
        """Whether there is a model to run."""
        return not self.is_record and self.score is None and self.prediction is None

    def mistakes(self) -> Iterable[str]:
        """Say what no single field can know: exactly one kind of baseline, and only what this kind has a use for."""
        if self.is_record:
            yield from self._record_mistakes()
            return
        if self.rev is not None or self.key is not None:
            yield f"{'rev' if self.rev is not None else 'key'} is for numbers in a file (file or committed)"
        if self.is_model:
            yield from super().mistakes()
        elif BaselineRef(score=self.score, prediction=self.prediction, rev=self.rev, key=self.key) != self:
            yield "a baseline is either a model, columns (score, prediction) or a file: keep one"

    def _record_mistakes(self) -> Iterable[str]:
        plain = BaselineRef(
            file=self.file, committed=self.committed, key=self.key, rev=self.rev, optional=self.optional
        )
        if plain != self or (self.file is not None and self.committed is not None):
            yield "a baseline is either a model, columns (score, prediction) or a file: keep one"
        if self.key is not None and self.file is None:
            yield "key is for metrics files (file)"
        if self.committed is not None and not self.committed.endswith(SUFFIX):
            yield f"the name of a committed baseline ends in {SUFFIX}"
        if self.file is not None and PurePath(self.file).suffix.lower() not in METRICS:
            yield f"a metrics file is one of {', '.join(METRICS)}"
        if self.rev is not None and self.rev.startswith("-"):
            yield f"{self.rev!r} is no revision; name a commit, a branch or a tag"
        if self.optional and (self.rev is None or _HERE.match(self.rev)):
            yield (
                "a file can be optional only at a `rev` that the change does not make itself, such as origin/main: "
                "whoever deletes it must not get a green gate"
            )


class GuardrailRef(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A guardrail: a callable of the user's, or one that a pytest fixture returns.

    Args:
        python: called with a text.
        fixture: a pytest fixture that returns such a callable.
    """

    python: DottedName | None = None
    fixture: FixtureName | None = None

    def mistakes(self) -> Iterable[str]:
        """Say what no single field can know: exactly one source."""
        if (self.python is None) == (self.fixture is None):
            yield "a guardrail is builtin, {python: module:callable} or {fixture: name}"
