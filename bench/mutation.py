"""One run of mutmut over the folder it is started in, for bench.mutants, which makes that folder and reads `mutants.json`.

A program of its own, since mutmut keeps its state for the life of a process, and must not find this repository on the path.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import libcst
from mutmut.__main__ import _run, collect_source_file_mutation_data
from mutmut.mutation import file_mutation, mutators
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from mutmut.utils.format_utils import orig_function_and_class_names_from_key


def operator_string(node: libcst.BaseString) -> Iterable[libcst.BaseString]:
    """Of names, kinds and patterns, not of sentences: how they are worded is no rule."""
    if " " not in libcst.Module([]).code_for_node(node):
        yield from mutators.operator_string(node)


def main() -> None:
    operators = file_mutation.mutation_operators
    operators[:] = [(kind, operator_string if kind is libcst.BaseString else change) for kind, change in operators]
    _run([], max_children=None)
    found = []
    for data, name, _ in collect_source_file_mutation_data(mutant_names=[])[0]:
        function, of_class = orig_function_and_class_names_from_key(name)
        diff = get_diff_for_mutant(name, path=data.path).splitlines()[3:]
        found.append(
            {
                "where": f"{of_class}.{function}" if of_class else function,
                "was": differing("-", diff),
                "became": differing("+", diff),
                "status": status_by_exit_code[data.exit_code_by_key[name]],
            }
        )
    Path("mutants.json").write_text(json.dumps(found))


def differing(sign: str, diff: list[str]) -> str:
    return " ".join(line[1:].strip() for line in diff if line.startswith(sign))


if __name__ == "__main__":
    main()
