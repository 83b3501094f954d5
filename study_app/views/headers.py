"""Headers of every response."""

from typing import Final

from flask import Flask
from werkzeug.wrappers import Response

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "img-src 'self' data:",  # Bootstrap draws its check marks from data addresses
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # the address is a secret
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}


def register(app: Flask) -> None:
    """Add the headers to everything that an application sends.

    Parameters
    ----------
    app
        Still being made.
    """

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(HEADERS)
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response
