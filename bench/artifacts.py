"""What every function is made of: the artifacts as `sam build` makes them, how large they are, and what importing them costs.

Import is CPU time of a fresh process, from the artifact that runs on this machine, with the AWS SDK of the emulator's environment
as the Lambda runtime has its own. The least of several rounds counts: others on the machine can only add to it. The yardstick is
measured in the same rounds: botocore alone, with a DynamoDB client.
"""

import json
import os
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from localstack.build import Target, build, group_of, handlers, target
from localstack.paths import CACHE, EMULATOR_PYTHON
from localstack.processes import inherited

SDK = "botocore"

YARDSTICK = "import botocore.session; botocore.session.get_session().create_client('dynamodb', region_name='eu-central-1')"
# In the child: the handler's module, timed, and whether the SDK came with it.
PROBE = """
import json, sys, time
sys.path[:0] = [path for path in sys.argv[1:2] if path]
began = time.process_time()
exec(sys.argv[2])
spent = time.process_time() - began
print(json.dumps([spent, "botocore" in sys.modules]))
"""
# What template.yaml would set, as far as anything is read at import.
SETTINGS = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "TABLE_NAME": "ketemu",
    "POWERTOOLS_SERVICE_NAME": "bench",
    "POWERTOOLS_METRICS_NAMESPACE": "Ketemu",
}


@dataclass(frozen=True)
class Import:
    function: str
    milliseconds: float  # CPU
    ratio: float  # to the yardstick
    loads_sdk: bool


@dataclass(frozen=True)
class Size:
    context: str  # or those of its functions that need more: a dependency group
    functions: int
    zipped: float  # MB, as it is uploaded for AWS
    unzipped: float  # MB, as Lambda counts it against its 250


@contextmanager
def built(where: Target) -> Iterator[Mapping[str, Path]]:
    """An artifact of every dependency group, by its name: the functions of one are alike."""
    (CACHE / "bench").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE / "bench") as scratch:
        artifacts: dict[str, Path] = {}
        for function in handlers():
            group = group_of(function)
            if group not in artifacts:
                artifacts[group] = Path(scratch) / group
                build(function, artifacts[group], where)
        yield artifacts


def imports(rounds: int = 5) -> list[Import]:
    with built(target("emulator")) as artifacts:
        yardstick, least = float("inf"), dict.fromkeys(handlers(), float("inf"))
        loads_sdk: dict[str, bool] = {}
        for _ in range(rounds):
            yardstick = min(yardstick, _probe(YARDSTICK, None)[0])
            for function, handler in handlers().items():
                module = handler.rpartition(".")[0]
                spent, loads_sdk[function] = _probe(f"import {module}", artifacts[group_of(function)])
                least[function] = min(least[function], spent)
    return [
        Import("(botocore with a DynamoDB client)", yardstick * 1000, 1.0, loads_sdk=True),
        *(Import(name, spent * 1000, spent / yardstick, loads_sdk[name]) for name, spent in least.items()),
    ]


def _probe(statement: str, artifact: Path | None) -> tuple[float, bool]:
    command = [str(EMULATOR_PYTHON), "-c", PROBE, str(artifact or ""), statement]
    done = subprocess.run(
        command, cwd=artifact, env=inherited() | SETTINGS, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{statement} failed:\n{done.stderr}")
    spent, loaded = json.loads(done.stdout.splitlines()[-1])
    return spent, loaded


def sizes() -> list[Size]:
    """Of the artifacts for AWS. Where its Python is not here, the bytecode is this one's, which is as large to a few per cent."""
    aws = target("aws")
    where = aws if aws.python else replace(aws, python=str(EMULATOR_PYTHON))
    with built(where) as artifacts:
        users = [group_of(function) for function in handlers()]
        return [
            Size(group, users.count(group), _zipped(folder), sum(file.stat().st_size for file in _files(folder)) / 1e6)
            for group, folder in artifacts.items()
        ]


def _zipped(folder: Path) -> float:
    with tempfile.TemporaryFile() as scratch:
        with zipfile.ZipFile(scratch, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in _files(folder):
                archive.write(file, file.relative_to(folder))
        return os.fstat(scratch.fileno()).st_size / 1e6


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
