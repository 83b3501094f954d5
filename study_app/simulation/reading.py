"""What can be read off a page of the study: a program's eyes and hands on the HTML it is sent.

The reservoir of a test page stays shut, unread, until it is opened, as it does for a person.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from bs4 import BeautifulSoup, Tag

from study_app.simulation.errors import PageError

_RESERVOIR: Final = '<details class="reservoir"'


@dataclass(frozen=True, kw_only=True)
class Example:
    """One training trial in the reservoir.

    Attributes
    ----------
    pictures
        Addresses, in order.
    answer
        The model's, as shown there.
    """

    pictures: tuple[str, ...]
    answer: str


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question of the quiz.

    Attributes
    ----------
    name
        Of its field.
    choices
        Text of each choice, in order.
    values
        What is sent for each choice.
    is_wrong
        Whether the page says that the last answer was wrong.
    right
        Index of the choice that the page says was right, or None.
    """

    name: str
    choices: tuple[str, ...]
    values: tuple[str, ...]
    is_wrong: bool
    right: int | None


@dataclass(frozen=True, kw_only=True)
class Field:
    """One question of a questionnaire.

    Attributes
    ----------
    name
        Of its field.
    kind
        ``radio``, ``number`` or ``text``.
    values
        What can be chosen; empty unless it is a radio button.
    low, high
        Limits of a number, or None.
    """

    name: str
    kind: str
    values: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None


