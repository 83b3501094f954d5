"""Withdrawal by the code that the participant keeps."""

from pathlib import Path
from typing import Final

from flask import Blueprint, current_app, render_template
from flask import session as cookie
from flask.typing import ResponseReturnValue

from study_app.codes import code_hash, withdrawal_code
from study_app.errors import NotFoundError
from study_app.extensions import limiter
from study_app.services.participations import has_begun
from study_app.services.withdrawals import withdraw
from study_app.translation import bundle_shown
from study_app.views.forms import single

GUESSES: Final = "20 per minute"  # wrong codes, by address

bp = Blueprint("withdrawals", __name__)


@bp.get("/withdraw")
def get_withdraw() -> str:
    """Ask for the code; a browser that takes part has its own filled in."""
    key = cookie.get("participation")
    code = withdrawal_code(key) if key is not None and has_begun(key) else ""
    return _form(code, is_unknown=False)


@bp.post("/withdraw")
@limiter.limit(GUESSES, deduct_when=lambda response: response.status_code == 404)
def post_withdraw() -> ResponseReturnValue:
    """Delete the answers that belong to the code."""
    code = single("code") or ""
    try:
        withdraw(code, Path(current_app.config["STUDY_WITHDRAWALS"]))
    except NotFoundError:
        return _form(code, is_unknown=True), 404
    mine = cookie.get("participation")
    if mine is not None and code_hash(withdrawal_code(mine)) == code_hash(code):
        cookie.pop("participation")
        cookie.pop("outside", None)
        cookie.pop("arrival", None)
    return render_template("withdrawn.html", study=bundle_shown().manifest)


def _form(code: str, *, is_unknown: bool) -> str:
    study = bundle_shown().manifest
    return render_template("withdraw.html", study=study, code=code, is_unknown=is_unknown)
