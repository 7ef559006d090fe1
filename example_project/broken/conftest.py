"""Parts of the car loans: the half that drifted, and a sample that is too small to decide anything."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def later_loans():
    """Give the loans from row 25,000 of the analysis file on, where the drift begins."""
    return pq.read_table(DATA / "car_loan_analysis.parquet").slice(25_000)


@pytest.fixture(scope="session")
def first_loans():
    """Give the first 150 loans of the analysis file."""
    return pq.read_table(DATA / "car_loan_analysis.parquet").slice(0, 150)
