"""`make mutants`: break the rules of each context, one at a time, and see whether its unit tests notice. Writes docs/mutants.md.

Reasons why a mutant may live are written by hand into the document, and kept when it is written anew.
"""

import argparse
import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from localstack.paths import ROOT

DOCUMENT = ROOT / "docs" / "mutants.md"
CONTEXTS = ("auth", "contacts", "events", "notifications", "orders", "tickets")  # the gateway and the relay have no domain
WANTED = 90  # per cent
UNEXPLAINED = "no reason yet"

BESIDE = ("functions/__init__.py", "shared", "tests/__init__.py", "tests/conftest.py", "tests/unit")  # what its tests import

CONFIGURATION = """
[tool.mutmut]
source_paths = ["functions"]
"""

INTRODUCTION = f"""# Mutants

`make mutants` (`CONTEXT=orders` for one) breaks what the domain of each context says, in one place at a time, and runs the unit
tests of its rules: a mutant that no test notices is a rule that nobody holds. At least {WANTED} % have to be killed, and every
survivor has its reason here, written by hand; the rest of this page is generated.

Made with [mutmut](https://mutmut.readthedocs.io) of `domain.py`, or of all of `domain/`, properties included. Not broken: sentences
(how they are worded is no rule), constants, and the defaults of fields.
A domain is pure, so that one process can switch each mutant on for the tests that call its function: all take about a minute.
"""


@dataclass(frozen=True)
class Mutant:
    """`was` and `became` are the code that differs."""

    where: str  # a function, or a class and its method
    was: str
    became: str
    status: str = "survived"

    @property
    def is_killed(self) -> bool:
        return self.status == "killed"


@dataclass(frozen=True)
class Outcome:
    """Of one context. `survivors` have a reason each; those that look alike share it."""

    mutants: int
    killed: int
    survivors: Mapping[Mutant, str]

    @property
    def share(self) -> float:
        """Of the mutants that were killed, in per cent."""
        return 100 * self.killed / self.mutants

    @property
    def is_good(self) -> bool:
        return self.share >= WANTED and UNEXPLAINED not in self.survivors.values()


# Breaking


def broken(context: str) -> list[Mutant]:
    folder = prepared(context)
    requirements, program = ROOT / "requirements" / "mutants.txt", ROOT / "bench" / "mutation.py"
    uv = [str(ROOT / ".venv" / "bin" / "uv"), "run", "--quiet", "--no-project", "--python", sys.executable, "--with-requirements"]
    given = [json.dumps([str(path.relative_to(ROOT)) for path in paths(context)]) for paths in (domain, holding)]
    command = [*uv, str(requirements), "python", "-P", str(program), *given]  # -P: without the program's own folder on the path
    with (folder / "mutmut.log").open("w") as log:
        run = subprocess.run(command, cwd=folder, stdout=log, stderr=log, check=False)
    if run.returncode:
        sys.exit(f"mutmut failed; see {folder / 'mutmut.log'}.")
    return [Mutant(**each) for each in json.loads((folder / "mutants.json").read_text())]


def prepared(context: str) -> Path:
    """A folder with what the context's tests need, to be broken."""
    folder = ROOT / ".local" / "mutants" / context
    shutil.rmtree(folder, ignore_errors=True)
    for name in (f"functions/{context}", *BESIDE):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, folder / name)
    for module in domain(context):
        path = folder / module.relative_to(ROOT)
        path.write_text(undecorated(path.read_text()))
    (folder / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text() + CONFIGURATION)
    return folder


def domain(context: str) -> list[Path]:
    folder = ROOT / "functions" / context
    return [folder / "domain.py"] if (folder / "domain.py").exists() else sorted((folder / "domain").glob("*.py"))


def holding(context: str) -> list[Path]:
    """The tests of its domain, which have to hold all its rules: those of use cases would notice more, and later."""
    return sorted((ROOT / "tests" / "unit").glob(f"test_{context}_domain*.py"))


