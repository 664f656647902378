"""Finding secrets wherever they have left a trace: in files of a browser's profile, in downloads, in requests.

A secret is looked for as it stands, in UTF-16, encoded for addresses and in Base64; and in what is packed: gzip (a
browser's cache, frozen studies), ZIP, and Snappy (tables of LevelDB, larger values of IndexedDB).
"""

from __future__ import annotations

import base64
import binascii
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

GZIP = b"\x1f\x8b\x08"
# How Chromium marks a value of IndexedDB that it has packed.
PACKED_VALUE = b"\xff\x11\x02"
TABLE_END = struct.pack("<Q", 0xDB4775248B80FB57)
FOOTER_BYTES = 48
MAX_UNPACKED_BYTES = 64 << 20
# Packed content within packed content within packed content: a cached download of a ZIP.
MAX_DEPTH = 3
BASE64_RUN = re.compile(rb"[A-Za-z0-9+/]{64,}={0,2}")


@dataclass(frozen=True)
class Secret:
    """Something that may be found nowhere."""

    name: str
    text: str

    def forms(self) -> set[bytes]:
        """How it may be written."""
        spellings = {self.text, quote(self.text, safe=""), quote_plus(self.text), self.text.replace(" ", "-")}
        forms = {spelling.encode(encoding) for spelling in spellings for encoding in ("utf-8", "utf-16-le")}
        for spelling in list(forms):
            # Where it begins within a longer text decides which letters it becomes; both ends depend on what is beside.
            for before in range(3):
                encoded = base64.b64encode(b"\0" * before + spelling).rstrip(b"=")
                inner = encoded[4 if before else 0 : len(encoded) - 2]
                forms |= {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}
        return forms


class Search:
    """Looks for secrets."""

    def __init__(self, secrets: list[Secret]) -> None:
        """Looks for these."""
        forms = {form: secret.name for secret in secrets for form in secret.forms()}
        assert all(len(form) >= 12 for form in forms), "short forms would be found by chance"
        self._names = forms
        self._pattern = re.compile(b"|".join(re.escape(form) for form in sorted(forms)))

    def content(self, content: bytes) -> set[str]:
        """The names of those that are in there, however deeply packed."""
        return {name for layer in unpacked(content) for name in self._in(layer)}

    def _in(self, content: bytes) -> Iterator[str]:
        for match in self._pattern.finditer(content):
            yield self._names[match[0]]

    def folder(self, folder: Path) -> dict[str, set[str]]:
        """The names of those that are in files of a folder or in their names, by file."""
        found: dict[str, set[str]] = {}
        for path in sorted(folder.rglob("*")):
            name = str(path.relative_to(folder))
            names = self.content(name.encode())
            if path.is_file() and not path.is_symlink():
                names |= self.content(path.read_bytes())
            if names:
                found[name] = names
        return found


def unpacked(content: bytes, depth: int = 0) -> Iterator[bytes]:
    """The content, and whatever is packed in it."""
    yield content
    if depth < MAX_DEPTH:
        for inner in packed_in(content):
            yield from unpacked(inner, depth + 1)


def packed_in(content: bytes) -> Iterator[bytes]:
    """What is packed in some content, unpacked."""
    for place in places(content, GZIP):
        unpacker = zlib.decompressobj(wbits=31)
        try:
            yield unpacker.decompress(content[place:], MAX_UNPACKED_BYTES)
        except zlib.error:
            continue
    for place in places(content, PACKED_VALUE):
        yield unsnap(content[place + len(PACKED_VALUE) :])
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield archive.read(name)
    if content.endswith(TABLE_END):
        yield from blocks(content)
    for run in BASE64_RUN.findall(content):
        try:
            decoded = base64.b64decode(run + b"=" * (-len(run) % 4))
        except binascii.Error:
            continue
        # Text is looked for in Base64 as it is.
        if decoded.startswith(GZIP):
            yield decoded


def places(content: bytes, mark: bytes) -> Iterator[int]:
    """Wherever a mark stands."""
    place = content.find(mark)
    while place >= 0:
        yield place
        place = content.find(mark, place + 1)


def blocks(table: bytes) -> Iterator[bytes]:
    """The blocks of a table of LevelDB. <https://github.com/google/leveldb/blob/main/doc/table_format.md>"""
    footer = table[-FOOTER_BYTES:]
    _, place = varint(footer, 0)
    _, place = varint(footer, place)
    start, place = varint(footer, place)
    size, _ = varint(footer, place)
    index = block(table, start, size)
    yield index
    for entry in entries(index):
        start, place = varint(entry, 0)
        size, _ = varint(entry, place)
        yield block(table, start, size)


def block(table: bytes, start: int, size: int) -> bytes:
    """A block; the byte behind it says whether it is packed."""
    content = table[start : start + size]
    return unsnap(content) if table[start + size] == 1 else content


def entries(content: bytes) -> Iterator[bytes]:
    """The values of a block."""
    (restarts,) = struct.unpack_from("<I", content, len(content) - 4)
    place, end = 0, len(content) - 4 * (restarts + 1)
    while place < end:
        _, place = varint(content, place)
        key_bytes, place = varint(content, place)
        value_bytes, place = varint(content, place)
        place += key_bytes
        yield content[place : place + value_bytes]
        place += value_bytes


def varint(content: bytes, place: int) -> tuple[int, int]:
    """A number of 7 bits a byte, and the place behind it."""
    number = shift = 0
    while True:
        byte = content[place]
        number |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return number, place


def unsnap(content: bytes) -> bytes:
    """Unpacks Snappy as far as it goes. <https://github.com/google/snappy/blob/main/format_description.txt>"""
    out = bytearray()
    try:
        size, place = varint(content, 0)
        while place < len(content) and len(out) < min(size, MAX_UNPACKED_BYTES):
            tag, place = content[place], place + 1
            if tag & 3 == 0:
                length = (tag >> 2) + 1
                if length > 60:
                    extra = length - 60
                    length, place = int.from_bytes(content[place : place + extra], "little") + 1, place + extra
                out += content[place : place + length]
                place += length
                continue
            extra = (1, 2, 4)[(tag & 3) - 1]
            offset = int.from_bytes(content[place : place + extra], "little")
            place += extra
            length = (tag >> 2) + 1
            if tag & 3 == 1:
                length, offset = ((tag >> 2) & 7) + 4, offset | (tag >> 5) << 8
            if not 0 < offset <= len(out):
                break
            for _ in range(length):
                out.append(out[-offset])
    except IndexError:
        pass
    return bytes(out)
