"""Bundles for tests of the server: a study that asks everything, as changed copies of another."""

from dataclasses import replace
from pathlib import Path

from stimuli_builder.bundle import (
    Bundle,
    Manifest,
    TrialAnswer,
    Viewing,
    sessions_of,
    write_bundle,
)
from tests.small_recursivity import with_questions

MINIMUM_MS = 600


def write_changed(folder: Path, bundle: Bundle, manifest: Manifest) -> Bundle:
    """Write a bundle again with another manifest."""
    return write_bundle(
        folder,
        manifest,
        trials=bundle.answers.trials,
        quiz=bundle.answers.quiz,
        media={name: bundle.media_path(name).read_bytes() for name in manifest.media},
        sources=bundle.answers.sources,
    )


def asking(bundle: Bundle, *, minimum_ms: int = 0, maximum_ms: int | None = None) -> Manifest:
    """Ask the participants of a utility study everything, with times on training pages."""
    viewing = Viewing(minimum_ms=minimum_ms, maximum_ms=maximum_ms)
    return replace(with_questions(bundle.manifest), study="asking", viewing=viewing)


def turned_round(folder: Path, bundle: Bundle) -> Bundle:
    """Write a bundle again: the same manifest, and another answer file in all that it says."""
    study, turned = bundle.manifest, {}
    for _, number, session in sessions_of(study):
        is_practice = number == 0 and study.practice is not None
        classes = study.practice.classes if is_practice else study.classes
        for name in session.test:
            options = [str(place) for place in range(len(study.test_trials[name].options))]
            turned[name] = _turned(bundle.answers.trials[name], options or list(classes), classes)
    return write_bundle(
        folder,
        study,
        trials=bundle.answers.trials | turned,
        quiz={
            each.item: (bundle.answers.quiz[each.item] + 1) % len(each.choices)
            for each in study.quiz
        },
        media={name: bundle.media_path(name).read_bytes() for name in study.media},
        sources=bundle.answers.sources,
    )


def _turned(answer: TrialAnswer, choices: list[str], classes: tuple[str, ...]) -> TrialAnswer:
    known = answer.concept is not None
    return TrialAnswer(
        answer=_next(choices, answer.answer),
        label=_next(list(classes), answer.label),
        is_catch=not answer.is_catch,
        tie={"kept": "broken", "broken": "kept", None: "kept"}[answer.tie],
        source=answer.source,
        concept=f"{answer.concept}/7" if known else None,
        level=_next(["concept", "sub_concept"], answer.level) if answer.level else None,
        sham=None if answer.sham else "random",
        difficulty=1.0 if answer.difficulty is None else 1 - answer.difficulty,
    )


def _next(names: list[str], name: str) -> str:
    return names[(names.index(name) + 1) % len(names)] if name in names else name
