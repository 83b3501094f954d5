"""``craft-analysis verify``: hold a published table's numbers against each other."""

import argparse
import math
from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd

from analysis.commands.command import Command
from analysis.published import read_published
from analysis.unchecked import not_checked
from analysis.verification import FLAGS, VERDICTS, verification_summary, verify

EXAMPLE: Final = """\
example:
  craft-analysis verify table1.csv --answers 7
      holds every Utility score against the accuracies of its row, and where there is a column n,
      asks whether each accuracy is possible with 7 answers of each participant

layouts of TABLE.csv:
  scenario, condition, session_1, session_2, ..., utility and, where known, n (participants)
  task, measure and a column a group with its size, such as experts_n36; measures of the task
      intruder are accuracy_concept_percent, accuracy_sub_concept_percent and p_value, those of
      binary_choice sub_concept_chosen_percent, odds_ratio and p_value (which may be "< .001")
  scenario, condition and n, with a row whose condition is total
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("table", metavar="TABLE.csv", type=Path, help="the numbers as printed")
    parser.add_argument(
        "--answers",
        metavar="N",
        type=int,
        help="answers of a participant to each share: checks which shares are possible (GRIM)",
    )
    parser.add_argument(
        "--baseline", default="baseline", help="condition that Utility is relative to"
    )
    parser.add_argument("--all", action="store_true", help="list what is reproduced, too")
    parser.add_argument("--out", metavar="CSV", type=Path, help="write every check to a file")


def _run(chosen: argparse.Namespace) -> Iterator[str]:
    table = read_published(chosen.table)
    checks = verify(table, baseline=chosen.baseline, n_each=chosen.answers)
    yield f"{table.name}: {len(checks)} checks of a table of {table.layout}"
    for check, part in verification_summary(checks).groupby("check", sort=False):
        counts = [f"{row['rows']} {VERDICTS[row['verdict']]}" for row in part.to_dict("records")]
        yield f"  {check}: {', '.join(counts)}"
    unremarkable = ("reproduced", "possible")
    listed = checks if chosen.all else checks[~checks["verdict"].isin(unremarkable)]
    for row in listed.sort_values("verdict", key=_flags_first, kind="stable").to_dict("records"):
        yield ""
        yield from _lines(row)
    passed_over = not_checked(table, baseline=chosen.baseline, n_each=chosen.answers)
    if passed_over:
        yield "\nnot checked:"
        yield from (f"  {said}" for said in passed_over)
    if chosen.out:
        checks.to_csv(chosen.out, index=False, lineterminator="\n")
        yield f"\nChecks: {chosen.out}"


def _flags_first(verdicts: pd.Series) -> pd.Series:
    return ~verdicts.isin(FLAGS)


def _lines(row: Mapping[Hashable, Any]) -> Iterator[str]:
    yield f"{VERDICTS[row['verdict']].upper()}  {row['check']}: {row['row']}"
    if math.isnan(row["computed"]):
        yield f"    printed {row['printed']}; {row['note']}"
        return
    bounds = "" if row["low"] == row["high"] else f" ({row['low']:.4g} to {row['high']:.4g})"
    yield f"    printed {row['printed']}, computed {row['computed']:.5g}{bounds}"
    if row["note"]:
        yield f"    {row['note']}"


VERIFY: Final = Command(
    summary="check a published table's numbers against each other",
    example=EXAMPLE,
    add_arguments=_add_arguments,
    run=_run,
)
