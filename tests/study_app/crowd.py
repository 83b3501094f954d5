"""Participants over real HTTP, for tests with many of them: a client that does not give up."""

import threading
import time
from urllib.parse import urljoin

import requests

GIVE_UP_S = 120.0
PAUSE_S = 0.05
LONGEST_PAUSE_S = 1.0


class Reply:
    """A response with what `Walker` looks at."""

    def __init__(self, response: requests.Response) -> None:
        self.status_code, self.text = response.status_code, response.text
        self.location, self.headers = response.headers.get("Location"), response.headers


class HttpClient:
    """A browser that asks again until the server answers, as study.js does."""

    verify: bool | str = True  # or the file of a certificate that is trusted

    def __init__(self, base_url: str, *, timeout_s: float = 20.0) -> None:
        self.base_url, self.timeout_s = base_url, timeout_s
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = self.verify
        self.n_repeated = 0

    def get(self, url: str) -> Reply:
        return self._persist("GET", url, {}, {})

    def post(self, url: str, *, data: dict, headers: dict | None = None) -> Reply:
        return self._persist("POST", url, data, headers or {})

    def _persist(self, method: str, url: str, data: dict, headers: dict) -> Reply:
        pause_s, end = PAUSE_S, time.monotonic() + GIVE_UP_S
        while True:
            try:
                response = self.session.request(
                    method,
                    urljoin(self.base_url, url),
                    data=data,
                    headers=headers,
                    timeout=self.timeout_s,
                    allow_redirects=False,
                )
                if response.status_code < 500:
                    return Reply(response)
            except requests.RequestException as error:
                if time.monotonic() > end:
                    raise AssertionError(f"no answer from {url}") from error
            if time.monotonic() > end:
                raise AssertionError(f"{url} still answers {response.status_code}")
            self.n_repeated += 1
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def at_once(workers):
    """Run functions in threads that start together; raise what the first of them raised."""
    barrier, errors = threading.Barrier(len(workers)), []

    def run(worker):
        barrier.wait()
        try:
            worker()
        except BaseException as error:  # to be raised in the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=run, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
