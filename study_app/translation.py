"""The words of the pages, in the language that a participant reads the study in.

English stands in the templates. Every further language is one file, ``languages/CODE.toml``: its
own name, what each text is in it, and the forms of texts that count. A text that a file lacks stays
English. The study's own texts come from its bundle, as do the languages that are offered.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from gettext import c2py
from pathlib import Path
from typing import Final

from flask import Flask, current_app, request
from flask import session as cookie

from stimuli_builder.bundle import Bundle, in_language
from study_app.errors import SetupError

FOLDER: Final = Path(__file__).parent / "languages"
PARAMETER: Final = "lang"  # of a link, and of the cookie
ENGLISH_PLURAL: Final = "n != 1"


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """The words of one language.

    Attributes
    ----------
    name
        Of the language, in itself.
    texts
        English -> text.
    plurals
        English, of one -> the forms of the language.
    form_of
        Which of the forms a number takes, from 0.
    """

    name: str
    texts: Mapping[str, str]
    plurals: Mapping[str, Sequence[str]]
    form_of: Callable[[int], int]


def read_catalogue(file: Path) -> Catalogue:
    """Read a language's file.

    Parameters
    ----------
    file
        TOML: ``name``, ``plural`` (gettext's formula of n), ``[texts]`` and ``[plurals]``.

    Returns
    -------
    Catalogue
        Of that language.

    Raises
    ------
    SetupError
        If the file is not such a table.
    """
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        form_of = c2py(tables.get("plural", ENGLISH_PLURAL))
        return Catalogue(
            name=tables["name"],
            texts=tables.get("texts", {}),
            plurals=tables.get("plurals", {}),
            form_of=form_of,
        )
    except (OSError, KeyError, ValueError) as error:  # TOML's and the formula's are ValueErrors
        raise SetupError(f"language {file} must be a table with a name; got {error}.") from error


@cache
def catalogue_of(language: str) -> Catalogue | None:
    """Return the words of a language, or of the one that it is a kind of.

    Parameters
    ----------
    language
        As a web page names it, such as ``fr`` or ``fr-CA``.

    Returns
    -------
    Catalogue | None
        None where there is none, so that the pages' own words are English.
    """
    known = {file.stem: file for file in FOLDER.glob("*.toml")}
    file = known.get(language) or known.get(language.partition("-")[0])
    return None if file is None else read_catalogue(file)


def register(app: Flask, bundle: Bundle) -> None:
    """Serve a bundle in all of its languages.

    Parameters
    ----------
    app
        Still being made.
    bundle
        The study.
    """
    study = bundle.manifest
    app.extensions["study_bundles"] = {
        language: replace(bundle, manifest=in_language(study, language))
        for language in (study.language, *study.translations)
    }
    app.before_request(_remember_language)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext, ngettext, newstyle=True
    )

    @app.context_processor
    def languages() -> dict[str, object]:
        return {"language": current_language(), "languages": offered_languages()}


def bundle_shown() -> Bundle:
    """Return the study as whoever made this request reads it.

    Returns
    -------
    Bundle
        With its texts in their language; not to be scored by.
    """
    shown: Bundle = current_app.extensions["study_bundles"][current_language()]
    return shown


def current_language() -> str:
    """Return the language of this request.

    Returns
    -------
    str
        The one in the link, else in the cookie, if the study has it; else the study's.
    """
    offered = current_app.extensions["study_bundles"]
    for chosen in (request.args.get(PARAMETER), cookie.get(PARAMETER)):
        if chosen in offered:
            return str(chosen)
    return str(next(iter(offered)))


def offered_languages() -> dict[str, str]:
    """Return the languages of the study, by code, with their own names.

    Returns
    -------
    dict[str, str]
        Empty where there is one alone, and nothing to choose.
    """
    offered = list(current_app.extensions["study_bundles"])
    if len(offered) < 2:
        return {}
    found = {language: catalogue_of(language) for language in offered}
    return {language: words.name if words else language for language, words in found.items()}


def gettext(text: str) -> str:
    """Return a text of the pages in the language of this request.

    Parameters
    ----------
    text
        In English.

    Returns
    -------
    str
        The text itself where it is not translated.
    """
    words = catalogue_of(current_language())
    return text if words is None else words.texts.get(text, text)


def ngettext(one: str, many: str, n: int) -> str:
    """Return a text that counts in the language of this request.

    Parameters
    ----------
    one
        In English, of one.
    many
        In English, of several.
    n
        What is counted.

    Returns
    -------
    str
        English where it is not translated.
    """
    words = catalogue_of(current_language())
    if words is None or one not in words.plurals:
        return one if n == 1 else many
    return words.plurals[one][words.form_of(n)]


def _remember_language() -> None:
    """Keep the choice of a link in the browser's cookie; nothing else is changed by it."""
    chosen = request.args.get(PARAMETER)
    is_choice = request.method == "GET" and chosen in current_app.extensions["study_bundles"]
    if is_choice and cookie.get(PARAMETER) != chosen:
        cookie.permanent = True
        cookie[PARAMETER] = chosen
