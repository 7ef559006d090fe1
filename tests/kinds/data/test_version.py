"""`data.version`: bytes and rows that are the pinned ones, that are not, and that are not there."""

from __future__ import annotations

import hashlib
import os
import subprocess
from types import SimpleNamespace

import pyarrow as pa
import pytest

from pytest_mlgate.errors import GateFileError
from pytest_mlgate.inputs.pins import sha256_pin
from pytest_mlgate.promote.changes import changed_since
from pytest_mlgate.report.failure import explain

GATE = "gates:\n  g:\n    kind: data.version\n    {}\n"
DATA = b"id,age\n1,30\n2,41\n"
SHA = hashlib.sha256(DATA).hexdigest()
OTHER = "ab" * 32


@pytest.fixture
def version(judged):
    """Judge pins written as YAML; give the result, and the only check unless there are none."""

    def judge(*lines, **fixtures):
        result, checks = judged(GATE.format("\n    ".join(lines)), **fixtures)
        return result, next(iter(checks.values()), None)

    return judge


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "train.csv"
    path.write_bytes(DATA)
    return path


def test_the_pinned_bytes_pass_and_are_bound(version, file):
    """In capitals too; the file is recorded with its hash, for promotion to hold it to."""
    result, check = version("path: train.csv", f"sha256: {SHA.upper()}")
    assert (result.verdict, check.metric, check.value, check.n) == ("PASS", "sha256_mismatch", 0, 1)
    assert (check.detail["expected"], check.detail["found"], check.detail["size"]) == (SHA, SHA, len(DATA))
    (record,) = result.inputs
    assert (record.name, record.sha256) == ("train.csv", SHA)
    assert [(one.path, one.size, one.sha256) for one in record.files] == [("train.csv", len(DATA), SHA)]


@pytest.mark.parametrize("data", [DATA + b"3,50\n", DATA[:-1], DATA.replace(b"30", b"31")])
def test_any_other_bytes_fail(version, file, data):
    """The text says what was expected, what is there, and what to write to accept it."""
    file.write_bytes(data)
    result, check = version("path: train.csv", f"sha256: {SHA}")
    assert (result.verdict, check.value) == ("FAIL", 1)
    now = hashlib.sha256(data).hexdigest()
    text = explain(result)
    assert f"train.csv: expected {SHA[:16]}…, found {now[:16]}…" in text
    assert f"{len(data)} bytes; last modified " in text
    assert f"to accept these bytes: write sha256: {now}" in text


@pytest.mark.parametrize(("there", "kind"), [(b"a\r\nb\r\n", "Unix"), (b"a\nb\n", "Windows")])
def test_line_endings_that_git_changed_are_named(version, file, there, kind):
    """The commonest reason for another hash on another machine, and what stops it."""
    pinned = there.replace(b"\r\n", b"\n") if kind == "Unix" else there.replace(b"\n", b"\r\n")
    file.write_bytes(there)
    result, _ = version("path: train.csv", f"sha256: {hashlib.sha256(pinned).hexdigest()}")
    assert result.verdict == "FAIL"
    assert f"with {kind} line endings it would be the pinned file" in explain(result)
    assert "`train.csv -text` in .gitattributes" in explain(result)


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (None, "does not exist"),
        (b"", "empty file"),
        (
            f"version https://git-lfs.github.com/spec/v1\noid sha256:{SHA}\nsize 1\n".encode(),
            "is a git-lfs pointer, not",
        ),
    ],
)
def test_data_that_are_not_there_are_not_measured(version, file, write, reason):
    """Missing, empty, or a pointer that was never fetched; not even if the pin is that pointer's own hash."""
    file.unlink()
    if write is not None:
        file.write_bytes(write)
    for pin in (SHA, hashlib.sha256(write or b"").hexdigest()):
        result, _ = version("path: train.csv", f"sha256: {pin}", "severity: warning")
        assert (result.verdict, result.outcome) == ("NOT_MEASURED", "errored")
        assert reason in result.reason


