"""Designs that were submitted, extended."""

from __future__ import annotations

import pytest
from attached import attach
from command_line import Launched
from design_page import (
    button,
    open_design,
    preview,
    queue,
    review,
    send_all,
    small_study,
    told,
)
from playwright.sync_api import expect
from studies import documents, drain, line_of, wait_for_end
from visit import Visits


def test_an_earlier_design_is_extended_and_only_new_cases_are_sent(launched: Launched, visits: Visits) -> None:
    page = open_design(visits, launched)
    small_study(page, 5)
    review(page)
    send_all(page, 5)
    with attach(line_of(launched)):
        wait_for_end(launched, done=5)

    other = open_design(visits, launched)
    button(other, "Earlier …").click()
    designs = other.get_by_role("region", name="Designs that were submitted")
    expect(designs.get_by_role("listitem")).to_contain_text(["5 cases · model.py"])
    expect(told(other, "Looking for designs")).to_have_count(0)
    designs.get_by_role("button", name="model").click()
    expect(designs).to_have_count(0)
    expect(told(other, "The design of model stands below, with model.py as it was sent.")).to_be_visible()
    preview(other, "5 cases")
    summary = review(other)
    assert (summary["Done already"], summary["To be sent"]) == ("5", "0 cases to the batch model")
    expect(other.get_by_text("There is nothing to send: every case is done or was sent before.")).to_be_visible()
    button(other, "Back to the design").click()
    button(other, "Extend to 10 points").click()
    preview(other, "10 cases")
    summary = review(other)
    assert (summary["Cases of the design"], summary["Done already"]) == ("10", "5")
    assert summary["To be sent"] == "5 cases to the batch model"
    send_all(other, 5)
    done = {
        result["case_id"] for result in documents(launched.command_line.cloud.client("s3"), launched.bucket, "done-")
    }
    arrived = [message["case_id"] for message in drain(launched)]
    # A worker that was ended while it asked for cases may have been given one, up to the end.
    _, held = queue(launched)
    assert len(set(arrived)) == len(arrived) == 5 - held
    assert not done & set(arrived)


@pytest.mark.parametrize("is_gone", [True, False])
def test_an_earlier_design_whose_model_is_gone_or_another_one_says_so(
    launched: Launched, visits: Visits, is_gone: bool
) -> None:
    page = open_design(visits, launched)
    small_study(page, 5)
    review(page)
    send_all(page, 5)
    s3 = launched.command_line.cloud.client("s3")
    (model,) = s3.list_objects_v2(Bucket=launched.bucket, Prefix="models/")["Contents"]
    if is_gone:
        s3.delete_object(Bucket=launched.bucket, Key=model["Key"])
    else:
        s3.put_object(Bucket=launched.bucket, Key=model["Key"], Body=b"result['double'] = 3 * {{a}}\n")

    other = open_design(visits, launched)
    if is_gone:
        visits.expected.append("404")
    button(other, "Earlier …").click()
    other.get_by_role("region", name="Designs that were submitted").get_by_role("button", name="model").click()
    reason = "" if is_gone else "what stands in the bucket isn't what was submitted."
    expect(told(other, f"The design of model stands below, without its model: {reason}")).to_be_visible()
    expect(told(other, "Choose model.py as it was, or its cases are new ones.")).to_be_visible()
    button(other, "Review and send …").click()
    expect(other.get_by_text("choose the model file")).to_be_visible()


def test_what_was_sent_before_is_not_sent_again_unless_somebody_wants_it(launched: Launched, visits: Visits) -> None:
    page = open_design(visits, launched)
    small_study(page, 6)
    review(page)
    send_all(page, 6)
    drain(launched)
    button(page, "Send another design").click()
    assert review(page)["Sent before, not done yet"] == "6"
    button(page, "Also send the 6 cases sent before again").click()
    expect(told(page, "All 6 cases were sent")).to_be_visible()
    assert len(drain(launched)) == 6
