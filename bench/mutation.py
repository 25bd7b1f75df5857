"""Breaks the modules that it is given, and runs the tests that it is given once: for bench.mutants, in the folder that this makes.

mutmut makes the mutants. A domain is pure, so one process can switch them on and off: after each test has passed, it is run again
with each mutant of a function that it called. A program of its own, which must not find this repository on the path.
"""

import ast
import json
import signal
import sys
from collections.abc import Iterable, Iterator
from difflib import ndiff
from pathlib import Path
from typing import Any

import libcst
import pytest
from mutmut.mutation import file_mutation, mutators
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.utils.format_utils import mangled_name_from_mutant_name, orig_function_and_class_names_from_key

SECONDS = 5  # of CPU time, in which a test has to end: one that does not has noticed


class Endless(BaseException):
    pass


class Breaking:
    """A pytest plugin. `alive`: the mutants that no test has noticed, by the functions that they are of."""

    def __init__(self, mutants: Iterable[str]) -> None:
        self.alive: dict[str, list[str]] = {}
        for mutant in mutants:
            self.alive.setdefault(mangled_name_from_mutant_name(mutant), []).append(mutant)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Function) -> Iterator[None]:
        state()._stats.clear()
        set_mutant_under_test("stats")
        try:
            yield
            called = sorted(state()._stats & self.alive.keys())
            for function in called:
                self.alive[function] = [mutant for mutant in self.alive[function] if not self.is_noticed(item, mutant)]
        finally:
            set_mutant_under_test("")

    def is_noticed(self, test: pytest.Function, mutant: str) -> bool:
        from hypothesis.errors import FailedHealthCheck  # not before pytest, which rewrites it

        set_mutant_under_test(mutant)
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        try:
            test.runtest()
        except FailedHealthCheck:  # says something of the machine
            return False
        except (Exception, Endless, pytest.fail.Exception):  # noqa: BLE001  # whatever a broken rule leads to
            return True
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        return False


def endless(*_: Any) -> None:
    raise Endless


def operator_string(node: libcst.BaseString) -> Iterable[libcst.BaseString]:
    """Of names, kinds and patterns, not of sentences: how they are worded is no rule."""
    if " " not in libcst.Module([]).code_for_node(node):
        yield from mutators.operator_string(node)


def break_module(path: Path) -> dict[str, dict[str, str]]:
    """Write it with all its mutants, each to be switched on by its name; what each changes."""
    mutated = file_mutation.mutate_file_contents(str(path), path.read_text())
    path.write_text(mutated.code)
    found = {node.name: node for node in ast.walk(ast.parse(mutated.code)) if isinstance(node, ast.FunctionDef)}
    sources = {
        name: mutated.code.splitlines()[node.lineno - 1 : node.end_lineno] for name, node in found.items() if "__mutmut_" in name
    }
    module = ".".join(path.with_suffix("").parts)
    return {f"{module}.{name}": change(name, sources) for name in mutated.mutant_names}


def change(mutant: str, sources: dict[str, list[str]]) -> dict[str, str]:
    original = f"{mangled_name_from_mutant_name(mutant)}__mutmut_orig"
    function, of_class = orig_function_and_class_names_from_key(mutant)
    after = [line.replace(mutant, original) for line in sources[mutant]]
    diff = list(ndiff(sources[original], after))
    was, became = (" ".join(line[2:].strip() for line in diff if line.startswith(sign)) for sign in ("- ", "+ "))
    return {"where": f"{of_class}.{function}" if of_class else function, "was": was, "became": became}


def main() -> None:
    modules, tests = json.loads(sys.argv[1]), json.loads(sys.argv[2])
    sys.path.insert(0, str(Path.cwd()))
    signal.signal(signal.SIGVTALRM, endless)
    operators = file_mutation.mutation_operators
    operators[:] = [(kind, operator_string if kind is libcst.BaseString else made) for kind, made in operators]
    set_mutant_under_test("")
    mutants = {name: what for path in modules for name, what in break_module(Path(path)).items()}
    breaking = Breaking(mutants)
    failed = pytest.main(["-p", "no:xdist", *tests], plugins=[breaking])
    if failed:
        sys.exit("The tests fail, with nothing broken.")
    alive = {name for names in breaking.alive.values() for name in names}
    found = [{**what, "status": "survived" if name in alive else "killed"} for name, what in mutants.items()]
    Path("mutants.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