def test_a_folder_is_held_as_a_whole(version, tmp_path):
    """Its manifest's hash; every file is recorded."""
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "a").write_bytes(b"1")
    (tmp_path / "parts" / ".b").write_bytes(b"2")
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in {".b": b"2", "a": b"1"}.items()}
    manifest = hashlib.sha256(b"".join(f"{sha}  {name}\0".encode() for name, sha in hashes.items())).hexdigest()
    result, check = version("path: parts", f"sha256: {manifest}")
    assert (result.verdict, check.n) == ("PASS", 2)
    assert {one.path: one.sha256 for one in result.inputs[0].files} == {
        f"parts/{name}": hashes[name] for name in hashes
    }
    (tmp_path / "parts" / "c").write_bytes(b"3")
    result, check = version("path: parts", f"sha256: {manifest}")
    assert (result.verdict, check.value, check.n) == ("FAIL", 1, 3)
    text = explain(result)
    assert "3 files, 3 bytes; the newest last modified" in text
    assert "hidden files count too: .b" in text


def test_what_changes_after_the_gate_is_noticed_before_promotion(version, tmp_path):
    """Each file of a folder was stamped with its hash, so another with the same size and time is seen."""
    (tmp_path / "parts").mkdir()
    for name in "ab":
        (tmp_path / "parts" / name).write_bytes(name.encode())
    result, _ = version("path: parts", f"sha256: {sha256_pin(tmp_path / 'parts', 'parts')}")
    gate = tmp_path / "t.gate.yaml"
    file = SimpleNamespace(path=gate, sha256=hashlib.sha256(gate.read_bytes()).hexdigest(), node_id="t.gate.yaml")
    assert changed_since(file, [result], root=tmp_path) == ()
    before = (tmp_path / "parts" / "b").stat()
    (tmp_path / "parts" / "b").write_bytes(b"c")
    os.utime(tmp_path / "parts" / "b", ns=(before.st_atime_ns, before.st_mtime_ns))
    (reason,) = changed_since(file, [result], root=tmp_path)
    assert reason.startswith("parts/b changed since it was measured (same size, other bytes)")


def test_a_difference_from_dvc_says_how_much_and_how_to_accept_it(version, file):
    """Sizes are known from the .dvc file."""
    md5 = hashlib.md5(DATA, usedforsecurity=False).hexdigest()
    (file.parent / "train.csv.dvc").write_text(
        f"outs:\n- md5: {md5}\n  size: {len(DATA)}\n  hash: md5\n  path: train.csv\n", encoding="utf-8"
    )
    result, check = version("path: train.csv", "dvc: train.csv.dvc")
    assert (result.verdict, check.metric) == ("PASS", "md5_mismatch")
    assert [(one.role, one.name) for one in result.inputs] == [("data", "train.csv"), ("pin", "train.csv.dvc")]
    file.write_bytes(DATA + b"3,50\n4,60\n")
    result, check = version("path: train.csv", "dvc: train.csv.dvc")
    assert result.verdict == "FAIL"
    text = explain(result)
    assert f"{len(DATA) + 10} bytes, 10 more than pinned" in text
    assert "to accept these bytes: dvc add train.csv, and commit train.csv.dvc" in text


def git(folder, *arguments):
    told = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", *told, *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def pointer(data):
    return (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(data).hexdigest()}\nsize {len(data)}\n"
    )


