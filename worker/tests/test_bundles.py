"""Bundles: fetched once, cached beside the workers, unpacked safely, run as their model.json says."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import stat
import struct
import subprocess
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import attach
import pytest
from tests.lab import Lab, wait_for
from tests.test_bad_computer import SOON, rests, small_disk

__all__ = ["small_disk"]

RUN = {"kind": "python", "main": "run.py"}
CODE = "result['sum'] = sum(map(float, open('data/numbers.txt').read().split())) + {{a}}\n"


def packed(files: dict[str, str | bytes], document: dict[str, Any] | None = None) -> bytes:
    """A ZIP file with these files, and a model.json."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
        if document is not None:
            archive.writestr("model.json", json.dumps(document))
    return body.getvalue()


def send(lab: Lab, bundle: bytes, key: str = "", **fields: Any) -> str:
    """Enqueues a case of a bundle; its id."""
    key = key or f"models/{hashlib.sha256(bundle).hexdigest()}/soil.zip"
    lab.s3.put_object(Bucket=lab.study.bucket, Key=key, Body=bundle)
    return lab.send("", "bundle", model_key=key, **fields)


def caches(folder: Path) -> list[Path]:
    """The bundles that lie in the cache below a folder for temporary files."""
    return sorted(folder.glob("cruncher-bundles-*/*.zip"))


def test_a_bundle_is_unpacked_and_its_placeholders_are_filled(lab: Lab, tmp_path: Path) -> None:
    worker = lab.attach(TMPDIR=str(tmp_path))
    code = CODE + "import helper, sys\nresult.update(helper=helper.NAME, argv=sys.argv, text=open('in.dat').read())"
    files: dict[str, str | bytes] = {
        "src/run.py": code, "src/helper.py": "NAME = 'mine'", "data/numbers.txt": "1 2 3", "in.dat": "b = {{b}}",
    }  # fmt: skip
    bundle = packed(files, {"kind": "python", "main": "src/run.py", "templates": ["in.dat"]})
    document = lab.done(send(lab, bundle, parameters={"a": 0.5, "b": 7}))
    assert document["result"] == {"sum": 6.5, "helper": "mine", "argv": ["src/run.py"], "text": "b = 7"}
    assert document["model"]["kind"] == "bundle" and document["warnings"] == []
    document = lab.done(send(lab, bundle, parameters={"a": 1.5, "b": 8, "c": 1}))
    assert document["result"]["text"] == "b = 8"  # of files that no case before has filled
    assert document["warnings"] == ["parameter c is used by no placeholder"]
    assert len(caches(tmp_path)) == 1 and worker.output.count("Traceback") == 0


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({"kind": "command", "main": "go.sh"}, {"a": 3}),
        ({"kind": "command", "main": "go.sh", "result": {"file": "out.csv"}}, {"x": 2}),
        ({"kind": "command_line", "command": "sh go.sh", "templates": ["go.sh"]}, {"a": 3}),
        ({"kind": "command_line", "command": "./tool {{a}}"}, {"tool": 3}),
    ],
)
def test_commands_of_a_bundle_are_run(lab: Lab, document: dict[str, Any], found: Any) -> None:
    lab.attach()
    files: dict[str, str | bytes] = {
        "go.sh": "printf '{\"a\": {{a}}}' > result.json\nprintf 'x\\n1\\n2\\n' > out.csv",
        "tool": "#!/bin/sh\nprintf '{\"tool\": %s}' $1 > result.json",
    }
    assert lab.done(send(lab, packed(files, document), parameters={"a": 3}))["result"] == found


def broken(name: str) -> tuple[bytes, str, str]:
    """A bundle that can't be run: exception, and words of the message."""
    files: dict[str, str | bytes] = {"run.py": CODE}
    return {
        "no document": (packed(files), "DamagedBundle", "/soil.zip has no model.json"),
        "no main": (packed({}, RUN), "DamagedBundle", "has no file run.py, which its model.json names"),
        "a document that is none": (
            packed(files, {"kind": "x"}),
            "WrongModelDocument",
            "the bundle's model.json: `kind`",
        ),
        "no parameter": (
            packed(files, RUN),
            "MissingParameter",
            "run.py: placeholder {{a}} in line 1 has no parameter",
        ),
        "no ZIP": (b"PK", "DamagedBundle", "/soil.zip is no ZIP file, or has a comment at its end"),
        "a path that leads out": (
            packed({"../x": ""}, RUN),
            "DamagedBundle",
            "has an entry '../x' which must be a path",
        ),
    }[name]


