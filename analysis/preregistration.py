"""A preregistration, filled in from a study's definition, its plan and its power."""

import math
from collections.abc import Iterator
from typing import Final

import pandas as pd

from analysis.checks import check_choice
from analysis.design import Design
from analysis.errors import AnalysisError
from analysis.inference import contrasts_of
from analysis.labels import condition_label, percent
from analysis.plan import Plan, planned_rules, planned_study
from analysis.power import Question
from analysis.primary_test import check_primary
from analysis.study_file import Study

OPEN = "[TO BE FILLED IN]"
ALPHA: Final = 0.05  # the level that the report judges by
LEVEL: Final = f"{ALPHA:g}"[1:]
THRESHOLDS: Final = {  # rule -> thresholds that are its own
    "practice": ("practice_min_correct", "practice_max_attempts"),
    "quiz": ("quiz_min_correct", "quiz_max_attempts"),
    "catch": ("catch_min_correct",),
    "fast_answers": ("fast_answer_ms", "max_fast_share"),
    "too_short": ("min_sessions_s",),
    "too_long": ("max_sessions_s",),
    "away": ("max_away_s",),
}

ASKED: Final[dict[str, str]] = {
    "difference": "the primary comparison (marginal odds ratio, two-sided), for an accuracy of "
    "{accuracy} against {reference} in the reference and {items} scored trials of a participant",
    "equivalence": "equivalence of Utility (two one-sided tests, a margin of {margin:g}), for an "
    "accuracy of {accuracy} against {reference} in the baseline and {items} scored trials of a "
    "participant",
    "levels": "sub-concepts against concepts (mixed logit, two-sided), for an accuracy of "
    "{accuracy} against {reference} and {items} trials of a participant with each",
    "choice": "choices of the sub-concept against guessing (participants and items as crossed "
    "clusters, two-sided), for a share of {accuracy} against {reference} by guessing and {items} "
    "choices of a participant",
}

POWERED: Final[dict[str, str]] = {  # question -> test of a recursivity study that it is about
    "levels": "sub-concept against concept",
    "choice": "sub-concept against one half",
}


def check_plan(study: Study, plan: Plan, question: Question = "difference") -> None:
    """Require a plan and a question of power that fit a study.

    Parameters
    ----------
    study
        As an export's study.json says.
    plan
        What is decided.
    question
        Of `power.power_curve`.

    Raises
    ------
    PlanError
        If the plan does not fit the study.
    AnalysisError
        If the study does not ask the question.
    """
    fitting = {"utility": ["difference", "equivalence"], "recursivity": ["levels", "choice"]}
    check_choice("question", question, fitting.get(study.task, list(ASKED)))
    planned_rules(plan, planned_study(plan, study))
    check_primary(plan, study)
    contrasts_of(plan, study.conditions, study.baseline)


def check_power(study: Study, plan: Plan, design: Design) -> None:
    """Require a power that is of this study, of this plan and of the report's tests.

    Parameters
    ----------
    study
        As an export's study.json says.
    plan
        What is decided.
    design
        What the power was simulated for.

    Raises
    ------
    AnalysisError
        If the level is not the report's, the margin not the plan's, or the arms are not those
        randomised or, in a study of Utility alone, the items not those scored.
    """
    if not math.isclose(design.alpha, ALPHA):
        raise AnalysisError(
            f"alpha must be {ALPHA:g} in a preregistration, the level of the report; "
            f"got {design.alpha:g}."
        )
    if not math.isclose(design.margin, plan.equivalence.margin):
        raise AnalysisError(
            f"margin must be the plan's, {plan.equivalence.margin:g}; got {design.margin:g}. "
            "Set it in the plan, [equivalence]."
        )
    n_arms = len(randomised_arms(study, plan)) if study.has_utility else 1
    if design.n_arms != n_arms:
        raise AnalysisError(
            f"arms must be the {n_arms} that study {study.study} randomises; got {design.n_arms}."
        )
    if study.task == "utility" and design.n_items != study.n_scored:
        raise AnalysisError(
            f"items must be the {study.n_scored} scored trials of study {study.study}; "
            f"got {design.n_items}."
        )


