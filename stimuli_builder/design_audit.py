"""Check the design of a bundle: answers, names, balance, reuse of images, catch trials, options.

Each check takes a bundle and yields one sentence a problem.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, pairwise
from math import factorial, prod
from typing import Final

from stimuli_builder.bundle import Bundle, Session, TestTrial, TrialList, sessions_of, trials_of
from stimuli_builder.explanation_audit import explanation_problems, gallery_problems

TELLING: Final = (
    "catch",
    "kept",
    "broken",
    "test",
    "training",
    "practice",
    "intruder",
    "sham",
    "concept",
)
LEAST_CHANCE: Final = 1e-3  # of an order that comes by itself
SHARES: Final = {"tie_broken_share": "ties broken", "error_share": "errors"}
SLACK: Final = 1e-9  # of rounding
DRAWN_NAME: Final = re.compile("[0-9a-f]{12}")
DIGITS: Final = re.compile("[0-9a-f]+")


def _answer_problems(bundle: Bundle) -> Iterator[str]:
    """Trials and answers that do not match one to one, answers that are not on offer."""
    manifest, answers = bundle.manifest, bundle.answers
    for trial in sorted({*manifest.training_trials, *manifest.test_trials} ^ set(answers.trials)):
        yield f"trial {trial} must be in both manifest.json and answers.json; got one."
    for trial in sorted(set(manifest.training_trials) & set(manifest.test_trials)):
        yield f"trial must be of the training or of the test; got {trial} in both."
    practised = practice_trials(bundle)
    for trial, answer in answers.trials.items():
        easy = manifest.practice.classes if manifest.practice is not None else ()
        offered = _offered(bundle, trial, easy if trial in practised else manifest.classes)
        if answer.answer not in offered:
            yield f"answer of trial {trial} must be one of {offered}; got {answer.answer!r}."
        shown = manifest.training_trials.get(trial)
        if shown is not None and shown.prediction != answer.answer:
            yield (
                f"prediction of trial {trial} must be its answer {answer.answer!r}; got "
                f"{shown.prediction!r}."
            )


def practice_trials(bundle: Bundle) -> set[str]:
    """Name the trials of the practice.

    Parameters
    ----------
    bundle
        Any bundle.

    Returns
    -------
    set[str]
        Of training and test.
    """
    practice = bundle.manifest.practice
    return set() if practice is None else {*practice.session.training, *practice.session.test}


def _offered(bundle: Bundle, trial: str, classes: Sequence[str]) -> list[str]:
    """Return what can be answered: the classes, or places of options."""
    test = bundle.manifest.test_trials.get(trial)
    options = () if test is None else test.options
    return [str(place) for place in range(len(options))] or list(classes)


def _repetition_problems(bundle: Bundle) -> Iterator[str]:
    """Trials that a list asks twice."""
    counts: Counter[tuple[str, str]] = Counter()
    for name, _, session in sessions_of(bundle.manifest):
        counts.update((name, trial) for trial in (*session.training, *session.test))
    for (name, trial), count in counts.items():
        if count > 1:
            yield f"trial {trial} must occur once in list {name}; got {count} times."


def _quiz_problems(bundle: Bundle) -> Iterator[str]:
    """Quiz items and answers that do not match one to one."""
    answers = bundle.answers
    items = {item.item: item for item in bundle.manifest.quiz}
    for item in sorted(set(items) ^ set(answers.quiz)):
        yield f"quiz item {item} must be in both manifest.json and answers.json; got one."
    for item, index in answers.quiz.items():
        if item in items and not 0 <= index < len(items[item].choices):
            yield f"answer of {item} must be in [0, {len(items[item].choices)}); got {index}."


def _name_problems(bundle: Bundle) -> Iterator[str]:
    """Trial names with a class, a condition or a kind of trial in them.

    In a name of drawn digits, a word of such digits is there by chance; a short one must be.
    """
    manifest = bundle.manifest
    telling = {*TELLING, *manifest.classes, *manifest.conditions}
    for trial in (*manifest.training_trials, *manifest.test_trials):
        is_drawn = DRAWN_NAME.fullmatch(trial) is not None
        told = sorted(
            word
            for word in telling
            if word.lower() in trial.lower()
            and not (is_drawn and DIGITS.fullmatch(word.lower()) is not None)
        )
        if told:
            yield f"trial name must tell nothing; got {trial!r} with {told}."


def _balance_problems(bundle: Bundle) -> Iterator[str]:
    """Phases whose predictions are more than one apart; the practice is exempt."""
    for name, number, session in sessions_of(bundle.manifest):
        if name == "practice" or session.task != "utility":
            continue
        phases = {"training": session.training, "test": _scored(bundle, session)}
        for phase, trials in phases.items():
            answers = [
                bundle.answers.trials[t].answer for t in trials if t in bundle.answers.trials
            ]
            counts = {c: answers.count(c) for c in bundle.manifest.classes}
            if max(counts.values()) - min(counts.values()) > 1:
                yield (
                    f"predictions of list {name}, session {number}, {phase} must be at most one "
                    f"apart; got {counts}."
                )


def _order_problems(bundle: Bundle) -> Iterator[str]:
    """Find lists whose every phase comes class by class, which can hardly be by chance."""
    phases = {each.name: _orders(bundle, each.sessions) for each in bundle.manifest.lists}
    whole = {"all": [order for orders in phases.values() for order in orders]}
    for name, orders in (phases | whole).items():
        chance = prod(_chance_of_sorted(order) for order in orders)
        if chance * len(phases) < LEAST_CHANCE and all(
            _n_runs(order) == len(set(order)) for order in orders
        ):
            yield f"answers of list {name} must not come class by class; got {orders[0]}."
            return


def _orders(bundle: Bundle, sessions: Sequence[Session]) -> list[list[str]]:
    """Return the answers of every phase with several, in the order shown."""
    known = bundle.answers.trials
    phases = [
        phase
        for session in sessions
        if session.task == "utility" and not session.trials_are_shuffled
        for phase in (session.training, _scored(bundle, session))
    ]
    orders = [[known[trial].answer for trial in phase if trial in known] for phase in phases]
    return [order for order in orders if len(set(order)) > 1]


def _n_runs(order: Sequence[str]) -> int:
    return 1 + sum(one != other for one, other in pairwise(order))


def _chance_of_sorted(order: Sequence[str]) -> float:
    """Count the orders that come class by class among all orders."""
    counts = Counter(order).values()
    return factorial(len(counts)) * prod(map(factorial, counts)) / factorial(len(order))


def _share_problems(bundle: Bundle) -> Iterator[str]:
    """Shares of broken ties and of errors other than the configuration asks for.

    Whole images come within one image of a share in every phase, and in the sessions of a list
    together.
    """
    for phase in ("training", "test"):
        asked = bundle.manifest.provenance.config.get(phase)
        for key, what in SHARES.items():
            share = asked.get(key) if isinstance(asked, dict) else None
            if isinstance(share, int | float):
                found = (
                    _share_problem(bundle, e, phase, key, share) for e in bundle.manifest.lists
                )
                yield from (f"{what} of {problem}." for problem in islice(filter(None, found), 1))


def _share_problem(
    bundle: Bundle, each: TrialList, phase: str, key: str, share: float
) -> str | None:
    """Say where a list is more than one image off a share, in one phase or over all sessions."""
    phases = [
        _hits(bundle, session, phase, key) for session in each.sessions if session.task == "utility"
    ]
    if any(None in hits for hits in phases):
        return None
    whole = [hit for hits in phases for hit in hits]
    where = f"{phase} in list {each.name} must be within one image of a share of {share}"
    for number, hits in enumerate(phases, start=1):
        if abs(sum(map(bool, hits)) - share * len(hits)) > 1 + SLACK:
            found = sum(map(bool, hits)) / len(hits)
            return f"{where}; got {found:.2f} in session {number}"
    if abs(sum(map(bool, whole)) - share * len(whole)) > 1 + SLACK:
        return f"{where} over all sessions; got {sum(map(bool, whole)) / len(whole):.2f}"
    return None


def _hits(bundle: Bundle, session: Session, phase: str, key: str) -> list[bool | None]:
    """Say of each scored trial whether it counts, as far as that is known."""
    trials = session.training if phase == "training" else _scored(bundle, session)
    known = bundle.answers.trials
    answers = [known[trial] for trial in trials if trial in known]
    if key == "error_share":
        return [answer.answer != answer.label for answer in answers]
    return [None if answer.tie is None else answer.tie == "broken" for answer in answers]


def _reuse_problems(bundle: Bundle) -> Iterator[str]:
    """Images that one list shows twice, or one phase shows and another asks about."""
    trained: set[str] = set()
    tested: set[str] = set()
    for _, _, session in sessions_of(bundle.manifest):
        shown = _images(bundle, session)
        trained |= set(shown[: len(session.training)])
        tested |= set(shown[len(session.training) :])
    for image in sorted(trained & tested):
        yield f"image must be used in training or in test, not in both; got {image}."
    for trial_list in bundle.manifest.lists:
        utility = [session for session in trial_list.sessions if session.task == "utility"]
        images = [image for session in utility for image in _images(bundle, session)]
        for image, count in Counter(images).items():
            if count > 1:
                where = f"list {trial_list.name}"
                yield f"image must occur once in {where}; got {image} {count} times."


def _images(bundle: Bundle, session: Session) -> list[str]:
    """Return the images of a session's training, then those of its scored test trials."""
    manifest = bundle.manifest
    asked = [manifest.test_trials[trial].image for trial in _scored(bundle, session)]
    trained = [manifest.training_trials[trial].image for trial in session.training]
    return [*trained, *(image for image in asked if image is not None)]


