"""The researchers' pages: who came, who left, what they wrote, and how they did."""

import time
from typing import Any, Final

from flask import Blueprint, current_app, render_template, request, url_for
from flask_login import current_user

from stimuli_builder.bundle import Bundle, Manifest
from study_app.columns import EXCLUSIONS, REJECTIONS, ROLES
from study_app.config import is_on
from study_app.errors import ForbiddenError
from study_app.panels.settings import Panel
from study_app.services.admins import last_actions, list_admins, record
from study_app.services.counts import count_arms, count_participations
from study_app.services.findings import count_texts, read_results, read_texts
from study_app.services.progress import Times, count_flags, read_funnel, read_times, warnings_of
from study_app.services.study import read_study
from study_app.services.transactions import writing
from study_app.views.logins import needs

TEXTS_A_PAGE: Final = 50
ACTIONS_SHOWN: Final = 12
MAX_PAGE: Final = 100_000
TIMES_KEPT_S: Final = 60.0
TIMES: Final = "study_times"  # of the application's extensions

bp = Blueprint("admin", __name__, url_prefix="/admin")


@bp.get("")
@needs("viewer")
def get_overview() -> str:
    """Show how the study stands, and what can be done."""
    return render_template(
        "admin.html",
        **_live(),
        participant_link=f"{url_for('participations.get_start', _external=True)}{_link()}",
        reasons={"exclude": EXCLUSIONS, "reject": REJECTIONS},
        roles=ROLES,
        admins=list_admins() if current_user.may("owner") else [],
        actions=last_actions(ACTIONS_SHOWN) if current_user.may("researcher") else [],
        n_texts=count_texts(_bundle()),
        shows_results=_shows_results(),
        neighbours=current_app.extensions["study_neighbours"],
        has_uploads=bool(current_app.config["STUDY_UPLOADS"]),
    )


@bp.get("/live")
@needs("viewer")
def get_live() -> str:
    """Show the counts alone, for the page to put in place of its own."""
    return render_template("admin_live.html", **_live())


@bp.get("/texts")
@needs("viewer")
def get_texts() -> str:
    """Show what people wrote in their own words."""
    page = min(max(request.args.get("page", 1, type=int), 1), MAX_PAGE)
    n_texts = count_texts(_bundle())
    return render_template(
        "admin_texts.html",
        study=_bundle().manifest,
        texts=read_texts(_bundle(), first=TEXTS_A_PAGE * (page - 1), n=TEXTS_A_PAGE),
        page=page,
        n_texts=n_texts,
        n_pages=max(1, -(-n_texts // TEXTS_A_PAGE)),
    )


@bp.post("/results")
@needs("researcher")
def post_results() -> str:
    """Show how well people did by condition, once the study is closed or if it was set so.

    A look before the study is closed goes on record, so it takes a form.

    Returns
    -------
    str
        The page.

    Raises
    ------
    ForbiddenError
        If the study is not closed, and results are not to be shown before.
    """
    state = read_study().state
    if not _shows_results():
        raise ForbiddenError(f"results by condition need a closed study; got one that is {state}.")
    if state != "closed":
        with writing():
            record(current_user.name, "saw_results")
    results = read_results(_bundle())
    return render_template("admin_results.html", study=_bundle().manifest, results=results)


def _live() -> dict[str, Any]:
    """Return what the counts show."""
    study = _bundle().manifest
    row = read_study()
    return {
        "study": study,
        "state": row.state,
        "plan": (row.plan_file, row.plan_sha256),
        "hashes": (row.manifest_sha256, row.answers_sha256),
        "quota": study.recruitment.quota if row.quota is None else row.quota,
        "arms": count_arms(study),
        "counts": count_participations(study),
        "funnel": read_funnel(study),
        "times": _times(study),
        "flags": count_flags(),
        "warnings": warnings_of(study),
    }


def _times(study: Manifest) -> list[Times]:
    """Return how long people took, at most a minute ago: every open page asks every ten seconds."""
    kept: tuple[float, list[Times]] | None = current_app.extensions.get(TIMES)
    if kept is None or time.monotonic() - kept[0] > TIMES_KEPT_S:
        kept = current_app.extensions[TIMES] = (time.monotonic(), read_times(study))
    return kept[1]


def _shows_results() -> bool:
    return read_study().state == "closed" or is_on(current_app.config["STUDY_SHOW_RESULTS"])


def _link() -> str:
    """Return what is put behind the study's address on the panel's form."""
    panel: Panel | None = current_app.extensions["study_panel"]
    return "" if panel is None else panel.link


def _bundle() -> Bundle:
    bundle: Bundle = current_app.extensions["study_bundle"]
    return bundle
