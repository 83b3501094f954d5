"""Whether lists are counterbalanced: what comes how often, where."""

from collections import Counter
from collections.abc import Iterator

from stimuli_builder.bundle import Bundle, Session, TrialList
from stimuli_builder.rotation import rotation_problems, rotation_table


def balance_table(bundle: Bundle) -> list[str]:
    """Describe every list, for a person.

    Parameters
    ----------
    bundle
        Any bundle.

    Returns
    -------
    list[str]
        One line a session of each list: predictions, ties and errors of each phase, the catch
        trial's place; levels and shams of choices. Then, of a utility study, what comes how often
        over lists.
    """
    lines = [
        f"list {each.name}, session {number}: {_describe(bundle, session)}"
        for each in bundle.manifest.lists
        for number, session in enumerate(each.sessions, start=1)
    ]
    return lines + rotation_table(bundle)


def balance_problems(bundle: Bundle) -> Iterator[str]:
    """Find what lists do not balance, as far as their number allows.

    Parameters
    ----------
    bundle
        Any bundle.

    Yields
    ------
    str
        One sentence a problem.
    """
    yield from rotation_problems(bundle)
    for each in bundle.manifest.lists:
        yield from _side_problems(bundle, each)


def _side_problems(bundle: Bundle, each: TrialList) -> Iterator[str]:
    """Options whose right place is one side more often, where nobody shuffles them."""
    for number, session in enumerate(each.sessions, start=1):
        if session.task == "utility" or session.options_are_shuffled:
            continue
        known = bundle.answers.trials
        places = Counter(known[trial].answer for trial in session.test if trial in known)
        offered = len(bundle.manifest.test_trials[session.test[0]].options)
        often = [places[str(place)] for place in range(offered)]
        if max(often) > min(often) + 1:
            yield (
                f"right places of list {each.name}, session {number} must be at most one apart; "
                f"got {often}."
            )


def _describe(bundle: Bundle, session: Session) -> str:
    answers = bundle.answers.trials
    if session.task != "utility":
        kinds = Counter(answers[t].sham or answers[t].level or "recursive" for t in session.test)
        shown = ", ".join(f"{n} {kind.replace('_', '-')}" for kind, n in sorted(kinds.items()))
        return f"{session.task.replace('_', ' ')}: {shown}"
    parts = []
    for phase, trials in (("training", session.training), ("test", session.test)):
        scored = [answers[trial] for trial in trials if not answers[trial].is_catch]
        said = Counter(answer.answer for answer in scored)
        text = ", ".join(f"{n} {name}" for name, n in sorted(said.items()))
        broken = sum(answer.tie == "broken" for answer in scored)
        wrong = sum(answer.answer != answer.label for answer in scored)
        parts.append(f"{phase} {text} ({broken} ties broken, {wrong} errors)")
    places = [place for place, trial in enumerate(session.test, start=1) if answers[trial].is_catch]
    return "; ".join([*parts, f"catch trial at {', '.join(map(str, places))}"])
