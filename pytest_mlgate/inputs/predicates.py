"""A `where:` predicate for a table that stays on its own engine: parsed by DuckDB, expressed like any rule.

No SQL text of a gate file reaches Spark or a warehouse. What cannot be said with comparisons, AND, OR, NOT, IN,
BETWEEN, LIKE and IS NULL is refused; what can means the same rows on every engine.
"""

from __future__ import annotations

from functools import reduce
from operator import and_, ge, gt, le, lt, or_
from typing import TYPE_CHECKING, Any

from pytest_mlgate.aggregate import NotCompared
from pytest_mlgate.inputs.bounds import bound_for, members_for
from pytest_mlgate.inputs.engine import among, literal, missing, nowhere, operand, spoken_of
from pytest_mlgate.inputs.usersql import RefusedSqlError, expression_in

if TYPE_CHECKING:
    from collections.abc import Callable

    import narwhals as nw

    from pytest_mlgate.aggregate import Scalar
    from pytest_mlgate.inputs.bounds import Rounding
    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Column, Frame

_ORDERINGS: dict[str, tuple[Rounding, Callable[[Any, Any], Any]]] = {
    "COMPARE_LESSTHAN": ("up", lt),
    "COMPARE_LESSTHANOREQUALTO": ("down", le),
    "COMPARE_GREATERTHAN": ("down", gt),
    "COMPARE_GREATERTHANOREQUALTO": ("up", ge),
}
_MIRRORED = {
    "COMPARE_LESSTHAN": "COMPARE_GREATERTHAN",
    "COMPARE_LESSTHANOREQUALTO": "COMPARE_GREATERTHANOREQUALTO",
    "COMPARE_GREATERTHAN": "COMPARE_LESSTHAN",
    "COMPARE_GREATERTHANOREQUALTO": "COMPARE_LESSTHANOREQUALTO",
}
_EQUALITIES = ("COMPARE_EQUAL", "COMPARE_NOTEQUAL")
_TIMES = ("DATE", "TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")
_Node = dict[str, Any]


def condition(predicate: str, frame: Frame, database: Database) -> tuple[nw.Expr, list[Column]]:
    """Express a predicate about a table's rows, and name the columns it is about.

    Raises:
        NotMeasuredError: it is no predicate, names a column that is missing, or says what is not expressed here.
    """
    reader = _Reader(predicate, frame)
    kept = reader.condition(expression_in(predicate, database.connection))
    return kept, reader.columns


