"""Whether lists are counterbalanced: what comes how often, where."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from stimuli_builder.bundle import Bundle, Session, TrialAnswer, TrialList
from stimuli_builder.recursivity_audit import kind_of
from stimuli_builder.rotation import rotation_problems, rotation_table

LISTS_THAT_MIRROR: Final = 4  # which block comes first, times the sides of the choices
N_SIDES: Final = 2


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
    yield from _mirror_problems(bundle)


def _side_problems(bundle: Bundle, each: TrialList) -> Iterator[str]:
    """Options whose right place is one side more often, where nobody shuffles them."""
    for number, session in enumerate(each.sessions, start=1):
        if session.task == "utility" or session.options_are_shuffled:
            continue
        known = bundle.answers.trials
        answers = [known[trial] for trial in session.test if trial in known]
        offered = len(bundle.manifest.test_trials[session.test[0]].options)
        where = f"list {each.name}, session {number}"
        kinds = {kind: [a for a in answers if kind_of(a) == kind] for kind in map(kind_of, answers)}
        for kind, some in {"": answers, **kinds}.items():
            often = _places(some, offered)
            if max(often) > min(often) + 1:
                which = f" of {kind} trials" if kind else ""
                yield f"right places{which} of {where} must be at most one apart; got {often}."


def _mirror_problems(bundle: Bundle) -> Iterator[str]:
    """Kinds of binary choices whose right place is one side more often over all lists."""
    lists, known = bundle.manifest.lists, bundle.answers.trials
    sessions = [s for each in lists for s in each.sessions if s.task == "binary_choice"]
    if len(lists) % LISTS_THAT_MIRROR or any(each.options_are_shuffled for each in sessions):
        return  # too few lists to balance it
    answers = [known[trial] for each in sessions for trial in each.test if trial in known]
    for kind in sorted({kind_of(answer) for answer in answers}):
        often = _places([answer for answer in answers if kind_of(answer) == kind], N_SIDES)
        if max(often) > min(often):
            yield (
                f"right places of {kind} trials must come equally often over all lists; got "
                f"{often}."
            )


def _places(answers: Sequence[TrialAnswer], offered: int) -> list[int]:
    found = Counter(answer.answer for answer in answers)
    return [found[str(place)] for place in range(offered)]


def _describe(bundle: Bundle, session: Session) -> str:
    answers = bundle.answers.trials
    if session.task != "utility":
        kinds = Counter(kind_of(answers[trial]) for trial in session.test)
        shown = ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items()))
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
