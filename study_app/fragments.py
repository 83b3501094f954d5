"""Parts of pages that look the same to everyone: drawn once by a worker, then kept.

A test page offers up to fifteen training trials again, each with a dozen pictures; drawing them
anew took a third of the time of an answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from flask import Flask, request
from markupsafe import Markup

from stimuli_builder.bundle import Group, Manifest

TEMPLATE: Final = "fragments.html"
MAX_KEPT: Final = 4096  # pictures and explanations, a few kilobytes each; those used last
MAX_RESERVOIRS: Final = 128  # about 50 kB each


@dataclass(frozen=True, kw_only=True)
class Example:
    """A training trial as a condition shows it.

    Attributes
    ----------
    session
        0 in the practice.
    image
        Media name.
    prediction
        The model's answer.
    groups
        The explanation; empty where there is none.
    """

    session: int
    image: str
    prediction: str
    groups: tuple[Group, ...]


class Fragments:
    """The fragments of one study in one language.

    Parameters
    ----------
    app
        Whose templates draw them.
    study
        The bundle's manifest, in that language.
    """

    def __init__(self, app: Flask, study: Manifest) -> None:
        self.study = study
        self._app = app
        self.picture = lru_cache(MAX_KEPT)(self._picture)
        self.explanation = lru_cache(MAX_KEPT)(self._explanation)
        self.reservoir = lru_cache(MAX_RESERVOIRS)(self._reservoir)

    def _picture(self, _root: str, name: str, alt: str, kind: str, is_lazy: bool) -> Markup:
        return self._draw("picture", name, alt, kind, is_lazy)

    def _explanation(self, _root: str, groups: tuple[Group, ...], is_lazy: bool) -> Markup:
        return self._draw("explanation", groups, is_lazy)

    def _reservoir(self, _root: str, examples: tuple[Example, ...]) -> Markup:
        return self._draw("reservoir", examples)

    def _draw(self, name: str, *arguments: object) -> Markup:
        macros = self._app.jinja_env.get_template(TEMPLATE).module
        return Markup(getattr(macros, f"draw_{name}")(self.study, *arguments))


def register(app: Flask) -> None:
    """Give templates the functions ``picture``, ``explanation`` and ``reservoir``.

    Parameters
    ----------
    app
        Still being made.
    """
    kept: dict[int, Fragments] = {}  # by the study's identity, which it keeps while it is here

    def of(study: Manifest) -> Fragments:
        if id(study) not in kept:
            kept[id(study)] = Fragments(app, study)
        return kept[id(study)]

    @app.template_global()
    def picture(study: Manifest, name: str, alt: str, kind: str, is_lazy: bool = False) -> Markup:
        return of(study).picture(request.script_root, name, alt, kind, is_lazy)

    @app.template_global()
    def explanation(study: Manifest, groups: tuple[Group, ...], is_lazy: bool = False) -> Markup:
        return of(study).explanation(request.script_root, groups, is_lazy)

    @app.template_global()
    def reservoir(study: Manifest, examples: Sequence[Example]) -> Markup:
        return of(study).reservoir(request.script_root, tuple(examples))
