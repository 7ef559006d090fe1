"""Pins by DVC and of folders: against what dvc wrote and coreutils compute; and folders that are up to no good."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs import hashing
from pytest_mlgate.inputs.pins import hold, sha256_pin
from pytest_mlgate.pinning import Pin

POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")


def held(path, **pin):
    found, records = hold(Pin(str(path), **{key: str(value) for key, value in pin.items()}), lambda one: one.name)
    return found, records


def fill(folder):
    """Make a folder with hidden, empty, nested, oddly named and large files."""
    (folder / "sub" / "empty").mkdir(parents=True)
    (folder / "a.csv").write_bytes(b"x,y\r\n1,2\r\n")
    (folder / "sub" / "ünï 🦉.txt").write_bytes("é\n".encode())
    (folder / "sub.txt").write_bytes(b"sorts between\n")
    (folder / ".hidden").write_bytes(b"\0\1")
    (folder / "none").write_bytes(b"")
    (folder / "large.bin").write_bytes(random.Random(1).randbytes(3 * hashing.CHUNK + 17))  # noqa: S311 - any bytes
    return folder


@pytest.fixture(scope="module")
def dvc(tmp_path_factory):
    """Give a function that runs dvc: offline, silent, and at home in a temporary folder."""
    home = tmp_path_factory.mktemp("dvc")
    places = {
        name: str(home / name) for name in ("DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR", "DVC_SITE_CACHE_DIR")
    }
    environ = {**os.environ, **places, "HOME": str(home), "DVC_NO_ANALYTICS": "1", "DVC_TEST": "1"}

    def run(folder, *arguments):
        subprocess.run([sys.executable, "-m", "dvc", *arguments], cwd=folder, env=environ, check=True, timeout=120)

    return run


@pytest.fixture(scope="module")
def original(dvc, tmp_path_factory):
    """Make a DVC project: a file, a folder and two stages, one of which runs in another folder."""
    root = tmp_path_factory.mktemp("project")
    dvc(root, "init", "--no-scm", "--quiet")
    fill(root / "folder")
    (root / "train.csv").write_bytes(b"a,b\r\n1,2\r\n")
    (root / "work").mkdir()
    dvc(root, "add", "--quiet", "train.csv", "folder")
    make = {"cmd": f'"{sys.executable}" ../make.py out.txt', "wdir": "work", "outs": ["out.txt"]}
    stages = {
        "there": make,
        "here": {"cmd": f'"{sys.executable}" make.py out.txt', "outs": ["out.txt"]},
        "each": {"foreach": ["one"], "do": {**make, "cmd": make["cmd"].replace("out.", "each."), "outs": ["each.txt"]}},
    }
    (root / "dvc.yaml").write_text(json.dumps({"stages": stages}), encoding="utf-8")
    (root / "make.py").write_text("import sys\nopen(sys.argv[1], 'w').write(sys.argv[0])\n", encoding="utf-8")
    dvc(root, "repro", "--quiet")
    return root


@pytest.fixture
def project(original, tmp_path):
    """Give a copy of the project that a test may spoil."""
    return Path(shutil.copytree(original, tmp_path / "p"))


@pytest.mark.parametrize(
    ("path", "pin", "files"),
    [
        ("train.csv", "train.csv.dvc", None),
        ("folder", "folder.dvc", 6),
        ("out.txt", "dvc.lock", None),
        ("work/out.txt", "dvc.lock", None),
        ("work/each.txt", "dvc.lock", None),
    ],
)
def test_what_dvc_wrote_is_matched(project, path, pin, files):
    """Files, folders and outputs of stages have the MD5 that dvc gave them; every file is recorded with its SHA-256."""
    found, (data, source) = held(project / path, dvc=project / pin)
    assert found.matches
    assert found.expected == found.found
    assert (found.pinned_files, found.pinned_size) == (files, found.size)
    assert [one.sha256 for one in data.files] == [
        hashlib.sha256(Path(one.path).read_bytes()).hexdigest() for one in data.files
    ]
    assert len(data.files) == found.files == (files or 1)
    assert (source.role, source.name) == ("pin", pin)


def test_every_file_of_a_folder_counts(project):
    """One byte in any of them, another name, one more or one less: which, is known from dvc's cache."""
    for name in ("a.csv", "sub/ünï 🦉.txt", ".hidden", "none", "large.bin"):
        path = project / "folder" / name
        before = path.read_bytes()
        path.write_bytes(before + b"!")
        found, _ = held(project / "folder", dvc=project / "folder.dvc")
        assert not found.matches
        assert (found.changes.changed, found.changes.added, found.changes.removed) == ((name,), (), ())
        path.write_bytes(before)
    (project / "folder" / "a.csv").rename(project / "folder" / "b.csv")
    found, _ = held(project / "folder", dvc=project / "folder.dvc")
    assert (found.changes.added, found.changes.removed) == (("b.csv",), ("a.csv",))


