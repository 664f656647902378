"""Puts the functions of WebAssembly programs into an order in which gzip packs them smaller.

    tools/function_order.py FOLDER

gzip finds a repetition within 32 KiB, and a program of the page has up to 3 MiB, with much that is alike: the same Rust
for many types. So functions that are alike are put one behind another, which saves a twentieth of what a browser loads.
Nothing else of a program changes but the numbers by which it names its functions. Trunk runs this with each build of
the page (Trunk.toml). The same program always comes to the same order.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from pathlib import Path

HEADER = b"\0asm\1\0\0\0"
# Sections, by their numbers in the format.
CUSTOM, IMPORTS, FUNCTIONS, GLOBALS, EXPORTS, START, ELEMENTS, CODE = 0, 2, 3, 6, 7, 8, 9, 10
FUNCTION_KIND = 0
# Functions are alike that share pieces of so many bytes.
PIECE_BYTES = 6
# A piece that more functions have tells nothing of them.
MAX_SHARED = 200
# So many functions before a place decide who comes there.
BEFORE = 4


class UnknownFormatError(Exception):
    """A program has what this doesn't know, so its functions can't be numbered anew."""


class Reader:
    """Bytes of a program that are read from the start, and written anew with other numbers of functions."""

    def __init__(self, content: bytes, numbers: Callable[[int], int]) -> None:
        """Starts at the first byte; `numbers` are the new numbers of functions by the old ones."""
        self.content = content
        self.place = 0
        self.numbers = numbers
        self.written = bytearray()
        self._copied = 0

    def byte(self) -> int:
        """The next byte."""
        self.place += 1
        return self.content[self.place - 1]

    def number(self) -> int:
        """The next number without sign."""
        value = shift = 0
        while True:
            byte = self.content[self.place]
            self.place += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def skip_numbers(self, count: int) -> None:
        """Passes numbers, with or without sign."""
        for _ in range(count):
            while self.content[self.place] >= 0x80:
                self.place += 1
            self.place += 1

    def skip(self, count: int) -> None:
        """Passes bytes."""
        self.place += count

    def function(self) -> None:
        """Passes a function's number, and writes its new one."""
        self.written += self.content[self._copied : self.place]
        self.written += packed(self.numbers(self.number()))
        self._copied = self.place

    def rewritten(self) -> bytes:
        """All of it, with the new numbers."""
        return bytes(self.written + self.content[self._copied :])

    def expression(self) -> None:
        """Passes instructions until the end of their block."""
        depth = 1
        while depth:
            depth += self._instruction()

    def _instruction(self) -> int:
        """Passes an instruction, and returns by how much the depth of blocks changes."""
        code = self.byte()
        if code in {0x10, 0x12, 0xD2}:  # call, return_call, ref.func
            self.function()
        elif 0x45 <= code <= 0xC4 or code in {0x00, 0x01, 0x05, 0x0F, 0x1A, 0x1B, 0xD1}:
            pass  # numeric instructions and others that stand alone
        elif code == 0x0B:  # end
            return -1
        elif code in {0x02, 0x03, 0x04}:  # block, loop, if
            self.skip_numbers(1)
            return 1
        elif code == 0x0E or code == 0x1C:  # br_table, select with types
            self.skip_numbers(self.number() + (code == 0x0E))
        elif 0x28 <= code <= 0x3E or code in {0x11, 0x13}:  # loads and stores, call_indirect
            self.skip_numbers(2)
        elif 0x20 <= code <= 0x26 or code in {0x0C, 0x0D, 0x3F, 0x40, 0x41, 0x42, 0xD0}:
            self.skip_numbers(
                1
            )  # variables and tables, br, br_if, memory.size, memory.grow, i32.const, i64.const, ref.null
        elif code in {0x43, 0x44}:  # f32.const, f64.const
            self.skip(4 if code == 0x43 else 8)
        elif code == 0xFC:
            self._of_memory(self.number())
        elif code == 0xFD:
            self._of_vectors(self.number())
        else:
            raise UnknownFormatError(f"the instruction {code:#x}")
        return 0

    def _of_memory(self, code: int) -> None:
        counts = {8: 2, 9: 1, 10: 2, 11: 1, 12: 2, 13: 1, 14: 2, 15: 1, 16: 1, 17: 1}
        if code > max(counts):
            raise UnknownFormatError(f"the instruction 0xfc {code:#x}")
        self.skip_numbers(counts.get(code, 0))

    def _of_vectors(self, code: int) -> None:
        if code in {12, 13}:  # v128.const, i8x16.shuffle
            self.skip(16)
        elif code <= 11 or 84 <= code <= 93:  # loads and stores, those of a lane with its number
            self.skip_numbers(2)
            self.skip(1 if 84 <= code <= 91 else 0)
        elif 21 <= code <= 34:  # a lane is read or replaced
            self.skip(1)
        elif code > 0x113:
            raise UnknownFormatError(f"the instruction 0xfd {code:#x}")


def packed(number: int) -> bytes:
    """A number without sign, as the format writes it."""
    written = bytearray()
    while number >= 0x80:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def ordered(program: bytes) -> bytes:
    """Returns the program with its functions in an order that packs well."""
    # Custom sections are for tools: names say the old numbers, and nothing of them is needed to run it.
    sections = [(kind, content) for kind, content in sections_of(program) if kind != CUSTOM]
    contents = dict(sections)
    bodies = items(contents[CODE])
    imported = imported_functions(contents.get(IMPORTS, b"\0"))
    order = packing_order(bodies)
    new = [0] * len(order)
    for place, old in enumerate(order):
        new[old] = place

    def numbers(old: int) -> int:
        return old if old < imported else imported + new[old - imported]

    return HEADER + b"".join(
        bytes([kind]) + packed(len(content)) + content
        for kind, content in ((kind, renumbered(kind, content, order, numbers)) for kind, content in sections)
    )


