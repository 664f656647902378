"""A worker under PyPy: each kind of thing that it does, once. Most are tests of other files, which run here again."""

# ruff: noqa: F401 - pytest runs what is imported
from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.lab import Lab
from tests.test_attached import TestSeveral as Several
from tests.test_attached import (
    test_a_case_becomes_a_result_and_its_message_is_deleted,
    test_a_case_of_a_killed_worker_is_finished_by_another,
    test_a_failure_is_tried_again_until_no_attempt_is_left,
    test_a_segment_has_a_row_an_attempt_with_the_scalars_of_its_result,
    test_ctrl_c_gives_the_case_back_at_once,
    test_files_of_a_case_are_uploaded,
    test_python_ends_with_its_worker_though_threads_of_a_model_go_on,
    test_the_lease_is_extended_as_long_as_the_model_needs,
)
from tests.test_bundles import test_a_bundle_is_unpacked_and_its_placeholders_are_filled
from tests.test_cancelled_cases import test_a_command_that_is_cancelled_ends_with_what_it_has_started
from tests.test_combined_cases import (
    test_a_script_of_materials_cloud_compute_combines_files_that_cases_produced,
    test_its_size_is_right_though_the_script_closes_no_file,
)
from tests.test_extract import test_what_is_extracted_joins_the_result_and_nothing_is_simulated_again
from tests.test_left_processes import test_a_failed_case_names_them_as_well
from tests.test_process import (
    test_the_process_is_kept_from_case_to_case,
    test_what_a_model_does_to_itself_is_not_its_users_wish,
)

from tests import lab as the_lab


@pytest.fixture(autouse=True)
def _under_pypy(monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("pypy3") is None:
        pytest.skip("PyPy isn't installed (Debian: apt-get install pypy3)")
    monkeypatch.setattr(the_lab, "WORKER_PYTHON", "pypy3")


class TestSeveral:
    started = Several.started
    test_each_is_a_process_and_none_shows_the_secret = Several.test_each_is_a_process_and_none_shows_the_secret


def test_what_a_model_wrote_is_there_though_it_closes_no_file(lab: Lab, tmp_path: Path) -> None:
    written = tmp_path / "written.txt"
    lab.attach()
    lab.done(lab.send(f"open({str(written)!r}, 'w').write('x')"))
    assert written.read_text() == "x"


def test_a_time_limit_stops_a_model_that_is_late_and_no_other(lab: Lab) -> None:
    lab.attach()
    in_time = lab.send("result['a'] = 1", time_limit_secs=60)
    late = lab.send("import time\ntime.sleep(600)", time_limit_secs=0.5, max_attempts=1)
    assert lab.done(in_time)["result"] == {"a": 1}
    error = lab.error(late)
    assert error["message"] == "the time limit of 0.5 s was exceeded"
    assert 'File "model.py", line 2, in <module>' in error["traceback"]
