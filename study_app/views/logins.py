"""Logging in to the researchers' pages, and who may do what there."""

import hashlib
import time
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from flask import (
    Blueprint,
    current_app,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import UserMixin, current_user, login_required, login_user, logout_user
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from study_app.addresses import sender
from study_app.config import COOKIE_LIFETIME
from study_app.errors import ForbiddenError
from study_app.extensions import db, limiter, login_manager
from study_app.models import Admin
from study_app.services.admins import FIRST_NAME, check_password, may
from study_app.views.forms import single

LOGIN_LIMIT: Final = "5 per minute"  # wrong passwords; see `login_source`
NAMES_LIMIT: Final = "30 per minute"  # wrong passwords of one sender, for whatever names
LOGIN_LASTS_S: Final = 12 * 3600
MAX_PASSWORD_LENGTH: Final = 200
DEVICE_COOKIE: Final = "study-device"

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

bp = Blueprint("logins", __name__, url_prefix="/admin")
login_manager.login_view = "logins.get_login"
login_manager.login_message = None


class User(UserMixin):  # type: ignore[misc]
    """A researcher who is logged in.

    Parameters
    ----------
    admin
        Their row.
    """

    def __init__(self, admin: Admin) -> None:
        self.id = login_id(admin)
        self.name = admin.name
        self.role = admin.role
        self.admin = admin

    def may(self, role: str) -> bool:
        """Return whether they may do what a role may."""
        return may(self.admin, role)


@login_manager.user_loader  # type: ignore[untyped-decorator]
def load_user(user_id: str) -> User | None:
    """Return who is logged in while the login lasts, and while they may."""
    if g.get("is_error_page"):  # it is nobody's, so that it needs no database
        return None
    is_recent = time.time() - session.get("admin_since", 0) < LOGIN_LASTS_S
    number = user_id.partition(".")[0]
    admin = db.session.get(Admin, int(number)) if is_recent and number.isdecimal() else None
    return User(admin) if admin is not None and login_id(admin) == user_id else None


def login_id(admin: Admin) -> str:
    """Return what a login says of who is logged in: it holds for one password in one database.

    Parameters
    ----------
    admin
        Whose.

    Returns
    -------
    str
        Number, and a hash of the password's salted hash; studies that sign with one key have
        different ones.
    """
    return f"{admin.id}.{hashlib.sha256(admin.password_hash.encode()).hexdigest()[:16]}"


def needs(role: str) -> Callable[[Callable[Arguments, Answer]], Callable[Arguments, Answer]]:
    """Let only those see a page who are logged in with a role, or one that includes it.

    Parameters
    ----------
    role
        One of `study_app.columns.ROLES`.

    Returns
    -------
    Callable[[Callable[Arguments, Answer]], Callable[Arguments, Answer]]
        A decorator of views.
    """

    def guard(view: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
        @wraps(view)
        @login_required  # type: ignore[untyped-decorator]
        def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
            if not current_user.may(role):
                raise ForbiddenError(f"this needs the role of {role}; yours is {current_user.role}")
            return view(*args, **kwargs)

        return guarded

    return guard


def login_source() -> str:
    """Return whose wrong passwords are counted together.

    A browser that was logged in before has a count of its own, so that nobody who guesses from
    elsewhere, or from behind the same proxy, can keep the administrator out. Others are counted by
    the name that they try, too: guessing at one keeps out nobody else.

    Returns
    -------
    str
        A device, or an address and a name.
    """
    name = request.form.get("name", "")[:MAX_PASSWORD_LENGTH]
    return _device() or f"address {sender()} name {name}"


def names_source() -> str:
    """Return whose wrong passwords are counted together whatever the name.

    Returns
    -------
    str
        A device, or an address.
    """
    return _device() or f"address {sender()}"


def _is_wrong(response: Response) -> bool:
    return response.status_code == 403


@bp.get("/login")
def get_login() -> str:
    """Ask for name and password."""
    return render_template("admin_login.html", is_wrong=False, name=FIRST_NAME)


@bp.post("/login")
@limiter.limit(LOGIN_LIMIT, key_func=login_source, deduct_when=_is_wrong)
@limiter.limit(NAMES_LIMIT, key_func=names_source, deduct_when=_is_wrong)
def post_login() -> Response | tuple[str, int]:
    """Log in, where name and password belong together."""
    name = (single("name") or "")[:MAX_PASSWORD_LENGTH]
    admin = check_password(name, (single("password") or "")[:MAX_PASSWORD_LENGTH])
    if admin is None:
        return render_template("admin_login.html", is_wrong=True, name=name), 403
    session["admin_since"] = time.time()
    login_user(User(admin))
    response = redirect(url_for("admin.get_overview"), 303)
    response.set_cookie(
        DEVICE_COOKIE,
        str(_devices().dumps(admin.name)),
        max_age=COOKIE_LIFETIME,
        path=url_for("admin.get_overview"),
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Strict",
    )
    return response


@bp.post("/logout")
@login_required  # type: ignore[untyped-decorator]
def post_logout() -> Response:
    """Log out."""
    logout_user()
    session.pop("admin_since", None)
    return redirect(url_for(".get_login"), 303)


def _device() -> str | None:
    """Return what a browser that was logged in before is counted as."""
    try:
        return f"device {_devices().loads(request.cookies.get(DEVICE_COOKIE, ''))}"
    except BadSignature:
        return None


def _devices() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="admin devices")
