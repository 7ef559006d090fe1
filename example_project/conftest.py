"""The fixtures that feed the gates: a model that is trained when it has to be, and parts of a small table."""

from __future__ import annotations

from pathlib import Path

import pyarrow.csv
import pytest

CREDIT = Path(__file__).parent / "data" / "german_credit.csv"


@pytest.fixture(scope="session")
def trained_model(mlgate_train):
    """Train on 2015; the second run takes the weights from pytest's cache."""
    return mlgate_train(
        "employment.training:train",
        factory="employment.model:EmploymentNet",
        data=["data/employment_ma_2015.parquet"],
        parameters={"epochs": 6},
        seed=20150101,
    )


@pytest.fixture(scope="session")
def first_applicants():
    """Give the first half of the credit applicants."""
    return pyarrow.csv.read_csv(CREDIT).slice(0, 500)


@pytest.fixture(scope="session")
def later_applicants():
    """Give the second half."""
    return pyarrow.csv.read_csv(CREDIT).slice(500)
