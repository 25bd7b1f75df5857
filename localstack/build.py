"""Build one function's artifact: `python -m localstack.build OrdersApi <directory>`, called by `sam build` through make.

An artifact holds the function's context (functions/<context>), the modules of shared/ that it imports, the packages locked in
requirements/<group>.txt, and bytecode for all of it. Nothing else: no tests, no documents, no other context. The group is the
context's, unless the function names another (`Metadata: {BuildMethod: makefile, Packages: tickets-paper}`).

KETEMU_TARGET says where it is to run: `embedded` (the emulator that `make run` starts, which is told where the packages are instead
of being given copies), `emulator` (another of its kind here, the default), `docker` (LocalStack's containers on this machine's
processor) or `aws` (the template's Runtime and Architectures).
"""

import ast
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from localstack.failure import Failure
from localstack.paths import CACHE, EMULATOR_PYTHON, ROOT, TEMPLATE

FIRST_PARTY = ("functions", "shared")
LINK = "packages.txt"  # in an embedded artifact: where its packages are (embedded/sitecustomize.py reads it)
# Installed, but of no use at run time. METADATA and the licences stay: importlib.metadata and the law read them.
# Of Pillow only what writes a PNG: its other codecs and its letters are 12 MB. fontTools does without its compiled modules, which
# are 12 MB, and of fonts that vary nothing is slanted here. Compiled bindings need _cffi_backend and no cffi.
DEAD_WEIGHT = (
    *("bin", "share", "**/tests", "**/*.pyi", "**/*.pyx", "**/*.c", "**/*.h"),
    *(f"PIL/_{codec}.*" for codec in ("avif", "imagingcms", "imagingft", "imagingmorph", "imagingtk", "webp")),
    *(f"pillow.libs/lib{of}*" for of in ("avif", "brotli", "freetype", "harfbuzz", "lcms2", "png16", "sharpyuv", "webp")),
    *("cffi", "pycparser", "pydantic/v1", "pydantic/mypy.py", "uharfbuzz/_harfbuzz_test.*"),
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/*.min.*",
    *(f"aws_lambda_powertools/utilities/{of}" for of in ("auth_alpha", "batch", "circuit_breaker", "data_masking", "kafka")),
    *(f"aws_lambda_powertools/utilities/{of}" for of in ("feature_flags", "idempotency", "parser", "streaming", "validation")),
    *("fontTools/**/*.so", "fontpkg_*/files/*-Italic*"),
    *(f"fontTools/{of}" for of in ("cu2qu", "diff", "merge", "mtiLib", "qu2cu", "t1Lib", "ufoLib", "voltLib")),
)
DEAD_WEIGHT_OF_METADATA = ("RECORD", "INSTALLER", "REQUESTED", "WHEEL", "direct_url.json")


@dataclass(frozen=True)
class Target:
    """The interpreter that will run an artifact: one that is here, or a version on another platform."""

    python: str | None  # path of an interpreter that can compile for it
    version: str = ""
    platform: str = ""  # as uv names it
    links: bool = False  # whether it finds packages where they are installed

    @property
    def options(self) -> list[str]:
        """uv's options to install for it."""
        if not self.platform:
            return ["--python", str(self.python)]
        return ["--python-version", self.version, "--python-platform", self.platform, "--only-binary", ":all:"]


def target(name: str) -> Target:
    if name in ("emulator", "embedded"):
        return Target(str(EMULATOR_PYTHON), links=name == "embedded")
    version = _globals()["Runtime"].removeprefix("python")
    machines = {"aws": _globals().get("Architectures", ["x86_64"])[0], "docker": platform.machine()}
    if name not in machines:
        raise Failure(f"KETEMU_TARGET={name} is not known: embedded, emulator, docker or aws.")
    machine = {"arm64": "aarch64", "AMD64": "x86_64"}.get(machines[name], machines[name])
    # Lambda's Python runs on Amazon Linux 2023, whose glibc is 2.34.
    return Target(interpreter(version), version, f"{machine}-manylinux_2_28")


def interpreter(version: str) -> str | None:
    """The path of that Python, where this machine has one that runs (a version manager's shim may not)."""
    found = shutil.which(f"python{version}")
    return found if found and subprocess.run([found, "--version"], capture_output=True, check=False).returncode == 0 else None


def build(function: str, artifact: Path, where: Target) -> None:
    context = context_of(function)
    for source in sources(ROOT, context):
        copy = artifact / source.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, copy)
    compile_bytecode(artifact, where)
    installed = packages(lock_of(function), where)
    if where.links:
        (artifact / LINK).write_text(str(installed))
    else:
        shutil.copytree(installed, artifact, copy_function=_link, dirs_exist_ok=True)


def handlers() -> dict[str, str]:
    """The functions of the template, each with its Handler."""
    resources = {name: each for name, each in template()["Resources"].items() if isinstance(each, dict)}  # a loop is a list
    return {name: each["Properties"]["Handler"] for name, each in resources.items() if each["Type"] == "AWS::Serverless::Function"}


def context_of(function: str) -> str:
    """The folder of a function, read from its Handler (`functions.orders.api.handler` is of orders)."""
    resource = template()["Resources"].get(function)
    if resource is None:
        raise Failure(f"template.yaml has no function {function}.")
    package, context, *_ = resource["Properties"]["Handler"].split(".")
    if package != "functions" or not (ROOT / package / context).is_dir():
        raise Failure(
            f"The Handler of {function} is {resource['Properties']['Handler']}: it should be functions.<context>.<module>.<name>."
        )
    return str(context)


def group_of(function: str) -> str:
    """The dependency group of pyproject.toml that its packages are."""
    return str(template()["Resources"][function].get("Metadata", {}).get("Packages", context_of(function)))


def lock_of(function: str) -> Path:
    return ROOT / "requirements" / f"{group_of(function)}.txt"


def sources(root: Path, context: str) -> set[Path]:
    """The context's own files, and what they import of the repository, transitively."""
    found: set[Path] = set()
    folder = root / "functions" / context
    waiting = [
        folder.parent / "__init__.py",
        *(file for file in folder.rglob("*") if _is_shipped(file.relative_to(folder)) and file.is_file()),
    ]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += imported(root, file) if file.suffix == ".py" else []
    return found


def imported(root: Path, file: Path) -> Iterator[Path]:
    """The files of the repository that `file` imports, with the packages they are in."""
    for node in ast.walk(ast.parse(file.read_bytes(), file)):
        match node:
            case ast.Import(names):
                modules = [alias.name for alias in names]
            case ast.ImportFrom(module, names, level):
                base = ".".join([*file.relative_to(root).parts[:-level], *([module] if module else [])]) if level else str(module)
                modules = [base, *(f"{base}.{alias.name}" for alias in names)]
            case _:
                continue
        for module in modules:
            if module.split(".")[0] in FIRST_PARTY:
                yield from _files(root, module)


def packages(lock: Path, where: Target) -> Path:
    """A directory with the packages of a lock file, installed once per content of the file and target."""
    ready = kept(lock, where)
    ready.parent.mkdir(parents=True, exist_ok=True)
    with ready.with_suffix(".lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # the functions of a context are built side by side
        if not ready.exists():
            _install(lock, where, ready)
    return ready


def _install(lock: Path, where: Target, ready: Path) -> None:
    with tempfile.TemporaryDirectory(dir=ready.parent) as scratch:
        fresh = Path(scratch) / "packages"
        uv = [
            "uv",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--require-hashes",
            *where.options,
            "--target",
            str(fresh),
            "-r",
            str(lock),
        ]
        if subprocess.run(uv, cwd=ROOT, env=_tools(), check=False).returncode:
            raise Failure(f"Could not install {lock.relative_to(ROOT)}: see the message above.")
        trim(fresh)
        set_fonts(fresh)
        compile_bytecode(fresh, where)
        fresh.rename(ready)


def kept(lock: Path, where: Target) -> Path:
    """Where `packages` has or will have them."""
    key = hashlib.sha256(lock.read_bytes() + repr((where, sys.version, DEAD_WEIGHT)).encode()).hexdigest()[:16]
    return CACHE / "packages" / f"{lock.stem}-{key}"


def trim(installed: Path) -> None:
    useless = [path for pattern in DEAD_WEIGHT for path in installed.glob(pattern)]
    useless += [path for name in DEAD_WEIGHT_OF_METADATA for path in installed.glob(f"*.dist-info/{name}")]
    for path in useless:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def set_fonts(installed: Path) -> None:
    """Fonts that vary keep their regular weight and width alone, under the same name: a quarter in size, and so are the papers."""
    for file in installed.glob("fontpkg_*/files/*wght*.ttf"):
        from fontTools.ttLib import TTFont  # only where something prints
        from fontTools.varLib.instancer import instantiateVariableFont

        font = TTFont(file)
        regular = {axis.axisTag: axis.defaultValue for axis in font["fvar"].axes}
        instantiateVariableFont(font, regular, inplace=True)
        file.unlink()  # it may be a link into the cache of uv, and so into an environment
        font.save(file)


def compile_bytecode(directory: Path, where: Target) -> None:
    """Unchecked, because a zip loses the time stamps that an ordinary .pyc is checked against."""
    if where.python is None:
        print(
            f"python{where.version} is not installed here: no bytecode in the artifact, its cold start will be slower.",
            file=sys.stderr,
        )
        return
    # Paths are kept relative to the artifact, which is a function's working directory: tracebacks show the source.
    command = [
        where.python,
        "-m",
        "compileall",
        "-q",
        "-s",
        str(directory),
        "--invalidation-mode",
        "unchecked-hash",
        str(directory),
    ]
    if subprocess.run(command, env=_tools(), check=False).returncode:
        raise Failure(f"Could not compile {directory}: see the message above.")


def _is_shipped(path: Path) -> bool:
    return path.suffix not in (".pyc", ".md") and not {"__pycache__", "tests"} & set(path.parts)


def _files(root: Path, module: str) -> Iterator[Path]:
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        path = root.joinpath(*parts[:depth])
        yield from (file for file in (path.with_suffix(".py"), path / "__init__.py") if file.exists())


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)


def _tools() -> dict[str, str]:
    """The environment for tools: this environment's first on the path, and nobody's PYTHON* settings."""
    own = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    return own | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{own.get('PATH', '')}"}


@cache
def template(path: Path = TEMPLATE) -> dict[str, Any]:  # YAML is untyped by nature
    class Loader(yaml.SafeLoader):
        """Reads CloudFormation's short forms (!Ref, !Sub …) as nothing: no Handler uses them."""

    Loader.add_multi_constructor("!", lambda loader, suffix, node: None)
    read: dict[str, Any] = yaml.load(path.read_text(), Loader)  # noqa: S506  # a subclass of SafeLoader
    return read


def _globals() -> dict[str, Any]:
    function: dict[str, Any] = template()["Globals"]["Function"]
    return function


def main() -> None:
    function, artifact = sys.argv[1:]
    try:
        build(function, Path(artifact), target(os.environ.get("KETEMU_TARGET", "emulator")))
    except Failure as failure:
        sys.exit(str(failure))


if __name__ == "__main__":
    main()
