"""The build, the code that decides histories: a worker serves the running workflows only while its build is the current
one.

A build is named after the code that histories depend on, so two machines with the same code agree on it. Whoever
deploys says which build is current: the embedded stack when it starts, elsewhere `starter.py migrate`.
"""

import hashlib
from pathlib import Path

import temporalio
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import WorkerDeploymentConfig

DEPLOYMENT = "regua"

REPOSITORY = Path(__file__).parent.parent


def build_id() -> str:
    """The build of the code in this repository: a digest of what decides a history."""
    digest = hashlib.sha256(temporalio.__version__.encode())
    for floor in ("models", "workflows"):
        for file in sorted((REPOSITORY / floor).glob("*.py")):
            digest.update(f"\n{floor}/{file.name}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def deployment_of(build: str) -> WorkerDeploymentConfig:
    """All move on to the current build at their next step, since cases and agreements live for years and a cohort
    pinned to a build that nobody runs any more would wait for ever. Recorded histories prove that they can."""
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(DEPLOYMENT, build),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


async def make_current(client: Client, build: str) -> None:
    """From now on workers of this build serve all, whether one runs already or is about to."""
    await client.workflow_service.set_worker_deployment_current_version(
        SetWorkerDeploymentCurrentVersionRequest(
            namespace=client.namespace,
            deployment_name=DEPLOYMENT,
            build_id=build,
            allow_no_pollers=True,
            ignore_missing_task_queues=True,
        )
    )


async def current_build(client: Client) -> str | None:
    """None: nobody has said yet."""
    asked = DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=DEPLOYMENT)
    try:
        answer = await client.workflow_service.describe_worker_deployment(asked)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    return answer.worker_deployment_info.routing_config.current_deployment_version.build_id or None
