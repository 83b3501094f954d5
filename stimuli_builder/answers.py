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
    level
        Whether the pictures of an intruder trial are of a concept or of a sub-concept; None
        elsewhere.
    is_sham
        Whether a binary choice is one in which nothing tells the two groups apart.
    """

    answer: str
    label: str
    is_catch: bool
    tie: Literal["kept", "broken"] | None
    source: str | None
    level: Literal["concept", "sub_concept"] | None
    is_sham: bool


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
    """

    schema: Literal["study-answers"]
    schema_version: Literal[2]
    manifest_sha256: str
    trials: dict[str, TrialAnswer]
    quiz: dict[str, int]
