"""What an engine says of a row stays out of reports where a column is sensitive."""

from __future__ import annotations

import duckdb
import pytest

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.quiet import hushed


def failed(reason, cause):
    with pytest.raises(NotMeasuredError) as found, hushed(quiet=True):
        raise NotMeasuredError(reason) from cause
    return found.value.reason


def test_only_words_that_may_quote_a_row_are_kept_back():
    """What is said of SQL, of files, or in words of our own stays: it helps, and quotes nothing."""
    quoting = duckdb.ConversionException("Could not convert string 'ann' to INT32")
    assert "ann" not in failed(f"it could not be read: {quoting}", quoting)
    assert "ConversionException" in failed(f"it could not be read: {quoting}", quoting)
    assert failed("line 3 has 2 fields", quoting) == "line 3 has 2 fields"
    for telling in (duckdb.BinderException("no column x"), duckdb.IOException("gone"), OSError("gone")):
        assert failed(f"it failed: {telling}", telling) == f"it failed: {telling}"
    with pytest.raises(NotMeasuredError, match="ann"), hushed(quiet=False):
        raise NotMeasuredError(f"it failed: {quoting}") from quoting
