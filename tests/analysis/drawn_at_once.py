"""The default tests on thousands of drawn studies at once, as arrays.

S studies, n participants of an arm, J items; answers (S, n, J). `test_drawn_at_once` holds each
function against that of the package, study by study. With equally many answers of everybody, the
marginal odds ratio has a closed form: the log odds of an arm are those of its mean, and each
participant moves them by (m - a) / (a (1 - a) (n - 1)) under the covariance of Mancl & DeRouen.
"""

import copy

import numpy as np
from scipy import special, stats

from analysis.regression.averaging import averaged_share, log_odds_of_share

ALIKE = 1e-12
GRID = 60


def draw_items(n_studies, n_items, sd, rng):
    """Effects of items in log odds (S, J), of mean 0 in each study."""
    items = sd * rng.standard_normal((n_studies, n_items))
    return items - items.mean(axis=1, keepdims=True)


def draw_arms(share, n, items, participant_sd, rng):
    """Answers (S, n, J) of one arm, and its accuracy on the items of each study (S,)."""
    variances = participant_sd**2 + items.var(axis=1)
    grid = np.linspace(variances.min(), variances.max() + 1e-9, GRID)
    centers = np.interp(variances, grid, [log_odds_of_share(share, v) for v in grid])
    log_odds = centers[:, None] + items
    truth = averaged_share(log_odds, participant_sd**2).mean(axis=1)
    effects = participant_sd * rng.standard_normal((len(items), n, 1))
    p = special.expit(log_odds[:, None, :] + effects)
    return rng.random(p.shape) < p, truth


class Arm:
    """Mean accuracy a (S,), its squared error u (S,), and the degrees of freedom."""

    def __init__(self, right):
        each = right.mean(axis=2)
        self.n, self.n_answers = right.shape[1], right.shape[1] * right.shape[2]
        self.a, self.degrees = each.mean(axis=1), self.n - 1.0
        varies = np.ptp(each, axis=1) > ALIKE
        self.u = np.where(varies, each.var(axis=1, ddof=1) / self.n, 0.0)

    def limits(self, tail):
        return wilson(self.a, self.u, self.n_answers, stats.t.isf(tail, self.degrees))


def widened(arm):
    """An arm as `analysis.shares.widened` makes it."""
    wide = copy.copy(arm)
    floor = arm.a * (1 - arm.a) / arm.n_answers
    skew = 1 - (2 * np.minimum(arm.a, 1 - arm.a)) ** 2
    wide.u = np.where(arm.u > 0, np.maximum(arm.u * (1 + skew / (arm.n - 1)), floor), 0.0)
    wide.degrees = max(arm.degrees - 1, 1)
    return wide


