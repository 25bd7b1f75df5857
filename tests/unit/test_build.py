"""What goes into a function's artifact, and what its lock files pin."""

import ast
import re
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from importlib.metadata import packages_distributions
from importlib.resources import as_file, files
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from fontTools.ttLib import TTFont
from packaging.requirements import Requirement

from localstack import build
from localstack.build import (
    DEAD_WEIGHT,
    Target,
    compile_bytecode,
    context_of,
    group_of,
    handlers,
    imported,
    set_fonts,
    sources,
    target,
    trim,
)
from localstack.failure import Failure
from localstack.paths import EMBEDDED, ROOT

CONTEXTS = ("gateway", "auth", "events", "orders", "tickets", "contacts", "notifications", "relay")
APART = ("tickets-pictures", "tickets-paper")  # groups of functions that need other packages than their context
RUNTIME = {"boto3", "botocore", "s3transfer", "jmespath", "urllib3", "python-dateutil", "six"}
UNCHECKED_HASH = 0b01  # flags of a .pyc that is valid whatever its source's time stamp (PEP 552)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    files = {
        "functions/__init__.py": "",
        "functions/openapi.py": "",
        "functions/orders/__init__.py": "",
        "functions/orders/README.md": "",
        "functions/orders/api.py": "from functions.orders import domain\nfrom shared import money\nimport json\n",
        "functions/orders/domain.py": "def late():\n    import shared.clock\n",
        "functions/orders/templates/mail.txt": "Hello",
        "functions/orders/tests/test_domain.py": "",
        "functions/orders/__pycache__/api.cpython-311.pyc": "",
        "functions/tickets/__init__.py": "",
        "shared/__init__.py": "",
        "shared/money.py": "from .errors import Problem\n",
        "shared/errors.py": "",
        "shared/clock.py": "from shared.deep.zones import utc\n",
        "shared/deep/__init__.py": "",
        "shared/deep/zones.py": "",
        "shared/qr.py": "",
        "tests/test_all.py": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_an_artifact_holds_the_context_and_what_it_imports_of_the_kernel_and_nothing_else(repository: Path) -> None:
    held = {str(file.relative_to(repository)) for file in sources(repository, "orders")}
    assert held == {
        "functions/__init__.py",
        "functions/orders/__init__.py",
        "functions/orders/api.py",
        "functions/orders/domain.py",
        "functions/orders/templates/mail.txt",
        "shared/__init__.py",
        "shared/money.py",
        "shared/errors.py",
        "shared/clock.py",
        "shared/deep/__init__.py",
        "shared/deep/zones.py",
    }


@pytest.mark.parametrize("context", CONTEXTS)
def test_no_context_ships_another_or_any_test(context: str) -> None:
    for file in sources(ROOT, context):
        top, *rest = file.relative_to(ROOT).parts
        assert top in ("functions", "shared")
        assert top == "shared" or rest == ["__init__.py"] or rest[0] == context, f"{context} would ship {file}"


def test_a_functions_folder_is_read_from_its_handler() -> None:
    assert context_of("OrdersWorker") == "orders"
    assert context_of("GatewayVisitor") == "gateway"
    assert context_of("Relay") == "relay"


def test_a_function_that_the_template_lacks_is_named() -> None:
    with pytest.raises(Failure, match="NoSuchFunction"):
        context_of("NoSuchFunction")


