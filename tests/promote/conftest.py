"""A small project whose gates have just passed."""

from __future__ import annotations

import pytest
from promote_making import project


@pytest.fixture
def place(tmp_path):
    return project(tmp_path)
