"""What of the commands of Windows can be tried elsewhere: how words are quoted there, and which are refused."""

from __future__ import annotations

import os
import random
import subprocess

import attach
import pytest

# What a table might hold.
HOSTILE = [
    "", " ", "a b", "a\tb", '"', '""', 'a"b', '"a b"', "\\", "\\\\", "a\\", "a b\\", 'a\\"b', 'a\\\\"b c',
    "C:\\a b\\", '\\"', "'", "%PATH%", "^", "&", "|", "a&calc.exe", '" & calc.exe & "', "$(calc)", "`calc`", "!x!",
    "<", ">", "*", "?", "größe", "--x=",
]  # fmt: skip


def words_of(line: str) -> list[str]:
    """The arguments of a command line behind the program, by the documented rules of CommandLineToArgvW.

    2n backslashes in front of a quotation mark are n backslashes, and the mark begins or ends a quoted part; 2n + 1 are
    n and a mark; any others stand for themselves; two marks within a quoted part are one.
    """
    words: list[str] = []
    word, is_quoted, at = "", False, 0
    has_word = False
    while at < len(line):
        backslashes = len(line) - at - len(line[at:].lstrip("\\"))
        at += backslashes
        letter = line[at : at + 1]
        if letter == '"':
            word += "\\" * (backslashes // 2)
            has_word = True
            if backslashes % 2:
                word += '"'
            elif is_quoted and line[at + 1 : at + 2] == '"':
                word, at = word + '"', at + 1
            else:
                is_quoted = not is_quoted
        elif letter and letter in " \t" and not is_quoted:
            word += "\\" * backslashes
            if has_word or word:
                words.append(word)
            word, has_word = "", False
        else:
            word += "\\" * backslashes + letter
        at += 1
    return [*words, word] if has_word or word else words


def test_the_rules_are_those_of_the_documentation() -> None:
    # The examples of Microsoft's page on parsing arguments.
    assert words_of('"a b c" d e') == ["a b c", "d", "e"]
    assert words_of('"ab\\"c" "\\\\" d') == ['ab"c', "\\", "d"]
    assert words_of('a\\\\\\b d"e f"g h') == ["a\\\\\\b", "de fg", "h"]
    assert words_of('a\\\\\\"b c d') == ['a\\"b', "c", "d"]
    assert words_of('a\\\\\\\\"b c" d e') == ["a\\\\b c", "d", "e"]


@pytest.mark.parametrize("word", HOSTILE)
def test_each_value_is_one_argument_there_as_well(word: str) -> None:
    words = attach.command_words("solve --x={{x}} {{x}} end", {"x": word})
    assert words == ["solve", f"--x={word}", word, "end"]
    # What subprocess makes of words on Windows.
    assert words_of(subprocess.list2cmdline(words)) == words


def test_any_words_come_back() -> None:
    draw = random.Random(7)
    for _ in range(3000):
        words = ["".join(draw.choices('\\" \tab', k=draw.randrange(7))) for _ in range(draw.randrange(1, 5))]
        assert words_of(subprocess.list2cmdline(words)) == words, words


@pytest.mark.parametrize("program", ["run.bat", "RUN.CMD", "tools\\run.Bat", "run.bat.", "run.cmd ", "run.bat . ."])
@pytest.mark.parametrize("word", [word for word in HOSTILE if word not in ("--x=", "\\", "\\\\", "a\\")])
def test_a_batch_file_is_given_plain_values_only(monkeypatch: pytest.MonkeyPatch, program: str, word: str) -> None:
    """Windows has its shell run them, which reads the arguments once more."""
    told: list[str] = []
    with monkeypatch.context() as here:
        here.setattr(os, "name", "nt")
        for refuse in (lambda: attach.start_command_line([program, word], None), lambda: attach.quoted_for_shell(word)):
            try:
                refuse()
            except (ValueError, OSError, attach.CaseFailure) as error:  # told where Python knows its own system again
                told.append(f"{type(error).__name__}: {error}")
    assert "which the shell of Windows runs" in told[0] and "can't be given to the shell of Windows" in told[1], told
