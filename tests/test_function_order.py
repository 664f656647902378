"""The order in which `tools/function_order.py` puts a program's functions changes nothing of what it does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from local_cloud import REPOSITORY
from visit import Visits

I32 = 0x7F
CALL, CALL_INDIRECT, END, CONST, ADD, REF_FUNC, GLOBAL, ATOMIC = 0x10, 0x11, 0x0B, 0x41, 0x6A, 0xD2, 0x23, 0xFE
# Each is alike to the next but one, so that their order is another one afterwards.
BODIES = [
    [CALL, 2, CONST, 1, ADD],
    [CONST, 40, CONST, 2, ADD, CONST, 3, ADD, CONST, 4, ADD, CONST, 5, ADD, CALL, 0, ADD],
    [CONST, 0, CALL_INDIRECT, 0, 0, CONST, 7, ADD],
    [CONST, 41, CONST, 2, ADD, CONST, 3, ADD, CONST, 4, ADD, CONST, 5, ADD, CALL, 2, ADD],
    [CONST, 1, CALL_INDIRECT, 0, 0, CONST, 7, ADD],
    [0x02, 0x40, CALL, 0, 0x1A, END, 0x44, *bytes(8), 0x1A, 0xFD, 12, *bytes(16), 0x1A, CONST, 9],
    [CALL, 0, 0x1A],
]
EXPORTED = range(1, 7)
CALLS_THEM = """async bytes => {
    const {instance} = await WebAssembly.instantiate(new Uint8Array(bytes), {a: {b: () => 1000}});
    return Object.entries(instance.exports).map(([name, exported]) => [name, exported()]);
}"""


def section(kind: int, *items: list[int]) -> list[int]:
    """A section of these items."""
    content = [len(items), *(byte for item in items for byte in item)]
    return [kind, len(content), *content]


def program(bodies: list[list[int]]) -> bytes:
    """A program whose functions call one another by number, by a table and at the start; function 0 is imported."""
    code = [[len(body) + 2, 0, *body, END] for body in bodies]
    name = [0, 7, 4, *b"name", 0, 0]
    types = section(1, [0x60, 0, 1, I32], [0x60, 0, 0])
    imports = section(2, [1, *b"a", 1, *b"b", 0, 0])
    functions = section(3, *([0] for _ in bodies[:-1]), [1])
    table = section(4, [0x70, 0, 3])
    variables = section(6, [0x70, 0, REF_FUNC, 2, END])
    exports = section(7, *([1, ord("a") + number, 0, number] for number in EXPORTED))
    start = [8, 1, len(bodies)]
    elements = section(9, [0, CONST, 0, END, 2, 4, 2], [4, CONST, 2, END, 1, REF_FUNC, 5, END])
    parts = [types, imports, functions, table, variables, exports, start, elements, section(10, *code), name]
    return b"\0asm\1\0\0\0" + bytes(byte for part in parts for byte in part)


def put_in_order(folder: Path, content: bytes) -> subprocess.CompletedProcess[str]:
    """Runs the tool over a folder with this program."""
    (folder / "small.wasm").write_bytes(content)
    command = [sys.executable, str(REPOSITORY / "tools/function_order.py"), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_program_does_the_same_in_another_order(visits: Visits, tmp_path: Path) -> None:
    before = program(BODIES)
    assert put_in_order(tmp_path, before).returncode == 0
    after = (tmp_path / "small.wasm").read_bytes()
    # Two that are alike stood apart.
    apart = [content.index(bytes(BODIES[3][:14])) - content.index(bytes(BODIES[1][:14])) for content in (before, after)]
    assert abs(apart[0]) > abs(apart[1])
    page = visits.open("about:blank")
    results = [page.evaluate(CALLS_THEM, list(content)) for content in (before, after)]
    assert results[0] == results[1] and len(results[0]) == len(EXPORTED)


def test_a_program_with_unknown_instructions_stops_the_build(tmp_path: Path) -> None:
    ran = put_in_order(tmp_path, program([[ATOMIC, 3, 0], *BODIES[1:]]))
    assert ran.returncode == 1
    assert ran.stderr == "tools/function_order.py: small.wasm has what it doesn't know: the instruction 0xfe\n"