def test_without_the_cache_only_counts_are_known(project):
    """A checkout in CI has no cache: the difference is found all the same."""
    shutil.rmtree(project / ".dvc" / "cache")
    (project / "folder" / "more").write_bytes(b"1")
    found, _ = held(project / "folder", dvc=project / "folder.dvc")
    assert not found.matches
    assert found.changes is None
    assert (found.files, found.pinned_files, found.size - found.pinned_size) == (7, 6, 1)
    assert "written last: more" in found.remarks[0]


def test_a_listing_in_the_cache_that_is_not_itself_is_not_believed(project):
    """It is trusted for its MD5 alone."""
    (listing,) = (project / ".dvc" / "cache").rglob("*.dir")
    listing.chmod(0o644)
    listing.write_text("[]", encoding="utf-8")
    (project / "folder" / "more").write_bytes(b"1")
    assert held(project / "folder", dvc=project / "folder.dvc")[0].changes is None


def test_a_listing_that_is_none_is_left_alone(project):
    """Whatever MD5 it was given."""
    for number, text in enumerate(["{", "[1]", '[{"md5": 1, "relpath": "x"}]']):
        name = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        listing = project / ".dvc" / "cache" / "files" / "md5" / name[:2] / f"{name[2:]}.dir"
        listing.parent.mkdir(exist_ok=True)
        listing.write_text(text, encoding="utf-8")
        pin = project / f"{number}.dvc"
        pin.write_text(f"outs:\n- {{md5: {name}.dir, hash: md5, path: folder}}\n", encoding="utf-8")
        found, _ = held(project / "folder", dvc=pin)
        assert (found.matches, found.changes) == (False, None)


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems take both forms for one name")
def test_names_in_another_unicode_form_are_other_names_and_said_to_be(project):
    """A folder that was packed on a Mac."""
    path = project / "folder" / "sub" / "ünï 🦉.txt"
    path.rename(path.with_name(unicodedata.normalize("NFD", path.name)))
    found, _ = held(project / "folder", dvc=project / "folder.dvc")
    assert not found.matches
    assert "some names differ only in their Unicode form" in found.remarks[0]


def test_paths_in_a_dvc_file_start_at_its_wdir(project):
    """Which starts at the file's own folder."""
    (project / "pins").mkdir()
    text = (project / "train.csv.dvc").read_text(encoding="utf-8")
    (project / "pins" / "t.dvc").write_text(f"wdir: ..\n{text}", encoding="utf-8")
    assert held(project / "train.csv", dvc=project / "pins" / "t.dvc")[0].matches


def test_what_dvc_passes_over_does_not_count(project):
    """A repository inside the folder."""
    (project / "folder" / "sub" / ".git").mkdir()
    (project / "folder" / "sub" / ".git" / "HEAD").write_bytes(b"1")
    assert held(project / "folder", dvc=project / "folder.dvc")[0].matches


def test_where_a_dvcignore_may_hide_a_file_nothing_is_claimed(project):
    """More files than were pinned may be ignored ones; a changed one cannot."""
    (project / ".dvcignore").write_text("# of editors\n*.swp\n", encoding="utf-8")
    (project / "folder" / "a.swp").write_bytes(b"1")
    with pytest.raises(NotMeasuredError, match=r"\.dvcignore may leave some of its 7 files out"):
        held(project / "folder", dvc=project / "folder.dvc")
    (project / "folder" / "a.swp").unlink()
    (project / "folder" / "a.csv").write_bytes(b"1")
    assert not held(project / "folder", dvc=project / "folder.dvc")[0].matches


