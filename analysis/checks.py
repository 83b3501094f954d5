"""Guards for arguments: the one place their messages are worded."""

from collections.abc import Sequence

import pandas as pd

from analysis.errors import AnalysisError, MissingColumnError


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
