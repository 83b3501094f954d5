"""Guards for arguments: the one place their messages are worded."""

from collections.abc import Sequence

import pandas as pd

from analysis.errors import AnalysisError, DesignError, MissingColumnError


def check_columns(table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Require columns of a table.

    Parameters
    ----------
    table
        Any table.
    columns
        Names it must have; it may have more.

    Raises
    ------
    MissingColumnError
        If one is absent.
    """
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise MissingColumnError(
            f"columns {missing} must be present; got {[str(name) for name in table.columns]}."
        )


def check_share(name: str, value: float) -> None:
    """Require a number strictly between 0 and 1.

    Parameters
    ----------
    name
        The argument's own name.
    value
        Its value.

    Raises
    ------
    AnalysisError
        If it lies outside.
    """
    if not 0 < value < 1:
        hint = " Give a share, not a percentage." if 1 < value <= 100 else ""
        raise AnalysisError(f"{name} must be in (0, 1); got {value}.{hint}")


def check_shares(table: pd.DataFrame, column: str) -> None:
    """Require a column of numbers in [0, 1].

    Parameters
    ----------
    table
        A table with the column.
    column
        Its name.

    Raises
    ------
    AnalysisError
        If a value lies outside or is missing.
    """
    outside = table.loc[~table[column].between(0, 1), column]
    if len(outside):
        worst = outside.iloc[0]
        hint = " Give shares, not percentages." if 1 < worst <= 100 else ""
        raise AnalysisError(f"{column} must be in [0, 1]; got {worst}.{hint}")


def check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Require one of a few values.

    Parameters
    ----------
    name
        The argument's own name.
    value
        Its value.
    choices
        The values it may have.

    Raises
    ------
    AnalysisError
        If it is none of them.
    """
    if value not in choices:
        raise AnalysisError(f"{name} must be one of {list(choices)}; got {value!r}.")


def check_given(
    table: pd.DataFrame, columns: Sequence[str], *, error: type[AnalysisError] = DesignError
) -> None:
    """Require that no value of some columns is missing.

    Parameters
    ----------
    table
        A table with the columns.
    columns
        Their names.
    error
        What is raised.

    Raises
    ------
    AnalysisError
        If a value is missing; of the class `error`.
    """
    is_missing = table[list(columns)].isna()
    if is_missing.to_numpy().any():
        lacking = [name for name in columns if is_missing[name].any()]
        n_rows = int(is_missing.any(axis=1).sum())
        raise error(f"{lacking} must be given in every row; got {n_rows} empty.")


def check_single(
    table: pd.DataFrame, unit: str, of: str, *, error: type[AnalysisError] = DesignError
) -> None:
    """Require that each participant, say, is in one condition or one group.

    Parameters
    ----------
    table
        A table with both columns.
    unit
        Column of who is in it.
    of
        Column of what it is in.
    error
        What is raised.

    Raises
    ------
    AnalysisError
        If one is in several; of the class `error`.
    """
    n_different = table.groupby(unit, sort=False)[of].nunique()
    if (n_different > 1).any():
        raise error(f"{unit} {n_different.idxmax()} must be in one {of}; got {n_different.max()}.")


def check_once(
    table: pd.DataFrame, keys: Sequence[str], *, error: type[AnalysisError] = DesignError
) -> None:
    """Require that a participant answered an item, say, once.

    Parameters
    ----------
    table
        A table with the columns.
    keys
        Columns that name a row.
    error
        What is raised.

    Raises
    ------
    AnalysisError
        If two rows have the same name; of the class `error`.
    """
    is_again = table.duplicated(list(keys))
    if is_again.any():
        first = table.loc[is_again, list(keys)].iloc[0]
        name = ", ".join(f"{key} {first[key]}" for key in keys)
        raise error(f"{name} must be there once; got {int(is_again.sum())} rows again.")


def check_answers(answers: pd.DataFrame, columns: Sequence[str]) -> None:
    """Require answers of known participants to known items, each once.

    Parameters
    ----------
    answers
        One row an answer.
    columns
        Names it must have beside ``participant`` and ``item``.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    DesignError
        If a value is missing, or a participant answered an item twice.
    """
    keys = ["participant", "item"]
    check_columns(answers, [*keys, *columns])
    check_given(answers, [*keys, *columns])
    check_once(answers, keys)


def check_outcome(
    table: pd.DataFrame, column: str, *, error: type[AnalysisError] = DesignError
) -> pd.Series:
    """Require a column of right and wrong, and return it as numbers.

    Parameters
    ----------
    table
        A table with the column.
    column
        Its name.
    error
        What is raised.

    Returns
    -------
    pd.Series
        0.0 and 1.0, with the same index.

    Raises
    ------
    AnalysisError
        If a value is missing, or neither true or 1 nor false or 0; of the class `error`.
    """
    check_given(table, [column], error=error)
    values = table[column]
    is_known = values.isin([0, 1]).to_numpy(bool)
    if not is_known.all():
        first = values[~is_known].iloc[0]
        got = repr(first) if isinstance(first, str) else first
        raise error(f"{column} must be true or false, or 1 or 0; got {got}.")
    return values.astype(float)