def legacy(path, expected):
    path.write_text(f"outs:\n- md5: {expected}\n  path: {path.stem}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "data",
    [
        b"a,b\r\n1,2\r\n",
        b"a,b\n1,2\n",
        b"\0a\r\nb",
        b"\xff\xfe" * 300 + b"\r\n",
        b"a\r\n" * 400_000 + b"\0" + b"b\r\n" * 400_000,
        b"x" * (hashing.CHUNK - 1) + b"\r\n",
    ],
    ids=["text", "unix", "binary", "not ASCII", "both in turn", "between chunks"],
)
def test_pins_of_dvc_2_are_held_as_dvc_3_holds_them(data, tmp_path):
    """Without `hash: md5`, text is hashed with Unix line endings, chunk by chunk, as dvc's own code does."""
    from dvc_data.hashfile.hash import file_md5

    path = tmp_path / "old.csv"
    path.write_bytes(data)
    expected = file_md5(str(path), name="md5-dos2unix")
    assert held(path, dvc=legacy(tmp_path / "old.csv.dvc", expected))[0].matches
    path.write_bytes(data + b"!")
    assert not held(path, dvc=tmp_path / "old.csv.dvc")[0].matches


def test_a_folder_of_dvc_2_is_held_likewise(project):
    """Against dvc's own tree of the folder, its files hashed as dvc 2 did."""
    listing = sorted(
        (one.relative_to(project / "folder").as_posix(), one)
        for one in (project / "folder").rglob("*")
        if one.is_file()
    )
    from dvc_data.hashfile.hash import file_md5
    from dvc_data.hashfile.hash_info import HashInfo
    from dvc_data.hashfile.tree import Tree

    tree = Tree()
    for name, path in listing:
        tree.add(tuple(name.split("/")), None, HashInfo("md5-dos2unix", file_md5(str(path), name="md5-dos2unix")))
    tree.digest()
    (project / "folder.dvc").unlink()
    pin = legacy(project / "folder.dvc", tree.oid)
    found, _ = held(project / "folder", dvc=pin)
    assert found.matches
    data = project / "folder" / "a.csv"
    data.write_bytes(data.read_bytes().replace(b"\r\n", b"\n"))
    assert held(project / "folder", dvc=pin)[0].matches  # which dvc 2 could not tell apart


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("outs: [", "not valid YAML"),
        ("<<<<<<< HEAD\nouts:\n", "not valid YAML"),
        ("- a\n", "no .dvc file and no dvc.lock"),
        ("outs:\n- !!python/object/apply:os.system [touch hit]\n", "tag"),
        ("md5: 123\n", "has no outs"),
        ("outs: []\n", "has no outs"),
        ("outs:\n- {md5: d41d8cd98f00b204e9800998ecf8427e, path: trian.csv}\n", "does not pin train.csv.*'trian.csv'"),
        ("outs:\n- {path: train.csv}\n", "gives no MD5 of train.csv"),
        ("outs:\n- {md5: d41d8cd9, path: train.csv}\n", "gives no MD5 of train.csv"),
        ("outs:\n- {md5: 12345678123456781234567812345678, path: train.csv}\n", "gives no MD5 of train.csv"),
        ("outs:\n- {hash: sha256, md5: d41d8cd98f00b204e9800998ecf8427e, path: train.csv}\n", "gives no MD5"),
        ("outs:\n- {etag: '\"abc\"', path: train.csv}\n", "gives no MD5 of train.csv"),
        (
            "outs:\n- {md5: d41d8cd98f00b204e9800998ecf8427e.dir, path: .}\n",
            "pins the whole folder ., and says nothing",
        ),
        (
            (
                "stages:\n  a: {outs: [{path: train.csv, md5: d41d8cd98f00b204e9800998ecf8427e}]}\n"
                "  b: {outs: [{path: train.csv, md5: e41d8cd98f00b204e9800998ecf8427e}]}\n"
            ),
            "different things of train.csv, in a and b",
        ),
        ("stages: 3\nouts:\n- path: 3\n", "has no outs"),
        ("stages:\n  a: 3\n  b: {outs: 4}\n  c: {outs: [5]}\n", "has no outs"),
        ("", "empty file"),
    ],
)
def test_a_pin_that_dvc_did_not_write_so_is_not_measured(project, text, reason):
    """Damaged, of something else, or without an MD5; nothing in it is run."""
    (project / "train.csv.dvc").write_text(text, encoding="utf-8")
    with pytest.raises(NotMeasuredError, match=f"(?s){reason}"):
        held(project / "train.csv", dvc=project / "train.csv.dvc")
    assert not (project / "hit").exists()


