"""The study as participants see it, for an ethics board or a co-author: nothing is recorded."""

from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from stimuli_builder.bundle import Bundle, Manifest
from study_app.errors import BadPayloadError, NotFoundError
from study_app.extensions import csrf
from study_app.models import Participation
from study_app.pages import page_of
from study_app.protocol import plain_way
from study_app.services.study import read_study
from study_app.steps import SCREENED_OUT, Step
from study_app.translation import bundle_shown
from study_app.trials import Draw
from study_app.views.arrivals import Leaving
from study_app.views.forms import single
from study_app.views.logins import needs

LASTS_S: Final = 90 * 86_400
SAMPLE: Final = "PREVIEW"  # in place of codes
ORDER_SEED: Final = 0

bp = Blueprint("previews", __name__)
csrf.exempt(bp)  # nothing can be changed here


@bp.post("/admin/previews")
@needs("viewer")
def post_preview() -> Response:
    """Make a link to the preview of one condition and list, which needs no login."""
    study = _manifest()
    condition, list_name = single("condition") or "", single("list") or ""
    _check_draw(study, condition, list_name)
    token = preview_token(condition, list_name)
    return redirect(url_for(".get_page", token=token, number=1), 303)


def preview_token(condition: str, list_name: str) -> str:
    """Return what the address of a preview needs.

    Parameters
    ----------
    condition
        Of the study.
    list_name
        Of one of its lists.

    Returns
    -------
    str
        Signed by the server's key, with the time.
    """
    return str(_links().dumps([condition, list_name]))


@bp.get("/preview/<token>/<int:number>")
def get_page(token: str, number: int) -> ResponseReturnValue:
    """Show one page as a participant would see it."""
    draw = _draw_of(token)
    study = _manifest()
    way = [*plain_way(study, draw), SCREENED_OUT]
    if not 1 <= number <= len(way):
        raise NotFoundError(f"page must be one of {len(way)}; got {number}.")
    template, context = _page(way[number - 1], draw)
    language = request.args.get("lang")
    last = len(way)
    return render_template(
        template,
        **context,
        send_to=url_for(".post_page", token=token, number=min(number + 1, last), lang=language),
        preview={"token": token, "number": number, "n_pages": last, "draw": draw},
    )


@bp.post("/preview/<token>/<int:number>")
def post_page(token: str, number: int) -> Response:
    """Go on to a page, whatever was answered."""
    _draw_of(token)
    address = url_for(".get_page", token=token, number=number, lang=request.args.get("lang"))
    return redirect(address, 303)


def _page(step: Step, draw: Draw) -> tuple[str, dict[str, Any]]:
    """Return a page's template, and what it shows to somebody who is not in the database."""
    study = bundle_shown().manifest
    if step.kind == "consent":
        return "consent.html", {"study": study, "step": step, "progress": 0.0}
    progress = current_app.extensions["study_progress"]
    template, context = page_of(bundle_shown(), _nobody(step, draw), progress)
    if step.kind == "practice-result":
        context |= {"n_right": context["n_test"], "is_passed": True}
    return template, context | {"withdrawal_code": SAMPLE, "leaving": Leaving()}


def _nobody(step: Step, draw: Draw) -> Participation:
    """Return a participation that is never stored."""
    now = datetime.now(UTC)
    return Participation(
        id=0,
        key=SAMPLE,
        is_simulated=False,
        status="screened_out" if step == SCREENED_OUT else "in_progress",
        screened_out_at="quiz" if step == SCREENED_OUT else None,
        step=step.key,
        step_at=now,
        condition=draw.condition,
        list_name=draw.list_name,
        order_seed=draw.order_seed,
        completion_code=SAMPLE,
        n_events=0,
        consented_at=now,
    )


def _draw_of(token: str) -> Draw:
    try:
        condition, list_name = _links().loads(token, max_age=LASTS_S)
    except (BadSignature, ValueError, TypeError) as error:
        raise NotFoundError("preview must be a link that was made here; got another.") from error
    _check_draw(_manifest(), condition, list_name)
    return Draw(condition=condition, list_name=list_name, order_seed=ORDER_SEED)


def _check_draw(study: Manifest, condition: str, list_name: str) -> None:
    names = [each.name for each in study.lists]
    if condition not in study.conditions or list_name not in names:
        raise BadPayloadError(
            "preview must be of a condition and a list of the study; got "
            f"{condition[:40]!r} and {list_name[:40]!r}."
        )


def _manifest() -> Manifest:
    bundle: Bundle = current_app.extensions["study_bundle"]
    return bundle.manifest


def _links() -> URLSafeTimedSerializer:
    salt = f"previews {read_study().secret_key}"  # studies may sign with one key
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=salt)
