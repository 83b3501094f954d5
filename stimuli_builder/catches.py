"""Which training image a catch trial repeats, and where it stands: in turn, not by chance.

Over lists and sessions each image is repeated, and each place taken, as often as any other.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from stimuli_builder.orders import Candidate


def catch_places(
    n_test: int, *, n_lists: int, n_sessions: int, generator: np.random.Generator
) -> list[list[int]]:
    """Choose the places of catch trials, neither first nor last.

    Parameters
    ----------
    n_test
        Scored trials of a phase.
    n_lists
        At least 1.
    n_sessions
        At least 1.
    generator
        Draws in which order places are taken.

    Returns
    -------
    list[list[int]]
        List, session: a place among the ``n_test + 1`` trials, from 0. In each session, over lists,
        no place comes more than once more often than another.
    """
    places = generator.permutation(np.arange(1, n_test)).tolist() or [n_test]
    step = max(len(places) // n_sessions, 1)
    return [
        [places[(number + step * session) % len(places)] for session in range(n_sessions)]
        for number in range(n_lists)
    ]


def choose_catches(trained: Sequence[Sequence[Sequence[Candidate]]]) -> list[list[Candidate]]:
    """Choose the training images that catch trials repeat.

    Parameters
    ----------
    trained
        List, session: the images of its training.

    Returns
    -------
    list[list[Candidate]]
        List, session: one of its images. Those repeated least so far come first; of these the ones
        that fewest lists still show, then those of a prediction that fewest catch trials of the
        list, then of the session, have had. Where some come more than once more often than others
        then, catch trials are exchanged until none does, if that can be.
    """
    left = Counter(image for sessions in trained for shown in sessions for image in shown)
    times: Counter[Candidate] = Counter()
    of_session: Counter[tuple[int, str]] = Counter()
    chosen = []
    for sessions in trained:
        of_list: Counter[str] = Counter()
        caught = []
        for number, shown in enumerate(sessions):
            merits = {
                image: (
                    times[image],
                    left[image],
                    of_list[image.prediction],
                    of_session[number, image.prediction],
                )
                for image in shown
            }
            image = min(merits, key=lambda each: merits[each])
            times[image] += 1
            of_list[image.prediction] += 1
            of_session[number, image.prediction] += 1
            left.subtract(shown)
            caught.append(image)
        chosen.append(caught)
    while _evened(trained, chosen):
        pass
    return chosen


def _evened(
    trained: Sequence[Sequence[Sequence[Candidate]]], chosen: list[list[Candidate]]
) -> bool:
    """Repeat once less an image that is repeated most, for one two or more behind it."""
    times = Counter({image: 0 for sessions in trained for shown in sessions for image in shown})
    times.update(image for caught in chosen for image in caught)
    most = max(times.values())
    waiting = [image for image, n in times.items() if n == most]
    came: dict[Candidate, tuple[Candidate, int, int]] = {}  # which catch trial can become its own
    known = set(waiting)
    for image in waiting:  # by the shortest way, which grows while it is gone
        if times[image] < most - 1:
            while image in came:
                image, number, session, new = *came[image], image
                chosen[number][session] = new
            return True
        for other, number, session in _takers(trained, chosen, image):
            if other not in known:
                known.add(other)
                came[other] = image, number, session
                waiting.append(other)
    return False


def _takers(
    trained: Sequence[Sequence[Sequence[Candidate]]],
    chosen: Sequence[Sequence[Candidate]],
    image: Candidate,
) -> Iterator[tuple[Candidate, int, int]]:
    """Yield images that could be repeated in the place of one, with the list and the session."""
    for number, caught in enumerate(chosen):
        for session, each in enumerate(caught):
            if each == image:
                yield from ((other, number, session) for other in trained[number][session])
