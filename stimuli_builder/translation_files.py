"""Translations beside a configuration: ``languages/CODE.toml``, one file a language.

A file holds a table of texts, for all studies of its folder; each study takes those it has.
"""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from stimuli_builder.errors import ConfigError
from stimuli_builder.manifest import Manifest
from stimuli_builder.translations import texts_of

FOLDER: Final = "languages"


def read_translations(folder: Path, language: str) -> dict[str, str]:
    """Read what texts are in a language.

    Parameters
    ----------
    folder
        Of the configuration.
    language
        As a web page names it, such as ``fr``.

    Returns
    -------
    dict[str, str]
        Text -> text.

    Raises
    ------
    ConfigError
        If there is no such file, or it is not such a table.
    """
    file = folder / FOLDER / f"{language}.toml"
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        known = sorted(each.stem for each in file.parent.glob("*.toml"))
        near = difflib.get_close_matches(language, known, n=1, cutoff=0.0)
        nearest = f" The nearest is {near[0]!r}." if near else ""
        raise ConfigError(
            f"languages must be of files in {file.parent}, which has {known}; got {language!r}."
            f"{nearest}"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"translations {file} must be text in UTF-8; got {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"translations {file} must be TOML; got {error}.") from error
    texts = tables.pop("texts", None)
    if tables or not isinstance(texts, dict):
        raise ConfigError(f"translations {file} must have one table, [texts]; got {list(tables)}.")
    for text, translation in texts.items():
        if not isinstance(translation, str):
            raise ConfigError(f"translation of {text[:40]!r} in {file} must be a text.")
    return texts


def with_translations(study: Manifest, shared: Mapping[str, Mapping[str, str]]) -> Manifest:
    """Add to a study what its own texts are in other languages.

    Parameters
    ----------
    study
        With the translations of its own configuration, which stand over shared ones.
    shared
        Language -> text -> text; those of other studies are left out.

    Returns
    -------
    Manifest
        With every language of `shared`.
    """
    texts = texts_of(study)
    translations = dict(study.translations)
    for language, words in shared.items():
        mine = {text: words[text] for text in sorted(texts & set(words))}
        translations[language] = mine | translations.get(language, {})
    return replace(study, translations=translations)
