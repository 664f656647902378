"""The metadata service of an instance of EC2 (IMDSv2), with keys of a real role, which the local cloud's STS makes."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable
from typing import Any

import boto3
from local_cloud import REGION, LocalCloud

TOKEN = "a-token-of-this-test"
PREFIX = "/latest/meta-data/"
LENT = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
)


class MetadataService:
    """A server on loopback. It answers only those that have asked for a token, as IMDSv2 does."""

    def __init__(self, make_key: Callable[[], dict[str, str]], **facts: str) -> None:
        """Starts it; `facts` are texts by their paths, with `__` for a slash and `_` for a hyphen."""
        self.facts = {name.replace("__", "/").replace("_", "-"): text for name, text in facts.items()}
        self.keys: list[dict[str, str]] = []
        self._make_key = make_key
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def environment(self) -> dict[str, Any]:
        """What leads a program to it, by AWS's own name for that."""
        return {"AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://127.0.0.1:{self._server.server_address[1]}"}

    def close(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                is_asked = self.path == "/latest/api/token" and "X-aws-ec2-metadata-token-ttl-seconds" in self.headers
                self._answer(200 if is_asked else 400, TOKEN)

            def do_GET(self) -> None:
                if self.headers.get("X-aws-ec2-metadata-token") != TOKEN:
                    self._answer(401, "Unauthorized")
                    return
                text = service.text(self.path.removeprefix(PREFIX))
                self._answer(404 if text is None else 200, text or "")

            def _answer(self, status: int, text: str) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler

    def text(self, path: str) -> str | None:
        """What it says at a path."""
        if path == "iam/security-credentials/":
            return "the-role"
        if path == "iam/security-credentials/the-role":
            self.keys.append(self._make_key())
            return json.dumps({"Code": "Success", "Type": "AWS-HMAC", **self.keys[-1]})
        return self.facts.get(path)


def key_of_role(cloud: LocalCloud, role_arn: str, expires: str = "") -> dict[str, str]:
    """A new temporary key of a role, as the metadata service writes it, with this end if one is given."""
    administrator = cloud.administrator()
    # Nothing here starts instances: the role is lent to a user in their place. What it may do stays.
    cloud.client("iam").update_assume_role_policy(RoleName=role_arn.rsplit("/", 1)[-1], PolicyDocument=LENT)
    sts = boto3.client(
        "sts",
        endpoint_url=cloud.endpoint_url,
        region_name=REGION,
        aws_access_key_id=administrator.key_id,
        aws_secret_access_key=administrator.secret,
    )
    made = sts.assume_role(RoleArn=role_arn, RoleSessionName="i-0123456789abcdef0")["Credentials"]
    return {
        "AccessKeyId": made["AccessKeyId"],
        "SecretAccessKey": made["SecretAccessKey"],
        "Token": made["SessionToken"],
        "Expiration": expires or made["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