def _catch_problems(bundle: Bundle) -> Iterator[str]:
    """Find utility sessions without one catch trial, others with two, and unfair catch trials."""
    manifest = bundle.manifest
    for name, number, session in sessions_of(manifest):
        caught = [trial for trial in session.test if _is_catch(bundle, trial)]
        wanted = 0 if name == "practice" else 1
        where = f"list {name}, session {number}"
        if session.task == "utility" and len(caught) != wanted:
            yield f"{where} must have {wanted} catch trials; got {len(caught)}."
        elif len(caught) > wanted:
            yield f"{where} must have {wanted} catch trials at most; got {len(caught)}."
        yield from _caught_problems(bundle, session, caught, where)


def _caught_problems(
    bundle: Bundle, session: Session, caught: Sequence[str], where: str
) -> Iterator[str]:
    """Find catch trials at an end, of an image that was not shown, or with another answer."""
    manifest = bundle.manifest
    shown = [manifest.training_trials[trial] for trial in session.training]
    predictions = {trial.image: trial.prediction for trial in shown}
    is_placed = session.task == "utility" and not session.trials_are_shuffled
    ends = {session.test[0], session.test[-1]} if is_placed and len(session.test) > 2 else set()
    for trial in caught:
        if trial in ends:
            yield f"catch trial of {where} must be neither first nor last; got {trial}."
        told = predictions.get(manifest.test_trials[trial].image or "")
        answer = bundle.answers.trials[trial].answer
        if told is None and shown:
            yield f"catch trial of {where} must repeat an image of its training; got {trial}."
        elif told is not None and told != answer:
            yield (
                f"catch trial {trial} of {where} must have the answer {told!r} that its "
                f"training showed; got {answer!r}."
            )


