"""Answer the quiz from what was read: the choice that shares most with the instructions.

A word counts the more, the fewer of all choices of the quiz have it (an inverse document
frequency), and a choice's score is the share of its words' weight that the instructions have too.
"""

import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

import numpy as np

_WORD: Final = re.compile(r"[^\W\d_]+")


def words(text: str) -> set[str]:
    """Return a text's words, without capitals and the plural's s.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    set[str]
        Each word once.

    Examples
    --------
    >>> sorted(words("Wolves, and two pictures of wolves."))
    ['and', 'of', 'picture', 'two', 'wolve']
    """
    found = (word.lower() for word in _WORD.findall(text))
    return {word[:-1] if len(word) > 3 and word.endswith("s") else word for word in found}


def rate_choices(
    choices: Sequence[str], *, instructions: str, all_choices: Sequence[str]
) -> list[float]:
    """Rate how well the instructions speak for each choice.

    Parameters
    ----------
    choices
        Of one question.
    instructions
        The text that was read.
    all_choices
        Of the whole quiz; tells which words are common.

    Returns
    -------
    list[float]
        In [0, 1].
    """
    n_with = Counter(word for choice in all_choices for word in words(choice))
    weight = {word: math.log(1 + len(all_choices) / n) for word, n in n_with.items()}
    read = words(instructions)
    return [
        sum(weight[word] for word in words(choice) & read)
        / max(sum(weight[word] for word in words(choice)), 1e-9)
        for choice in choices
    ]


def choose_answer(
    scores: Sequence[float], *, tried: Collection[int], generator: np.random.Generator
) -> int:
    """Choose the best choice among those not tried before.

    Parameters
    ----------
    scores
        One a choice.
    tried
        Indices of choices that were wrong; if they all were, they are all open again.
    generator
        Decides between equals.

    Returns
    -------
    int
        Index of the choice.
    """
    left = [i for i in range(len(scores)) if i not in tried] or list(range(len(scores)))
    best = max(scores[i] for i in left)
    equals = [i for i in left if math.isclose(scores[i], best)]
    return int(generator.choice(equals))
