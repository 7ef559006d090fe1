"""Secrets do not reach reports, whatever was done to the text they stand in."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_mlgate.plain import redactor

KEY = "-----BEGIN KEY-----\nMIIE\\'ow  IBAAK\n-----END KEY-----"
WAYS = {
    "as it is": str,
    "white space folded": lambda text: " ".join(text.split()),
    "as Python writes it": repr,
    "as JSON writes it": json.dumps,
    "as SQL writes it": lambda text: text.replace("'", "''"),
    "folded, as Python writes it": lambda text: repr(" ".join(text.split())),
    "in lower case": str.lower,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("secret", [KEY, "hunter2-SECRET", 'it\'s "quoted"', "schlüssel\t7"])
def test_a_secret_is_found_in_every_form_that_reports_write(way, secret):
    """Nothing but stars stands where it stood."""
    shown = WAYS[way](f"tok <> {secret} and")
    blotted = redactor([secret])(shown)
    assert blotted.strip("'\"") == "tok <> *** and"


@given(st.text("abcXYZ-'\\", min_size=4, max_size=40), st.integers(4, 40), st.sampled_from(["…", " …"]))
def test_the_beginning_of_a_secret_is_blotted_where_text_was_cut(secret, length, mark):
    """A name of sixty characters may end in the middle of a token."""
    shown = f"SELECT 1 <> <{secret[:length]}"
    blotted = redactor([secret])(f"{shown}{mark} and more")
    assert blotted.startswith("SELECT 1 <> <***")
    assert blotted.endswith(f"{mark} and more")


def test_other_text_stays_as_it_is():
    """Without secrets, and beside them."""
    assert redactor([])("all of it… and more") == "all of it… and more"
    assert redactor(["hunter22"])("a hunt… and hun…") == "a ***… and hun…"