def _option_problems(bundle: Bundle) -> Iterator[str]:
    """Intruder trials of more than single pictures; pictures that a trial shows twice."""
    for _, number, session in sessions_of(bundle.manifest):
        for name, trial in trials_of(bundle.manifest, session):
            if not isinstance(trial, TestTrial):
                continue
            pictures = [picture for option in trial.options for picture in option.pictures]
            if session.task == "intruder" and len(pictures) != len(trial.options):
                yield (
                    f"options of intruder trial {name} must have one picture each; got "
                    f"{len(pictures)} of {len(trial.options)}."
                )
            if trial.options and trial.image is not None:
                pictures.append(trial.image)
            if len(set(pictures)) < len(pictures):
                yield f"pictures of trial {name} must be different; got one twice."
            if number:
                yield from _kind_problems(bundle, session, name)


def _kind_problems(bundle: Bundle, session: Session, trial: str) -> Iterator[str]:
    """Levels and shams of trials of another task."""
    answer = bundle.answers.trials.get(trial)
    if answer is None:
        return
    if (session.task == "intruder") != (answer.level is not None):
        rule = "be given" if session.task == "intruder" else "be null"
        yield f"level of {session.task} trial {trial} must {rule}; got {answer.level!r}."
    if answer.sham is not None and session.task != "binary_choice":
        yield f"sham of {session.task} trial {trial} must be null; got {answer.sham!r}."


def _shape_problems(bundle: Bundle) -> Iterator[str]:
    """Find lists that ask for another number of things than the first."""
    first = _shape(bundle.manifest.lists[0].sessions)
    for trial_list in bundle.manifest.lists:
        shape = _shape(trial_list.sessions)
        if shape != first:
            yield f"list {trial_list.name} must ask as much as the first, {first}; got {shape}."


def _shape(sessions: Sequence[Session]) -> list[tuple[str, int, int]]:
    """Return the task and the numbers of trials of each session, in order of task."""
    return sorted((each.task, len(each.training), len(each.test)) for each in sessions)


def _scored(bundle: Bundle, session: Session) -> list[str]:
    return [trial for trial in session.test if not _is_catch(bundle, trial)]


def _is_catch(bundle: Bundle, trial: str) -> bool:
    answer = bundle.answers.trials.get(trial)
    return answer is not None and answer.is_catch


DESIGN_CHECKS: Final[tuple[Callable[[Bundle], Iterator[str]], ...]] = (
    _answer_problems,
    _repetition_problems,
    _quiz_problems,
    _name_problems,
    _balance_problems,
    _order_problems,
    _share_problems,
    _reuse_problems,
    _catch_problems,
    explanation_problems,
    gallery_problems,
    _option_problems,
    _shape_problems,
)
