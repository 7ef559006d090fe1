"""`data.quality`: what a gate file can get wrong is said while it is read, each mistake with its place."""

from __future__ import annotations

import re

import pytest

from pytest_mlgate.aggregate import NotCompared
from pytest_mlgate.catalogue import Catalogue
from pytest_mlgate.errors import GateFileError
from pytest_mlgate.gatefile import load
from pytest_mlgate.kinds.data.quality.comparing import ComparisonError, comparison

HEAD = """version: 1
data: {t: t.csv, other: other.csv}
gates:
  g:
    kind: data.quality
    data: t
"""


@pytest.fixture
def problems(tmp_path):
    """Read a gate with parameters, and give what is wrong with it as (line, column, text)."""

    def read(parameters):
        path = tmp_path / "t.gate.yaml"
        path.write_text(HEAD + "".join(f"    {line}\n" for line in parameters.splitlines()), encoding="utf-8")
        with pytest.raises(GateFileError) as caught:
            load(path, Catalogue())
        found = [(one.place.line, one.place.column, f"{one.what} = {one.mend}") for one in caught.value.problems]
        assert all(str(path) in str(one) for one in caught.value.problems)
        return found

    return read


@pytest.mark.parametrize(
    ("parameters", "line", "column", "said"),
    [
        ("key: [id]", 5, 5, "this gate checks nothing = give it one of row_count"),
        ("row_count: {min: 5, max: 4}", 7, 16, "min 5 is above max 4"),
        ("row_count: {max_drop: 5}", 7, 27, "no baseline to compare with"),
        ("row_count: {min: 5, confidence: 0.9}", 7, 37, "no confidence interval"),
        ("row_count_change: {reference: other}", 7, 23, "not what may change = add max_drop"),
        ("row_count_change: {reference: others, max_drop: 5}", 7, 35, "there is no table 'others'"),
        ("row_count_change: {reference: other, max_drop: 5 rows}", 7, 52, "not of the form expected here: a share"),
        ("freshness: {column: at, max_age: 2 days}", 7, 38, "not of the form expected here"),
        ("freshness: {column: at, max_age: 2d, now: tomorrow}", 7, 47, "this is no time"),
        ("freshness: {column: at}", 7, 5, "'max_age' is missing"),
        ("freshness: {column: at, max_age: 1d}\nsensitive: [at]", 7, 25, "would show that value"),
        ("unique_together: [a, b]", 7, 23, "expected a list"),
        ("unique_together: [[a, b, a]]", 7, 23, "'a' is named twice"),
        ("unique_together: [[]]", 7, 23, "must not be empty"),
        ("duplicates: {max: -1}", 7, 23, "must be at least 0"),
        ("stats: {x: {avg: {max: 1}}}", 7, 22, "there is no statistic 'avg'"),
        ("stats: {x: {meen: {max: 1}}}", 7, 23, "did you mean 'mean'?"),
        ("stats: {x: {q100: {max: 1}}}", 7, 23, "quantiles are q01 to q99"),
        ("stats: {x: {q5: {max: 1}}}", 7, 21, "quantiles are q01 to q99"),
        ("stats: {x: {q00: {max: 1}}}", 7, 22, "quantiles are q01 to q99"),
        ("stats: {x: {mean: {min: 3, max: 2}}}", 7, 23, "nothing can pass"),
        ("stats: {x: {mean: {max_ratio: 2}}}", 7, 35, "no baseline"),
        ("stats: {x: {mean: 3}}", 7, 23, "expected a mapping with min"),
        ("stats: {x: {}}", 7, 16, "no statistic is named"),
        ("stats: {x: {max: {max: 3}}}\nsensitive: [x]", 7, 22, "the max of a sensitive column is one of its values"),
        ("stats: {x: {q50: {max: 3}}}\nsensitive: [x]", 7, 22, "the q50 of a sensitive column"),
        ("compare: [start + end]", 7, 15, "character 7: one of ==, !=, <, <=, >, >= was expected, found '+'"),
        ("compare: [a < b, 'b > 3']", 7, 22, "character 5: a column was expected, found '3' = a comparison is of two"),
        ("compare: [{rule: a << b, mostly: 1}]", 7, 22, "character 3: there is no operator '<<'"),
        ("compare: [a < a]", 7, 15, "'a' is compared with itself"),
        ("compare: [{rule: a < b, mostly: 2}]", 7, 37, "must be at most 1"),
        ("foreign_key: [{references: other}]", 7, 19, "either `column` or `columns`"),
        ("foreign_key: [{column: a, columns: [b], references: other}]", 7, 19, "either `column` or `columns`"),
        ("foreign_key: [{columns: [a, b], references: other, key: k}]", 7, 61, "2 columns cannot refer to 1"),
        ("foreign_key: [{column: a, references: other, key: k, keys: [k]}]", 7, 64, "`key` and `keys`"),
        ("foreign_key: [{column: a, references: nowhere}]", 7, 43, "there is no table 'nowhere'"),
        ("labels: {column: y, min_share: 0.6, classes: [a, b]}", 7, 36, "2 classes cannot each have a share of 0.6"),
        ("labels: {column: y, min_share: 0.6, max_share: 0.5}", 7, 36, "nothing can pass"),
        ("labels: {column: y, conflicting: {keys: [y]}}", 7, 45, "the label cannot be one of the keys"),
        ("labels: {column: y, conflicting: {keys: []}}", 7, 45, "must not be empty"),
        ("sentinels: {columns: [a], exclude: [a]}", 7, 40, "both listed and left out"),
        ("sentinels: {values: []}", 7, 25, "must not be empty"),
        ("sql: {}\nrow_count: {min: 1}\ntables: {other: other}", 9, 13, "only queries under `sql` read other tables"),
        ("sql: {a: SELECT 1}\ntables: {Data: other}", 8, 20, "`data` is the table that is judged"),
        ("segment_by: [g]\nsql: {a: SELECT 1}", 8, 10, "cannot be made of each segment"),
        ("segment_by: [g, g]\nrow_count: {min: 1}", 7, 17, "'g' is named twice"),
        ("segment_by: [g]\nsensitive: [g]\nrow_count: {min: 1}", 7, 18, "the names of segments would show its values"),
        ("segment_by: [y]\nlabels: {column: y}", 7, 18, "each segment would have one class"),
        ("segments: {g: [a]}\nrow_count: {min: 1}", 7, 19, "'g' makes no segments = add segment_by"),
        ("segment_by: [g]\nsegments: {gg: [a]}\nrow_count: {min: 1}", 8, 20, "did you mean 'g'?"),
        ("rows_where: {a > 1: {max: 2, min: 3}}", 7, 25, "nothing can pass"),
        ("row_cuont: {min: 1}\nrow_count: {min: 1}", 7, 5, "did you mean 'row_count'?"),
    ],
)
def test_a_mistake_is_found_where_it_stands(problems, parameters, line, column, said):
    """File, line and column, what is wrong and what would mend it."""
    found = problems(parameters)
    assert [one for one in found if one[:2] == (line, column) and said in one[2]], found