def sections_of(program: bytes) -> Iterator[tuple[int, bytes]]:
    """The sections of a program, with their kinds."""
    if not program.startswith(HEADER):
        raise UnknownFormatError("another version of the format")
    reader = Reader(program, int)
    reader.skip(len(HEADER))
    while reader.place < len(program):
        kind, size = reader.byte(), reader.number()
        yield kind, program[reader.place : reader.place + size]
        reader.skip(size)


def renumbered(kind: int, content: bytes, order: list[int], numbers: Callable[[int], int]) -> bytes:
    """A section with the functions in their new order, and with their new numbers."""
    reader = Reader(content, numbers)
    if kind == CODE:
        bodies = items(content)
        return packed(len(bodies)) + b"".join(sized(renumbered_body(bodies[old], numbers)) for old in order)
    if kind == FUNCTIONS:
        types = [reader.number() for _ in range(reader.number())]
        return packed(len(types)) + b"".join(packed(types[old]) for old in order)
    if kind == START:
        reader.function()
    elif kind == GLOBALS:
        for _ in range(reader.number()):
            reader.skip(2)
            reader.expression()
    elif kind == EXPORTS:
        for _ in range(reader.number()):
            reader.skip(reader.number())
            if reader.byte() == FUNCTION_KIND:
                reader.function()
            else:
                reader.skip_numbers(1)
    elif kind == ELEMENTS:
        for _ in range(reader.number()):
            elements(reader)
    return reader.rewritten()


def elements(reader: Reader) -> None:
    """Passes a segment of functions that are called by their places in a table."""
    flags = reader.number()
    is_active, has_table, has_expressions = not flags & 1, bool(flags & 2), bool(flags & 4)
    if is_active and has_table:
        reader.skip_numbers(1)
    if is_active:
        reader.expression()
    if not is_active or has_table:
        reader.skip(1)
    for _ in range(reader.number()):
        if has_expressions:
            reader.expression()
        else:
            reader.function()


def renumbered_body(body: bytes, numbers: Callable[[int], int]) -> bytes:
    """A function's local variables and instructions, with the new numbers of those that it calls."""
    reader = Reader(body, numbers)
    for _ in range(reader.number()):
        reader.skip_numbers(1)
        reader.skip(1)
    reader.expression()
    if reader.place != len(body):
        raise UnknownFormatError("more behind a function's end")
    return reader.rewritten()


def items(content: bytes) -> list[bytes]:
    """The items of a section, each with its size before it."""
    reader = Reader(content, int)
    found = []
    for _ in range(reader.number()):
        size = reader.number()
        found.append(content[reader.place : reader.place + size])
        reader.skip(size)
    return found


def sized(item: bytes) -> bytes:
    """An item of a section, with its size before it."""
    return packed(len(item)) + item


def imported_functions(content: bytes) -> int:
    """Number of the functions that are imported: the first numbers are theirs."""
    reader = Reader(content, int)
    count = 0
    for _ in range(reader.number()):
        reader.skip(reader.number())
        reader.skip(reader.number())
        kind = reader.byte()
        if kind == FUNCTION_KIND:
            count += 1
            reader.skip_numbers(1)
        elif kind in {1, 2}:  # a table with the type of its items, a memory
            reader.skip(1 if kind == 1 else 0)
            reader.skip_numbers(2 if reader.number() & 1 else 1)
        elif kind == 3:  # a global
            reader.skip(2)
        else:
            raise UnknownFormatError(f"an import of the kind {kind}")
    return count


def packing_order(bodies: list[bytes]) -> list[int]:
    """An order in which each function is like those before it."""
    pieces = [{body[start : start + PIECE_BYTES] for start in range(len(body) - PIECE_BYTES)} for body in bodies]
    owners: dict[bytes, list[int]] = defaultdict(list)
    for function, own in enumerate(pieces):
        for piece in own:
            owners[piece].append(function)
    telling = [[owners[piece] for piece in own if 1 < len(owners[piece]) <= MAX_SHARED] for own in pieces]
    left = dict.fromkeys(sorted(range(len(bodies)), key=bodies.__getitem__))
    order: list[int] = []
    while left:
        shared = Counter(chain.from_iterable(chain.from_iterable(telling[before] for before in order[-BEFORE:])))
        # Of those that are equally alike, the first in the program: else the order would be another one each time.
        candidates = ((-count / (len(pieces[other]) + 3), other) for other, count in shared.items() if other in left)
        _, chosen = min(candidates, default=(0, next(iter(left))))
        del left[chosen]
        order.append(chosen)
    return order


def rewrite(path: Path) -> None:
    """Puts the functions of a program into their order."""
    try:
        path.write_bytes(ordered(path.read_bytes()))
    except UnknownFormatError as problem:
        raise UnknownFormatError(f"{path.name} has what it doesn't know: {problem}") from problem


def main() -> None:
    """Puts each program of a folder into its order, the largest first."""
    paths = sorted(Path(sys.argv[1]).glob("*.wasm"), key=lambda path: -path.stat().st_size)
    with ProcessPoolExecutor() as pool:
        try:
            list(pool.map(rewrite, paths))
        except UnknownFormatError as problem:
            sys.exit(f"tools/function_order.py: {problem}")


if __name__ == "__main__":
    main()
