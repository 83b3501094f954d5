"""The texts of a study: all that participants read, what is still to be written, and translations.

A text is its own name: `Manifest.translations` holds, for each further language, what every text is
in it. So nothing else of a bundle depends on the language.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from stimuli_builder.manifest import Manifest, Practice
from stimuli_builder.questionnaires import Questionnaire
from stimuli_builder.sessions import Session

PLACEHOLDER: Final = re.compile(r"\[\[.*?\]\]", re.DOTALL)
LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)


def texts_of(study: Manifest) -> set[str]:
    """Return all that participants read of a study.

    Parameters
    ----------
    study
        A bundle's manifest.

    Returns
    -------
    set[str]
        Paragraphs, questions, labels, classes and titles; none of them empty.
    """
    return {text for text in _texts(study) if text}


def placeholders_of(study: Manifest) -> list[str]:
    """Return what is still to be written of a study, in every language.

    Parameters
    ----------
    study
        A bundle's manifest.

    Returns
    -------
    list[str]
        The ``[[…]]`` of its texts, sorted; empty where the study can be shown to people.
    """
    translated = [text for texts in study.translations.values() for text in texts.values()]
    found = (PLACEHOLDER.findall(text) for text in (*texts_of(study), *translated))
    return sorted({placeholder for each in found for placeholder in each})


def translated(study: Manifest, text: str, language: str) -> str:
    """Return a text of a study in a language.

    Parameters
    ----------
    study
        A bundle's manifest.
    text
        As the manifest has it.
    language
        The study's, or one of its translations.

    Returns
    -------
    str
        The text itself where it is not translated.
    """
    return study.translations.get(language, {}).get(text, text)


def _texts(study: Manifest) -> Iterator[str]:
    yield from (study.title, *study.classes)
    texts = study.texts
    yield from (*texts.consent, *texts.instructions, *texts.debriefing, *texts.data_notice)
    yield from (texts.ethics, texts.contact, study.recruitment.pay)
    yield from _asked(study.questionnaires)
    for item in study.quiz:
        yield from (item.question, *item.choices)
    if study.confidence is not None:
        yield from (study.confidence.question, *study.confidence.levels)
    yield from _headings(study.practice, [s for each in study.lists for s in each.sessions])
    for trial in study.training_trials.values():
        for groups in trial.explanations.values():
            yield from (group.title for group in groups)


def _asked(questionnaires: Iterable[Questionnaire]) -> Iterator[str]:
    for questionnaire in questionnaires:
        yield from (questionnaire.title, *questionnaire.introduction)
        for question in questionnaire.questions:
            yield from (question.text, *(choice.label for choice in question.choices))


def _headings(practice: Practice | None, sessions: list[Session]) -> Iterator[str]:
    if practice is not None:
        yield from (*practice.classes, *practice.introduction)
        sessions = [practice.session, *sessions]
    for session in sessions:
        yield from (session.title, *session.introduction)
