"""Which columns look as if they spoke of persons, by their names and by the form of their values.

A guess, made so that a file written from data shows no values that it should not. It errs towards hiding.
"""

from __future__ import annotations

import re
from itertools import pairwise

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_ALONE = frozenset(
    {
        "email",
        "mail",
        "phone",
        "telephone",
        "mobile",
        "fax",
        "ssn",
        "passport",
        "iban",
        "birthdate",
        "birthday",
        "dob",
        "surname",
        "firstname",
        "lastname",
        "fullname",
        "forename",
        "address",
        "street",
        "password",
        "username",
        "ip",
        "nino",
        "pesel",
    }
)
_TOGETHER = frozenset(
    {
        *(("first", "name"), ("last", "name"), ("full", "name"), ("middle", "name"), ("given", "name")),
        *(("family", "name"), ("maiden", "name"), ("user", "name"), ("customer", "name"), ("patient", "name")),
        *(("birth", "date"), ("date", "birth"), ("social", "security"), ("credit", "card"), ("card", "number")),
        *(("tax", "id"), ("national", "id"), ("bank", "account"), ("account", "number")),
    }
)
# Numbers as people write them for people, and social security numbers.
PHONE = r"^(\+[0-9][0-9 ().-]{6,18}[0-9]|\(?[0-9]{2,4}\)?[ .-][0-9]{3,4}[ .-]?[0-9]{3,4}|[0-9]{3}-[0-9]{2}-[0-9]{4})$"


def words_of(name: str) -> list[str]:
    """Split a column's name into its words.

    >>> words_of("customerEMail_address2")
    ['customer', 'e', 'mail', 'address', '2']
    """
    return [word.lower() for word in _WORD.findall(name)]


def sounds_personal(name: str) -> bool:
    """Tell whether a column's name promises something about a person.

    >>> [sounds_personal(name) for name in ("E-Mail", "LastName", "date_of_birth", "product_name", "shipping")]
    [True, True, True, False, False]
    """
    words = [word for word in words_of(name) if word not in {"of", "the"}]
    pairs = set(pairwise(words))
    return words == ["name"] or bool(_ALONE & set(words)) or bool(_TOGETHER & pairs)
