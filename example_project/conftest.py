"""The fixture that trains the model the gates judge."""

from __future__ import annotations

import pytest


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
