"""Several exports of one study as one, without counting anybody twice.

A participant is known by number and by the instant of consent: the same pair in two exports is one
person, exported twice; the same number with another instant is another server's participant, and
gets the export's name before the number. Exports that share participants were made of one server:
the latest of them counts, in whatever order they come, and whoever is in an earlier one alone
withdrew since. Arms of several servers are added up.
"""

import dataclasses
import math
import warnings
from collections.abc import Sequence
from typing import Final

import pandas as pd

from analysis.errors import DuplicateWarning, MergeError
from analysis.responses import Export, check_counts
from analysis.withdrawals import added_arms, subtracted_arms

TABLES: Final = ("participants", "responses", "events", "replies", "decisions")
KEY: Final = ["participant", "started_at"]


def study_key(export: Export) -> tuple[str, ...]:
    """Return what exports of one study have in common.

    Parameters
    ----------
    export
        As read.

    Returns
    -------
    tuple[str, ...]
        Study, scenario and the bundle's hash.
    """
    study = export.study
    return study.study, study.scenario, str(study.bundle.get("manifest_sha256"))


def merge_exports(exports: Sequence[Export]) -> Export:
    """Put exports of one study together.

    Parameters
    ----------
    exports
        One or more, of the same bundle and rules.

    Returns
    -------
    Export
        The rows of all. Of exports that share participants, those of the latest count; who is not
        in it any more is left out.

    Raises
    ------
    MergeError
        If there is none, or they are of different studies, bundles, conditions or rules.

    Warns
    -----
    DuplicateWarning
        If participants are in several exports, or withdrew between two, with their number.
    CounterWarning
        If the arms do not count the participants.
    """
    if not exports:
        raise MergeError("exports must be one or more; got none.")
    if len(exports) == 1:
        return exports[0]
    _check_alike(exports)
    latest = _latest_of_servers(exports)
    parts = _renamed(latest)
    tables = {
        name: pd.concat([getattr(part, name) for part in parts], ignore_index=True)
        for name in TABLES
    }
    hashes = {f"{e.name}/{file}": value for e in exports for file, value in e.sha256.items()}
    name = " + ".join(export.name for export in exports)
    tables["arms"] = added_arms([part.arms for part in latest])
    check_counts(tables["arms"], tables["participants"])
    return dataclasses.replace(exports[-1], name=name, sha256=hashes, **tables)


def without_pilot(export: Export, pilot: Export) -> Export:
    """Leave out whoever took part in a pilot.

    Parameters
    ----------
    export
        Of the study, which may hold the pilot's participants too.
    pilot
        Of the same server, made when the pilot was over.

    Returns
    -------
    Export
        Without the pilot's participants.

    Warns
    -----
    DuplicateWarning
        If some were there, with their number.
    """
    kept, n = _without(export, pilot.participants[KEY])
    if not n:
        return kept
    _warn(f"participants of the pilot must be kept apart; got {n}, which are left out.")
    return dataclasses.replace(kept, arms=subtracted_arms(kept.arms, pilot.arms))


def _latest_of_servers(exports: Sequence[Export]) -> list[Export]:
    """Keep the latest export of each server, in the order given, and warn of who is not in it."""
    kept: dict[int, Export] = {}
    n_twice = n_gone = 0
    places = sorted(range(len(exports)), key=lambda place: _last_instant(exports[place]))
    for place in reversed(places):
        export = exports[place]
        known = pd.concat([part.participants[KEY] for part in kept.values()]) if kept else None
        others, n = _without(export, known)
        if n:
            n_twice += n
            n_gone += len(others.participants)
        else:
            kept[place] = export
    _warn_of(n_twice, n_gone)
    return [kept[place] for place in sorted(kept)]


def _last_instant(export: Export) -> float:
    """Return when the last thing happened, in nanoseconds; of nobody, before everything."""
    instants = pd.concat([export.participants["started_at"], export.events["at"]]).dropna()
    return float(instants.max().value) if len(instants) else -math.inf


def _warn_of(n_twice: int, n_gone: int) -> None:
    if n_twice:
        _warn(f"participants must be in one export; got {n_twice} in several. The latest counts.")
    if n_gone:
        _warn(
            "participants of an earlier export must be in the last one of the same server; got "
            f"{n_gone} who are not. They withdrew since, and are left out."
        )


def _warn(message: str) -> None:
    warnings.warn(message, DuplicateWarning, stacklevel=4)


def _check_alike(exports: Sequence[Export]) -> None:
    first = exports[0]
    for other in exports[1:]:
        if study_key(other) != study_key(first):
            raise MergeError(
                f"exports must be of one study and bundle; got {first.study.study} and "
                f"{other.study.study}, bundles {study_key(first)[2][:12]} and "
                f"{study_key(other)[2][:12]}."
            )
        for name in ("conditions", "lists", "rules"):
            values = getattr(first.study, name), getattr(other.study, name)
            if values[0] != values[1]:
                raise MergeError(
                    f"exports must have the same {name}; got {values[0]} and {values[1]}."
                )


def _without(export: Export, known: pd.DataFrame | None) -> tuple[Export, int]:
    """Drop participants that are known, and count them."""
    if known is None or known.empty:
        return export, 0
    keys = pd.MultiIndex.from_frame(export.participants[KEY])
    is_known = keys.isin(pd.MultiIndex.from_frame(known))
    names = export.participants.loc[is_known, "participant"]
    if names.empty:
        return export, 0
    tables = {}
    for name in TABLES:
        table = getattr(export, name)
        tables[name] = table[~table["participant"].isin(names)]
    return dataclasses.replace(export, **tables), len(names)


def _renamed(parts: Sequence[Export]) -> list[Export]:
    """Put the export's name before numbers that several servers gave."""
    numbers = pd.concat([part.participants["participant"] for part in parts])
    shared = set(numbers[numbers.duplicated()])
    renamed = []
    for i, part in enumerate(parts, start=1):
        tables = {}
        for name in TABLES:
            table = getattr(part, name)
            old = table["participant"]
            new = old.where(~old.isin(shared), f"{i}-{part.name}/" + old)
            tables[name] = table.assign(participant=new)
        renamed.append(dataclasses.replace(part, **tables))
    return renamed
