"""A worker without a key signs with those of its computer's role."""

from __future__ import annotations

import time
from collections.abc import Iterator

import attach
import pytest
from fleets import deploy_fleet
from local_cloud import Key
from metadata_service import MetadataService, key_of_role
from tests.lab import Lab, wait_for

NO_KEY = Key("", "")
SHORT = "result['x'] = 1\n"


@pytest.fixture
def service(lab: Lab) -> Iterator[MetadataService]:
    """The metadata service of an instance of the study's fleet."""
    role_arn = deploy_fleet(lab.study).role_arn
    made = MetadataService(lambda: key_of_role(lab.study.cloud, role_arn))
    yield made
    made.close()


def test_workers_of_a_fleet_compute_without_a_key(lab: Lab, service: MetadataService) -> None:
    worker = lab.attach(key=NO_KEY, after=", workers=2", **service.environment)
    case_id = lab.send(SHORT)
    assert lab.done(case_id)["result"] == {"x": 1}
    assert worker.stop() == 0
    assert len(service.keys) >= 2, "each worker has a key of its own"
    for made in service.keys:
        assert made["SecretAccessKey"] not in worker.output and made["Token"] not in worker.output


def test_a_key_that_expires_is_replaced_before_that(lab: Lab) -> None:
    role_arn = deploy_fleet(lab.study).role_arn
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 301))
    service = MetadataService(lambda: key_of_role(lab.study.cloud, role_arn, ends))
    worker = lab.attach(key=NO_KEY, **service.environment)
    worker.name()
    wait_for("another key", lambda: len(service.keys) > 2)
    case_id = lab.send(SHORT)
    assert lab.done(case_id)["result"] == {"x": 1}
    assert worker.stop() == 0
    service.close()


def test_a_key_that_is_refused_is_replaced_if_there_is_another(lab: Lab) -> None:
    role_arn = deploy_fleet(lab.study).role_arn
    made = key_of_role(lab.study.cloud, role_arn)
    keys = [{**made, "Token": "of nobody", "AccessKeyId": "ASIA0000000000000000"}] * 2
    service = MetadataService(lambda: keys.pop() if keys else made)
    worker = lab.attach(key=NO_KEY, **service.environment)
    case_id = lab.send(SHORT)
    assert lab.done(case_id)["result"] == {"x": 1}
    assert worker.stop() == 0
    service.close()


def test_without_key_and_without_role_it_says_so(lab: Lab) -> None:
    worker = lab.attach(key=NO_KEY, AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:9")
    worker.ends()
    assert "it can't be attached: OSError: no key was given, and there is no metadata service" in worker.output


def test_a_heartbeat_names_no_temporary_key(lab: Lab, service: MetadataService) -> None:
    worker = lab.attach(key=NO_KEY, **service.environment)
    name = worker.name()
    assert lab.heartbeat(name)["key_id"] == "role"
    assert worker.stop() == 0


def test_a_token_is_signed_with_the_rest() -> None:
    key = attach.Key("ASIA1", "secret")
    key.token = "the token"
    headers = attach.sign(attach.Request("GET", "https://h.example/a"), key, "r", 0.0)
    assert headers["X-Amz-Security-Token"] == "the token"
    assert ";x-amz-security-token," in headers["Authorization"]


def test_a_renewal_that_fails_is_tried_again_after_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    good = {"AccessKeyId": "ASIA1", "SecretAccessKey": "s", "Token": "t", "Expiration": "2030-01-01T00:00:00Z"}
    answers = [good, {}, {}, {**good, "AccessKeyId": "ASIA2", "Expiration": "2030-01-01T06:00:00Z"}]
    metadata = MetadataService(lambda: answers[len(metadata.keys)])
    for name, value in metadata.environment.items():
        monkeypatch.setenv(name, value)
    expires, key = 1893456000.0, attach.RoleKey()
    times = [-3600, -299, -298, -290, -288, -279, -270, -10]
    seen = [(key.at(expires + at).key_id, len(metadata.keys)) for at in times]
    one, two = [("ASIA1", count) for count in (1, 2, 2, 2, 3, 3)], [("ASIA2", 4)] * 2
    assert seen == one + two
    metadata.close()


def test_a_key_that_has_expired_is_no_longer_used(monkeypatch: pytest.MonkeyPatch) -> None:
    good = {"AccessKeyId": "ASIA1", "SecretAccessKey": "s", "Token": "t", "Expiration": "2030-01-01T00:00:00Z"}
    metadata = MetadataService(lambda: {} if metadata.keys else good)
    for name, value in metadata.environment.items():
        monkeypatch.setenv(name, value)
    expires, key = 1893456000.0, attach.RoleKey()
    assert [key.at(expires + at).key_id for at in (-9, -1)] == ["ASIA1"] * 2
    with pytest.raises(ValueError, match="gives no key"):
        key.at(expires + 1)
    metadata.close()
