"""docs/benchmarks.md and docs/cost.md, from the figures that are kept: both stand on the counts, and are written together."""

from bench import cost_report, report, tally
from localstack.paths import ROOT

BENCHMARKS, COST = ROOT / "docs" / "benchmarks.md", ROOT / "docs" / "cost.md"


def write() -> None:
    BENCHMARKS.write_text(report.document(tally.kept(), report.kept()))
    COST.write_text(cost_report.document(tally.kept()))