@pytest.fixture
def committed(file, monkeypatch):
    """Give a function that commits a text at the file's path and puts the data back."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(file.parent.parent))
    git(file.parent, "init", "-q")

    def commit(text, name="train.csv"):
        (file.parent / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        git(file.parent, "add", "--", name)
        git(file.parent, "commit", "-q", "-m", "data")
        file.write_bytes(DATA)

    return commit


def test_the_committed_pointer_is_held_against_the_file(version, file, committed):
    """Bytes and size are those that git says."""
    committed(pointer(DATA))
    result, check = version("path: train.csv", "lfs: true")
    assert (result.verdict, check.metric) == ("PASS", "sha256_mismatch")
    file.write_bytes(DATA[:-1])
    result, _ = version("path: train.csv", "lfs: true")
    assert result.verdict == "FAIL"
    assert f"{len(DATA) - 1} bytes, 1 fewer than pinned" in explain(result)


def test_a_file_that_was_never_fetched_is_not_the_data(version, file, committed):
    """What a checkout without git-lfs leaves."""
    committed(pointer(DATA))
    file.write_text(pointer(DATA), encoding="utf-8")
    result, _ = version("path: train.csv", "lfs: true")
    assert (result.verdict, result.remedy) == ("NOT_MEASURED", "run git lfs pull")
    assert "is a git-lfs pointer, not the data" in result.reason


def test_a_pointer_file_may_be_named(version, file):
    """Kept beside the data, in no repository at all, with any line endings."""
    for text in (pointer(DATA), pointer(DATA).replace("\n", "\r\n")):
        (file.parent / "p").write_bytes(text.encode())
        result, _ = version("path: train.csv", "lfs: p")
        assert result.verdict == "PASS"
        assert [one.role for one in result.inputs] == ["data", "pin"]


def test_a_pointer_of_the_right_hash_and_another_size_is_a_difference(version, file):
    """Both are checked."""
    (file.parent / "p").write_text(pointer(DATA).replace(f"size {len(DATA)}", "size 5"), encoding="utf-8")
    result, _ = version("path: train.csv", "lfs: p")
    assert result.verdict == "FAIL"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (DATA, "committed as it is, not through git-lfs"),
        (pointer(DATA) + "x" * 2000, "committed as it is, not through git-lfs"),
        (pointer(DATA).replace("oid sha256", "oid md5"), "damaged git-lfs pointer"),
        (pointer(DATA).replace("size ", "size -"), "damaged git-lfs pointer"),
        (pointer(DATA).replace("oid", f"ext-0-crypt sha256:{OTHER}\noid"), "git-lfs extension"),
    ],
)
def test_what_is_committed_must_be_a_pointer(version, committed, text, reason):
    """An ordinary file, a large one, a damaged pointer, one whose oid is not of the file."""
    committed(text)
    result, _ = version("path: train.csv", "lfs: true")
    assert result.verdict == "NOT_MEASURED"
    assert reason in result.reason


def test_a_file_that_was_never_committed_has_no_pointer(version, file, committed):
    """Nor has one in no repository, or a folder."""
    committed(b"x", "other")
    result, _ = version("path: train.csv", "lfs: true")
    assert "train.csv is not committed at HEAD" in result.reason
    (file.parent / "d").mkdir()
    committed(b"x", "d/x")
    result, _ = version("path: d", "lfs: true")
    assert "committed as a link or a folder" in result.reason
    (file.parent / "p").write_text(pointer(DATA), encoding="utf-8")
    result, _ = version("path: d", "lfs: p")
    assert "git-lfs speaks of single files" in str(result.remedy) + result.reason


def test_outside_of_a_repository_there_is_no_pointer(version, file, monkeypatch):
    """Which is said, and is no pass."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(file.parent.parent))
    result, _ = version("path: train.csv", "lfs: true")
    assert result.verdict == "NOT_MEASURED"
    assert "not a git repository" in result.reason


TABLE = pa.table({"id": [1, 2], "age": [30, None]})


def rows_of(version, table):
    """Take what a report says of a table that is not the pinned one."""
    result, _ = version("data: {fixture: t}", f"schema_sha256: {OTHER}", f"rows_sha256: {OTHER}", t=table)
    return {check.metric: check.detail["found"] for check in result.checks}


def test_a_table_in_no_file_is_pinned_by_its_columns_and_rows(version):
    """What a failure says to write makes it pass, in any library and in any order of the rows."""
    found = rows_of(version, TABLE)
    pins = f"schema_sha256: {found['schema_mismatch']}", f"rows_sha256: {found['rows_mismatch']}"
    for table in (TABLE, TABLE.take([1, 0])):
        result, _ = version("data: {fixture: t}", *pins, t=table)
        assert [(one.metric, one.value, one.n) for one in result.checks] == [
            ("schema_mismatch", 0, 2),
            ("rows_mismatch", 0, 2),
        ]


@pytest.mark.parametrize(
    ("table", "failing"),
    [
        (pa.table({"id": [1, 2], "age": [30, 31]}), {"rows_mismatch"}),
        (pa.table({"id": [1, 2, 2], "age": [30, None, None]}), {"rows_mismatch"}),
        (pa.table({"id": [1, 2], "years": [30, None]}), {"schema_mismatch", "rows_mismatch"}),
        (pa.table({"id": [1, 2], "age": ["30", None]}), {"schema_mismatch", "rows_mismatch"}),
        (pa.table({"id": [1, 2], "age": [30.0, None]}), {"schema_mismatch"}),
    ],
)
def test_a_table_that_changed_fails_where_it_changed(version, table, failing):
    """Its values, how often they occur, its names, its types."""
    found = rows_of(version, TABLE)
    pins = f"schema_sha256: {found['schema_mismatch']}", f"rows_sha256: {found['rows_mismatch']}"
    result, _ = version("data: {fixture: t}", *pins, t=table)
    assert {one.metric for one in result.checks if one.verdict == "FAIL"} == failing
    text = explain(result)
    assert f"now {table.num_rows} rows of 2 columns: id integer, " in text
    for check in result.checks:
        if check.verdict == "FAIL":
            name = check.metric.replace("mismatch", "sha256")
            assert f"to accept them: write {name}: {check.detail['found']}" in text


