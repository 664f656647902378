"""The same design on the page and for the command line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from command_line import Launched
from design_page import (
    button,
    choose,
    choose_file,
    define,
    ids,
    in_order,
    open_design,
    open_file,
    preview,
    save,
    small_study,
    text,
    told,
)
from playwright.sync_api import Page, expect
from small_models import DOUBLE
from visit import Visits

LATIN = {"kind": "latin_hypercube", "cases": 20}
FACTORS: dict[str, dict[str, Any]] = {
    "range": {"name": "a", "minimum": 0.1, "maximum": 0.7, "unit": "m", "note": "a note"},
    "log range": {"name": "b", "minimum": 1e-9, "maximum": 2.5e5, "scale": "log"},
    "integers": {"name": "n", "minimum": -3, "maximum": 12, "integer": True},
    "numbers": {"name": "angle", "levels": [20, 22.5, 30]},
    "choices": {"name": "soil", "levels": ["clay", "sand, wet", "true"]},
    "flags": {"name": "drained", "levels": [True, False]},
    "fixed": {"name": "width", "value": 2.0},
    "fixed text": {"name": "law", "value": "5"},
    "fixed list": {"name": "depths", "value": [0, 0.5, 1]},
    "fixed list of one": {"name": "top", "value": [0.5]},
    "mixed choices": {"name": "mesh", "levels": [1, "fine", 2.5, "[0]"]},
    "vector": {"name": "c", "count": 3, "minimum": 50000, "maximum": 500000, "unit": "Pa"},
}
RANGES = [FACTORS["range"] | {"name": "x"}, FACTORS["vector"] | {"name": "y"}]
DESIGNS: dict[str, dict[str, Any]] = {
    "random": {"sampler": {"kind": "random", "cases": 20}},
    "latin hypercube": {"sampler": LATIN},
    "optimised for discrepancy": {"sampler": {**LATIN, "optimised": "centred_discrepancy"}},
    "optimised for distance": {"sampler": {**LATIN, "optimised": "maximin"}},
    "doubled": {"sampler": {**LATIN, "doublings": 2}},
    "levels": {"sampler": {"kind": "latin_hypercube", "levels": [2, 5]}},
    "sobol": {"sampler": {"kind": "sobol", "cases": 32}},
    "sobol by levels": {"sampler": {"kind": "sobol", "levels": [0, 5]}},
    "sobol as it is": {"sampler": {"kind": "sobol", "cases": 32, "scrambled": False}},
    "halton": {"sampler": {"kind": "halton", "cases": 30}},
    "halton as it is": {"sampler": {"kind": "halton", "cases": 30, "scrambled": False}},
    "full grid": {"sampler": {"kind": "full_grid", "steps": 3}, "factors": RANGES},
    "one at a time": {"sampler": {"kind": "one_at_a_time", "steps": 5}, "factors": RANGES},
    "another seed": {"sampler": LATIN, "seed": 18446744073709551615},
    "replicates": {"sampler": LATIN, "replicates": 3},
    "constraints": {"sampler": LATIN, "constraints": ["y[0]<=y[1]", " x * 2 >= 0.3 "], "factors": RANGES},
    **{
        kind: {"sampler": {"kind": "random", "cases": 9}, "factors": [*RANGES, factor]}
        for kind, factor in FACTORS.items()
    },
}  # fmt: skip


def whole_design(design: dict[str, Any]) -> dict[str, Any]:
    """A design file, with everything that isn't the test's concern."""
    return {
        "batch": "soil/a", "model": {"file": "model.py", "kind": "python"}, "factors": list(FACTORS.values()),
        "seed": 7, "max_attempts": 2, "time_limit_secs": 90.0, **design,
    }  # fmt: skip


def test_a_design_file_gives_the_same_cases_on_the_page_and_on_the_command_line(
    study: Launched, visits: Visits, binary: Path, tmp_path: Path
) -> None:
    page = open_design(visits, study)
    choose_file(page, "Model file", DOUBLE)
    for name, design in DESIGNS.items():
        content = json.dumps(whole_design(design)).encode()
        open_file(page, content, f"{name}.json")
        expected = in_order(binary, tmp_path, content, DOUBLE)
        assert len(ids(expected)) > 1, name
        assert save(page, "Save CSV") == expected, name
        saved = save(page, "Save JSON")
        assert in_order(binary, tmp_path, saved, DOUBLE) == expected, name
        # And next time. Chromium lets no page save more than ten files a second: hence a new one.
        page.reload()
        expect(page.get_by_role("region", name="Model", exact=True)).to_contain_text("model.py")
        open_file(page, saved, f"{name} again.json")
        assert save(page, "Save JSON") == saved, name
        assert save(page, "Save CSV") == expected, name


def test_a_saved_design_brings_back_what_was_entered(study: Launched, visits: Visits) -> None:
    """Also one that nobody could send yet."""
    page = open_design(visits, study)
    define(page)
    define_more(page)
    saved = save(page, "Save JSON")
    other = open_design(visits, study)
    open_file(other, saved)
    check_more(other)
    assert save(other, "Save JSON") == saved
    choose_file(page, "Model file", DOUBLE, "soil.py")
    text(page, "Batch").fill("soil/b")
    with_model = save(page, "Save JSON")
    open_file(other, with_model)
    choose_file(other, "Model file", DOUBLE, "soil.py")
    expect(text(other, "Batch")).to_have_value("soil/b")
    check_more(other)
    assert save(other, "Save JSON") == with_model


def test_a_saved_design_holds_its_model(study: Launched, visits: Visits, binary: Path, tmp_path: Path) -> None:
    model = "\ufeffresult['b'] = 2 * {{a}}  # \U0001f600 ä \\u0000\r\nprint('\t</script>')\r\n"
    page = open_design(visits, study)
    small_study(page, 4, model)
    saved, table = save(page, "Save JSON"), save(page, "Save CSV")
    assert json.loads(saved)["model"] == {"file": "model.py", "kind": "python", "text": model}

    # Another person, who has another model there.
    other = open_design(visits, study)
    small_study(other, 2, DOUBLE.replace("{{a}}", "{{b}}"))
    open_file(other, saved)
    expect(told(other, "Its model model.py came with it.")).to_be_visible()
    preview(other, "4 cases")
    assert save(other, "Save CSV") == table
    other.reload()
    preview(other, "4 cases")
    assert save(other, "Save JSON") == saved
    # And where there is no page.
    path = tmp_path / "alone" / "design.json"
    path.parent.mkdir()
    path.write_bytes(saved)
    ran = subprocess.run([binary, "design", path, "--csv", "-"], capture_output=True)
    assert ran.stdout == table, ran.stderr.decode()


def test_what_stood_in_the_form_comes_back_with_its_model(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    small_study(page, 4)
    saved, table = save(page, "Save JSON"), save(page, "Save CSV")
    design = json.loads(saved)
    design["model"] |= {"file": "other.py", "text": "result['c'] = {{a}}\n"}
    open_file(page, json.dumps(design))
    model = page.get_by_role("region", name="Model", exact=True)
    expect(model).to_contain_text("other.py")
    button(page, "Undo: bring back what stood here before").click()
    expect(model).to_contain_text("model.py")
    assert save(page, "Save CSV") == table
    for wrong, reason in (
        ("#" * (16 * 2**20 + 1), "its model has 16,777,217 bytes, more than the 16 MiB of a model"),
        (["x"], "invalid type: sequence, expected a string"),
    ):
        design["model"]["text"] = wrong
        choose_file(page, "Open a design file", json.dumps(design), "wrong.json")
        expect(told(page, f"wrong.json is no design file: {reason}")).to_be_visible()
        expect(model).to_contain_text("model.py")


def define_more(page: Page) -> None:
    """Enters something in fields of every kind."""
    button(page, "Unit and note of a").click()
    text(page, "Unit of a").fill("kPa")
    text(page, "Note of a").fill("of the clay")
    button(page, "Add a factor").click()
    text(page, "Name of factor 2").fill("law")
    choose(page, "Values of law", "choice")
    text(page, "Choices of law").fill("elastic, mohr")
    button(page, "Add a constraint").click()
    text(page, "Constraint 1").fill("a <= 90")
    choose(page, "Method", "Sobol' sequence")
    page.get_by_role("checkbox", name="Scrambled by the seed").uncheck()
    choose(page, "Size", "levels, 2^first to 2^last")
    text(page, "First level").fill("1")
    text(page, "Last level").fill("4")
    text(page, "Replicates").fill("2")
    text(page, "Attempts per case").fill("5")
    text(page, "Time limit, minutes").fill("1.5")
    page.get_by_role("checkbox", name="Compute cases again that have a result").check()
    page.get_by_role("checkbox", name="Give each case a Python of its own").check()


def check_more(page: Page) -> None:
    """That these fields hold what was entered."""
    fields = {
        "Name of factor 1": "a", "Minimum of a": "0", "Maximum of a": "100", "Unit of a": "kPa",
        "Note of a": "of the clay", "Choices of law": "elastic, mohr", "Constraint 1": "a <= 90", "First level": "1",
        "Last level": "4", "Replicates": "2", "Attempts per case": "5", "Time limit, minutes": "1.5",
    }  # fmt: skip
    for name, value in fields.items():
        expect(text(page, name)).to_have_value(value)
    expect(page.get_by_role("checkbox", name="Scrambled by the seed")).not_to_be_checked()
    expect(page.get_by_role("checkbox", name="Compute cases again that have a result")).to_be_checked()
    expect(page.get_by_role("checkbox", name="Give each case a Python of its own")).to_be_checked()
