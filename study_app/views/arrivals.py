"""Coming from a panel and going back to it: what the start page and the end pages do about it.

A link alone stores nothing: a participation begins with the consent, and until then who comes is
known to their own browser's cookie. So chat programs and browsers may look at a link in advance
without using it up.
"""

from dataclasses import dataclass
from typing import Final

from flask import current_app, make_response, render_template, request
from flask import session as cookie
from flask.typing import ResponseReturnValue

from study_app.models import Participation
from study_app.outside import number_in, outside_hash
from study_app.panels.arrivals import is_prefetch, is_previewer, read_arrival
from study_app.panels.ends import end_of
from study_app.panels.settings import Panel
from study_app.services.outside_ids import has_taken_part, took_part_elsewhere
from study_app.services.running import state_of_study
from study_app.translation import bundle_shown

NOT_OPEN: Final = {"paused": 503, "closed": 410}
NOT_NOW: Final = 503  # a browser throws an answer to a prefetch away unless it is a success


@dataclass(frozen=True, kw_only=True)
class Comer:
    """Who opened the start page.

    Attributes
    ----------
    outside_hash
        Keyed hash of the panel's number, or None.
    kept
        Parameter -> value that the panel's end address needs again.
    is_another
        Whether this browser was used by somebody else before, as in a laboratory.
    """

    outside_hash: str | None
    kept: dict[str, str]
    is_another: bool


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """How a participant goes back.

    Attributes
    ----------
    panel
        Its name.
    address
        Where the button leads, or None.
    code
        The panel's code of this end, or None.
    shows_own
        Whether the participant's own completion code is shown where there is no other.
    """

    panel: str = ""
    address: str | None = None
    code: str | None = None
    shows_own: bool = True


def answer_preview() -> ResponseReturnValue | None:
    """Answer who only looks at the link, without a cookie.

    Returns
    -------
    ResponseReturnValue | None
        None for everybody else.
    """
    if is_prefetch(request.headers):
        return make_response("", NOT_NOW)
    if request.method == "HEAD" or is_previewer(request.user_agent.string):
        return _page("preview", 200)
    return None


def answer_not_open() -> ResponseReturnValue | None:
    """Turn away who comes while the study is paused or closed; nothing is recorded.

    Returns
    -------
    ResponseReturnValue | None
        None while it is open.
    """
    state = state_of_study()
    return None if state == "open" else _page(state, NOT_OPEN[state])


def read_comer() -> Comer | None:
    """Read who comes from the link.

    Returns
    -------
    Comer | None
        None where the link is not the panel's.
    """
    panel = _panel()
    if panel is None:
        return _comer(number_in(request.args), kept={})
    arrival = read_arrival(panel, request.args)
    return None if arrival is None else _comer(arrival.participant, kept=arrival.kept)


def receive(comer: Comer | None) -> ResponseReturnValue | None:
    """Remember who comes in their browser, or turn them away with a page.

    Parameters
    ----------
    comer
        As `read_comer` returns it.

    Returns
    -------
    ResponseReturnValue | None
        None for those who may begin.
    """
    panel = _panel()
    if comer is None:
        return _page("incomplete", 400)
    is_numbered = panel is not None and comer.outside_hash is not None
    others = current_app.extensions["study_others"]
    if is_numbered and has_taken_part(comer.outside_hash or "", others):
        return _page("taken", 409)
    if comer.is_another:
        cookie.pop("participation", None)
    if comer.outside_hash is not None:
        cookie["outside"] = comer.outside_hash
    if comer.kept:
        cookie["arrival"] = comer.kept
    return None


def check_consent() -> ResponseReturnValue | None:
    """Turn away who came without the panel's number, or has begun elsewhere in the meantime.

    Returns
    -------
    ResponseReturnValue | None
        None for those who may begin; whether they have begun in this study is left to its database.
    """
    panel, hashed = _panel(), cookie.get("outside")
    if panel is None or not panel.participant:
        return None
    if hashed is None:
        return _page("incomplete", 400)
    if took_part_elsewhere(hashed, current_app.extensions["study_others"]):
        return _page("taken", 409)
    return None


def leaving_of(participation: Participation) -> Leaving:
    """Return how a participant goes back from an end page.

    Parameters
    ----------
    participation
        Any.

    Returns
    -------
    Leaving
        Without address and code while the participation is in progress.
    """
    panel, end = _panel(), None
    if panel is not None:
        end = end_of(participation)
    if panel is None or end is None:
        return Leaving()
    return Leaving(
        panel=panel.name,
        address=panel.address_of(end, cookie.get("arrival", {})),
        code=panel.code_of(end),
        shows_own=panel.shows_code,
    )


def _comer(number: str | None, *, kept: dict[str, str]) -> Comer:
    hashed = _hash(number)
    before = cookie.get("outside")
    is_another = hashed is not None and before is not None and hashed != before
    return Comer(outside_hash=hashed, kept=kept, is_another=is_another)


def _hash(number: str | None) -> str | None:
    if number is None:
        return None
    return outside_hash(number, secret=current_app.config["SECRET_KEY"])


def _page(reason: str, status: int) -> ResponseReturnValue:
    study = bundle_shown().manifest
    page = render_template("arrival.html", study=study, panel=_panel(), reason=reason)
    return make_response(page, status)


def _panel() -> Panel | None:
    panel: Panel | None = current_app.extensions["study_panel"]
    return panel
