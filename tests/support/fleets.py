"""Fleets in the local cloud, from the project's own template."""

from __future__ import annotations

from dataclasses import dataclass

from local_cloud import REPOSITORY, Study


@dataclass(frozen=True)
class DeployedFleet:
    """The stack of a pool."""

    stack: str
    group: str
    role_arn: str


def deploy_fleet(study: Study, **parameters: str) -> DeployedFleet:
    """Creates the stack of the study's own queue. The local cloud knows no metric math: nothing scales there."""
    stack = f"cruncher-{study.name}-Fleet-main"
    values = {
        "Study": study.name,
        "Bucket": study.bucket,
        "QueueName": str(study.config["queue_url"]).rsplit("/", 1)[-1],
        "ConfigUrl": study.config_url,
        "Scales": "false",
        **parameters,
    }
    cloudformation = study.cloud.client("cloudformation")
    cloudformation.create_stack(
        StackName=stack,
        TemplateBody=(REPOSITORY / "stack/fleet.yaml").read_text(),
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=stack, WaiterConfig={"Delay": 0.1, "MaxAttempts": 300}
    )
    told = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in told}
    return DeployedFleet(stack, outputs["GroupName"], outputs["RoleArn"])