@pytest.mark.parametrize(
    "name", ["no document", "no main", "a document that is none", "no parameter", "no ZIP", "a path that leads out"]
)
def test_a_bundle_that_can_not_be_run_fails_its_case_and_is_named(lab: Lab, name: str) -> None:
    bundle, exception, words = broken(name)
    lab.attach()
    document = lab.error(send(lab, bundle, max_attempts=1))
    assert document["exception"] == exception and words in document["message"]
    lab.done(lab.send("result['a'] = 1"))  # the worker goes on


def test_a_bundle_that_is_not_there_or_another_one_fails_its_case(lab: Lab) -> None:
    lab.attach()
    key = f"models/{'0' * 64}/soil.zip"
    missing = lab.error(lab.send("", "bundle", model_key=key, max_attempts=1))
    assert (missing["exception"], missing["message"]) == ("ModelNotFound", f"there is no model at {key}")
    other = lab.error(send(lab, packed({"run.py": CODE}, RUN), key, max_attempts=1))
    words = f"the bundle {key} is not the file that its address promises: its digest is another one"
    assert (other["exception"], other["message"]) == ("DamagedBundle", words)


def test_a_bundle_lies_in_a_folder_of_its_user_and_one_that_was_damaged_there_is_fetched_again(
    lab: Lab, tmp_path: Path
) -> None:
    proxy = lab.proxy()
    lab.attach(proxy.config_url, TMPDIR=str(tmp_path))
    # The case changes its files, and what it finds of the cache.
    code = "open('data/numbers.txt', 'w').write('100')\n"
    bundle = packed({"run.py": CODE + code, "data/numbers.txt": "1 2"}, RUN)

    def fetched() -> int:
        return sum(seen.method == "GET" and seen.path.endswith("/soil.zip") for seen in proxy.seen)

    assert lab.done(send(lab, bundle, parameters={"a": 1}))["result"] == {"sum": 4}
    assert lab.done(send(lab, bundle, parameters={"a": 2}))["result"] == {"sum": 5} and fetched() == 1
    (cached,) = caches(tmp_path)
    assert stat.S_IMODE(cached.parent.stat().st_mode) == 0o700 and stat.S_IMODE(cached.stat().st_mode) == 0o600
    cached.write_bytes(cached.read_bytes().replace(b"PK", b"KP", 1))
    assert lab.done(send(lab, bundle, parameters={"a": 3}))["result"] == {"sum": 6} and fetched() == 2
    assert caches(tmp_path) == [cached] and hashlib.sha256(cached.read_bytes()).hexdigest() == cached.stem


def test_a_large_bundle_is_fetched_piece_by_piece(lab: Lab) -> None:
    proxy = lab.proxy()
    faults = iter(["reset", "truncate", "503"])
    proxy.fault = lambda seen: next(faults, None) if seen.path.endswith("/soil.zip") else None
    lab.attach(proxy.config_url)
    random = os.urandom(9 << 20)
    code = "import hashlib\nresult['digest'] = hashlib.sha256(open('large', 'rb').read()).hexdigest()"
    document = lab.done(send(lab, packed({"run.py": code, "large": random}, RUN)))
    assert document["result"] == {"digest": hashlib.sha256(random).hexdigest()}
    statuses = [seen.status for seen in proxy.seen if seen.method == "GET" and seen.path.endswith("/soil.zip")]
    assert statuses.count(206) >= 2 and next(faults, None) is None


def test_two_workers_of_one_computer_unpack_at_once_and_fetch_once(lab: Lab, tmp_path: Path) -> None:
    proxy, gate = lab.proxy(), lab.gate()
    workers = [lab.attach(proxy.config_url, TMPDIR=str(tmp_path)) for _ in range(4)]
    for worker in workers:
        worker.says("waiting for cases")
    bundle = packed({"run.py": gate.code + CODE, "data/numbers.txt": "1 2", "large": os.urandom(3 << 20)}, RUN)
    cases = [send(lab, bundle, parameters={"a": number}) for number in range(4)]
    gate.arrivals(4)
    gate.open()
    assert [lab.done(case)["result"]["sum"] for case in cases] == [3, 4, 5, 6]
    assert sum(seen.method == "GET" and seen.path.endswith("/soil.zip") for seen in proxy.seen) == 1
    assert len(caches(tmp_path)) == 1 and list(tmp_path.glob("cruncher-bundles-*/part-*")) == []


