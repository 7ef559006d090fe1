"""Well-known formats, against whatever else can tell them: the standard library, and lists of good and bad ones."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import re
import uuid
from urllib.parse import urlsplit

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_mlgate.aggregate import NotFormatted
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.formats import FORMATS
from pytest_mlgate.inputs.gate import GateInputs
from pytest_mlgate.inputs.store import InputStore
from pytest_mlgate.reference import TableRef


@pytest.fixture(scope="module")
def accepts(tmp_path_factory):
    """Tell for each of some texts whether a format accepts it."""
    store = InputStore(tmp_path_factory.mktemp("formats"))

    def judge(format_, texts):
        table = pa.table({"x": pa.array(texts, pa.string())})
        opened = GateInputs(store, seed=0, fixtures={"rows": table}).table(TableRef(fixture="rows"))
        refused = {one.row for one in opened.examples(NotFormatted("x", format_), len(texts))}
        assert opened.count([NotFormatted("x", format_)]) == [len(refused)]
        return [i not in refused for i in range(len(texts))]

    yield judge
    store.close()


GOOD = {
    "email": [
        "a@b.co",
        "first.last@example.org",
        "user+tag@sub.example.co.uk",
        "o'brien@example.org",
        "!#$%&'*+/=?^_`{|}~-@example.org",
        "1@2.3x",
        f"{'l' * 64}@example.org",
        "x@xn--bcher-kva.example",
        f"x@{'a' * 63}.org",
    ],
    "uuid": [
        "123e4567-e89b-12d3-a456-426614174000",
        "00000000-0000-0000-0000-000000000000",
        "A" * 8 + "-AAAA" * 4 + "A" * 8,
    ],
    "date": ["2026-01-31", "2024-02-29", "0001-01-01", "9999-12-31"],
    "datetime": [
        "2026-01-31T12:00:00Z",
        "2026-01-31t12:00:00z",
        "2026-01-31 12:00:00",
        "2026-01-31T12:00:00.123456789+05:30",
        "2026-01-31T23:59:59-23:59",
    ],
    "ipv4": ["0.0.0.0", "255.255.255.255", "192.168.0.1"],  # noqa: S104 - an address to read, none to listen on
    "url": [
        "http://a",
        "https://example.org/a?b=c#d",
        "ftp://u:p@h:21/",
        "s3://bucket/key",
        "http://[::1]:80/",
        "http://ä.de",
    ],
    "json": [
        "{}",
        "[]",
        "0",
        "-1.5e3",
        '"x"',
        "null",
        ' [1, {"a": [true]}]\n',
        '["\\u00e9\\n", "\\\\", "a,]", "//", "NaN"]',
    ],
}
BAD = {
    "email": [
        "",
        "a",
        "@b.co",
        "a@",
        "a@b",
        "a@@b.co",
        "a b@c.de",
        "a@b..co",
        ".a@b.co",
        "a.@b.co",
        "a..b@c.de",
        "a@-b.co",
        "a@b-.co",
        "a@b.co\n",
        "a@b.c o",
        "a@b_c.de",
        "é@example.org",
        "a@b.co, c@d.ef",
        "Name <a@b.co>",
        f"x@{'a' * 64}.org",
    ],
    "uuid": [
        "",
        "123e4567e89b12d3a456426614174000",
        "{123e4567-e89b-12d3-a456-426614174000}",
        "urn:uuid:123e4567-e89b-12d3-a456-426614174000",
        "123e4567-e89b-12d3-a456-42661417400g",
        "123e4567-e89b-12d3-a456-4266141740000",
        "123e4567-e89b-12d3-a456-426614174000\n",
    ],
    "date": [
        "",
        "2026-1-31",
        "2026-02-29",
        "20260131",
        "2026-01-31T00:00:00",
        "31/01/2026",
        "2026-13-01",
        "0000-01-01",
        "2026-01-32",
        "12026-01-01",
        " 2026-01-31",
        "2026-W01-1",
        "2026-01-31 (BC)",
        "infinity",
        "epoch",
        "\u0662\u0660\u0662\u0666-01-31",
    ],
    "datetime": [
        "",
        "2026-01-31",
        "2026-02-29T12:00:00Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T12:00Z",
        "2026-01-31T12:00:00+24:00",
        "2026-01-31T12:00:00.Z",
        "2026-01-31T12:60:00Z",
        "0000-01-01T00:00:00Z",
        "2026-01-31T12:00:00+0530",
        "2026-01-31T12:00:00 Z",
        "2026-01-31T12:00:00Z\n",
    ],
    "ipv4": [
        "",
        "1.2.3",
        "1.2.3.4.5",
        "256.0.0.1",
        "01.2.3.4",
        "1.2.3.4 ",
        "1.2.3.-4",
        "0x7f.0.0.1",
        "1.2.3.4\n",
        "\u0661.2.3.4",
    ],
    "url": [
        "",
        "example.org",
        "//example.org",
        "http:/a",
        "http://",
        "http:///path",
        "ht tp://a",
        "http://a b",
        "1http://a",
        "mailto:a@b.co",
        "http://a\n",
        "http://?q",
        "http://[::1",
        "http://a]",
    ],
    "json": [
        "",
        "{",
        "{'a': 1}",
        "[1,]",
        '{"a": 1,}',
        "NaN",
        "[Infinity]",
        "-inf",
        "nul",
        "01",
        "1.",
        ".5",
        "+1",
        "// x\n1",
        "[1 /* x */]",
        '"a\nb"',
        '"a',
        "[1] 2",
        "undefined",
        "True",
        "\ufeff[]",
        '"\\x"',
        "[1,,2]",
        "{1: 2}",
        "\u00a01",
    ],
}


@pytest.mark.parametrize("format_", FORMATS)
def test_good_ones_are_accepted_and_bad_ones_refused(format_, accepts):
    """A list of each for every format."""
    assert dict(zip(GOOD[format_], accepts(format_, GOOD[format_]), strict=True)) == dict.fromkeys(GOOD[format_], True)
    assert dict(zip(BAD[format_], accepts(format_, BAD[format_]), strict=True)) == dict.fromkeys(BAD[format_], False)


def is_uuid(text):
    """The canonical form of the standard library's."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def is_date(text):
    """Four digits, two, two, and a day of the calendar."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        return False
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_datetime(text):
    """RFC 3339, with or without its offset."""
    form = r"(\d{4}-\d{2}-\d{2})[Tt ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)?"
    found = re.fullmatch(form, text, re.ASCII)
    return found is not None and is_date(found[1])


def is_ipv4(text):
    """As the standard library reads addresses."""
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def is_url(text):
    """A scheme, a host, and no white space."""
    try:
        parts = urlsplit(re.sub(r"^([^/]*//(?:[^/?#@\[\]]*@)?)\[[0-9a-f:.]+\]", r"\1[::1]", text))
        host, user = parts.hostname, parts.netloc.rpartition("@")[0]
        valid = parts.port is None or parts.port >= 0
    except ValueError:
        return False
    scheme = re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", text.partition("://")[0])
    return bool(scheme and host and valid) and "@" not in user and not re.search(r"[\s\x00-\x1f\x7f-\x9f]", text)


def is_json(text):
    """As the standard library reads it, without its extensions."""

    def refuse(constant):
        raise ValueError(constant)

    try:
        json.dumps(json.loads(text, parse_constant=refuse), ensure_ascii=False).encode()  # no half of a surrogate pair
    except (ValueError, RecursionError):
        return False
    return True


ORACLES = {"uuid": is_uuid, "date": is_date, "datetime": is_datetime, "ipv4": is_ipv4, "url": is_url, "json": is_json}
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=6,
)
SOUND = {
    "uuid": st.uuids().map(str),
    "date": st.dates().map(str),
    "datetime": st.datetimes(timezones=st.none() | st.timezones()).map(lambda one: one.isoformat()),
    "ipv4": st.ip_addresses(v=4).map(str),
    "url": st.builds(
        "{}://{}{}".format,
        st.sampled_from(["http", "s3", "x-y.z"]),
        st.text("ab.:@", max_size=4),
        st.text("/?#a%é", max_size=4),
    ),
    "json": st.builds(json.dumps, VALUES, ensure_ascii=st.booleans(), indent=st.sampled_from([None, 1])),
}
ALPHABETS = {
    "uuid": "0aF-g{}\n",
    "date": "0129-T \n\u0662",
    "datetime": "01259-T:Z+. z\n",
    "ipv4": "0125.\n x",
    "url": "a1:/?#@[] \n.é\u00a0",
    "json": '{}[],:"\\/ \n\t01.eE+-tfnulNaInf\u2028',
}


@st.composite
def nearly(draw, format_):
    """A sound text, or one with a character replaced, removed or added, or a mess."""
    letters = st.sampled_from(ALPHABETS[format_])
    text = draw(SOUND[format_])
    how = draw(st.sampled_from(["as it is", "mess", "replaced", "removed", "added"]))
    if how == "mess":
        return draw(st.text(letters, max_size=12))
    if how == "as it is" or not text:
        return text
    at = draw(st.integers(0, len(text) - 1))
    return text[:at] + (draw(letters) if how != "removed" else "") + text[at + (how != "added") :]


@pytest.mark.parametrize("format_", ORACLES)
def test_formats_agree_with_the_standard_library(format_, accepts):
    """On sound texts, and on texts with one thing wrong."""

    @settings(max_examples=20, deadline=None)
    @given(st.lists(nearly(format_).filter(encodable), min_size=20, max_size=60))
    def agree(texts):
        expected = [ORACLES[format_](text) for text in texts]
        assert dict(zip(texts, accepts(format_, texts), strict=True)) == dict(zip(texts, expected, strict=True))

    agree()


def encodable(text):
    """Arrow holds no lone surrogates, and its text holds no zero byte in DuckDB's JSON."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def test_a_column_whose_type_says_it_needs_no_format(accepts, tmp_path):
    """Dates are dates; numbers are of no format."""
    store = InputStore(tmp_path)
    table = pa.table({"d": [dt.date(2026, 1, 1)], "t": [dt.datetime(2026, 1, 1)], "i": [20260101]})  # noqa: DTZ001 - naive
    opened = GateInputs(store, seed=0, fixtures={"rows": table}).table(TableRef(fixture="rows"))
    assert opened.count([NotFormatted("d", "date"), NotFormatted("t", "datetime")]) == [0, 0]
    for name, format_ in (("i", "date"), ("d", "datetime"), ("t", "json")):
        with pytest.raises(NotMeasuredError, match=f"could be of format {format_}"):
            opened.count([NotFormatted(name, format_)])
    store.close()
