"""The texts of a study: all that participants read, what is still to be written, and translations.

A text is its own name: `Manifest.translations` holds, for each further language, what every text is
in it. So nothing else of a bundle depends on the language.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from stimuli_builder.manifest import Confidence, Manifest, Practice, QuizItem, Texts
from stimuli_builder.questionnaires import Question, Questionnaire
from stimuli_builder.sessions import Session, TrainingTrial, TrialList

Word = Callable[[str], str]

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


def in_language(study: Manifest, language: str) -> Manifest:
    """Return a study as its participants read it in a language.

    Parameters
    ----------
    study
        A bundle's manifest.
    language
        The study's, or one of its translations.

    Returns
    -------
    Manifest
        With every text in that language and `language` to say so; names, orders and pictures are
        the same, and places of choices with them.
    """
    if language == study.language:
        return study

    def word(text: str) -> str:
        return translated(study, text, language)

    return replace(
        study,
        language=language,
        title=word(study.title),
        classes=_words(study.classes, word),
        texts=_texts_in(study.texts, word),
        recruitment=replace(study.recruitment, pay=word(study.recruitment.pay)),
        questionnaires=tuple(_questionnaire_in(each, word) for each in study.questionnaires),
        practice=_practice_in(study.practice, word),
        quiz=tuple(_item_in(each, word) for each in study.quiz),
        confidence=_confidence_in(study.confidence, word),
        lists=tuple(_list_in(each, word) for each in study.lists),
        training_trials={
            name: _training_in(trial, word) for name, trial in study.training_trials.items()
        },
    )


def _words(texts: tuple[str, ...], word: Word) -> tuple[str, ...]:
    return tuple(word(text) for text in texts)


def _texts_in(texts: Texts, word: Word) -> Texts:
    return Texts(
        consent=_words(texts.consent, word),
        instructions=_words(texts.instructions, word),
        debriefing=_words(texts.debriefing, word),
        data_notice=_words(texts.data_notice, word),
        ethics=word(texts.ethics),
        contact=word(texts.contact),
    )


def _questionnaire_in(questionnaire: Questionnaire, word: Word) -> Questionnaire:
    return replace(
        questionnaire,
        title=word(questionnaire.title),
        introduction=_words(questionnaire.introduction, word),
        questions=tuple(_question_in(each, word) for each in questionnaire.questions),
    )


def _question_in(question: Question, word: Word) -> Question:
    choices = tuple(replace(each, label=word(each.label)) for each in question.choices)
    return replace(question, text=word(question.text), choices=choices)


def _practice_in(practice: Practice | None, word: Word) -> Practice | None:
    if practice is None:
        return None
    return replace(
        practice,
        classes=_words(practice.classes, word),
        introduction=_words(practice.introduction, word),
        session=_session_in(practice.session, word),
    )


def _item_in(item: QuizItem, word: Word) -> QuizItem:
    return replace(item, question=word(item.question), choices=_words(item.choices, word))


def _confidence_in(confidence: Confidence | None, word: Word) -> Confidence | None:
    if confidence is None:
        return None
    return Confidence(question=word(confidence.question), levels=_words(confidence.levels, word))


def _list_in(trial_list: TrialList, word: Word) -> TrialList:
    sessions = tuple(_session_in(each, word) for each in trial_list.sessions)
    return replace(trial_list, sessions=sessions)


def _session_in(session: Session, word: Word) -> Session:
    introduction = _words(session.introduction, word)
    return replace(session, title=word(session.title), introduction=introduction)


def _training_in(trial: TrainingTrial, word: Word) -> TrainingTrial:
    explanations = {
        name: tuple(replace(group, title=word(group.title)) for group in groups)
        for name, groups in trial.explanations.items()
    }
    return replace(trial, prediction=word(trial.prediction), explanations=explanations)


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