def test_a_gate_whose_only_check_is_faulty_is_not_said_to_check_nothing(problems):
    """One mistake is one problem."""
    assert len(problems("freshness: {column: at}")) == 1


def test_all_mistakes_are_told_at_once(problems):
    """In the order of the file."""
    found = problems("stats: {x: {avg: {max: 1}}}\ncompare: [a b]\nlabels: {column: y, min_share: 0.6, max_share: 0.5}")
    assert [one[0] for one in found] == [7, 8, 9]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("start <= end", NotCompared("start", "<=", "end")),
        ("start<=end", NotCompared("start", "<=", "end")),
        ("  a   ==   b ", NotCompared("a", "==", "b")),
        ("a = b", NotCompared("a", "==", "b")),
        ("a <> b", NotCompared("a", "!=", "b")),
        ('"the start" < `the end`', NotCompared("the start", "<", "the end")),
        ('"say ""hi""" > `a``b`', NotCompared('say "hi"', ">", "a`b")),
        ("größe >= _1", NotCompared("größe", ">=", "_1")),
        ('"a<b" != "c"', NotCompared("a<b", "!=", "c")),
        ('"1st" < "2nd"', NotCompared("1st", "<", "2nd")),
    ],
)
def test_comparisons_are_read(text, rule):
    """Bare names, names in either quote with the quote doubled inside, six operators and two spellings."""
    assert comparison(text) == rule


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "character 1: a column was expected, and the text ends"),
        ("a", "character 2: one of"),
        ("a <", "character 4: a column was expected, and the text ends"),
        ("a < b c", "character 7: nothing was expected after the second column"),
        ("a < b AND c < d", "character 7: nothing was expected"),
        ("start date < end", "character 7: one of ==, !=, <, <=, >, >= was expected, found 'date'"),
        ("a =< b", "there is no operator '=<'"),
        ("a === b", "there is no operator '==='"),
        ("1st < b", "character 1: a column was expected, found '1'"),
        ("'a' < b", "character 1: a column was expected"),
        ('"a < b', 'character 1: this " is never closed'),
        ('a < "b', 'character 5: this " is never closed'),
        ('"" < b', "character 1: the name between the quotes is empty"),
        ("a < 18", "character 5: a column was expected, found '1'"),
        ("a < b; DROP TABLE x", "character 6: nothing was expected"),
        ("a; b", "character 2: one of"),
    ],
)
def test_what_is_no_comparison_is_refused(text, said):
    """With the place in its text."""
    with pytest.raises(ComparisonError, match=re.escape(said)):
        comparison(text)