def randomised_arms(study: Study, plan: Plan) -> list[str]:
    """List the conditions that participants are recruited for.

    Parameters
    ----------
    study
        As an export's study.json says.
    plan
        What is decided.

    Returns
    -------
    list[str]
        Those that the plan does not call historical.
    """
    return [name for name in study.conditions if name not in plan.historical.arms]


def preregistration(
    study: Study, plan: Plan, *, curve: pd.DataFrame | None = None, design: Design | None = None,
    question: Question | None = None, per_arm: int | None = None,
) -> str:  # fmt: skip
    """Write the text.

    Parameters
    ----------
    study
        As an export's study.json says; that of a rehearsal will do.
    plan
        What is decided.
    curve
        As from `power.power_curve`.
    design
        What the curve believes.
    question
        Of the curve; that of the study's task unless given.
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
    AnalysisError
        If the study does not ask the question, or the design is not of study and plan
        (`check_power`).
    """
    asked: Question = question or ("difference" if study.has_utility else "levels")
    check_plan(study, plan, asked)
    if design is not None:
        check_power(study, plan, design)
    n_arms = len(randomised_arms(study, plan))
    sample = [*_recruited(study, per_arm, n_arms), *_power(curve, design, asked)]
    named = plan.primary.test if plan.primary else None
    if curve is not None and named and named != POWERED.get(asked):
        sample.append(f"\nThis is not the power of the primary test, {named}: {OPEN}")
    parts = [
        _design(study, plan), sample, _exclusions(study, plan), _analysis(study, plan),
        _provenance(study),
    ]  # fmt: skip
    return f"# Preregistration: {study.title}\n\n" + "\n\n".join("\n".join(part) for part in parts)


def _design(study: Study, plan: Plan) -> Iterator[str]:
    yield "## Design\n"
    if not study.has_utility:
        yield (
            f"Participants answer {study.n_sessions} blocks of {study.n_test} trials of one task "
            f"each (scenario {study.scenario}): intruders, one picture that does not belong among "
            "others of a concept or a sub-concept, and binary choices between a concept and its "
            "sub-concept. The outcomes are whether the intruder was found and whether the "
            "sub-concept was chosen; catch trials are not scored."
        )
    else:
        arms = randomised_arms(study, plan)
        names = ", ".join(condition_label(name) for name in arms)
        yield (
            f"Participants learn to predict a network’s answers ({', '.join(study.classes)}; "
            f"scenario {study.scenario}). They are assigned at random, in permuted blocks, to one "
            f"of {len(arms)} conditions: {names}. Each goes through "
            f"{study.n_sessions} sessions of {study.n_training} training trials with, and "
            f"{study.n_test} test trials without explanation. The outcome is whether a test "
            "answer is the network’s; catch trials are not scored."
        )
    if plan.groups.question:
        unused = "; no test between conditions uses it" if study.has_utility else ""
        yield (
            "\nParticipants are told apart by what they reply to the question "
            f"`{plan.groups.question}`{unused}."
        )
    yield f"\nHypotheses: {OPEN}"


def _recruited(study: Study, per_arm: int | None, n_arms: int) -> Iterator[str]:
    yield "## Sample size\n"
    n = OPEN if per_arm is None else str(per_arm)
    if not study.has_utility:
        yield f"We will recruit {n} participants, and then stop."
        return
    total = OPEN if per_arm is None else str(per_arm * n_arms)
    yield f"We will recruit {n} participants in each condition, {total} in all, and then stop."


