"""Draw one planned study and test it as `analysis.results` would.

Answers come from a mixed logit with normal participants and crossed items. ``kept`` is how many
participants are analysed in each of two arms, of which a recursivity study has the first only.
"""

import numpy as np
import pandas as pd
from scipy import special

from analysis.chance import against_chance
from analysis.design import Design
from analysis.levels import between_levels
from analysis.regression.averaging import log_odds_of_share
from analysis.regression.problem import Values
from analysis.two_arms import difference_p, is_equivalent


def _answers(
    share: float, n: int, items: Values, design: Design, rng: np.random.Generator
) -> Values:
    """Draw right and wrong answers, (n, items), that are right in a share over all items."""
    variance = design.participant_sd**2 + design.item_sd**2
    log_odds = log_odds_of_share(share, variance) + items
    p = special.expit(log_odds + design.participant_sd * rng.standard_normal((n, 1)))
    right: Values = (rng.random(p.shape) < p).astype(np.float64)
    return right


def _arms(design: Design, kept: list[int], rng: np.random.Generator) -> list[Values]:
    """Draw the answers of the condition and of the baseline, to the same items."""
    items = design.item_sd * rng.standard_normal(design.n_items)
    shares = (design.accuracy, design.reference)
    return [_answers(share, n, items, design, rng) for share, n in zip(shares, kept, strict=True)]


def finds_difference(design: Design, kept: list[int], rng: np.random.Generator) -> bool:
    """Test the marginal odds ratio of two arms; say whether it is found."""
    x, y = _arms(design, kept, rng)
    is_above = (x.mean() > y.mean()) == (design.accuracy > design.reference)
    return difference_p(x, y) < design.alpha and is_above


def finds_equivalence(design: Design, kept: list[int], rng: np.random.Generator) -> bool:
    """Test two arms for equivalence; say whether it is shown."""
    return is_equivalent(*_arms(design, kept, rng), margin=design.margin, alpha=design.alpha)


def _two_kinds(design: Design, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw answers of the same participants to both kinds of items."""
    kinds = np.repeat([False, True], design.n_items)
    variance = design.participant_sd**2 + design.item_sd**2 + design.slope_sd**2 / 4
    centres = [log_odds_of_share(share, variance) for share in (design.reference, design.accuracy)]
    person = design.participant_sd * rng.standard_normal((n, 1))
    slope = design.slope_sd * rng.standard_normal((n, 1)) * (kinds - 0.5)
    items = design.item_sd * rng.standard_normal(len(kinds))
    p = special.expit(np.where(kinds, centres[1], centres[0]) + person + slope + items)
    return pd.DataFrame({
        "participant": np.repeat(np.arange(n), len(kinds)),
        "item": np.tile(np.arange(len(kinds)), n), "treated": np.tile(kinds, n),
        "right": (rng.random(p.shape) < p).ravel().astype(float),
    })  # fmt: skip


def finds_levels(design: Design, kept: list[int], rng: np.random.Generator) -> bool:
    """Test sub-concepts against concepts; say whether they are found to differ."""
    answers = _two_kinds(design, kept[0], rng)
    found = between_levels(answers, test="levels", has_alternatives=False)[0]
    is_above = (found.estimate > 1) == (design.accuracy > design.reference)
    return bool(found.p < design.alpha and is_above)


def finds_choice(design: Design, kept: list[int], rng: np.random.Generator) -> bool:
    """Test choices against guessing; say whether they are found to differ."""
    items = design.item_sd * rng.standard_normal(design.n_items)
    right = _answers(design.accuracy, kept[0], items, design, rng)
    answers = pd.DataFrame({
        "participant": np.repeat(np.arange(kept[0]), design.n_items),
        "item": np.tile(np.arange(design.n_items), kept[0]), "right": right.ravel(),
    })  # fmt: skip
    found = against_chance(answers, design.reference, test="choice", has_alternatives=False)[0]
    is_above = (found.estimate > design.reference) == (design.accuracy > design.reference)
    return bool(found.p < design.alpha and is_above)