def test_a_case_whose_bundle_fills_the_disk_goes_back_to_the_queue(lab: Lab, small_disk: Path) -> None:
    worker = lab.attach(between=SOON, TMPDIR=str(small_disk))
    case = send(
        lab, packed({"run.py": CODE, "data/numbers.txt": "1", "large": bytes(8 << 20)}, RUN), parameters={"a": 1}
    )
    rests(lab, worker, "No space left on device")
    wait_for("the case in the queue", lambda: lab.in_queue() == (1, 0))
    assert lab.document(f"data/b/error-{case}.json") is None  # it is no failure of the case
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)  # somebody makes room
    assert lab.done(case)["attempt"] == 1


class TestUnpacking:
    """What a ZIP file may hold."""

    def refused(self, tmp_path: Path, content: bytes) -> str:
        """Why it is refused; nothing of it is there then."""
        with pytest.raises(attach.DamagedBundle) as error:
            attach.unpack(io.BytesIO(content), str(tmp_path / "case"))
        assert not (tmp_path / "case").exists()
        return str(error.value)

    @pytest.mark.parametrize(
        "path",
        [
            "../a", "a/../../b", "/a", "//a", "C:/a", "a\\b", "\\\\host\\a", "a//b", "./a", "a/.", "a.", "a ", "a\nb",
            "nul", "NUL.txt", "lib/com1.dat", "COM²", "x" * 201,
        ],
    )  # fmt: skip
    def test_no_path_leaves_the_folder_or_is_something_else_elsewhere(self, tmp_path: Path, path: str) -> None:
        assert self.refused(tmp_path, packed({path: "x"})).startswith("has an entry ")

    @pytest.mark.parametrize("second", ["../b", "b", "model.json"])
    def test_a_second_name_in_an_extra_field_is_refused(self, second: str) -> None:
        field = struct.pack("<BL", 1, zlib.crc32(b"a")) + second.encode()
        entry, body = zipfile.ZipInfo("a"), io.BytesIO()
        entry.extra = struct.pack("<HH", 0x7075, len(field)) + field
        with zipfile.ZipFile(body, "w") as archive:
            archive.writestr(entry, "x")
        with zipfile.ZipFile(body) as archive:
            (read,) = archive.infolist()
        assert read.filename in ("a", second)
        read.filename = second  # as newer Pythons do, and older ones don't
        with pytest.raises(attach.DamagedBundle, match=r"^has an entry 'a' which (has two names|must be a path)"):
            attach.check_entries([read])

    @pytest.mark.parametrize("paths", [("a", "A"), ("a/b", "A/c"), ("ä", "a\u0308"), ("ß", "ss")])
    def test_names_that_are_one_elsewhere_are_refused(self, tmp_path: Path, paths: tuple[str, str]) -> None:
        assert "which are one on some computers" in self.refused(tmp_path, packed(dict.fromkeys(paths, "")))

    def test_a_name_that_comes_twice_or_is_file_and_folder_is_refused(self, tmp_path: Path) -> None:
        body = io.BytesIO()
        with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(body, "w") as archive:
            archive.writestr("a", "1")
            archive.writestr("a", "2")
        assert self.refused(tmp_path, body.getvalue()) == "has 'a' twice"
        assert self.refused(tmp_path, packed({"a": "", "a/b": ""})) == "has 'a' as a file and as a folder"

    @pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
    def test_what_is_no_file_is_refused(self, tmp_path: Path, kind: int) -> None:
        body, entry = io.BytesIO(), zipfile.ZipInfo("link")
        entry.external_attr = (kind | 0o777) << 16
        with zipfile.ZipFile(body, "w") as archive:
            archive.writestr(entry, "/etc/passwd")
        assert self.refused(tmp_path, body.getvalue()).endswith("is no file, but a link or a device")

    @pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_a_compression_whose_damage_can_not_be_told_is_refused(self, tmp_path: Path, kind: int) -> None:
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w", kind) as archive:
            archive.writestr("a", bytes(range(256)) * 20)
        content = body.getvalue()
        for one in (content, content[:40] + b"\xff" * 20 + content[60:]):
            assert self.refused(tmp_path, one).endswith("is compressed in another way than by deflate")

    def test_what_belongs_to_the_case_is_refused(self, tmp_path: Path) -> None:
        assert "outputs/" in self.refused(tmp_path, packed({"Outputs/a": ""}))

    def test_bombs_are_refused_before_they_are_unpacked(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(attach, "MAX_UNPACKED_BYTES", 1 << 20)
        monkeypatch.setattr(attach, "MAX_BUNDLE_FILES", 3)
        assert self.refused(tmp_path, packed({"a": bytes(1 << 20), "b": "x"})) == "would be more than 1 MiB unpacked"
        assert self.refused(tmp_path, packed({str(one): "" for one in range(4)})) == "has more than 3 files"
        monkeypatch.setattr(attach, "MAX_DIRECTORY_BYTES", 100)
        assert self.refused(tmp_path, packed({"x" * 60: "", "y": ""})) == "has more than 3 files"

    @pytest.mark.parametrize("wrong", [5, 5 << 20])
    def test_a_size_that_is_a_lie_is_found(self, tmp_path: Path, wrong: int) -> None:
        content = packed({"a": bytes(1 << 20)})
        size = (1 << 20).to_bytes(4, "little")
        (tmp_path / "case").mkdir()
        with pytest.raises(attach.DamagedBundle):
            attach.unpack(io.BytesIO(content.replace(size, wrong.to_bytes(4, "little"))), str(tmp_path / "case"))
        assert sum(path.stat().st_size for path in (tmp_path / "case").iterdir()) <= 1 << 20

    def test_whatever_is_no_zip_is_refused(self, tmp_path: Path) -> None:
        whole = packed({"a": "x" * 100}, RUN)
        (tmp_path / "case").mkdir()
        for content in (b"", b"x" * 100, whole[:-1], whole + b"x", whole[50:]):
            with pytest.raises(attach.DamagedBundle):
                attach.unpack(io.BytesIO(content), str(tmp_path / "case"))
        assert list((tmp_path / "case").iterdir()) == []
        for place in range(len(whole)):
            broken_byte = whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :]
            folder = tmp_path / str(place)
            folder.mkdir()
            with contextlib.suppress(attach.DamagedBundle):
                attach.unpack(io.BytesIO(broken_byte), str(folder))
            inside = [path.relative_to(folder) for path in folder.rglob("*")]
            assert all(".." not in path.parts for path in inside)

    def test_programs_can_be_executed_and_other_files_can_not(self, tmp_path: Path) -> None:
        (tmp_path / "case").mkdir()
        attach.unpack(io.BytesIO(packed({"go": "#!/bin/sh\n", "elf": b"\x7fELF", "a": "x"})), str(tmp_path / "case"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "case").iterdir()}
        assert modes == {"go": 0o700, "elf": 0o700, "a": 0o600}


class TestCache:
    """The folder in which bundles lie between cases."""

    @pytest.fixture(autouse=True)
    def _elsewhere(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def test_a_folder_that_others_may_write_into_is_not_used(self, tmp_path: Path) -> None:
        usual = Path(attach.cache_folder())
        assert usual.parent == tmp_path and Path(attach.cache_folder()) == usual
        usual.chmod(0o777)
        assert Path(attach.cache_folder()) != usual
        usual.rmdir()
        (tmp_path / "else").mkdir()
        usual.symlink_to(tmp_path / "else")
        assert Path(attach.cache_folder()) not in (usual, tmp_path / "else")

    def test_what_was_used_longest_ago_gives_way(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(attach, "BUNDLES_KEPT_BYTES", 10)
        for number, name in enumerate(("a.zip", "b.zip", "c.zip", "part-old", "part-new")):
            (tmp_path / name).write_bytes(b"1234")
            if name != "part-new":
                os.utime(tmp_path / name, (number, number))
        attach.make_room(str(tmp_path), 3)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["c.zip", "part-new"]
