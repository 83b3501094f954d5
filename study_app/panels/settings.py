"""A panel as data: the parameters of its links, its end addresses, and the codes it pays by.

Shipped settings lie in ``shipped/``; a study's own TOML file begins with one of them and adds what
is the study's own, its codes above all. The file is the server's alone: codes are money, so they
stand in no bundle, no database and no export.

    panel = "prolific"
    [codes]
    completed = "C1ABCDEF"
    screened_out = "C2GHIJKL"
    attention = "C3MNOPQR"
"""

import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from study_app.errors import SetupError

End = Literal["completed", "screened_out", "attention"]

SHIPPED: Final = ("prolific", "sona", "connect", "mturk", "volunteers")
CODE: Final = "code"  # in an end address, the place of the end's code
FALLBACK: Final[dict[End, End]] = {"attention": "completed"}
_PLACE: Final = re.compile(r"\[(\w+)\]")
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{4,64}", re.ASCII)


class Panel(BaseModel):
    """Where participants come from, and how they go back.

    Attributes
    ----------
    name
        As participants read it.
    participant
        The parameter that says who comes; an empty string where nothing does.
    parameters
        Parameter of the link -> regular expression of its values; all of them must be there.
    link
        What is put behind the study's address on the panel's own form.
    ends
        End -> address that participants are sent to. A parameter's name in square brackets stands
        for its value, and ``[code]`` for the end's code.
    needed_ends
        Ends without which nobody could be paid.
    codes
        End -> secret code.
    needs_audience
        Whether the study must ask which audience somebody belongs to.
    shows_code
        Whether a completion code of the participant's own is shown where the panel has none.
    once_across
        Databases of further studies, as addresses or SQLite files (beside the panel's file unless
        absolute): who took part in one of them does not take part in this one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=40)
    participant: str = ""
    parameters: dict[str, str] = Field(default_factory=dict)
    link: str = ""
    ends: dict[End, str] = Field(default_factory=dict)
    needed_ends: tuple[End, ...] = ()
    codes: dict[End, str] = Field(default_factory=dict)
    needs_audience: bool = False
    shows_code: bool = True
    once_across: tuple[str, ...] = ()

    @property
    def kept(self) -> frozenset[str]:
        """Return the parameters that are needed again at the end, and wait in a cookie."""
        found = {name for address in self.ends.values() for name in _PLACE.findall(address)}
        return frozenset(found - {CODE})

    def code_of(self, end: End) -> str | None:
        """Return the code of an end, or of the one that stands in for it.

        Parameters
        ----------
        end
            That was reached.

        Returns
        -------
        str | None
            None where the panel has none.
        """
        return self.codes.get(self._given(end))

    def address_of(self, end: End, arrival: dict[str, str]) -> str | None:
        """Return where a participant is sent to.

        Parameters
        ----------
        end
            That was reached.
        arrival
            Parameter -> value, as they came.

        Returns
        -------
        str | None
            None where the panel has no address for the end, or a value is not known any more.
        """
        given = self._given(end)
        values = {**arrival, CODE: self.codes.get(given, "")}
        address = self.ends.get(given)
        if address is None or not all(values.get(name) for name in _PLACE.findall(address)):
            return None
        return _PLACE.sub(lambda found: quote(values[found[1]], safe=""), address)

    def _given(self, end: End) -> End:
        """Return the end itself, or the one that stands in where it has no code or address."""
        address = self.ends.get(end, "")
        is_given = bool(address) and (f"[{CODE}]" not in address or end in self.codes)
        return end if is_given or end in self.codes else FALLBACK.get(end, end)


def read_panel(setting: str) -> Panel:
    """Read a panel's settings.

    Parameters
    ----------
    setting
        A TOML file, or one of `SHIPPED` where nothing is to be added.

    Returns
    -------
    Panel
        The shipped settings with the file's own over them.

    Raises
    ------
    SetupError
        If the file cannot be read, a setting is unknown or of another type, an end that is needed
        is not given, an address is not of HTTPS or has an unknown parameter, or codes are the same.
    """
    given: dict[str, Any] = {"panel": setting} if setting in SHIPPED else _read_toml(Path(setting))
    base = given.pop("panel", None)
    if base is not None and base not in SHIPPED:
        raise SetupError(f"panel must be one of {list(SHIPPED)}; got {str(base)[:40]!r}.")
    merged = _merge(_shipped(base) if base else {}, given)
    try:
        panel = Panel.model_validate(merged)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise SetupError(f"panel setting {place} must be right; got: {first['msg']}.") from error
    _check(panel)
    here = Path() if setting in SHIPPED else Path(setting).resolve().parent
    databases = tuple(_beside(here, name) for name in panel.once_across)
    return panel.model_copy(update={"once_across": databases})


def _beside(folder: Path, database: str) -> str:
    """Return a database's address, or its file as the panel's file sees it."""
    return database if "://" in database else str(folder / Path(database).expanduser())


def _read_toml(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise SetupError(f"panel must be a TOML file or one of {list(SHIPPED)}; got {file}.")
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SetupError(f"panel file must be TOML; got {file}: {error}.") from error


def _shipped(name: str) -> dict[str, Any]:
    file = resources.files("study_app.panels") / "shipped" / f"{name}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _merge(base: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Lay tables over each other, key by key."""
    both = {
        name: {**base[name], **value} if isinstance(value, dict) and name in base else value
        for name, value in given.items()
    }
    return base | both


def _check(panel: Panel) -> None:
    if panel.participant and panel.participant not in panel.parameters:
        raise SetupError(
            f"panel setting participant must be one of {sorted(panel.parameters)}; "
            f"got {panel.participant!r}."
        )
    for name, pattern in panel.parameters.items():
        _check_pattern(name, pattern)
    for end, address in panel.ends.items():
        _check_address(panel, end, address)
    for end in panel.needed_ends:
        if panel.address_of(end, dict.fromkeys(panel.parameters, "x")) is None:
            what = f"codes.{end}" if end in panel.ends else f"ends.{end}"
            raise SetupError(f"panel setting {what} must be given for {panel.name}; got nothing.")
    _check_codes(panel)


def _check_pattern(name: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise SetupError(
            f"panel setting parameters.{name} must be a regular expression; got {pattern!r}."
        ) from error


def _check_address(panel: Panel, end: End, address: str) -> None:
    if not address.startswith("https://"):
        raise SetupError(
            f"panel setting ends.{end} must begin with https://; got {address[:40]!r}."
        )
    unknown = sorted(set(_PLACE.findall(address)) - {*panel.parameters, CODE})
    if unknown:
        raise SetupError(
            f"panel setting ends.{end} must name parameters of {sorted(panel.parameters)}; "
            f"got [{unknown[0]}]."
        )


def _check_codes(panel: Panel) -> None:
    """Require codes that can be typed, and that tell the ends apart; no message holds a code."""
    for end, code in panel.codes.items():
        if not _CODE.fullmatch(code):
            raise SetupError(
                f"panel setting codes.{end} must be 4 to 64 letters, digits, - or _; "
                f"got {len(code)} characters."
            )
    if len(set(panel.codes.values())) < len(panel.codes):
        raise SetupError(
            f"panel setting codes must be different for {sorted(panel.codes)}; got one twice."
        )
