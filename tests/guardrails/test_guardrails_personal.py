"""Identifiers: check digits against closed forms of our own and against stdnum, and the forms people write them in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("stdnum")

from stdnum import iban as stdnum_iban
from stdnum import luhn as stdnum_luhn

from pytest_mlgate.guardrails.personal import cards, emails, ibans

DIGITS = st.text("0123456789", min_size=11, max_size=17)
LENGTHS = {"DE": 22, "NL": 18, "GB": 22, "FR": 27, "NO": 15, "MT": 31}


def luhn_total(digits):
    """The closed form: every second digit from the right doubled, its digits added."""
    return sum(sum(divmod(int(one) * (2 if at % 2 else 1), 10)) for at, one in enumerate(reversed(digits)))


@given(body=DIGITS, first=st.sampled_from("23456"))
def test_cards_are_what_the_closed_form_and_stdnum_say(body, first):
    """Of the ten last digits exactly one makes a card, and it is the one for which Luhn's sum is divisible by ten."""
    found = [last for last in "0123456789" if list(cards(f"card {first}{body}{last}."))]
    if len(set(first + body)) == 1:
        return
    expected = [last for last in "0123456789" if luhn_total(f"{first}{body}{last}") % 10 == 0]
    assert found == expected == [stdnum_luhn.calc_check_digit(first + body)]


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "3782 822463 10005",
        "5555.5555.5555.4444",
        "4222222222222",
        "6011 0009 9013 9424 0527",
        "call 42 4111 1111 1111 1111 now",
        "12 4111 1111 1111 1111",
        "(4111 1111 1111 1111)",
    ],
)
def test_cards_are_found_as_people_write_them(text):
    """In groups of four, as American Express groups them, before an expiry date, after another number."""
    assert len(list(cards(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",
        "0000 0000 0000 0000",
        "1111 1111 1111 1117",
        "41111111111111110000000000",
        "x4111111111111111",
        "4111 1111",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "2026-11-21 09:15:45",
        "",
    ],
)
def test_other_numbers_are_no_cards(text):
    """A wrong check digit, no issuer, part of a longer number, too short."""
    assert list(cards(text)) == []


def made(country, rest):
    """An IBAN with check digits from ISO 7064's closed form: 98 less the remainder by 97."""
    value = int("".join(str(int(char, 36)) for char in f"{rest}{country}00"))
    return f"{country}{98 - value % 97:02d}{rest}".lower()


@given(country=st.sampled_from(["DE", "NO"]), seed=st.integers(0, 10**18 - 1), gaps=st.booleans())
def test_ibans_with_the_check_digits_of_the_closed_form_are_found(country, seed, gaps):
    """As printed in groups of four or without blanks, with words on either side; stdnum agrees that they are valid."""
    iban = made(country, f"{seed:018d}"[: LENGTHS[country] - 4])
    assert stdnum_iban.is_valid(iban, check_country=False)
    written = " ".join(iban[at : at + 4] for at in range(0, len(iban), 4)) if gaps else iban
    text = f"from {written} to us"
    (finding,) = ibans(text)
    assert text[finding.start : finding.end] == written


@given(seed=st.integers(0, 10**18 - 1), wrong=st.integers(0, 99))
def test_ibans_with_other_check_digits_are_not(seed, wrong):
    """Of a hundred pairs of check digits, one is right."""
    iban = made("DE", f"{seed:018d}")
    spoilt = f"de{wrong:02d}{iban[4:]}"
    assert [one.category for one in ibans(spoilt)] == (
        ["iban"] if stdnum_iban.is_valid(spoilt, check_country=False) else []
    )


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a@example.org", 1),
        ("<first.last+tag@mail.example.co.uk>,b_1@x.io", 2),
        ("mail me at a@example", 0),
        ("a @ example.org", 0),
        (".@example.org", 0),
        ("user@@example.org", 0),
    ],
)
def test_addresses(text, count):
    """Local part, domain with a dot, top level of letters."""
    assert len(list(emails(text))) == count
