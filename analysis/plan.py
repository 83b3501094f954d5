"""What was decided before the data were seen: exclusions, the primary test, margins.

A plan is a TOML file, given to ``craft-analysis report --plan``. Unknown keys are errors, and the
resolved plan is written into results.json. Without one, the study's own rules apply and the primary
comparison is CRAFT, or else the last condition, against the baseline, which the report says.

    [primary]                      # the one test that the study stands on
    condition = "craft"            # in a study of recursivity, in place of these two,
    reference = "baseline"         # test = "sub-concept against concept"

    [equivalence]
    margin = 0.1                   # Utility from 0.9 to 1 / 0.9 makes no difference that matters

    [exclusions]
    order = ["practice", "quiz", "unfinished", "catch", "too_short", "same_answers"]
    thresholds = { catch_min_correct = 2, min_sessions_s = 60 }

    [[exclusions.custom]]
    name = "same_answers"
    reason = "gave nearly always the same answer"
    measure = "same_choice_share"
    above = 0.95

    [historical]
    arms = ["saliency"]            # not randomised together with the others

    [groups]
    question = "expertise"         # experts and laymen, where the study names no audience
"""

import dataclasses
import tomllib
from pathlib import Path
from typing import Final, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from analysis.conduct import MEASURES
from analysis.errors import PlanError
from analysis.exclusions import ADMISSION, JUDGED, RULES, TIMED, Rule, applied_rules
from analysis.responses import Export
from analysis.study_file import Study

THRESHOLDS: Final = (
    "practice_min_correct",
    "catch_min_correct",
    "fast_answer_ms",
    "max_fast_share",
    "min_sessions_s",
    "max_sessions_s",
    "max_away_s",
)
Threshold = Literal[
    "practice_min_correct",
    "catch_min_correct",
    "fast_answer_ms",
    "max_fast_share",
    "min_sessions_s",
    "max_sessions_s",
    "max_away_s",
]


PrimaryTest = Literal[
    "sub-concept against concept",
    "concept against chance",
    "sub-concept against chance",
    "sub-concept against one half",
    "recursive against sham",
]