def _power(curve: pd.DataFrame | None, design: Design | None, question: Question) -> Iterator[str]:
    if curve is None or design is None:
        yield f"\nPower: {OPEN} (craft-analysis power)"
        return
    asked = ASKED[question].format(
        accuracy=percent(design.accuracy), reference=percent(design.reference),
        items=design.n_items, margin=design.margin,
    )  # fmt: skip
    slopes = f", {design.slope_sd:g} in how participants take the two kinds"
    yield (
        f"\nPower was simulated for {asked}, standard deviations of "
        f"{design.participant_sd:g} between participants and {design.item_sd:g} between images"
        f"{slopes if question == 'levels' else ''} in "
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
    planned = planned_study(plan, study)
    rules = planned_rules(plan, planned)
    limits = {rule.name: f" ({rule.measure} {rule.limit})" for rule in plan.exclusions.custom}
    for rule in rules:
        yield f"1. {rule.name}: whoever {rule.reason}{limits.get(rule.name, '')}"
    thresholds = _thresholds(planned, {rule.name for rule in rules})
    yield f"\nThresholds: {', '.join(f'{name} = {value}' for name, value in thresholds.items())}."
    yield "\nEvery headline figure will also be given without each rule in turn."


def _thresholds(study: Study, applied: set[str]) -> dict[str, float]:
    """Return what is set, zeros too, in order, but for rules that are not applied."""
    idle = {name for rule, names in THRESHOLDS.items() if rule not in applied for name in names}
    rules = sorted(study.rules.items())
    return {name: value for name, value in rules if value is not None and name not in idle}


def _analysis(study: Study, plan: Plan) -> Iterator[str]:
    yield "## Analysis\n"
    if study.has_utility:
        yield from _between_conditions(study, plan)
    if study.task != "utility":
        yield from _recursivity(study, plan)


def _recursivity(study: Study, plan: Plan) -> Iterator[str]:
    if not study.has_utility:
        yield from _primary_test(plan)
    yield (
        "Intruders: accuracy against chance for concepts and for sub-concepts, by Wilson’s "
        "interval with participants and items as two crossed clusters; sub-concepts against "
        "concepts by a mixed logit with participants’ intercepts and slopes and random items "
        "(Student’s t, the fewer degrees of freedom of participants less one and items less two)."
    )
    yield (
        "\nBinary choices: the share of sub-concepts against one half, likewise, and recursive "
        "against sham sub-clusters where there are shams, by the mixed logit. Two groups of "
        "participants, where told apart, are tested each and against each other. Two-sided at "
        f"{LEVEL}; paired and naive tests are given as labelled alternatives."
    )


def _primary_test(plan: Plan) -> Iterator[str]:
    if plan.primary is None:
        yield f"Primary test: {OPEN}\n"
        return
    group = "; where groups are told apart, in each, adjusted by Holm over the groups"
    if plan.primary.group:
        group = f", of the group {plan.primary.group}"
    yield (
        f"Primary test, the only confirmatory one: {plan.primary.test}{group}. All others are "
        "secondary, and not adjusted for several comparisons.\n"
    )


def _between_conditions(study: Study, plan: Plan) -> Iterator[str]:
    contrasts = contrasts_of(plan, study.conditions, study.baseline)
    if plan.primary is None:
        yield f"Primary comparison: {OPEN}\n"
    else:
        yield (
            f"Primary comparison, the only confirmatory one: "
            f"{condition_label(contrasts[0].condition)} against "
            f"{condition_label(contrasts[0].reference)}, by the marginal odds ratio of a right "
            "answer (generalised estimating equations, participants as exchangeable clusters, "
            "covariance of Mancl and DeRouen, t with Satterthwaite’s degrees of freedom), "
            f"two-sided at {LEVEL}. No pretest chooses another test.\n"
        )
    yield "Secondary comparisons, adjusted by Holm within their family:\n"
    for contrast in contrasts[1:]:
        family = contrast.family.replace("_", " ")
        pair = f"{condition_label(contrast.condition)} – {condition_label(contrast.reference)}"
        yield f"- {pair} ({family})"
    unsaid = "" if plan.has_margin else f" by default; margin of the plan: {OPEN}"
    low, high = 1 - plan.equivalence.margin, 1 / (1 - plan.equivalence.margin)
    yield (
        "\nUtility (mean accuracy over the baseline’s) with 95 % Fieller-type intervals "
        "(Donner & Zou 2012, from Wilson’s limits); accuracies with Wilson’s, differences with "
        "Newcombe’s hybrid intervals, participants being the unit. Equivalence to the baseline: "
        f"two one-sided tests within {low:.2f} to {high:.2f}{unsaid}. Harm: Utility below 1, "
        "adjusted by Holm."
    )
    if plan.historical.arms:
        names = ", ".join(condition_label(name) for name in plan.historical.arms)
        yield f"\nNot randomised, shown without p-values: {names}."


def _provenance(study: Study) -> Iterator[str]:
    yield "## Materials\n"
    yield f"Study {study.study}, bundle SHA-256 {study.bundle.get('manifest_sha256', OPEN)}."
    yield "Software: craft-studies, commands craft-study and craft-analysis.\n"
