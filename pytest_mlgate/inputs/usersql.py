"""What SQL that somebody wrote may say, found out by parsing it and never by running it.

The database that runs it is closed to the outside (`sandbox`); this is the other half. DuckDB parses the text into a
tree, and only trees that read are let through: one expression about a row, or one SELECT that names no function
reading files, settings or memory. So a mistake, or an attack, is answered in words before anything happens.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.database import first_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_SOURCES = frozenset(
    {"BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY", "EMPTY_FROM", "PIVOT"}
)
_ROW_CLASSES = frozenset(
    {
        "COLUMN_REF",
        "CONSTANT",
        "COMPARISON",
        "CONJUNCTION",
        "OPERATOR",
        "FUNCTION",
        "CASE",
        "CAST",
        "BETWEEN",
        "COLLATE",
    }
    | {"LAMBDA", "LAMBDA_REF", "TYPE"}
)
# Functions in FROM that make rows out of their arguments; every other one reads files, settings, memory or SQL text.
_HARMLESS_SOURCES = frozenset({"range", "generate_series", "unnest", "json_each", "json_tree", "repeat", "repeat_row"})
_OUTSIDE = frozenset(
    {"current_setting", "getenv", "getvariable", "write_log", "sleep_ms", "nextval", "currval", "setseed", "stats"}
    | {"current_query", "current_query_id", "query", "query_table", "read_text", "read_blob", "in_search_path"}
)
_CHANGING = frozenset({"random", "uuid", "uuidv4", "uuidv7", "gen_random_uuid"})
_NULL_TESTS = frozenset({"OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL"})
_LONGEST = 100
# The engine plans a query before it can be interrupted, and takes the square of these.
_LONGEST_SQL = 100_000
_MOST_TABLES = 1_000
_CLAUSES = ("where_clause", "having", "qualify", "sample", "group_expressions", "modifiers")


def columns_in(predicate: str, connection: DuckDBPyConnection) -> set[str]:
    """Check that text is one SQL expression about a row, and name the columns it may mean.

    Args:
        predicate: as written.
        connection: parses it.

    Returns:
        Every part of a dotted reference, since `a.b` is a field of `a` or the column `b` of the table `a`.

    Raises:
        NotMeasuredError: it is something else, or would reach beyond the row.
    """
    found: set[str] = set()
    for node in _nodes(expression_in(predicate, connection)):
        if node.get("class") == "COLUMN_REF":
            found.update(node["column_names"])
    return found


def expression_in(predicate: str, connection: DuckDBPyConnection) -> dict[str, Any]:
    """Check that text is one SQL expression about a row, and give DuckDB's tree of it.

    Raises:
        NotMeasuredError: it is something else, or would reach beyond the row.
    """
    select = _parsed(f"SELECT\n{predicate}\n", predicate, connection)
    expressions = select.get("select_list", ())
    beside = [clause for clause in _CLAUSES if select.get(clause)]
    plain = select.get("type") == "SELECT_NODE" and select["from_table"]["type"].startswith("EMPTY")
    if not plain or len(expressions) != 1 or beside or expressions[0].get("alias"):
        raise RefusedSqlError(predicate, "is no single expression", "write what is true of a row")
    _check_nan(expressions[0], predicate)
    for node in _nodes(expressions[0]):
        kind = node.get("class")
        if kind == "SUBQUERY":
            raise RefusedSqlError(
                predicate, "has a subquery", "a predicate speaks of one row; give tables of their own a gate"
            )
        if kind is not None and kind not in _ROW_CLASSES:
            raise RefusedSqlError(predicate, f"has a {kind.replace('_', ' ').lower()}", "a predicate speaks of one row")
        _check_function(node, predicate)
    tree: dict[str, Any] = expressions[0]
    return tree


def tables_in(query: str, connection: DuckDBPyConnection) -> set[str]:
    """Check that text is one SELECT that reads tables and nothing else, and name the tables, in lower case.

    Tables that the text itself defines (WITH) are not among them.

    Raises:
        NotMeasuredError: it is not.
    """
    found: set[str] = set()
    own: set[str] = set()
    tree = _parsed(query, query, connection)
    if _tables_read(tree, query) > _MOST_TABLES:
        why = f"reads more than {_MOST_TABLES:,} tables once what it defines stands wherever it is named"
        raise RefusedSqlError(query, why, "name each WITH fewer times")
    _check_nan(tree, query)
    for node in _nodes(tree):
        own |= {str(one["key"]).casefold() for one in (node.get("cte_map") or {}).get("map", ())}
        kind = node.get("type")
        if isinstance(kind, str) and kind.endswith("_NODE") and kind not in _NODES:
            raise RefusedSqlError(query, "does more than read, and is refused", "write one SELECT")
        if node.get("sample"):
            raise RefusedSqlError(query, "takes a sample, so that it means other rows each time", "use `sample:`")
        if isinstance(node.get("from_table"), dict):
            _check_source(node["from_table"], query)
        for side in ("left", "right", "source"):
            if isinstance(node.get(side), dict) and "class" not in node[side]:
                _check_source(node[side], query)
        _check_function(node, query)
        if kind == "BASE_TABLE":
            found.add(str(node["table_name"]).casefold())
    return found - own


def _tables_read(tree: dict[str, Any], query: str) -> int:
    """Count the tables in a query; what it defines by WITH counts wherever it is named, for so it is planned.

    Raises:
        NotMeasuredError: definitions are nested too deeply.
    """
    defined: dict[str, list[Any]] = {}
    for node in _nodes(tree):
        for one in (node.get("cte_map") or {}).get("map", ()):
            defined.setdefault(str(one["key"]).casefold(), []).append(one["value"])
    counted: dict[str, int] = {}

    def of_name(name: str) -> int:
        if name not in counted:
            counted[name] = 1  # a recursive definition names itself
            counted[name] = min(_MOST_TABLES, sum(map(of_tree, defined.get(name, ())))) + 1
        return counted[name]

    def of_tree(part: Any) -> int:
        named = (str(node["table_name"]) for node in _nodes(part) if node.get("type") == "BASE_TABLE")
        return sum(of_name(name.casefold()) for name in named)

    try:
        return of_tree(tree)
    except RecursionError as error:
        raise RefusedSqlError(query, "is nested too deeply", "write it flat") from error


def _check_source(source: dict[str, Any], query: str) -> None:
    kind = source.get("type", "")
    if kind in _NODES:
        return
    if kind not in _SOURCES:
        raise RefusedSqlError(query, f"reads from a {kind.replace('_', ' ').lower()}", "write one SELECT from tables")
    if kind == "TABLE_FUNCTION":
        name = str(source["function"].get("function_name", "")).lower()
        if name not in _HARMLESS_SOURCES:
            raise RefusedSqlError(query, f"calls {name}, which reaches outside, and is refused", "read tables only")


def _check_function(node: dict[str, Any], text: str) -> None:
    name = str(node.get("function_name", "")).lower()
    if name in _OUTSIDE:
        raise RefusedSqlError(text, f"calls {name}, which reaches outside, and is refused", "use columns and constants")
    if name in _CHANGING:
        raise RefusedSqlError(
            text, f"calls {name}, so that it means other rows each time", "use `sample:` to choose rows"
        )


def _check_nan(tree: Any, text: str) -> None:
    """Refuse to look for NaN alone: it is missing here, so `isnan` would find none and a gate would be glad of it."""
    nodes = list(_nodes(tree))
    asks = any(str(node.get("function_name", "")).lower() == "isnan" for node in nodes)
    if asks and not any(node.get("type") in _NULL_TESTS for node in nodes):
        raise RefusedSqlError(
            text, "calls isnan, which finds none: NaN is a missing value here", "write IS NULL, which finds NaN too"
        )


def _parsed(text: str, shown: str, connection: DuckDBPyConnection) -> dict[str, Any]:
    """Parse text into the tree of its one statement.

    Raises:
        NotMeasuredError: it is no SQL, more than one statement, or one that does not read.
    """
    import duckdb

    if len(text) > _LONGEST_SQL:
        raise RefusedSqlError(shown, f"has {len(text):,} characters", f"write at most {_LONGEST_SQL:,}")
    try:
        statements = connection.extract_statements(text)
    except duckdb.Error as error:
        raise RefusedSqlError(shown, f"is not valid: {first_line(error)}", "write it in DuckDB's dialect") from error
    kinds = [str(one.type).rpartition(".")[2] for one in statements]
    if kinds != ["SELECT"]:
        listed = ", ".join(kinds) or "nothing"
        raise RefusedSqlError(shown, f"is {listed}", "write one SELECT")
    ((tree,),) = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [text]).fetchall()
    try:
        document = json.loads(tree)
    except RecursionError as error:
        raise RefusedSqlError(shown, "is nested too deeply", "write it flat") from error
    if document.get("error") or len(document["statements"]) != 1:
        raise RefusedSqlError(shown, "is of a form that cannot be checked", "write one plain SELECT")
    node: dict[str, Any] = document["statements"][0]["node"]
    return node


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Walk every mapping in a tree."""
    stack = [tree]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            yield one
            stack.extend(one.values())
        elif isinstance(one, list):
            stack.extend(one)


class RefusedSqlError(NotMeasuredError):
    """SQL that somebody wrote and that cannot be used; the reason begins with its text."""

    def __init__(self, text: str, why: str, remedy: str) -> None:
        flat = " ".join(text.split())
        shown = flat if len(flat) <= _LONGEST else f"{flat[: _LONGEST - 1]}…"
        super().__init__(f"the SQL {shown!r} {why}", remedy)