class Page:
    """A page that was received.

    Parameters
    ----------
    html
        As sent by the server.
    """

    def __init__(self, html: str) -> None:
        head, mark, rest = html.partition(_RESERVOIR)
        self._reservoir = mark + rest
        self._soup = BeautifulSoup(head, "html.parser")
        main = self._soup.select_one("main")
        if main is None:
            raise PageError(f"page must have a main part; got {html[:60]!r}.")
        self._main = main

    @property
    def step(self) -> str:
        """Return what the page is, such as ``training``."""
        return _text_of(self._main, "data-step")

    @property
    def is_session(self) -> bool:
        """Return whether the page belongs to the sessions, and not to the practice."""
        return self.step == "session-intro" or self._main.get("data-phase") == "session"

    @property
    def trial(self) -> str:
        """Return the name of the page's trial."""
        return _text_of(self._main, "data-trial")

    @property
    def is_explained(self) -> bool:
        """Return whether a training page shows an explanation."""
        return self._main.select_one("section.explanation") is not None

    @property
    def progress(self) -> float:
        """Return how far the bar at the top of the page is, in [0, 1]."""
        bar = self._soup.select_one("progress")
        return 0.0 if bar is None else float(_text_of(bar, "value")) / 100

    @property
    def action(self) -> str:
        """Return the address that the page's form is sent to."""
        return _text_of(self._find("form"), "action")

    @property
    def token(self) -> str:
        """Return the form's token against forged requests."""
        return _text_of(self._find("form input[name=csrf_token]"), "value")

    @property
    def hidden(self) -> tuple[tuple[str, str], ...]:
        """Return the fields that the page's form sends unseen: its token, and the answer's key."""
        fields = self._main.select("form input[type=hidden]")
        return tuple((_text_of(each, "name"), _text_of(each, "value")) for each in fields)

    @property
    def code(self) -> str:
        """Return the code on the page to withdraw."""
        return _text_of(self._find("form input[name=code]"), "value")

    @property
    def text(self) -> str:
        """Return what can be read on the page."""
        return self._main.get_text(" ", strip=True)

    @property
    def pictures(self) -> tuple[str, ...]:
        """Return the addresses of the pictures that can be seen, in order."""
        return _pictures(self._main)

    @property
    def image(self) -> str:
        """Return the address of a test page's image."""
        return _text_of(self._images[0], "src")

    @property
    def has_image(self) -> bool:
        """Return whether a test page shows an image beside its options."""
        return len(self._images) > 0

    @property
    def _images(self) -> list[Tag]:
        inside = {id(each) for shown in self._shown_choices for each in shown.find_all("img")}
        return [each for each in self._main.find_all("img") if id(each) not in inside]

    @property
    def answer(self) -> str:
        """Return the model's answer that a training page gives."""
        return self._find(".prediction").get_text(strip=True)

    @property
    def choices(self) -> tuple[str, ...]:
        """Return what the choices of a test page say, in order."""
        return tuple(each.get_text(strip=True) for each in self._shown_choices)

    @property
    def options(self) -> tuple[tuple[str, ...], ...]:
        """Return the pictures of each choice of a test page; empty where choices are words."""
        pictures = tuple(_pictures(each) for each in self._shown_choices)
        return pictures if any(pictures) else ()

    def value_of(self, choice: int) -> str:
        """Return what is sent when a choice of a test page is made.

        Parameters
        ----------
        choice
            Its place on the page, from 0.

        Returns
        -------
        str
            Of the field ``choice``.
        """
        return _text_of(self._choices[choice], "value")

    @property
    def confidence(self) -> tuple[str, ...]:
        """Return what can be sent of one's confidence, least sure first; empty if not asked."""
        levels = self._main.select("form input[name=confidence]")
        return tuple(_text_of(each, "value") for each in levels)

    @property
    def fields(self) -> tuple[Field, ...]:
        """Return the questions of a questionnaire, in order."""
        found: dict[str, Field] = {}
        for each in self._main.select("form input:not([type=hidden]), form textarea"):
            name, kind = _text_of(each, "name"), each.get("type", "text")
            earlier = found[name].values if name in found else ()
            more = (_text_of(each, "value"),) if kind == "radio" else ()
            found[name] = Field(
                name=name,
                kind=str(kind),
                values=earlier + more,
                low=_limit(each, "min"),
                high=_limit(each, "max"),
            )
        return tuple(found.values())

    @property
    def _choices(self) -> list[Tag]:
        return list(self._main.select("form [name=choice]"))

    @property
    def _shown_choices(self) -> list[Tag]:
        """Return the buttons, or the labels of radio buttons."""
        return [
            each if each.name == "button" else self._find(f'label[for="{_text_of(each, "id")}"]')
            for each in self._choices
        ]

    @cached_property
    def reservoir(self) -> tuple[Example, ...]:
        """Return the examples that can be looked at again, once the reservoir is opened."""
        figures = BeautifulSoup(self._reservoir, "html.parser").select("figure.example")
        return tuple(
            Example(
                pictures=_pictures(each), answer=_find_in(each, ".prediction").get_text(strip=True)
            )
            for each in figures
        )

    @property
    def questions(self) -> tuple[Question, ...]:
        """Return the questions of the quiz, in order."""
        return tuple(_question(each) for each in self._main.select("fieldset"))

    def _find(self, selector: str) -> Tag:
        return _find_in(self._main, selector)


def _find_in(part: Tag, selector: str) -> Tag:
    found = part.select_one(selector)
    if found is None:
        raise PageError(f"page {part.get('data-step')} must have {selector}; got none.")
    return found


def _text_of(tag: Tag, attribute: str) -> str:
    value = tag.get(attribute)
    if not isinstance(value, str):
        raise PageError(f"{tag.name} must have {attribute}; got {value!r}.")
    return value


def _limit(tag: Tag, attribute: str) -> int | None:
    value = tag.get(attribute)
    return int(value) if isinstance(value, str) else None


def _pictures(part: Tag) -> tuple[str, ...]:
    return tuple(_text_of(image, "src") for image in part.find_all("img"))


def _question(fieldset: Tag) -> Question:
    inputs = list(fieldset.select("input[type=radio]"))
    labels = [_find_in(fieldset, f'label[for="{_text_of(each, "id")}"]') for each in inputs]
    checked = [index for index, each in enumerate(inputs) if each.has_attr("checked")]
    return Question(
        name=_text_of(inputs[0], "name"),
        choices=tuple(label.get_text(" ", strip=True) for label in labels),
        values=tuple(_text_of(each, "value") for each in inputs),
        is_wrong=fieldset.select_one(".again") is not None,
        right=checked[0] if checked else None,
    )