class _Reader:
    """Turns DuckDB's tree of one predicate into an expression.

    Args:
        text: the predicate, for messages.
        frame: the table.
    """

    def __init__(self, text: str, frame: Frame) -> None:
        self._text = text
        self._frame = frame
        self.columns: list[Column] = []

    def condition(self, node: _Node) -> nw.Expr:  # noqa: PLR0911 - one case a kind of node
        """Express something that is true, false or unknown of a row."""
        match node["class"], node["type"]:
            case "CONJUNCTION", kind:
                parts = map(self.condition, node["children"])
                return reduce(and_ if kind == "CONJUNCTION_AND" else or_, parts)
            case "OPERATOR", "OPERATOR_NOT":
                return ~self.condition(node["children"][0])
            case "OPERATOR", "OPERATOR_IS_NULL" | "OPERATOR_IS_NOT_NULL" as kind:
                absent = missing(self._column(node["children"][0]))
                return absent if kind == "OPERATOR_IS_NULL" else ~absent
            case "OPERATOR", "COMPARE_IN" | "COMPARE_NOT_IN" as kind:
                column = self._column(node["children"][0])
                found = self._among(column, tuple(map(self._constant, node["children"][1:])))
                return found if kind == "COMPARE_IN" else ~found
            case "BETWEEN", kind:
                column = self._column(node["input"])
                low = self._compared("COMPARE_GREATERTHANOREQUALTO", column, self._constant(node["lower"]))
                high = self._compared("COMPARE_LESSTHANOREQUALTO", column, self._constant(node["upper"]))
                return ~(low & high) if "NOT" in kind else low & high
            case "COMPARISON", kind if kind in _ORDERINGS or kind in _EQUALITIES:
                return self._comparison(kind, node["left"], node["right"])
            case "FUNCTION", _ if node["function_name"] in ("~~", "!~~"):
                text, pattern = (self._argument(one) for one in node.get("arguments") or node["children"])
                found = self._like(self._column(text), self._constant(pattern))
                return found if node["function_name"] == "~~" else ~found
            case "COLUMN_REF", _ if self._column(node).type == "boolean":
                return self._value(self._column(node))
        raise self._refused(node)

    def _comparison(self, kind: str, left: _Node, right: _Node) -> nw.Expr:
        if left["class"] != "COLUMN_REF":
            if right["class"] != "COLUMN_REF":
                raise self._refused(right if left["class"] == "CONSTANT" else left)
            left, right, kind = right, left, _MIRRORED.get(kind, kind)
        column = self._column(left)
        if right["class"] != "COLUMN_REF":
            return self._compared(kind, column, self._constant(right))
        other = self._column(right)
        spoken_of(NotCompared(column.name, "==", other.name), [column, other], "")  # refuses what is not alike
        values = self._value(column), self._value(other)
        if kind in _EQUALITIES:
            return values[0] == values[1] if kind == "COMPARE_EQUAL" else values[0] != values[1]
        result: nw.Expr = _ORDERINGS[kind][1](*values)
        return result

    def _compared(self, kind: str, column: Column, constant: Scalar) -> nw.Expr:
        """Compare a column with a constant, brought to the column's type as the bounds of rules are."""
        if kind in _EQUALITIES:
            found = self._among(column, (constant,))
            return found if kind == "COMPARE_EQUAL" else ~found
        rounding, compare = _ORDERINGS[kind]
        result: nw.Expr = compare(self._value(column), literal(bound_for(column, constant, rounding)))
        return result

    def _among(self, column: Column, constants: tuple[Scalar, ...]) -> nw.Expr:
        members = members_for(column, constants)
        return among(self._value(column), members) if members else nowhere(column)

    def _like(self, column: Column, pattern: Scalar) -> nw.Expr:
        body = pattern.strip("%") if isinstance(pattern, str) else ""
        if column.type != "string" or not isinstance(pattern, str) or set(body) & {"%", "_", "\\"}:
            raise RefusedSqlError(self._text, f"matches {pattern!r}", "use LIKE for text with % at its ends alone")
        value, text = self._value(column), pattern
        if text.startswith("%") and text.endswith("%"):
            return value.str.contains(body, literal=True) if body else ~value.is_null()
        if text.startswith("%"):
            return value.str.ends_with(body)
        return value.str.starts_with(body) if text.endswith("%") else value == text

    def _value(self, column: Column) -> nw.Expr:
        """The column as rules compare it; NaN is null, as everywhere."""
        if column.type == "other" and not column.untyped:
            raise RefusedSqlError(self._text, f"compares {column.name!r}, of type {column.native}", "use other columns")
        return operand(column)

    def _column(self, node: _Node) -> Column:
        """Find a column by the name in the text, as SQL does: its exact name, or the only one but for case."""
        if node["class"] != "COLUMN_REF" or len(node["column_names"]) != 1:
            raise self._refused(node)
        (name,) = node["column_names"]
        alike = [one for one in self._frame.columns if one.casefold() == name.casefold()]
        column = self._frame.column(alike[0] if name not in self._frame.columns and len(alike) == 1 else name)
        if column not in self.columns:
            self.columns.append(column)
        return column

    def _constant(self, node: _Node) -> Scalar:
        """Read a constant, in the form of this version of DuckDB or of older ones."""
        if node["class"] == "CAST" and _type_name(node) in _TIMES:
            return self._constant(node["child"])
        if node["class"] == "FUNCTION" and node["function_name"] == "-":
            (one,) = (self._argument(argument) for argument in node.get("arguments") or node["children"])
            number = self._constant(one)
            if isinstance(number, int | float) and not isinstance(number, bool):
                return -number
        if node["class"] == "CONSTANT":
            found = _scalar(node)
            if found is not None:
                return found
        raise self._refused(node)

    def _argument(self, argument: _Node) -> _Node:
        found: _Node = argument.get("expression", argument)
        return found

    def _refused(self, node: _Node) -> RefusedSqlError:
        called = node.get("function_name") or node["type"].replace("_", " ").lower()
        remedy = "compare columns with constants or each other, or filter in a view or a fixture"
        return RefusedSqlError(
            self._text, f"has {called!r}, which is not handed on to {self._frame.dialect.name}", remedy
        )


def _type_name(node: _Node) -> str:
    return str(node.get("type_expr", {}).get("type_name") or node.get("cast_type", {}).get("id", "")).upper()


def _scalar(node: _Node) -> Scalar | None:
    """Give the value of a constant; `None` for NULL and for types that no bound has."""
    if "literal" in node:
        kind, text = node["literal"]["kind"], node["literal"].get("text", "")
        read: dict[str, Callable[[str], Scalar]] = {
            "INTEGER": int,
            "NUMERIC": float,
            "STRING": str,
            "BOOLEAN": lambda word: word.lower() == "true",
        }
        return read[kind](text) if kind in read else None
    value = node["value"]
    if value["is_null"] or not isinstance(value["value"], bool | int | float | str):
        return None
    scale = (value["type"].get("type_info") or {}).get("scale")
    return value["value"] / 10**scale if scale else value["value"]