def test_data_that_were_not_pulled_are_not_measured(project):
    """A missing file says how to get it, an empty folder too."""
    (project / "train.csv").unlink()
    with pytest.raises(NotMeasuredError, match=r"train\.csv does not exist \(dvc pull train\.csv\)"):
        held(project / "train.csv", dvc=project / "train.csv.dvc")
    shutil.rmtree(project / "folder")
    (project / "folder" / "sub").mkdir(parents=True)
    with pytest.raises(NotMeasuredError, match=r"folder holds no files .*dvc pull"):
        held(project / "folder", dvc=project / "folder.dvc")


def test_a_file_where_a_folder_was_pinned_is_a_difference(project):
    """And the other way round."""
    shutil.rmtree(project / "folder")
    (project / "folder").write_bytes(b"1")
    found, _ = held(project / "folder", dvc=project / "folder.dvc")
    assert (found.matches, found.remarks) == (False, ("a folder was pinned, and a file is there",))
    (project / "train.csv").unlink()
    (project / "train.csv").mkdir()
    (project / "train.csv" / "x").write_bytes(b"1")
    found, _ = held(project / "train.csv", dvc=project / "train.csv.dvc")
    assert (found.matches, found.remarks) == (False, ("a file was pinned, and a folder is there",))


@pytest.mark.skipif(not shutil.which("xargs") or sys.platform != "linux", reason="needs GNU find")
def test_the_hash_of_a_folder_is_what_coreutils_compute(tmp_path):
    """By the line in the documentation, names with line feeds and links to files included."""
    folder = fill(tmp_path / "f")
    (folder / "two\nlines").write_bytes(b"1")
    (folder / "back\\slash").write_bytes(b"2")
    (folder / "e\u0301").write_bytes(b"one form")
    (folder / "é").write_bytes(b"another")
    (folder / "link").symlink_to("sub.txt")
    command = r"find . -xtype f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum -z -- | sha256sum"
    done = subprocess.run(command, shell=True, cwd=folder, check=True, capture_output=True, text=True)  # noqa: S602 - as documented
    assert command in hashing.__doc__
    assert sha256_pin(folder, "f") == done.stdout.split()[0]


def test_the_hash_of_a_folder_speaks_of_names_and_bytes_alone(tmp_path):
    """Not of when files were written, in which order, by whom may be read, or of folders without any."""
    one, other = fill(tmp_path / "one"), tmp_path / "other"
    for path in sorted((one for one in one.rglob("*") if one.is_file()), reverse=True):
        target = other / path.relative_to(one)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
        os.utime(target, (1, 1))
        target.chmod(0o600)
    assert sha256_pin(one, "f") == sha256_pin(other, "f")
    (other / "a.csv").rename(other / "A.csv")
    assert sha256_pin(one, "f") != sha256_pin(other, "f")


def test_names_and_bytes_do_not_run_into_each_other(tmp_path):
    """Moving bytes from one file into the next is seen."""
    for name, contents in {"one": ("ab", "c"), "other": ("a", "bc")}.items():
        (tmp_path / name).mkdir()
        for file, text in zip("xy", contents, strict=True):
            (tmp_path / name / file).write_text(text, encoding="utf-8")
    assert sha256_pin(tmp_path / "one", "f") != sha256_pin(tmp_path / "other", "f")


@POSIX
def test_a_link_counts_as_the_file_and_its_bytes_are_watched(tmp_path):
    """Wherever it leads: a reader reads those bytes."""
    (tmp_path / "outside").write_bytes(b"1")
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "x").symlink_to(tmp_path / "outside")
    (tmp_path / "g").mkdir()
    (tmp_path / "g" / "x").write_bytes(b"1")
    before = sha256_pin(tmp_path / "f", "f")
    assert before == sha256_pin(tmp_path / "g", "g")
    (tmp_path / "outside").write_bytes(b"2")
    assert sha256_pin(tmp_path / "f", "f") != before


def to_nothing(folder):
    (folder / "odd").symlink_to("nowhere")


def to_a_folder(folder):
    (folder / "odd").symlink_to("..")


def to_itself(folder):
    (folder / "odd").symlink_to("odd")


def a_pipe(folder):
    os.mkfifo(folder / "odd")


def no_text(folder):
    (folder / os.fsdecode(b"odd\xff")).write_bytes(b"1")


