"""What ``answers.json`` holds: what is right, and what kind of trial each is. Never served."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class TrialAnswer:
    """What the model answered, and what kind of trial it is.

    Attributes
    ----------
    answer
        The model's prediction; in a trial with options the place of the intruder, or of the
        sub-concept's group, among them as the manifest has them, from 0, as text.
    label
        Class of the folder the image came from.
    is_catch
        Whether the trial is a catch trial, which is never scored.
    tie
        Whether the image keeps or breaks the tie a person would guess by; None if unknown.
    source
        Path of the image in the researcher's folder, or None.
    concept
        What an intruder or binary-choice trial is about: the class, then rows of the banks, such as
        ``wolf/3/1``; None elsewhere.
    level
        Whether the pictures of an intruder trial are of a concept or of a sub-concept; None
        elsewhere.
    sham
        How the groups of a binary choice were made in which nothing tells a sub-concept from its
        parent: by a split at the same layer, or at random; None where there is a sub-concept.
    difficulty
        Estimated before anybody was asked, in [0, 1], 0 the easiest; None where it was not.
    """

    answer: str
    label: str
    is_catch: bool
    tie: Literal["kept", "broken"] | None
    source: str | None
    concept: str | None
    level: Literal["concept", "sub_concept"] | None
    sham: Literal["same_layer", "random"] | None
    difficulty: float | None


@dataclass(frozen=True, kw_only=True)
class PictureSource:
    """Where a picture was taken from.

    Attributes
    ----------
    file
        Path in the researcher's folder.
    box
        ``[left, top, right, bottom]`` in pixels of that image, right and bottom exclusive; None
        where the picture shows it whole.
    licence
        Of that image.
    """

    file: str
    box: tuple[int, ...] | None
    licence: str


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The answer file.

    Attributes
    ----------
    schema, schema_version
        ``study-answers`` and the version of the format.
    manifest_sha256
        Of the manifest it belongs to.
    trials
        Trial -> answer, for every training, test and practice trial.
    quiz
        Item -> index of the right choice.
    sources
        Media name -> where it was taken from, for the pictures of which that is known.
    """

    schema: Literal["study-answers"]
    schema_version: Literal[2]
    manifest_sha256: str
    trials: dict[str, TrialAnswer]
    quiz: dict[str, int]
    sources: dict[str, PictureSource]
