"""A preregistration, filled in from a study's definition, its plan and its power."""

from collections.abc import Iterator

import pandas as pd

from analysis.design import Design
from analysis.inference import contrasts_of
from analysis.labels import condition_label, percent
from analysis.plan import Plan, planned_rules
from analysis.study_file import Study

OPEN = "[TO BE FILLED IN]"


def preregistration(
    study: Study, plan: Plan, *, curve: pd.DataFrame | None = None, design: Design | None = None,
    per_arm: int | None = None,
) -> str:  # fmt: skip
    """Write the text.

    Parameters
    ----------
    study
        As an export's study.json says; that of a rehearsal will do.
    plan
        What is decided.
    curve
        As from `power.power_curve`, of the primary comparison.
    design
        What the curve believes.
    per_arm
        Participants to recruit in each arm.

    Returns
    -------
    str
        Markdown; what is not known is marked.

    Raises
    ------
    PlanError
        If the plan does not fit the study.
    """
    parts = [
        _design(study), _sample(study, curve=curve, design=design, per_arm=per_arm),
        _exclusions(study, plan), _analysis(study, plan), _provenance(study),
    ]  # fmt: skip
    return f"# Preregistration: {study.title}\n\n" + "\n\n".join("\n".join(part) for part in parts)


def _design(study: Study) -> Iterator[str]:
    names = ", ".join(condition_label(name) for name in study.conditions)
    yield "## Design\n"
    yield (
        f"Participants learn to predict a network’s answers ({', '.join(study.classes)}; scenario "
        f"{study.scenario}). They are assigned at random, in permuted blocks, to one of "
        f"{len(study.conditions)} conditions: {names}. Each goes through {study.n_sessions} "
        f"sessions of {study.n_training} training trials with, and {study.n_test} test trials "
        "without explanation. The outcome is whether a test answer is the network’s; catch trials "
        "are not scored."
    )
    yield f"\nHypotheses: {OPEN}"


def _sample(
    study: Study, *, curve: pd.DataFrame | None, design: Design | None, per_arm: int | None
) -> Iterator[str]:
    yield "## Sample size\n"
    n = OPEN if per_arm is None else str(per_arm)
    total = OPEN if per_arm is None else str(per_arm * len(study.conditions))
    yield f"We will recruit {n} participants in each condition, {total} in all, and then stop."
    if curve is None or design is None:
        yield f"\nPower: {OPEN} (craft-analysis power)"
        return
    yield (
        f"\nPower was simulated for an accuracy of {percent(design.accuracy)} against "
        f"{percent(design.reference)} in the reference, standard deviations of "
        f"{design.participant_sd:g} between participants and {design.item_sd:g} between images in "
        f"log odds, {percent(design.dropout, 0)} who leave and {percent(design.excluded, 0)} of "
        f"the others excluded, at a level of {design.alpha:g}:\n"
    )
    yield "| recruited in an arm | analysed | power | 95 % interval |"
    yield "| --- | --- | --- | --- |"
    for row in curve.to_dict("records"):
        yield (
            f"| {row['per_arm']} | {row['analysed']:.1f} | {row['power']:.2f} | "
            f"{row['ci_low']:.2f} to {row['ci_high']:.2f} |"
        )


def _exclusions(study: Study, plan: Plan) -> Iterator[str]:
    yield "## Exclusions\n"
    yield "Applied in this order, to the raw answers; each participant leaves by the first one:\n"
    rules = study.rules | dict(plan.exclusions.thresholds)
    for rule in planned_rules(plan, study):
        yield f"1. {rule.name}: whoever {rule.reason}"
    said = ", ".join(f"{name} = {value}" for name, value in sorted(rules.items()) if value)
    yield f"\nThresholds: {said}."
    yield "\nEvery headline figure will also be given without each rule in turn."


def _analysis(study: Study, plan: Plan) -> Iterator[str]:
    contrasts = contrasts_of(plan, study.conditions, study.baseline)
    yield "## Analysis\n"
    if plan.primary is None:
        yield f"Primary comparison: {OPEN}\n"
    else:
        yield (
            f"Primary comparison, the only confirmatory one: "
            f"{condition_label(contrasts[0].condition)} against "
            f"{condition_label(contrasts[0].reference)}, by the marginal odds ratio of a right "
            "answer (generalised estimating equations, participants as exchangeable clusters, "
            "covariance of Mancl and DeRouen, t with Satterthwaite’s degrees of freedom), "
            "two-sided at .05. No pretest chooses another test.\n"
        )
    yield "Secondary comparisons, adjusted by Holm within their family:\n"
    for contrast in contrasts[1:]:
        family = contrast.family.replace("_", " ")
        pair = f"{condition_label(contrast.condition)} – {condition_label(contrast.reference)}"
        yield f"- {pair} ({family})"
    low, high = 1 - plan.equivalence.margin, 1 / (1 - plan.equivalence.margin)
    yield (
        "\nUtility (mean accuracy over the baseline’s) with 95 % Fieller intervals. Equivalence "
        f"to the baseline: two one-sided tests within {low:.2f} to {high:.2f}. Harm: Utility "
        "below 1, adjusted by Holm."
    )
    if plan.historical.arms:
        yield f"\nNot randomised, shown without p-values: {', '.join(plan.historical.arms)}."


def _provenance(study: Study) -> Iterator[str]:
    yield "## Materials\n"
    yield f"Study {study.study}, bundle SHA-256 {study.bundle.get('manifest_sha256', OPEN)}."
    yield "Software: craft-studies, commands craft-study and craft-analysis.\n"
