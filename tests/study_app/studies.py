"""Bundles for tests of the server: a study that asks everything, as changed copies of another."""

from dataclasses import replace
from pathlib import Path

from stimuli_builder.bundle import Bundle, Manifest, Viewing, write_bundle
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
