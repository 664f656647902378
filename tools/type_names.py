"""How many types have names of one word, and how many share their name with another type.

A type is a struct, an enum or a trait that more than its own module may use. Prints both shares, and the names.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
TYPE = re.compile(r"^\s*pub(?:\([^)]*\))? (?:unsafe )?(?:struct|enum|trait) ([A-Z]\w*)", re.MULTILINE)
WORD = re.compile(r"[A-Z][a-z0-9]+|[A-Z0-9]+(?![a-z])")


def type_names() -> list[str]:
    """The names of all types of the workspace, as often as there are such types."""
    files = [*(REPOSITORY / "src").rglob("*.rs"), *(REPOSITORY / "crates").glob("*/src/**/*.rs")]
    return [name for file in sorted(files) for name in TYPE.findall(file.read_text(encoding="utf-8"))]


def main() -> None:
    """Prints the shares; with `--names` the names, too."""
    names = type_names()
    of_one_word = [name for name in names if len(WORD.findall(name)) == 1]
    often = {name for name, count in Counter(names).items() if count > 1}
    shared = [name for name in names if name in often]
    for title, found in [("of one word", of_one_word), ("shared", shared)]:
        print(f"{title}: {len(found)} of {len(names)} types, {100 * len(found) / len(names):.1f} %")
        if "--names" in sys.argv[1:]:
            print(
                "  "
                + " ".join(f"{name}({count})" if count > 1 else name for name, count in sorted(Counter(found).items()))
            )


if __name__ == "__main__":
    main()
