"""How sets of images, classes and catch trials of a utility study go round over lists and sessions.

A set is what one session shows: lists have it in another session, with another class one short.
"""

from collections import Counter
from collections.abc import Iterator

from stimuli_builder.bundle import Bundle, Session


def rotation_table(bundle: Bundle) -> list[str]:
    """Describe what comes how often, for a person.

    Parameters
    ----------
    bundle
        Any bundle.

    Returns
    -------
    list[str]
        Of a utility study: how often each set of images comes in each session, the orders of the
        sets, and by session the predictions of each phase, the catch trials' places and answers;
        then how often training images are repeated. Of another study nothing.
    """
    if not _is_utility(bundle):
        return []
    sets = _sets(bundle)
    orders = Counter(tuple(each) for each in sets)
    told = ", ".join(f"{'-'.join(map(str, order))} in {n}" for order, n in sorted(orders.items()))
    lines = [f"orders of the sets of images, and in how many lists: {told}"]
    for number in sorted({each for order in sets for each in order}):
        often = [sum(o[s] == number for o in sets) for s in range(len(sets[0]))]
        lines.append(f"set {number} of images, lists by session: {_joined(often)}")
    for number, sessions in enumerate(_by_session(bundle), start=1):
        training, test = (_predictions(bundle, sessions, phase) for phase in ("training", "test"))
        places = _places(bundle, sessions)
        caught = Counter(
            bundle.answers.trials[t].answer for s in sessions for t in _catch(bundle, s)
        )
        lines += [
            f"session {number}, over lists: training {_told(training)}; test {_told(test)}",
            f"session {number}, catch trials by place: "
            + ", ".join(f"{n} at {place}" for place, n in sorted(places.items()) if n)
            + f"; by answer: {_told(caught)}",
        ]
    repeated = Counter(_repeated(bundle).values())
    told = ", ".join(f"{n} {times} times" for times, n in sorted(repeated.items()))
    return [*lines, f"training images that catch trials repeat, over lists: {told}"]


def rotation_problems(bundle: Bundle) -> Iterator[str]:
    """Find what does not go round, as far as the number of lists allows it.

    Parameters
    ----------
    bundle
        Any bundle.

    Yields
    ------
    str
        One sentence a problem: trials that come more often in one session than in another, where
        the lists are a multiple of the sessions; and, where they are one of sessions times classes,
        predictions, places of catch trials and repeated images that do not come equally often.
    """
    lists = bundle.manifest.lists
    n_sessions = len(lists[0].sessions)
    if not _is_utility(bundle):
        return
    if n_sessions > 1 and not len(lists) % n_sessions:
        yield from _session_problems(bundle)
    if not len(lists) % (n_sessions * len(bundle.manifest.classes)):
        for number, sessions in enumerate(_by_session(bundle), start=1):
            yield from _full_problems(bundle, number, sessions)
        yield from _repeated_problems(bundle)


def _is_utility(bundle: Bundle) -> bool:
    sessions = [session for each in bundle.manifest.lists for session in each.sessions]
    return {session.task for session in sessions} == {"utility"}


def _session_problems(bundle: Bundle) -> Iterator[str]:
    """Find trials that come more often in one session than in another."""
    counts: dict[str, Counter[int]] = {}
    sessions = _by_session(bundle)
    for number, of_session in enumerate(sessions):
        for trial in (t for s in of_session for t in (*s.training, *_scored(bundle, s))):
            counts.setdefault(trial, Counter())[number] += 1
    for trial, by_session in counts.items():
        often = [by_session[number] for number in range(len(sessions))]
        if max(often) > min(often):
            yield (
                f"trial {trial} must come equally often in every session over all lists; got "
                f"{often}."
            )


def _full_problems(bundle: Bundle, number: int, sessions: tuple[Session, ...]) -> Iterator[str]:
    """Find what a session has more often than something else, over the lists of a full design."""
    for phase in ("training", "test"):
        counts = _predictions(bundle, sessions, phase)
        if len(set(counts.values())) > 1:
            yield (
                f"predictions of {phase} in session {number} must be equally many over all lists; "
                f"got {dict(counts)}."
            )
    places = _places(bundle, sessions)
    if places and max(places.values()) > min(places.values()) + 1:
        yield (
            f"places of catch trials in session {number} must be taken at most one apart over all "
            f"lists; got {dict(places)}."
        )


def _repeated_problems(bundle: Bundle) -> Iterator[str]:
    """Find training images that catch trials repeat more often than others."""
    often = _repeated(bundle)
    if often and max(often.values()) > min(often.values()) + 1:
        most = max(often, key=lambda image: often[image])
        yield (
            "training images must be repeated by catch trials at most one apart over all lists; "
            f"got {most} {often[most]} times, another {min(often.values())} times."
        )


def _by_session(bundle: Bundle) -> list[tuple[Session, ...]]:
    """Return, for each session, that of every list; lists of another length are told elsewhere."""
    return list(zip(*(each.sessions for each in bundle.manifest.lists), strict=False))


def _sets(bundle: Bundle) -> list[list[int]]:
    """Give sets numbers, from 1 in the order of the first list; by list and session."""
    known: list[set[str]] = []
    return [[_number(known, bundle, s) for s in each.sessions] for each in bundle.manifest.lists]


def _number(known: list[set[str]], bundle: Bundle, session: Session) -> int:
    shown = {*session.training, *_scored(bundle, session)}
    for number, trials in enumerate(known, start=1):
        if trials & shown:
            trials |= shown
            return number
    known.append(shown)
    return len(known)


def _predictions(bundle: Bundle, sessions: tuple[Session, ...], phase: str) -> Counter[str]:
    counts = Counter(dict.fromkeys(bundle.manifest.classes, 0))
    for session in sessions:
        trials = session.training if phase == "training" else _scored(bundle, session)
        known = bundle.answers.trials
        counts.update(known[trial].answer for trial in trials if trial in known)
    return counts


def _places(bundle: Bundle, sessions: tuple[Session, ...]) -> Counter[int]:
    """Count the places of catch trials, from 1, among those that are not at an end."""
    counts = Counter(dict.fromkeys(range(2, len(sessions[0].test)), 0))
    for session in sessions:
        counts.update(session.test.index(trial) + 1 for trial in _catch(bundle, session))
    return counts


def _repeated(bundle: Bundle) -> Counter[str]:
    """Count the catch trials that repeat each training image."""
    manifest = bundle.manifest
    trained = {
        manifest.training_trials[trial].image
        for each in manifest.lists
        for session in each.sessions
        for trial in session.training
    }
    counts = Counter(dict.fromkeys(trained, 0))
    for each in manifest.lists:
        counts.update(
            str(manifest.test_trials[trial].image)
            for session in each.sessions
            for trial in _catch(bundle, session)
        )
    return counts


def _scored(bundle: Bundle, session: Session) -> list[str]:
    caught = set(_catch(bundle, session))
    return [trial for trial in session.test if trial not in caught]


def _catch(bundle: Bundle, session: Session) -> list[str]:
    known = bundle.answers.trials
    return [trial for trial in session.test if trial in known and known[trial].is_catch]


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{n} {name}" for name, n in sorted(counts.items()))


def _joined(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))