def wilson(a, u, n_answers, t, *, has_floor=False):
    """Wilson's limits, as `analysis.shares.wilson_limits`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        n = np.where(u > 0, a * (1 - a) / u, n_answers)
    if has_floor:
        n = np.minimum(n, n_answers)
    centre = (a + t**2 / (2 * n)) / (1 + t**2 / n)
    half = np.sqrt(t**2 * (a * (1 - a) / n + t**2 / (4 * n * n))) / (1 + t**2 / n)
    return np.where(a > 0, centre - half, 0.0), np.where(a < 1, centre + half, 1.0)


def mean_limits(x, *, tail):
    """Limits of a mean accuracy, as `analysis.intervals.mean_interval`."""
    arm = Arm(x)
    t = stats.t.isf(tail, arm.degrees)
    return wilson(arm.a, arm.u, arm.n_answers, t, has_floor=True)


def difference_limits(x, y, *, tail):
    """Limits of the difference of two arms, as `analysis.intervals.difference_limits`."""
    arms = Arm(x), Arm(y)
    (l1, h1), (l2, h2) = (arm.limits(tail) for arm in arms)
    difference = arms[0].a - arms[1].a
    low = difference - np.hypot(arms[0].a - l1, h2 - arms[1].a)
    return low, difference + np.hypot(h1 - arms[0].a, arms[1].a - l2)


def odds_ratio_limits(x, y, *, tail):
    """Limits of the marginal log odds ratio, as `analysis.odds.marginal_odds_ratios`."""
    arms = Arm(x), Arm(y)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = [arm.a * (1 - arm.a) for arm in arms]
        parts = [
            np.where(arm.u > 0, arm.u * arm.n / ((arm.n - 1) * v**2), 1 / (arm.n_answers * v))
            for arm, v in zip(arms, spread, strict=True)
        ]
        variance = parts[0] + parts[1]
        df = variance**2 / sum(v**2 / arm.degrees for v, arm in zip(parts, arms, strict=True))
        log_odds = special.logit(arms[0].a) - special.logit(arms[1].a)
        margin = stats.t.isf(tail, df) * np.sqrt(variance)
        (l1, h1), (l2, h2) = (special.logit(arm.limits(tail)) for arm in arms)
        bounds = np.nan_to_num(l1 - h2, nan=-np.inf), np.nan_to_num(h1 - l2, nan=np.inf)
    return [
        np.where(are_separated(*arms), bound, found)
        for bound, found in zip(bounds, (log_odds - margin, log_odds + margin), strict=True)
    ]


def are_separated(x, y):
    """Whether all answers of an arm are right, or all wrong (S,)."""
    return np.isin(x.a, (0, 1)) | np.isin(y.a, (0, 1))


def are_different(x, y, *, alpha=0.05):
    """Whether the default test between conditions finds a difference (S,)."""
    low, high = odds_ratio_limits(x, y, tail=alpha / 2)
    if_separated = difference_limits(x, y, tail=alpha / 2)
    is_separated = are_separated(Arm(x), Arm(y))
    low = np.where(is_separated, if_separated[0], low)
    high = np.where(is_separated, if_separated[1], high)
    return (low > 0) | (high < 0)


def ratio_limits(x, y, *, tail):
    """Limits of the ratio of two arms, as `analysis.intervals.ratio_limits`."""
    (l1, h1), (l2, h2), a, b = x.limits(tail), y.limits(tail), x.a, y.a
    lead, at_low = l2 * (2 * b - l2), l1 * (2 * a - l1)
    high = (a * b + np.sqrt(np.maximum((a * b) ** 2 - h1 * (2 * a - h1) * lead, 0))) / lead
    below = np.sqrt(np.maximum((a * b) ** 2 - at_low * h2 * (2 * b - h2), 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(a > 0, at_low / (a * b + below), 0.0), high


def utility_limits(x, y, *, tail):
    """Limits of Utility, as `analysis.intervals.ratio_interval`; infinite where g is 1 or more."""
    arms = Arm(x), Arm(y)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = ratio_limits(*arms, tail=tail)
    has_bounds = is_bounded(arms[1], tail)
    return np.where(has_bounds, low, -np.inf), np.where(has_bounds, high, np.inf)


def gain_limits(x, y, *, tail):
    """Limits of the share of the attainable gain, as `analysis.attainable.attainable_gains`."""
    low, high = utility_limits(~x, ~y, tail=tail)
    return 1 - high, 1 - np.maximum(low, 0)


def is_bounded(arm, tail):
    """Whether Fieller's g of a divisor is below 1 (S,)."""
    return stats.t.isf(tail, arm.degrees) ** 2 * arm.u < arm.a**2


def are_equivalent(x, y, margin, *, alpha=0.05):
    """Whether TOST finds the ratio within 1 - margin (S,) and its inverse."""
    arms = widened(Arm(x)), widened(Arm(y))
    low, high = ratio_limits(*arms, tail=alpha)
    return is_bounded(arms[1], alpha) & (low > 1 - margin) & (high < 1 / (1 - margin))


def are_harmful(x, y, *, alpha=0.05):
    """Whether the test of harm finds the ratio below 1."""
    return ratio_limits(widened(Arm(x)), widened(Arm(y)), tail=alpha)[1] < 1


def differ_from_chance(right, chance, *, alpha=0.05):
    """Whether a share over participants and items as crossed clusters differs from guessing."""
    n_studies, n, n_items = right.shape
    e = right - right.mean(axis=(1, 2), keepdims=True)
    by_person, by_item = e.sum(axis=2), e.sum(axis=1)
    of_persons = (by_person**2).sum(axis=1) / (n * n_items) ** 2 * n / (n - 1)
    of_items = (by_item**2).sum(axis=1) / (n * n_items) ** 2 * n_items / (n_items - 1)
    left = e - by_person[:, :, None] / n_items - by_item[:, None, :] / n
    of_answers = (left**2).sum(axis=(1, 2)) / ((n - 1) * (n_items - 1)) / (n * n_items)
    u = np.maximum(of_persons + of_items - of_answers, np.maximum(of_persons, of_items))
    parts = of_persons**2 / (n - 1) + of_items**2 / (n_items - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        df = np.where(parts > 0, np.maximum(u**2 / parts, 1), min(n, n_items) - 1)
    t = stats.t.isf(alpha / 2, df)
    a = right.mean(axis=(1, 2))
    low, high = wilson(a, u, n * n_items, t, has_floor=True)
    return (low > chance) | (high < chance)
