"""SQL that is shown to people, in the dialect of the engine that holds the table.

It is written once, in DuckDB's dialect, and translated by SQLGlot, which comes with the extras for other engines. A few
functions that SQLGlot leaves as they are get their equals here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

# By function, the same for Spark as a template of its arguments.
_ON_SPARK: dict[str, str] = {
    "TIMEZONE": "TO_UTC_TIMESTAMP({1}, CURRENT_TIMEZONE())",
    "REGEXP_FULL_MATCH": "{0} RLIKE CONCAT('^(?:', {1}, ')$')",
}
_KNOWN = {"RegexpFullMatch": "REGEXP_FULL_MATCH"}


def translated(sql: str, dialect: str) -> str:
    """Translate a query.

    Args:
        sql: in DuckDB's dialect.
        dialect: as SQLGlot calls it; one that it does not know is left in DuckDB's, and says so.
    """
    if dialect == "duckdb":
        return sql
    try:
        import sqlglot

        tree = sqlglot.parse_one(sql, read="duckdb").transform(_spelled_nan(sqlglot))
        if dialect == "spark":
            tree = tree.transform(_respelled(sqlglot))
        return str(tree.sql(dialect=dialect))
    except (ImportError, ValueError):  # SQLGlot's errors are values that it cannot take
        return f"{sql} /* in DuckDB's dialect */"


def _spelled_nan(sqlglot: Any) -> Callable[[Any], Any]:
    """Spell NaN as all engines but DuckDB do, where a number is compared as text."""

    def one(node: Any) -> Any:
        compared = isinstance(node, sqlglot.exp.EQ | sqlglot.exp.NEQ) and isinstance(node.this, sqlglot.exp.Cast)
        if compared and node.expression == sqlglot.exp.Literal.string("nan"):
            node.set("expression", sqlglot.exp.Literal.string("NaN"))
        return node

    return one


def _respelled(sqlglot: Any) -> Callable[[Any], Any]:
    def one(node: Any) -> Any:
        if isinstance(node, sqlglot.exp.IsInf):
            return sqlglot.parse_one(f"abs({node.this.sql('spark')}) = double('infinity')", read="spark")
        anonymous = isinstance(node, sqlglot.exp.Anonymous)  # some versions know a function that others do not
        name = node.name.upper() if anonymous else _KNOWN.get(type(node).__name__)
        if name not in _ON_SPARK:
            return node
        parts = node.expressions if anonymous else [node.this, node.expression]
        return sqlglot.parse_one(_ON_SPARK[name].format(*(part.sql("spark") for part in parts)), read="spark")

    return one
