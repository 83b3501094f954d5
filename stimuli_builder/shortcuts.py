"""How far brightness, colour or position alone lead: for information, since a rule may be colour.

A shortcut is no error. In Husky vs. Wolf the ground decides, and the ground is colour.
"""

import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PIL import Image
from skimage.color import rgb2lab

from stimuli_builder.bundle import Bundle, TestTrial, TrialAnswer, items_of, media_of
from stimuli_builder.separation import can_be_told, told_by_chance, told_pairs

CUES = {"brightness": [0], "colour": [1, 2], "brightness and colour": [0, 1, 2]}
LEAST_TRIALS = 6
N_SHUFFLES = 200


@dataclass(frozen=True, kw_only=True)
class Shortcut:
    """How often a cue alone gives the answer.

    Attributes
    ----------
    task
        ``utility``, ``intruder`` or ``binary_choice``.
    cue
        What is looked at, and nothing else.
    share
        Of right answers, in [0, 1]; for the colours of a utility study, of pairs in order.
    chance
        Of the same by chance.
    n
        Trials; those that ask the same with sides changed are one.
    kind
        ``recursive`` or ``sham`` of binary choices; empty elsewhere.
    by_chance
        What 95 % of shuffles of the answers come to; None where answers are not shuffled.
    """

    task: str
    cue: str
    share: float
    chance: float
    n: int
    kind: str = ""
    by_chance: tuple[float, float] | None = None


def shortcuts(bundle: Bundle) -> list[Shortcut]:
    """Measure every cue in every task of a study.

    Parameters
    ----------
    bundle
        Whose pictures can be read.

    Returns
    -------
    list[Shortcut]
        Task by task. Predictions by the linear discriminant of the scored test images, as the
        share of pairs of two predictions in the right order, beside that of shuffled predictions;
        intruders by the picture farthest from the others' mean; sub-concepts by the group
        whose mean is nearer to the picture in question. Position: the prediction by that of the
        trial before, an option by the place that is right most often in a participant's list.
    """
    manifest, answers = bundle.manifest, bundle.answers.trials
    items = items_of(manifest, answers)
    practised = set(manifest.practice.session.test) if manifest.practice else set()
    asked = {
        name: trial
        for name, trial in manifest.test_trials.items()
        if name not in practised and not answers[name].is_catch and items[name] == name
    }
    images = [(trial.image, answers[n].answer) for n, trial in asked.items() if not trial.options]
    chosen = [(trial, answers[name]) for name, trial in asked.items() if trial.options]
    colours = {
        name: mean_lab(bundle.media_path(name).read_bytes())
        for trial in asked.values()
        for name in media_of(trial)
    }
    found = []
    for cue, channels in CUES.items():
        if can_be_told(np.array([answer for _, answer in images])):
            generator = np.random.default_rng(manifest.provenance.seed)
            found.append(_of_images(colours, images, cue, generator))
        found += _of_options(colours, chosen, cue, channels)
    found += _of_positions(bundle)
    return sorted(found, key=lambda each: (each.task, each.kind), reverse=True)


def mean_lab(content: bytes) -> np.ndarray:
    """Average a picture's colour.

    Parameters
    ----------
    content
        Of a picture file.

    Returns
    -------
    np.ndarray
        (3,), CIELAB.
    """
    with Image.open(io.BytesIO(content)) as picture:
        pixels = np.asarray(picture.convert("RGB").resize((64, 64))) / 255
    found: np.ndarray = rgb2lab(pixels).mean(axis=(0, 1))
    return found