class Part(BaseModel):
    """A part of a plan; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CustomRule(Part):
    """A limit to one measure, after the built-in rules have their names.

    Attributes
    ----------
    name, reason
        As in tables, and in words about several participants.
    measure
        One of `conduct.MEASURES`.
    below, above
        Participants leave whose measure lies there; exactly one is given.
    """

    name: str = Field(pattern="^[a-z][a-z0-9_]*$")
    reason: str
    measure: str
    below: float | None = None
    above: float | None = None

    @model_validator(mode="after")
    def _check(self) -> "CustomRule":
        if self.measure not in MEASURES:
            raise ValueError(f"measure must be one of {list(MEASURES)}; got {self.measure!r}.")
        if (self.below is None) == (self.above is None):
            raise ValueError(f"rule {self.name} must have either below or above.")
        return self

    @property
    def limit(self) -> str:
        """Such as ``above 0.95``, beyond which participants leave."""
        if self.above is None:
            return f"below {self.below:.10g}"
        return f"above {self.above:.10g}"


class Exclusions(Part):
    """Who is left out.

    Attributes
    ----------
    order
        Names of rules, in the order applied.
    thresholds
        In place of the study's own.
    custom
        Rules beyond the built-in ones.
    """

    order: tuple[str, ...] = ()
    thresholds: dict[Threshold, int | float] = Field(default_factory=dict)
    custom: tuple[CustomRule, ...] = ()


class Primary(Part):
    """The one comparison that the study stands on; either a condition or a test is given.

    Attributes
    ----------
    condition, reference
        Of a study of Utility.
    test, group
        Of a study of recursivity; of each group where none is named.
    """

    condition: str | None = None
    reference: str = "baseline"
    test: PrimaryTest | None = None
    group: str = ""

    @model_validator(mode="after")
    def _check(self) -> "Primary":
        if (self.condition is None) == (self.test is None):
            raise ValueError("primary must have either condition or test.")
        of_other = {"reference"} if self.condition is None else {"group"}
        if of_other & self.model_fields_set:
            owner = "condition" if self.condition is None else "test"
            raise ValueError(f"{of_other.pop()} must stand with {owner}.")
        return self


class Equivalence(Part):
    """When a difference is too small to matter.

    Attributes
    ----------
    margin
        In (0, 1); see `equivalence.utility_equivalence`.
    """

    margin: float = Field(gt=0, lt=1)


class Historical(Part):
    """Arms that were not randomised together with the others.

    Attributes
    ----------
    arms
        Names of conditions: they are shown, and get no randomised p-value.
    """

    arms: tuple[str, ...] = ()


class Groups(Part):
    """What tells participants apart, where the study's audience does not.

    Attributes
    ----------
    question
        Name of a question whose replies are the groups' names.
    """

    question: str | None = None


class Plan(Part):
    """What was decided beforehand.

    Attributes
    ----------
    primary
        None where no plan names one.
    equivalence
        Margin; a tenth unless given, which is then not called stated beforehand.
    exclusions
        The study's own rules unless given.
    historical
        None unless given.
    groups
        The study's audience unless given.
    """

    primary: Primary | None = None
    equivalence: Equivalence = Equivalence(margin=0.1)
    exclusions: Exclusions = Exclusions()
    historical: Historical = Historical()
    groups: Groups = Groups()

    @property
    def has_margin(self) -> bool:
        """Whether the margin of equivalence was set, and is not the default."""
        return "equivalence" in self.model_fields_set


def read_plan(path: Path | str) -> Plan:
    """Read a plan.

    Parameters
    ----------
    path
        A TOML file; see the module.

    Returns
    -------
    Plan
        Validated.

    Raises
    ------
    PlanError
        If the file is missing, is no TOML, or has an unknown key or a wrong value.
    """
    file = Path(path)
    try:
        return Plan.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise PlanError(f"plan must be a TOML file; got {file}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlanError(f"plan {file.name} must be TOML; got {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "plan"
        raise PlanError(
            f"plan {file.name} {place} must be as described; got {first['msg']}."
        ) from error


def planned_rules(plan: Plan, study: Study) -> tuple[Rule, ...]:
    """Return the rules of a plan in its order.

    Parameters
    ----------
    plan
        As from `read_plan`.
    study
        As from `with_thresholds`.

    Returns
    -------
    tuple[Rule, ...]
        Those that the study sets (`exclusions.applied_rules`), then the custom ones, unless the
        plan gives an order. `ADMISSION` and `JUDGED`, which are no thresholds, are put before and
        after where the order leaves them out.

    Raises
    ------
    PlanError
        If a custom rule has the name of another, or the order names no rule, one twice or one
        without its threshold, leaves a custom one out, or has the practice or the quiz after a
        later rule.
    """
    custom = {rule.name: _custom(rule) for rule in plan.exclusions.custom}
    rules = {rule.name: rule for rule in (*ADMISSION, *RULES, *TIMED, *JUDGED)}
    taken = [rule.name for rule in plan.exclusions.custom if rule.name in rules]
    if taken or len(custom) < len(plan.exclusions.custom):
        names = [rule.name for rule in plan.exclusions.custom]
        raise PlanError(
            f"custom rules must have names of their own, not of {list(rules)}; got {names}."
        )
    rules |= custom
    order = plan.exclusions.order or (*(rule.name for rule in applied_rules(study)), *custom)
    order = _with_facts(order)
    unknown = [name for name in order if name not in rules]
    if unknown or len(set(order)) < len(order):
        raise PlanError(f"order must name rules of {list(rules)} once each; got {list(order)}.")
    unset = [rules[name].threshold for name in order if rules[name] not in applied_rules(study)]
    missing = [name for name in unset if name]
    if missing:
        raise PlanError(f"thresholds {missing} must be set for the rules in order; got none.")
    forgotten = [rule.name for rule in plan.exclusions.custom if rule.name not in order]
    if forgotten:
        raise PlanError(f"order must name the custom rules {forgotten}; got {list(order)}.")
    screening = [rules[name].is_screening for name in order]
    if screening != sorted(screening, reverse=True):
        raise PlanError(f"order must begin with practice and quiz; got {list(order)}.")
    return tuple(rules[name] for name in order)


def _with_facts(order: tuple[str, ...]) -> tuple[str, ...]:
    """Add the rules that are facts of the record where an order leaves them out."""
    first = [rule.name for rule in ADMISSION if rule.name not in order]
    last = [rule.name for rule in JUDGED if rule.name not in order]
    return (*first, *order, *last)


def with_thresholds(export: Export, plan: Plan) -> Export:
    """Put a plan's thresholds in the place of the study's own.

    Parameters
    ----------
    export
        As read.
    plan
        As from `read_plan`.

    Returns
    -------
    Export
        With the study's rules changed.
    """
    return dataclasses.replace(export, study=planned_study(plan, export.study))


def planned_study(plan: Plan, study: Study) -> Study:
    """Put a plan's thresholds into a study's rules.

    Parameters
    ----------
    plan
        As from `read_plan`.
    study
        As read.

    Returns
    -------
    Study
        With its rules changed.
    """
    changed = {str(name): value for name, value in plan.exclusions.thresholds.items()}
    return dataclasses.replace(study, rules=study.rules | changed)


def _custom(rule: CustomRule) -> Rule:
    limit, side = (rule.below, "below") if rule.above is None else (rule.above, "above")

    def is_broken(record: pd.DataFrame, _: Study) -> pd.Series:
        values = record[rule.measure]
        broken = values < limit if side == "below" else values > limit
        return broken & record["condition"].notna()

    return Rule(
        name=rule.name,
        reason=rule.reason,
        is_screening=False,
        is_broken=is_broken,
        detail=lambda row, _: f"{rule.measure} {row[rule.measure]:.3g}; {rule.limit} leaves",
    )
