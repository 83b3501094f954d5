"""A browser without a window: one participant's cookies, and pages and pictures over HTTP."""

import time
from collections.abc import Sequence
from typing import Final
from urllib.parse import urljoin

import requests
from PIL import UnidentifiedImageError
from requests.adapters import HTTPAdapter

from study_app.simulation.errors import PageError
from study_app.simulation.reading import Page
from study_app.simulation.sight import Sight, see

SCRIPT_HEADER: Final = {"X-Study-Script": "1"}  # as study.js sends it: the reply is the next page
TIMEOUT_S: Final = 15.0
PAUSES_S: Final = (0.2, 0.4, 0.8, 1.6, 3.2)  # after which a request that failed is sent again

Fields = Sequence[tuple[str, str]]


class Line:
    """What the participants of one run share: connections, and pictures that were seen before.

    A picture's address holds its content's hash, so it needs to be fetched once only.
    """

    def __init__(self) -> None:
        self.adapter = HTTPAdapter()
        self.sights: dict[str, Sight] = {}

    def close(self) -> None:
        """Close the connections."""
        self.adapter.close()


class Browser:
    """One participant's browser.

    Parameters
    ----------
    base_url
        Of the running server, with a slash at the end.
    line
        Shared with other participants.
    """

    def __init__(self, base_url: str, line: Line) -> None:
        self._base_url = base_url
        self._line = line
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy between a program and a server on this machine
        self._session.mount("http://", line.adapter)

    def begin(self, kind: str) -> Page:
        """Open the participants' link, agree, and return the first page.

        Parameters
        ----------
        kind
            Sent with the consent, so that the export can say who was simulated how.

        Returns
        -------
        Page
            That of the instructions.
        """
        consent = Page(self._request("GET", "", ()))
        fields = [("csrf_token", consent.token), ("kind", kind)]
        return Page(self._request("POST", consent.action, fields))

    def send(self, page: Page, fields: Fields = ()) -> Page:
        """Send a page's form as study.js does, and return the next page.

        Parameters
        ----------
        page
            Where the participant is.
        fields
            Beside the hidden ones, in order.

        Returns
        -------
        Page
            The reply.
        """
        given = {name for name, _ in fields}
        hidden = [(name, value) for name, value in page.hidden if name not in given]
        fields = [*hidden, *fields]
        return Page(self._request("POST", page.action, fields, script=True))

    def withdraw(self) -> None:
        """Have one's answers deleted, by the code that the page to withdraw has filled in."""
        page = Page(self._request("GET", "withdraw", ()))
        fields = [("csrf_token", page.token), ("code", page.code)]
        self._request("POST", page.action, fields)

    def look_at(self, address: str) -> Sight:
        """Return a picture as it is seen.

        Parameters
        ----------
        address
            As in the page.

        Returns
        -------
        Sight
            Fetched if nobody on this line has seen it.

        Raises
        ------
        PageError
            If it cannot be had, or is no picture.
        """
        url = urljoin(self._base_url, address)
        if url not in self._line.sights:
            try:
                self._line.sights[url] = see(self._respond("GET", url, (), script=False).content)
            except UnidentifiedImageError as error:
                raise PageError(f"picture must be readable; got {address}.") from error
        return self._line.sights[url]

    def _request(self, method: str, address: str, fields: Fields, *, script: bool = False) -> str:
        url = urljoin(self._base_url, address)
        return self._respond(method, url, fields, script=script).content.decode()

    def _respond(self, method: str, url: str, fields: Fields, *, script: bool) -> requests.Response:
        """Send a request until the server answers, in bounded time."""
        headers = SCRIPT_HEADER if script else {}
        for pause_s in (*PAUSES_S, None):
            try:
                response = self._session.request(
                    method, url, data=list(fields), headers=headers, timeout=TIMEOUT_S
                )
            except (requests.ConnectionError, requests.Timeout) as error:
                if pause_s is None:
                    raise PageError(f"server must answer; got no answer from {url}.") from error
            else:
                if response.status_code == requests.codes.ok:
                    return response
                if response.status_code < 500 or pause_s is None:
                    raise PageError(f"{method} {url} must succeed; got {response.status_code}.")
            time.sleep(pause_s)
        raise PageError(f"server must answer; got no answer from {url}.")