def test_packages_and_sources_meet_in_the_artifact(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed, artifact = tmp_path / "installed", tmp_path / "artifact"
    (installed / "pydantic").mkdir(parents=True)
    (installed / "pydantic" / "__init__.py").write_text("")
    artifact.mkdir()
    asked: list[Path] = []
    monkeypatch.setattr(build, "ROOT", repository)
    monkeypatch.setattr(build, "context_of", lambda function: "orders")
    monkeypatch.setattr(build, "group_of", lambda function: "orders")
    monkeypatch.setattr(build, "packages", lambda lock, where: asked.append(lock) or installed)
    build.build("OrdersApi", artifact, Target(sys.executable))
    assert asked == [repository / "requirements" / "orders.txt"]
    assert (artifact / "pydantic" / "__init__.py").exists()
    assert (artifact / "functions" / "orders" / "templates" / "mail.txt").read_text() == "Hello"
    assert not (artifact / "functions" / "tickets").exists()


def test_an_embedded_artifact_names_its_packages_and_a_process_in_it_finds_them(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed, artifact = tmp_path / "installed", tmp_path / "artifact"
    installed.mkdir()
    (installed / "only_there.py").write_text("ANSWER = 42\n")
    artifact.mkdir()
    monkeypatch.setattr(build, "ROOT", repository)
    monkeypatch.setattr(build, "context_of", lambda function: "orders")
    monkeypatch.setattr(build, "group_of", lambda function: "orders")
    monkeypatch.setattr(build, "packages", lambda lock, where: installed)
    build.build("OrdersApi", artifact, Target(sys.executable, links=True))
    assert not (artifact / "only_there.py").exists()
    run = [sys.executable, "-c", "import only_there; print(only_there.ANSWER)"]
    found = subprocess.run(run, cwd=artifact, env={"PYTHONPATH": str(EMBEDDED)}, capture_output=True, text=True, check=True)
    assert found.stdout == "42\n"


def test_bytecode_is_valid_whatever_the_time_stamps_of_a_zip(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("ANSWER = 42\n")
    compile_bytecode(tmp_path, Target(sys.executable))
    (bytecode,) = (tmp_path / "__pycache__").iterdir()
    header = bytecode.read_bytes()[:8]
    assert header == MAGIC_NUMBER + UNCHECKED_HASH.to_bytes(4, "little")
    assert str(tmp_path).encode() not in bytecode.read_bytes(), "tracebacks would name a directory of this machine"


def test_without_the_targets_interpreter_there_is_no_bytecode_and_it_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "module.py").write_text("")
    compile_bytecode(tmp_path, Target(None, "3.13", "aarch64-manylinux_2_28"))
    assert not (tmp_path / "__pycache__").exists()
    assert "python3.13 is not installed" in capsys.readouterr().err


def test_trimming_keeps_what_is_needed_at_run_time_and_by_law(tmp_path: Path) -> None:
    kept = ["pkg/__init__.py", "pkg-1.0.dist-info/METADATA", "pkg-1.0.dist-info/licenses/LICENSE", "pkg/core.so"]
    dropped = ["pkg/core.pyi", "pkg/core.c", "pkg/tests/test_core.py", "pkg-1.0.dist-info/RECORD", "bin/pkg"]
    for name in kept + dropped:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    trim(tmp_path)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)


# In a fresh process: what trimming leaves out cannot be imported, and everything is done that needs a package.
WITHOUT = """
import sys
from importlib import import_module
dead = sys.argv[1].split()

class Gone:
    def find_spec(self, name, path=None, target=None):
        if any(name == each or name.startswith(each + ".") for each in dead):
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Gone())
from localstack.build import handlers
for handler in handlers().values():
    import_module(handler.rpartition(".")[0])
from functions.openapi import document
document()
from shared import qr
qr.png("KETEMU", box=2, level="M"), qr.svg("KETEMU", box=2, level="M")
from functions.auth.passwords import Argon2Passwords
Argon2Passwords().hash("ten characters or more")
from tests.unit.test_tickets_paper import NAMES, named
from functions.tickets.paper import pdf
pdf(*map(named, NAMES))
print("all done")
"""


def test_nothing_that_is_used_is_left_out() -> None:
    installed = Path(sysconfig.get_path("purelib"))
    found = {path.relative_to(installed) for pattern in DEAD_WEIGHT for path in installed.glob(pattern)}
    modules = {(path.parent / path.name.partition(".")[0], path.suffix) for path in found if path.suffix in ("", ".py", ".so")}
    gone = [path for path, kind in modules if kind != ".so" or not (installed / path).with_suffix(".py").exists()]  # no plain twin
    dead = {".".join(path.parts) for path in gone}
    assert {"PIL._webp", "cffi", "fontTools.voltLib", "pydantic.mypy"} <= dead
    done = subprocess.run([sys.executable, "-c", WITHOUT, " ".join(dead)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "all done\n", done.stderr


def test_a_font_that_varies_is_set_to_its_regular_form_and_loses_no_letter(tmp_path: Path) -> None:
    with as_file(files("fontpkg_noto_sans_thai") / "files" / "NotoSansThai[wdth,wght].ttf") as original:
        copy = tmp_path / "fontpkg_noto_sans_thai" / "files" / original.name
        copy.parent.mkdir(parents=True)
        copy.write_bytes(original.read_bytes())
        linked = tmp_path / "linked.ttf"  # as uv installs
        linked.hardlink_to(copy)
        set_fonts(tmp_path)
        assert linked.read_bytes() == original.read_bytes()
        before, after = TTFont(original), TTFont(copy)
        assert ("fvar" in before, "fvar" in after) == (True, False)
        assert after.getBestCmap() == before.getBestCmap()
        assert copy.stat().st_size < original.stat().st_size / 2


def test_for_aws_the_packages_are_those_of_the_templates_runtime_and_processor() -> None:
    options = target("aws").options
    assert options[:4] == ["--python-version", "3.13", "--python-platform", "aarch64-manylinux_2_28"]
    assert options[4:] == ["--only-binary", ":all:"], "nothing is compiled for a processor that is not here"


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(Failure, match="KETEMU_TARGET=moon"):
        target("moon")


@pytest.mark.parametrize("group", [*CONTEXTS, *APART, "dev", "emulator"])
def test_each_dependency_group_is_locked_within_its_bounds(group: str) -> None:
    pins = locked(group)
    for requirement in required(group):
        name = normal(requirement.name)
        if name not in RUNTIME or group in ("dev", "emulator"):
            assert pins.get(name) is not None, f"{name} is not in requirements/{group}.txt: run `make lock`"
            assert requirement.specifier.contains(pins[name]), f"{requirement} is locked at {pins[name]}: run `make lock`"


@pytest.mark.parametrize("group", [*CONTEXTS, *APART])
def test_the_sdk_of_the_runtime_is_not_packed(group: str) -> None:
    assert not RUNTIME & locked(group).keys()


def test_functions_that_print_have_a_group_of_their_own() -> None:
    printing = [function for function in handlers() if group_of(function) == "tickets-paper"]
    assert printing == ["TicketsPapersApi", "TicketsPapersWorker"]
    assert not {"fpdf2", "fonttools", "uharfbuzz"} & locked(group_of("TicketsApi")).keys()
    assert not {"fpdf2", "fonttools", "pillow", "uharfbuzz"} & locked(group_of("TicketsWorker")).keys()
    assert not {"cffi", "cryptography"} & locked("tickets-paper").keys(), "who prints signs nothing"


@pytest.mark.parametrize("function", handlers())
def test_whatever_a_function_imports_is_locked_for_it(function: str) -> None:
    held = locked(group_of(function)).keys() | RUNTIME
    for package in imported_by(handlers()[function].rpartition(".")[0]):
        assert held & {normal(each) for each in distributions()[package]}, f"{function} imports {package}, which its artifact lacks"


@cache
def distributions() -> Mapping[str, list[str]]:
    """Who brings a package; reads every one that is installed."""
    return packages_distributions()


def imported_by(module: str) -> set[str]:
    """The packages of others that a module of ours imports, or what it imports does: now, or when something needs them."""
    waiting, seen, found = [ROOT.joinpath(*module.split(".")).with_suffix(".py")], set[Path](), set[str]()
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen.add(file)
            found |= {name.partition(".")[0] for name in imported_names(file)}
            waiting += imported(ROOT, file)
    return {name for name in found if name not in {*sys.stdlib_module_names, "functions", "shared"}}


def imported_names(file: Path) -> Iterator[str]:
    """What it imports at run time, which leaves out what only its annotations name."""
    tree = ast.parse(file.read_bytes())
    for node in [node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]:
        node.body = [ast.Pass()]
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(str(name), _, 0):
                yield name


def required(group: str) -> list[Requirement]:
    groups: dict[str, list[Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    return [
        requirement
        for entry in groups[group]
        for requirement in ([Requirement(entry)] if isinstance(entry, str) else required(entry["include-group"]))
    ]


def locked(group: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{group}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9.-]+)(?:\[[^]]*\])?==([^ ;]+)", text, re.MULTILINE))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_functions_that_are_built_side_by_side_install_their_packages_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, installed = tmp_path / "orders.txt", []
    lock.write_text("pynamodb==6.1")
    both_wait = Barrier(2)

    def install(lock: Path, where: build.Target, ready: Path) -> None:
        installed.append(lock)
        with suppress(BrokenBarrierError):
            both_wait.wait(timeout=0.2)  # nobody else gets here meanwhile
        ready.mkdir()

    monkeypatch.setattr(build, "CACHE", tmp_path)
    monkeypatch.setattr(build, "_install", install)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda where: build.packages(lock, where), [build.target("embedded")] * 2)
    assert first == second
    assert installed == [lock]