@POSIX
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (to_nothing, "f/odd cannot be read: No such file"),
        (to_a_folder, "f/odd is a link to a folder"),
        (to_itself, "f/odd cannot be read: "),
        (a_pipe, "f/odd is neither a file nor a folder"),
        pytest.param(
            no_text, r"name that is not UTF-8: odd\\udcff", marks=pytest.mark.skipif(sys.platform != "linux", reason="")
        ),
    ],
)
def test_what_is_no_plain_file_is_refused(make, reason, tmp_path):
    """At once: opening a pipe would wait for ever, and a link to a folder may have no end."""
    folder = fill(tmp_path / "f")
    make(folder)
    with pytest.raises(NotMeasuredError, match=reason):
        sha256_pin(folder, "f")


@POSIX
@pytest.mark.skipif(os.name != "nt" and os.geteuid() == 0, reason="root reads everything")
@pytest.mark.parametrize("name", ["a.csv", "sub"])
def test_what_cannot_be_read_is_not_passed_over(name, tmp_path):
    """A file, and a folder whose files would otherwise be missing without a word."""
    folder = fill(tmp_path / "f")
    (folder / name).chmod(0)
    try:
        with pytest.raises(NotMeasuredError, match=f"f/{name} cannot be read: Permission denied"):
            sha256_pin(folder, "f")
    finally:
        (folder / name).chmod(0o700)


@pytest.mark.parametrize("call", ["open", "scandir"])
def test_an_error_of_the_disk_is_told(call, tmp_path, monkeypatch):
    """What the operating system refuses is never left out."""
    folder = fill(tmp_path / "f")

    def refuse(path, *_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(*((hashing, "open", refuse) if call == "open" else (os, "scandir", refuse)), raising=False)
    with pytest.raises(NotMeasuredError, match="cannot be read: Permission denied"):
        sha256_pin(folder, "f")


def grows(path):
    with path.open("ab") as file:
        file.write(b"more")


def is_rewritten(path):
    data = path.read_bytes()
    os.utime(path, ns=(1, 1))
    path.write_bytes(bytes(reversed(data)))


@pytest.mark.parametrize("change", [grows, is_rewritten, Path.unlink, lambda path: path.with_name("new").touch()])
def test_a_folder_that_changes_while_it_is_read_is_not_measured(change, tmp_path, monkeypatch):
    """A file grows, is written anew with the same size, goes or comes."""
    folder = fill(tmp_path / "f")
    for path in folder.rglob("*"):
        os.utime(path, (5, 5))
    read, seen = hashing._hashes, []

    def slow(file, size, hashers):
        found = read(file, size, hashers)
        seen.append(file.name)
        if len(seen) == 2:
            change(Path(seen[0]))
        return found

    monkeypatch.setattr(hashing, "_hashes", slow)
    with pytest.raises(NotMeasuredError, match="f changed while it was read"):
        sha256_pin(folder, "f")


@pytest.mark.parametrize("names", [(), ("sub/",), ("a", "b/c")], ids=["nothing", "a folder", "empty files"])
def test_a_folder_without_bytes_is_never_a_version(names, tmp_path):
    """Not even of the hash that nothing has."""
    (tmp_path / "f").mkdir()
    for name in names:
        path = tmp_path / "f" / name
        path.parent.mkdir(exist_ok=True)
        path.mkdir(exist_ok=True) if name.endswith("/") else path.touch()
    with pytest.raises(NotMeasuredError, match=r"f holds (no files|only empty files)"):
        held(tmp_path / "f", sha256=hashlib.sha256(b"").hexdigest())


def test_pointers_in_a_folder_are_not_the_data(tmp_path):
    """Some files were never fetched."""
    folder = fill(tmp_path / "f")
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 9\n"
    (folder / "p.bin").write_text(pointer, encoding="utf-8")
    with pytest.raises(NotMeasuredError, match=r"1 of 7 files in f \(p\.bin\) are git-lfs pointers, not the data"):
        sha256_pin(folder, "f")


def test_a_very_deep_folder_is_read(tmp_path):
    """Without recursion."""
    deep = tmp_path / "f"
    for _ in range(300):
        deep /= "d"
    deep.mkdir(parents=True)
    (deep / "x").write_bytes(b"1")
    name = "/".join(["d"] * 300 + ["x"])
    manifest = f"{hashlib.sha256(b'1').hexdigest()}  {name}\0".encode()
    assert sha256_pin(tmp_path / "f", "f") == hashlib.sha256(manifest).hexdigest()