def test_the_order_of_rows_matters_where_it_is_asked_for(version):
    """The same rows in another order are then other data."""
    _, check = version("data: {fixture: t}", f"rows_sha256: {OTHER}", "ordered: true", t=TABLE)
    pin = f"rows_sha256: {check.detail['found']}"
    assert version("data: {fixture: t}", pin, "ordered: true", t=TABLE)[0].verdict == "PASS"
    assert version("data: {fixture: t}", pin, "ordered: true", t=TABLE.take([1, 0]))[0].verdict == "FAIL"


def test_an_empty_table_is_never_a_version(version):
    """Not even where only its columns are pinned."""
    found = rows_of(version, TABLE)
    result, _ = version("data: {fixture: t}", f"schema_sha256: {found['schema_mismatch']}", t=TABLE[:0])
    assert (result.verdict, result.reason) == ("NOT_MEASURED", "fixture t has no rows")


def test_only_some_columns_may_be_pinned(version):
    """The others may change."""
    found = rows_of(version, TABLE.select(["age"]))
    result, _ = version("data: {fixture: t}", "columns: [age]", f"rows_sha256: {found['rows_mismatch']}", t=TABLE)
    assert result.verdict == "PASS"


def test_data_from_defaults_do_not_disturb_a_gate_with_a_path(judged, file):
    """`defaults: {data: …}` reaches every gate whose kind knows `data`."""
    result, _ = judged(
        "data: {t: train.csv}\ndefaults: {data: t}\n" + GATE.format(f"path: train.csv\n    sha256: {SHA}")
    )
    assert result.verdict == "PASS"


@pytest.mark.parametrize(
    ("lines", "problems"),
    [
        ((), ["nothing is pinned"]),
        (("path: x",), ["nothing says what the path is pinned to"]),
        (("data: {path: x}",), ["nothing is pinned"]),
        ((f"sha256: {OTHER}",), ["sha256 pins the bytes at a path, and there is none"]),
        (("lfs: true",), ["lfs pins the bytes at a path"]),
        (("path: x", f"sha256: {OTHER}", "dvc: x.dvc"), ["the path is pinned by sha256 already"]),
        (("path: x", "dvc: x.dvc", "lfs: true"), ["the path is pinned by dvc already"]),
        (
            ("path: x", f"sha256: {OTHER}", "dvc: x.dvc", "lfs: p"),
            ["the path is pinned by sha256 already", "the path is pinned by sha256 already"],
        ),
        (("path: x", "lfs: false"), ["`lfs: false` pins nothing"]),
        (("path: x", f"rows_sha256: {OTHER}"), ["it pins the rows of a table, and this gate has a path"]),
        ((f"rows_sha256: {OTHER}",), ["rows_sha256 pins a table, and there is none"]),
        (("path: x", "sha256: 0123ab"), ["and this has 6 hexadecimal digits"]),
        (("path: x", f"sha256: {OTHER}0"), ["and this has 65 hexadecimal digits"]),
        (("path: x", f"sha256: g{OTHER[1:]}"), ["and this is no hexadecimal number"]),
        (("path: x", f'sha256: "{OTHER}\\n"'), ["and this is no hexadecimal number"]),
        (("path: x", f"sha256: {OTHER}", "columns: [a]"), ["columns belong to the pins of a table"]),
        (("path: x", f"sha256: {OTHER}", "ordered: true"), ["only rows have an order"]),
        (("data: {path: x}", f"rows_sha256: {OTHER}", "columns: [a, a]"), ["'a' is listed twice"]),
        (("path: x", "sha256: ''"), ["and this is no hexadecimal number"]),
        (("data: {path: x}", "schema_sha256: 1a", f"rows_sha256: {OTHER}"), ["and this has 2 hexadecimal digits"]),
        (("path: x", f"sha265: {OTHER}", "lfs: true"), ["unknown key 'sha265'"]),
    ],
)
def test_pins_that_cannot_be_meant_are_told_while_the_file_is_read(version, lines, problems):
    """None, two, of the wrong length or form, or of another sort than what they pin."""
    with pytest.raises(GateFileError) as caught:
        version(*(lines or ("description: none",)))
    for problem, expected in zip(caught.value.problems, problems, strict=True):
        assert expected in str(problem)
