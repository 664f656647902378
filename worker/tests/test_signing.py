"""Signatures, with botocore as the second opinion."""

from __future__ import annotations

import datetime
import urllib.parse
from typing import Any
from unittest import mock

import attach
import botocore.auth
import botocore.awsrequest
import botocore.credentials
from hypothesis import given, settings
from hypothesis import strategies as st

KEY = attach.Key("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
NOW = 1440938160.0  # 2015-08-30T12:36:00Z

keys = st.lists(
    st.text(st.sampled_from("aZ09-_.~ +/%&=?#:@!*'()[]|\\^`\"<>ßé砂\U0001f9f1"), min_size=1, max_size=12), min_size=1
).map("/".join)
words = st.text(st.sampled_from("aZ09-_.~ +/é砂&="), max_size=8)


def signed_by_botocore(request: attach.Request, region: str) -> str:
    auth = botocore.auth.S3SigV4Auth if request.service == "s3" else botocore.auth.SigV4Auth
    headers = {name: value for name, value in request.headers.items()}
    theirs = botocore.awsrequest.AWSRequest(
        method=request.method, url=request.url, headers=headers, data=request.body or None
    )
    theirs.context["payload_signing_enabled"] = True
    moment = datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc)
    names = ("botocore.auth.get_current_datetime", "botocore.compat.get_current_datetime")
    with mock.patch(names[0], lambda *_, **__: moment.replace(tzinfo=None)):
        auth(botocore.credentials.Credentials(KEY.key_id, KEY.secret), request.service, region).add_auth(theirs)
    return str(theirs.headers["Authorization"])


def check(request: attach.Request, region: str = "eu-central-1") -> None:
    assert attach.sign(request, KEY, region, NOW)["Authorization"] == signed_by_botocore(request, region)


@settings(max_examples=150)
@given(keys, st.binary(max_size=20), st.sampled_from(["GET", "HEAD", "PUT"]), st.sampled_from([None, "http://h:81"]))
def test_requests_to_the_bucket_are_signed_as_botocore_signs_them(
    key: str, body: bytes, method: str, endpoint_url: str | None
) -> None:
    study = attach.Study("s", "eu-central-1", "bucket", endpoint_url, "q", 120)
    headers = {"Content-Type": "application/json", "If-None-Match": "*"} if method == "PUT" else {}
    check(attach.Request(method, study.object_url(key), headers, body))


@settings(max_examples=100)
@given(st.lists(st.tuples(words, words), max_size=4))
def test_queries_are_signed_also_with_empty_values(pairs: list[tuple[str, str]]) -> None:
    query = "&".join(f"{attach.quote(name)}={attach.quote(value)}" for name, value in pairs)
    check(attach.Request("GET", "https://h.example/a" + ("?" + query if query else "")))


@given(st.text(st.sampled_from("aé \t+"), max_size=12).map(lambda text: text.strip()))
def test_headers_are_signed_with_their_spaces_folded(value: str) -> None:
    check(attach.Request("PUT", "https://h.example/a", {"X-Amz-Meta-Word": value.encode("utf-8").decode("latin-1")}))


@given(st.dictionaries(words, words, max_size=3))
def test_requests_to_the_queue_are_signed_as_botocore_signs_them(fields: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.DeleteMessage"}
    check(attach.Request("POST", "https://sqs.eu-central-1.amazonaws.com/", headers, attach.to_json(fields), "sqs"))


def test_a_port_is_part_of_the_signed_host() -> None:
    headers = attach.sign(attach.Request("GET", "http://127.0.0.1:4566/b/k"), KEY, "eu-central-1", NOW)
    assert headers["Host"] == "127.0.0.1:4566"


def test_the_published_example_of_a_signing_key_is_reproduced() -> None:
    # https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-examples-using-sdks.html
    made = attach.signing_key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20120215/us-east-1/iam/aws4_request")
    assert made.hex() == "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d"


def test_keys_are_encoded_as_aws_wants_it() -> None:
    assert attach.quote("a b+c~d/é", safe="/") == "a%20b%2Bc~d/%C3%A9"
    assert urllib.parse.unquote(attach.quote("a/b")) == "a/b" and "/" not in attach.quote("a/b")


def test_a_key_does_not_print_its_secret() -> None:
    assert KEY.secret not in repr(KEY) + str(KEY) + f"{KEY}" + repr([KEY])
