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

        tree = sqlglot.parse_one(sql, read="duckdb")
        if dialect == "spark":
            tree = tree.transform(_respelled(sqlglot))
        return tree.sql(dialect=dialect)
    except (ImportError, ValueError):  # SQLGlot's errors are values that it cannot take
        return f"{sql} /* in DuckDB's dialect */"


def _respelled(sqlglot: Any) -> Callable[[Any], Any]:
    def one(node: Any) -> Any:
        if isinstance(node, sqlglot.exp.IsInf):
            return sqlglot.parse_one(f"abs({node.this.sql('spark')}) = double('infinity')", read="spark")
        if isinstance(node, sqlglot.exp.Anonymous) and node.name.upper() in _ON_SPARK:
            arguments = [argument.sql("spark") for argument in node.expressions]
            return sqlglot.parse_one(_ON_SPARK[node.name.upper()].format(*arguments), read="spark")
        return node

    return one
