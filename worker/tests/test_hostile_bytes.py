"""Whatever bytes there are, given to each parser of the worker: it takes them, or refuses them in its own way.

Inputs are the documents of `crates/fuzz/corpus`, and mutations of them that follow from a seed.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from random import Random

import attach
import pytest

CORPUS = Path(__file__).resolve().parents[2] / "crates/fuzz/corpus"
MUTATIONS = 1500
TOKEN = re.compile(rb'"(?:[^"\\\n]|\\.)*"|[\w.+-]+|\S')
WORDS = [
    b"0", b"-1", b"1.5", b"1e999", b"NaN", b"Infinity", b"-Infinity", b"null", b"true", b"[]", b"{}", b'""',
    b'"\\ud800"', b'"\\u0000"', b"9" * 40, b"9" * 5000, b"18446744073709551616", b"[" * 3000, b'{"a":' * 3000,
    b"\xff", b"\0", b"\xef\xbb\xbf", b"\r", b'"../x"', b'"files"', b"{{a}}", b"{{ a[ 1 ] }}", b'"""', b"'", b'f"{',
    b"# coding: utf-16\n", b"# coding: undefined\n", b"# coding: idna\n", b"# coding: rot13\n", b"<Code>A.b</Code>",
]  # fmt: skip
MODEL = b"# {{a}}\nx = {{b}} * {{ depth[1] }}\ns = '{{c}}' + f\"{{a}} {x}\" # {{ a }}\n'''{{b}}'''\ny = -{{a}}**2\n"
CASE = attach.Case(
    "0" * 32, "a/b", 1, 0, "00f1e2d3c4b5a697", "models/" + "a" * 64 + "/m.py", "python",
    {"a": -1, "b": 1e300, "c": "it's \"x\"\n\udc80", "depth": [0.5, True]}, False, None, 3,
)  # fmt: skip


def mutated(random: Random, corpus: list[bytes]) -> bytes:
    """An input of the corpus with a few things changed."""
    content = random.choice(corpus)
    for _ in range(random.randint(1, 6)):
        tokens = [found.span() for found in TOKEN.finditer(content)] or [(0, 0)]
        (start, end), (other, other_end) = sorted(random.choices(tokens, k=2))
        way = random.randrange(6)
        if way < 4:
            between = [random.choice(WORDS), b"", content[other:other_end], bytes([random.randrange(256)])][way]
            content = content[:start] + between + content[end:]
        else:
            content = content[:end] + content[start:] if way == 4 else content[: random.randint(0, len(content))]
    return content[:200_000]


def message(content: bytes) -> None:
    case = attach.read_case(content.decode("utf-8", "surrogateescape"))
    for key in (case.result_key, case.error_key, case.model_key):
        assert not {"", ".", ".."} & set(key.split("/")), key
        assert not re.search(r"[\x00-\x1f\x7f\\]", key), key
    assert "/" not in case.model_name
    assert case.model_name not in ("", ".", "..")
    json.loads(attach.to_json(case.parameters))


def control(content: bytes) -> None:
    read = attach.Control()
    read._apply(json.loads(content.decode("utf-8")))
    read.is_cancelled(CASE)
    assert read.why_halted is None or isinstance(read.why_halted, str)
    attach.AttemptOutcomes().go_on(read.go_on_time)
    attach.AttemptOutcomes().reason_to_halt(read.halt_rule)


def config(content: bytes) -> None:
    try:
        study = attach.study_of(content)
    except attach.NoStudy:
        return
    assert study.lease_secs >= 1
    study.object_url("data/a b")


def error_document(content: bytes) -> None:
    assert attach.failed_attempt(content, CASE) >= 0


def answer(content: bytes) -> None:
    for kind in ("application/x-amz-json-1.0", "application/xml"):
        for status in (200, 400, 403, 503):
            read = attach.Answer(status, {"content-type": kind}, content)
            attach.judge(status, read.code)
            assert isinstance(read.text, str)
            attach.message_in(read)


def outcome(content: bytes) -> None:
    attach.read_outcome(content)


def frame(content: bytes) -> None:
    here, there = socket.socketpair()
    channel = attach.Channel(there)
    try:
        here.sendall((struct.pack(">Q", len(content)) + content)[: len(content) + 8][:60_000])
        here.close()
        with contextlib.suppress(attach.ChannelClosed):
            while True:
                channel.receive(0)
    finally:
        here.close()
        channel.close()


def model(content: bytes) -> None:
    attach.read_source(content, CASE, "folder")
    attach.lines_of_unix(content)


def crash(content: bytes) -> None:
    noted = "Fatal Python error: x\n\nCurrent thread 0x1 (most recent call first):\n" + content.decode(
        "utf-8", "replace"
    )
    attach.read_crash(noted, CASE, MODEL, "folder")


def traceback_text(content: bytes) -> None:
    text = content.decode("utf-8", "replace")
    assert re.fullmatch("[0-9a-f]{16}", attach.signature("E", text[:2000], [("f", text[:100])]))


DOCUMENT = b'[{"load": 1}, null, "log", ["w"]]'
FRAME = b'{"is": "outcome", "number": 1}\nbody'
CRASH = b'  File "folder/m.py", line 2 in f\n  File "folder/m.py", line 99999999999999999999 in <module>\n'
# What reads, the folder of its inputs or inputs, and how it may refuse one.
Parser = tuple[Callable[[bytes], None], "str | list[bytes]", tuple[type[BaseException], ...]]
PARSERS: list[Parser] = [
    (message, "message", (attach.NotACase,)),
    (control, "control", (ValueError, RecursionError)),
    (config, "config", ()),
    (error_document, "error", ()),
    (answer, "answer", (ValueError, attach.Unexpected)),
    (outcome, [DOCUMENT, b'[null, ["E", "m", "t", "s"], "log", []]'], (attach.ProcessEnded,)),
    (frame, [FRAME, b"{}\n"], (attach.ProcessEnded,)),
    (model, [MODEL, b"# -*- coding: latin-1 -*-\nx = '{{c}}'\n"], (attach.CaseFailure,)),
    (crash, [CRASH], ()),
    (traceback_text, "error", ()),
]


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser[0].__name__)
def test_a_parser_takes_any_bytes_or_refuses_them_in_its_own_way(parser: Parser) -> None:
    read, source, refusals = parser
    if isinstance(source, str):
        corpus = [path.read_bytes() for path in sorted((CORPUS / source).iterdir())]
        # The first line of an answer is its status.
        corpus = [content.split(b"\n", 1)[-1] for content in corpus] if source == "answer" else corpus
    else:
        corpus = source
    random = Random(f"{read.__name__} 1")
    taken = 0
    for content in [*corpus, *(mutated(random, corpus) for _ in range(MUTATIONS))]:
        try:
            read(content)
            taken += 1
        except refusals:
            pass
        except BaseException as error:
            shown = io.BytesIO(content).read(300)
            raise AssertionError(f"{type(error).__name__} by {shown!r}") from error
    assert taken > 0