def undecorated(source: str) -> str:
    """With `name = property(name)` after each property, not `@property` before it: mutmut leaves alone what is decorated."""
    lines = source.splitlines()
    properties = [
        (decorator.lineno, node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Name) and decorator.id == "property"
    ]
    for decorated_at, node in sorted(properties, key=lambda each: -each[0]):
        lines.insert(node.end_lineno or 0, f"{' ' * node.col_offset}{node.name} = property({node.name})")
        del lines[decorated_at - 1]
    return "\n".join(lines) + "\n"


# The document


def outcome(mutants: Iterable[Mutant], reasons: Mapping[Mutant, str]) -> Outcome:
    of_all = list(mutants)
    alive = [replace(shortened(each), status="survived") for each in of_all if not each.is_killed]
    return Outcome(len(of_all), len(of_all) - len(alive), {each: reasons.get(each, UNEXPLAINED) for each in alive})


def shortened(mutant: Mutant, around: int = 24) -> Mutant:
    """With only what differs, and a little `around` it."""
    start = _alike(mutant.was, mutant.became)
    end = min(_alike(mutant.was[::-1], mutant.became[::-1]), min(len(mutant.was), len(mutant.became)) - start)

    def cut(code: str) -> str:
        middle = code[max(0, start - around) : len(code) - max(0, end - around)]
        return f"{'…' if start > around else ''}{middle}{'…' if end > around else ''}"

    return replace(mutant, was=cut(mutant.was), became=cut(mutant.became))


def _alike(one: str, other: str) -> int:
    """With how many characters they both begin."""
    return next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


ROW = re.compile(r"(?m)^\| (?P<context>[a-z]+) \| (?P<mutants>\d+) \| (?P<killed>\d+) \|")
SURVIVOR = re.compile(r"(?m)^- `(?P<where>[^`]+)`: `` (?P<was>.+?) `` → `` (?P<became>.*?) ``: (?P<reason>.+)$")


def parsed(text: str) -> dict[str, Outcome]:
    """The outcomes that a document has."""
    table, *sections = text.split("\n## ")
    reasons = {
        section.partition("\n")[0]: {
            Mutant(each["where"], each["was"], each["became"]): each["reason"] for each in SURVIVOR.finditer(section)
        }
        for section in sections
    }
    return {
        row["context"]: Outcome(int(row["mutants"]), int(row["killed"]), reasons.get(row["context"], {}))
        for row in ROW.finditer(table)
    }


def written(outcomes: Mapping[str, Outcome]) -> str:
    rows = "".join(
        f"| {context} | {each.mutants} | {each.killed} | {each.share:.1f} % |\n" for context, each in sorted(outcomes.items())
    )
    sections = "".join(
        f"\n## {context}\n\n"
        + "".join(
            f"- `{mutant.where}`: `` {mutant.was} `` → `` {mutant.became} ``: {why}\n" for mutant, why in each.survivors.items()
        )
        for context, each in sorted(outcomes.items())
        if each.survivors
    )
    return f"{INTRODUCTION}\n| context | mutants | killed | |\n|---|---|---|---|\n{rows}{sections}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="make mutants", description="See whether the unit tests hold the rules of each domain.")
    parser.add_argument("contexts", nargs="*", metavar="context", help=f"of {', '.join(CONTEXTS)}; without any: all")
    chosen = parser.parse_args().contexts or CONTEXTS
    for context in chosen:
        print(f"{context}: ", end="", flush=True)
        mutants = broken(context)
        outcomes = parsed(DOCUMENT.read_text()) if DOCUMENT.exists() else {}  # not before: somebody may have written meanwhile
        found = outcome(mutants, outcomes[context].survivors if context in outcomes else {})
        print(f"{found.mutants} mutants, {found.share:.1f} % killed", flush=True)
        for mutant, reason in found.survivors.items():
            print(f"  {mutant.where}: {mutant.was} → {mutant.became}: {reason}")
        DOCUMENT.write_text(written({**outcomes, context: found}))
    outcomes = parsed(DOCUMENT.read_text())
    if bad := [context for context in chosen if not outcomes[context].is_good]:
        sys.exit(f"Less than {WANTED} % are killed, or a survivor has no reason in docs/mutants.md: {', '.join(bad)}.")


if __name__ == "__main__":
    main()
