"""The procedure of a utility study: stages, questionnaires and rules, from the configuration."""

from typing import Literal

from stimuli_builder.config import QuestionnaireConfig, StudyConfig
from stimuli_builder.manifest import Confidence, Privacy, Recruitment, Reservoir, Rules, Viewing
from stimuli_builder.questionnaires import Choice, Question, Questionnaire
from stimuli_builder.stages import Stage


def make_stages(config: StudyConfig) -> tuple[Stage, ...]:
    """Put the stages in order; eligibility comes before anything is explained.

    Parameters
    ----------
    config
        Of the study.

    Returns
    -------
    tuple[Stage, ...]
        From consent to debriefing.
    """
    return (
        Stage(stage="consent", questionnaire=None),
        *_asking("eligibility", config, "eligibility"),
        Stage(stage="instructions", questionnaire=None),
        Stage(stage="practice", questionnaire=None),
        Stage(stage="quiz", questionnaire=None),
        *_asking("questionnaire", config, "before_sessions"),
        Stage(stage="sessions", questionnaire=None),
        *_asking("questionnaire", config, "after_sessions"),
        Stage(stage="debriefing", questionnaire=None),
    )


def make_questionnaires(config: StudyConfig) -> tuple[Questionnaire, ...]:
    """Return the questionnaires as the bundle has them.

    Parameters
    ----------
    config
        Of the study.

    Returns
    -------
    tuple[Questionnaire, ...]
        In the order of the configuration.
    """
    return tuple(
        Questionnaire(
            name=each.name,
            title=each.title,
            introduction=each.introduction,
            questions=_questions(each),
        )
        for each in config.questionnaires
    )


def session_questionnaire(config: StudyConfig) -> str | None:
    """Return the name of the questionnaire that follows each session.

    Parameters
    ----------
    config
        Of the study.

    Returns
    -------
    str | None
        None where there is none.
    """
    names = [each.name for each in config.questionnaires if each.place == "after_each_session"]
    return names[0] if names else None


def make_rules(config: StudyConfig) -> Rules:
    """Return the thresholds of the screening.

    Parameters
    ----------
    config
        Of the study.

    Returns
    -------
    Rules
        Of practice, quiz, catch trials and times.
    """
    return Rules(
        practice_min_correct=config.practice.min_correct,
        practice_max_attempts=config.practice.max_attempts,
        quiz_min_correct=config.quiz.min_correct or len(config.quiz.items),
        quiz_max_attempts=config.quiz.max_attempts,
        catch_min_correct=config.catch_min_correct,
        **config.time_rules.model_dump(),
    )


def make_settings(
    config: StudyConfig,
) -> tuple[Privacy, Viewing, Reservoir, Recruitment, Confidence | None]:
    """Return the bundle's smaller parts.

    Parameters
    ----------
    config
        Of the study.

    Returns
    -------
    tuple[Privacy, Viewing, Reservoir, Recruitment, Confidence | None]
        As configured.
    """
    asked = config.confidence
    return (
        Privacy(**config.privacy.model_dump()),
        Viewing(**config.viewing.model_dump()),
        Reservoir(**config.reservoir.model_dump()),
        Recruitment(**config.recruitment.model_dump()),
        None if asked is None else Confidence(question=asked.question, levels=asked.levels),
    )


def _asking(
    stage: Literal["eligibility", "questionnaire"], config: StudyConfig, place: str
) -> list[Stage]:
    return [
        Stage(stage=stage, questionnaire=each.name)
        for each in config.questionnaires
        if each.place == place
    ]


def _questions(questionnaire: QuestionnaireConfig) -> tuple[Question, ...]:
    return tuple(
        Question(
            question=each.question,
            text=each.text,
            kind=each.kind,
            choices=tuple(Choice(**choice.model_dump()) for choice in each.choices),
            low=each.low,
            high=each.high,
            is_required=each.is_required,
        )
        for each in questionnaire.questions
    )
