"""Build template.yaml with SAM and deploy it with SAM, exactly as for AWS, to an emulator."""

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localstack.build import handlers, kept, lock_of, packages, target
from localstack.disk import TO_GO_ON, require_space
from localstack.endpoint import Endpoint
from localstack.failure import Failure
from localstack.finish import finish
from localstack.paths import BUILDS, OPERATIONS, ROOT, TEMPLATE
from localstack.processes import Child, shown, tail
from localstack.steps import Steps

STACK = "ketemu"
SOURCES = f"/{STACK}/local/sources"  # a parameter kept in the emulator itself, so that it is lost when the stack is lost
BUILDS_KEPT = 3
PATIENCE = 600  # seconds; CloudFormation itself would wait an hour for a custom resource that never answers


def deploy(
    endpoint: Endpoint, parameters: Mapping[str, str], logs: Path, steps: Steps, *, embedded: bool = False
) -> tuple[dict[str, str], bool]:
    """Bring the stack up to date with the sources. Returns its outputs, and whether there was anything to do. Raises Failure.

    `embedded`: the emulator is our own, whose functions find their packages where they are installed.
    """
    kind = "embedded" if embedded else "emulator" if endpoint.is_ministack else "docker"
    sources = fingerprint()
    wanted = hashlib.sha256(json.dumps([sources, kind, dict(parameters)]).encode()).hexdigest()
    stack = find_stack(endpoint)
    outdated = not works(stack) or recall(endpoint, SOURCES) != wanted
    if embedded and not outdated:
        _keep_packages(steps)
    if outdated:
        with steps("Build the functions"):
            artifacts = build(kind, sources, endpoint, logs / "build.log")
        with steps("Deploy the stack"):
            _deploy(endpoint, artifacts, parameters, logs / "deploy.log")
            _finish(endpoint, parameters)
            remember(endpoint, SOURCES, wanted)
        stack = find_stack(endpoint)
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}, outdated


def _keep_packages(steps: Steps) -> None:
    """The functions of a kept stack name where their packages are: `make clean` takes them away. Raises Failure."""
    where = target("embedded")
    missing = [lock for lock in {lock_of(function) for function in handlers()} if not kept(lock, where).exists()]
    if missing:
        with steps("Install the functions' packages"):
            for lock in missing:
                packages(lock, where)


def fingerprint() -> str:
    """Of everything that the deployed stack is made from."""
    digest = hashlib.sha256()
    for file in sorted(_ingredients()):
        digest.update(f"{file.relative_to(ROOT)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def build(kind: str, sources: str, endpoint: Endpoint, log: Path) -> Path:
    """The directory with the built template and artifacts, made once for the same sources."""
    ready = BUILDS / f"{kind}-{sources[:16]}"
    if not ready.exists():
        BUILDS.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=BUILDS, prefix="making-") as scratch:
            fresh = Path(scratch) / "build"
            settings = endpoint.settings | _downloads() | {"KETEMU_TARGET": kind}
            _sam("build", ["--parallel", "--template-file", str(TEMPLATE), "--build-dir", str(fresh / "sam")], settings, log)
            if not ready.exists():  # another run may have made it meanwhile
                fresh.rename(ready)
    os.utime(ready)
    for old in sorted(BUILDS.glob(f"{kind}-*"), key=lambda path: path.stat().st_mtime)[:-BUILDS_KEPT]:
        shutil.rmtree(old)
    return ready / "sam"


def find_stack(endpoint: Endpoint) -> dict[str, Any]:
    """Its description; empty where there is none."""
    try:
        stack: dict[str, Any] = endpoint.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":  # which is: it does not exist
            raise
        return {}
    return stack


def works(stack: Mapping[str, Any]) -> bool:
    return stack.get("StackStatus") in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")


def recall(endpoint: Endpoint, name: str) -> str | None:
    """What the emulator was told to remember."""
    try:
        return str(endpoint.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            raise
        return None


def remember(endpoint: Endpoint, name: str, value: str) -> None:
    endpoint.client("ssm").put_parameter(Name=name, Value=value, Type="String", Overwrite=True)


def _deploy(endpoint: Endpoint, artifacts: Path, parameters: Mapping[str, str], log: Path) -> None:
    stack = find_stack(endpoint)
    if stack and not works(stack):  # a deployment failed or was interrupted, and what it left cannot be updated
        cloudformation = endpoint.client("cloudformation")
        cloudformation.delete_stack(StackName=STACK)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    settings = ["--config-file", str(ROOT / "samconfig.toml"), "--config-env", "local", "--no-progressbar"]
    began = datetime.now(UTC)
    try:
        _sam(
            "deploy",
            [*settings, "--template-file", str(artifacts / "template.yaml"), "--parameter-overrides", *overrides],
            endpoint.settings,
            log,
        )
    except Failure as failure:
        reasons = failed_resources(endpoint, began)
        raise Failure(
            "\n  ".join(["The stack could not be deployed:", *reasons]) + f"\nAll of it: {shown(log)}" if reasons else str(failure)
        ) from failure


def _finish(endpoint: Endpoint, parameters: Mapping[str, str]) -> None:
    try:
        finish(endpoint, STACK, parameters["MailFrom"])
    except (BotoCoreError, ClientError) as error:
        raise Failure(
            f"The stack is deployed, but the emulator at {endpoint.url} refused what has to be added to it: {error}"
        ) from error


def failed_resources(endpoint: Endpoint, since: datetime) -> list[str]:
    """What failed and why, in the order of time, from the stack's events."""
    pages = endpoint.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=STACK)
    try:
        events = [event for page in pages for event in page["StackEvents"] if event["Timestamp"] >= since]
    except ClientError:  # it never came to a stack
        return []
    failed = [event for event in reversed(events) if event["ResourceStatus"].endswith("_FAILED")]
    return [f"{event['LogicalResourceId']} ({event['ResourceType']}): {event.get('ResourceStatusReason', '')}" for event in failed]


def _sam(command: str, options: list[str], settings: Mapping[str, str], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    with Child(f"sam {command}", ["sam", command, *options], log=log, settings=settings, patience=5) as sam:
        while sam.exit_code() is None:
            require_space(log.parent, TO_GO_ON)
            if time.monotonic() > deadline:
                raise Failure(f"`sam {command}` is not done after {PATIENCE} s. The end of its output ({shown(log)}):\n{tail(log)}")
            time.sleep(0.1)
        if sam.exit_code():
            require_space(log.parent, TO_GO_ON)  # it may have filled up between two looks
            raise Failure(f"`sam {command}` failed. The end of its output (all of it: {shown(log)}):\n{tail(log)}")


def _downloads() -> dict[str, str]:
    """How this person reaches package indexes."""
    return {
        name: value for name, value in os.environ.items() if name.startswith(("UV_", "PIP_")) or name.lower().endswith("_proxy")
    }


def _ingredients() -> Iterator[Path]:
    yield from (TEMPLATE, OPERATIONS, ROOT / "samconfig.toml", ROOT / "Makefile")
    yield from (ROOT / "localstack" / name for name in ("build.py", "deploy.py", "finish.py"))
    yield from (ROOT / "requirements").glob("*.txt")
    for package in ("functions", "shared"):
        yield from (file for file in (ROOT / package).rglob("*") if file.is_file() and file.suffix not in (".pyc", ".md"))