def _of_positions(bundle: Bundle) -> list[Shortcut]:
    """Measure how far the order of trials, and the place of options, lead."""
    known = bundle.answers.trials
    pairs: list[tuple[str, str]] = []
    chances: list[float] = []
    for session in (session for each in bundle.manifest.lists for session in each.sessions):
        scored = [known[trial].answer for trial in session.test if not known[trial].is_catch]
        if session.task == "utility" and len(scored) > 1 and not session.trials_are_shuffled:
            pairs += pairwise(scored)
            counts, n = Counter(scored).values(), len(scored)
            chances += [sum(c * (c - 1) for c in counts) / (n * (n - 1))] * (n - 1)
    found = _of_places(bundle)
    if len(pairs) >= LEAST_TRIALS:
        share, chance = np.mean([one == other for one, other in pairs]), np.mean(chances)
        found.append(
            Shortcut(
                task="utility",
                cue="position",
                share=float(share),
                chance=float(chance),
                n=len(pairs),
            )
        )
    return found


def _of_places(bundle: Bundle) -> list[Shortcut]:
    """Measure how often one place of options is right in a list, where nobody shuffles them."""
    manifest, known = bundle.manifest, bundle.answers.trials
    most: dict[tuple[str, str], list[tuple[int, int]]] = {}
    n_options: dict[str, int] = {}
    for session in (session for each in manifest.lists for session in each.sessions):
        if session.task == "utility" or session.options_are_shuffled:
            continue
        n_options[session.task] = len(manifest.test_trials[session.test[0]].options)
        answers = [known[trial] for trial in session.test if not known[trial].is_catch]
        for kind in sorted({_kind(session.task, answer) for answer in answers}):
            right = [a.answer for a in answers if _kind(session.task, a) == kind]
            often = (Counter(right).most_common(1)[0][1], len(right))
            most.setdefault((session.task, kind), []).append(often)
    return [
        Shortcut(
            task=task,
            cue="position",
            share=float(np.mean([hits / n for hits, n in often])),
            chance=1 / n_options[task],
            n=max(n for _, n in often),
            kind=kind,
        )
        for (task, kind), often in most.items()
    ]


def _kind(task: str, answer: TrialAnswer) -> str:
    """Tell recursive choices and shams apart: what counts is the difference."""
    if task != "binary_choice":
        return ""
    return "recursive" if answer.sham is None else "sham"


def _of_images(
    colours: Mapping[str, np.ndarray],
    images: list[tuple[str | None, str]],
    cue: str,
    generator: np.random.Generator,
) -> Shortcut:
    labels = np.array([answer for _, answer in images])
    features = np.stack([colours[str(name)][CUES[cue]] for name, _ in images])
    chance, *by_chance = told_by_chance(
        features, labels, generator=generator, n_shuffles=N_SHUFFLES
    )
    return Shortcut(
        task="utility",
        cue=cue,
        share=told_pairs(features, labels),
        chance=chance,
        n=len(labels),
        by_chance=(by_chance[0], by_chance[1]),
    )


def _of_options(
    colours: Mapping[str, np.ndarray],
    trials: list[tuple[TestTrial, TrialAnswer]],
    cue: str,
    channels: list[int],
) -> list[Shortcut]:
    """Measure a cue in intruder trials, then in recursive choices and in shams."""
    right: dict[tuple[str, str], list[bool]] = {}
    chances: dict[tuple[str, str], list[float]] = {}
    for trial, answer in trials:
        means = np.stack(
            [
                np.mean([colours[picture][channels] for picture in option.pictures], axis=0)
                for option in trial.options
            ]
        )
        if trial.image is None:
            others = (means.sum(axis=0) - means) / (len(means) - 1)
            guessed, task = np.linalg.norm(means - others, axis=1).argmax(), "intruder"
        else:
            wanted = colours[trial.image][channels]
            guessed, task = np.linalg.norm(means - wanted, axis=1).argmin(), "binary_choice"
        asked = (task, _kind(task, answer))
        right.setdefault(asked, []).append(bool(guessed == int(answer.answer)))
        chances.setdefault(asked, []).append(1 / len(trial.options))
    return [
        Shortcut(
            task=task,
            cue=cue,
            share=float(np.mean(hits)),
            chance=float(np.mean(chances[task, kind])),
            n=len(hits),
            kind=kind,
        )
        for (task, kind), hits in right.items()
    ]
