"""The build, the code that decides histories: a worker serves the running workflows only while its build is the current
one.

A build is named after the code that histories depend on, so two machines with the same code agree on it. Whoever
deploys says which build is current: the embedded stack when it starts, elsewhere `starter.py migrate`.
"""

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path

import temporalio
from temporalio.api.deployment.v1 import WorkerDeploymentInfo
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
    SetWorkerDeploymentManagerRequest,
    SetWorkerDeploymentRampingVersionRequest,
)
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import WorkerDeploymentConfig

DEPLOYMENT = "regua"

REPOSITORY = Path(__file__).parent.parent


def build_id() -> str:
    """A digest of the code that decides histories: the SDK's version and each file that a workflow runs."""
    digest = hashlib.sha256(temporalio.__version__.encode())
    for file in deciding_files():
        digest.update(f"\n{file.relative_to(REPOSITORY)}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def deciding_files() -> list[Path]:
    """The files that define a workflow and, of our own code, all that they import, however deep."""
    reached: dict[Path, ast.Module] = {}
    waiting = [file for file in (REPOSITORY / "workflows").rglob("*.py") if _defines_a_workflow(_parsed(file))]
    while waiting:
        file = waiting.pop()
        if file not in reached:
            reached[file] = _parsed(file)
            waiting += [found for name in _imported(file, reached[file]) for found in _files_of(name)]
    return sorted(reached)


def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_bytes(), file.name)


def _defines_a_workflow(module: ast.Module) -> bool:
    classes = (node for node in module.body if isinstance(node, ast.ClassDef))
    return any("workflow.defn" in ast.unparse(decorator) for each in classes for decorator in each.decorator_list)


def _imported(file: Path, module: ast.Module) -> Iterator[str]:
    """Each module that an import statement may load, anywhere in the file: `from a import b` loads a, and a.b if that
    is a module."""
    package = file.relative_to(REPOSITORY).parent.parts
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else ()
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield from (source, *(f"{source}.{each.name}" for each in node.names))


def _files_of(module: str) -> Iterator[Path]:
    """The module's file, unless it isn't ours, and those of the packages around it, which run before it."""
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        path = REPOSITORY.joinpath(*parts[:depth])
        candidates = (path / "__init__.py", path.with_suffix(".py"))
        yield from (file for file in candidates if file.is_file())


def deployment_of(build: str) -> WorkerDeploymentConfig:
    """All move on to the current build at their next step, since cases and agreements live for years and a cohort
    pinned to a build that nobody runs any more would wait for ever. Recorded histories prove that they can."""
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(DEPLOYMENT, build),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


async def make_current(client: Client, build: str) -> None:
    """Make a build the current one, and no other beside it: from now on its workers serve all, whether one runs already
    or is about to."""
    await client.workflow_service.set_worker_deployment_current_version(
        SetWorkerDeploymentCurrentVersionRequest(
            namespace=client.namespace,
            deployment_name=DEPLOYMENT,
            build_id=build,
            allow_no_pollers=True,
            ignore_missing_task_queues=True,
        )
    )
    await client.workflow_service.set_worker_deployment_ramping_version(
        SetWorkerDeploymentRampingVersionRequest(namespace=client.namespace, deployment_name=DEPLOYMENT, percentage=0)
    )


async def take_deployment(client: Client) -> None:
    """Take the deployment from whoever made himself the only one who may change it."""
    await client.workflow_service.set_worker_deployment_manager(
        SetWorkerDeploymentManagerRequest(
            namespace=client.namespace,
            deployment_name=DEPLOYMENT,
            manager_identity="",
            identity=client.service_client.config.identity,
        )
    )


async def current_build(client: Client) -> str | None:
    """The current build; None when nobody has said yet."""
    routing = (await deployment(client)).routing_config
    return routing.current_deployment_version.build_id or None


async def deployment(client: Client) -> WorkerDeploymentInfo:
    """Our deployment, as Temporal knows it; an empty one when nobody has said anything of it yet."""
    asked = DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=DEPLOYMENT)
    try:
        answer = await client.workflow_service.describe_worker_deployment(asked)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return WorkerDeploymentInfo()
        raise
    return answer.worker_deployment_info
