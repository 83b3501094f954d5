"""``craft-analysis power``: how many participants, at what cost, and the text to preregister."""

import argparse
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from analysis.checks import check_share
from analysis.commands.command import Command
from analysis.design import Design
from analysis.errors import AnalysisError, ResultsError
from analysis.figures import save_figures
from analysis.labels import percent
from analysis.plan import Plan, read_plan
from analysis.power import QUESTIONS, least_size, power_curve
from analysis.power_figure import draw_power
from analysis.preregistration import (
    check_plan,
    check_power,
    preregistration,
    randomised_arms,
)
from analysis.study_file import Study, read_study

EXAMPLE: Final = """\
example:
  craft-analysis power --reference 0.62 --accuracy 0.75 --per-arm 10 20 30 40 --pay 1.4
      power of the marginal odds ratio at four sizes, and what each costs
  craft-analysis power --question levels --reference 0.61 --accuracy 0.67 --items 15 \\
      --per-arm 20 40 80
      first stage of a recursivity study: sub-concepts against concepts
"""
NUMBERS: Final = {  # option -> field of the design, help
    "--participant-sd": ("participant_sd", "between participants, in log odds"),
    "--item-sd": ("item_sd", "between images, in log odds"),
    "--slope-sd": ("slope_sd", "between participants in how they take the two kinds, in log odds"),
    "--dropout": ("dropout", "share of those recruited who leave"),
    "--excluded": ("excluded", "share of those who finish who are excluded"),
    "--margin": ("margin", "of equivalence"),
    "--alpha": ("alpha", "level of the test"),
    "--pay": ("pay", "for one participant who finishes, fees included"),
}
DEFAULTS: Final = Design(reference=0.5, accuracy=0.5)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--question", choices=QUESTIONS, default="difference")
    parser.add_argument(
        "--reference", type=float, required=True,
        help="accuracy of the baseline, of concepts (levels), or by guessing (choice)",
    )  # fmt: skip
    parser.add_argument("--accuracy", type=float, required=True, help="what is to be found")
    parser.add_argument(
        "--per-arm", type=int, nargs="+", required=True, metavar="N", help="sizes to try"
    )
    parser.add_argument("--items", type=int, help="trials of one (that of --study, or 21)")
    parser.add_argument("--arms", type=int, help="conditions (those of --study, or 2)")
    for option, (field, text) in NUMBERS.items():
        default = f"that of --plan, or {DEFAULTS.margin:g}"
        if field != "margin":
            default = f"{getattr(DEFAULTS, field):g}"
        parser.add_argument(option, type=float, help=f"{text} ({default})")
    parser.add_argument("--studies", type=int, default=500, help="to simulate, of each size (500)")
    parser.add_argument("--target", type=float, default=0.8, help="power that is wanted (0.8)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", metavar="DIR", type=Path, help="power.csv, power.svg and text")
    parser.add_argument(
        "--study", metavar="EXPORT_DIR", type=Path,
        help="an export of the study, such as of its rehearsal, to fill in a preregistration",
    )  # fmt: skip
    parser.add_argument("--plan", metavar="PLAN.toml", type=Path, help="what is decided")


def _run(chosen: argparse.Namespace) -> Iterator[str]:
    plan = read_plan(chosen.plan) if chosen.plan else Plan()
    study = read_study(chosen.study)[0] if chosen.study else None
    if study and not chosen.out:
        raise ResultsError("out must be given where study is; got none.")
    if study:
        check_plan(study, plan, chosen.question)
    _check_numbers(chosen)
    design = _designed(chosen, plan, study)
    if study:
        check_power(study, plan, design)
    curve = power_curve(
        design, list(dict.fromkeys(chosen.per_arm)), chosen.question, n_studies=chosen.studies,
        rng=np.random.default_rng(chosen.seed),
    )  # fmt: skip
    yield from _lines(curve, has_cost=design.pay > 0)
    enough = least_size(curve, chosen.target)
    least = "none of these sizes" if enough is None else f"{enough} in an arm"
    yield f"Enough for a power of {percent(chosen.target, 0)}: {least}"
    if chosen.out:
        chosen.out.mkdir(parents=True, exist_ok=True)
        curve.to_csv(chosen.out / "power.csv", index=False, lineterminator="\n")
        save_figures({"power": draw_power(curve, chosen.target)}, chosen.out)
        if study:
            text = preregistration(
                study, plan, curve=curve, design=design, question=chosen.question, per_arm=enough
            )
            (chosen.out / "preregistration.md").write_text(text, encoding="utf-8")
        yield f"Written: {chosen.out}"


def _check_numbers(chosen: argparse.Namespace) -> None:
    check_share("target", chosen.target)
    if chosen.seed < 0:
        raise AnalysisError(f"seed must be 0 or more; got {chosen.seed}.")


def _designed(chosen: argparse.Namespace, plan: Plan, study: Study | None) -> Design:
    """Take what is not given from the study and the plan."""
    known: dict[str, float] = {"margin": plan.equivalence.margin}
    if study:
        n_blocks = study.n_sessions if chosen.question in ("difference", "equivalence") else 1
        known["n_items"] = n_blocks * study.n_test
        known["n_arms"] = len(randomised_arms(study, plan)) if study.has_utility else 1
    given = {field: getattr(chosen, field) for field, _ in NUMBERS.values()}
    given |= {"n_items": chosen.items, "n_arms": chosen.arms}
    fields = known | {field: value for field, value in given.items() if value is not None}
    return dataclasses.replace(
        DEFAULTS, reference=chosen.reference, accuracy=chosen.accuracy, **fields
    )


def _lines(curve: pd.DataFrame, *, has_cost: bool) -> Iterator[str]:
    yield (
        f"{'in an arm':>9s} {'in all':>7s} {'analysed':>9s} {'power':>6s} {'95 % interval':>14s}"
        + (f" {'closed form':>12s}" + (f" {'cost':>9s}" if has_cost else ""))
    )
    for row in curve.to_dict("records"):
        closed = "–" if np.isnan(row["closed_form"]) else f"{row['closed_form']:.2f}"
        line = (
            f"{row['per_arm']:9d} {row['recruited']:7d} {row['analysed']:9.1f} {row['power']:6.2f} "
            f"{row['ci_low']:6.2f} to {row['ci_high']:.2f} {closed:>12s}"
        )
        yield line + (f" {row['cost']:9.2f}" if has_cost else "")


POWER: Final = Command(
    summary="say how many participants a study needs, by simulating it",
    example=EXAMPLE,
    add_arguments=_add_arguments,
    run=_run,
)
