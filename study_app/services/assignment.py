"""Who gets which condition and trial list: permuted blocks, drawn in order of assignment.

A block holds every pair of condition and list once, in an order that the seed, the kind of
participant and the block's number fix. So the counts of any two pairs never differ by more than
one, and the order can be rebuilt.
"""

import random

from sqlalchemy import func, select

from stimuli_builder.bundle import Bundle, Manifest
from study_app.extensions import db
from study_app.models import Participation, Study


def assign(bundle: Bundle, participation: Participation) -> None:
    """Draw a participation's condition and list; people and programs have blocks of their own.

    Parameters
    ----------
    bundle
        The study.
    participation
        Not assigned yet. The caller's transaction holds the write lock.
    """
    seed = db.session.scalars(select(Study.assignment_seed).with_for_update()).one()
    last = db.session.scalar(
        select(func.max(Participation.assignment_number)).where(
            Participation.is_simulated == participation.is_simulated
        )
    )
    number = 0 if last is None else last + 1
    pair = draw_pair(bundle.manifest, number, seed=seed, is_simulated=participation.is_simulated)
    participation.assignment_number = number
    participation.condition, participation.list_name = pair


def draw_pair(study: Manifest, number: int, *, seed: int, is_simulated: bool) -> tuple[str, str]:
    """Return the condition and list of the participant assigned at a place.

    Parameters
    ----------
    study
        The bundle's manifest.
    number
        Place in the order of assignment, from 0.
    seed
        The study's.
    is_simulated
        Whether programs are assigned.

    Returns
    -------
    tuple[str, str]
        Condition and list.
    """
    pairs = [(condition, each.name) for condition in study.conditions for each in study.lists]
    block, place = divmod(number, len(pairs))
    random.Random(f"{seed}/{int(is_simulated)}/{block}").shuffle(pairs)
    return pairs[place]
