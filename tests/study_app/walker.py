"""A participant without scripts, on the test client: sees pages, fills forms."""

from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stimuli_builder.bundle import Bundle

SCRIPT = {"X-Study-Script": "1"}


class Walker:
    """Takes part, and keeps everything that the server sent."""

    def __init__(self, client: FlaskClient, bundle: Bundle) -> None:
        self.client, self.bundle = client, bundle
        self.received: list[TestResponse] = []
        self.see(client.get("/"))

    def see(self, response: TestResponse) -> None:
        while response.status_code in (302, 303):
            self.received.append(response)
            response = self.client.get(response.location)
        self.received.append(response)
        self.response = response
        self.page = BeautifulSoup(response.text, "html.parser")

    @property
    def main(self):
        return self.page.main

    @property
    def step(self) -> str:
        return self.main["data-step"]

    @property
    def form(self):
        return self.main.find("form")

    @property
    def url(self) -> str:
        return self.form["action"]

    @property
    def key(self) -> str:
        return self.url.split("/")[2]

    @property
    def token(self) -> str:
        return self.form.find("input", {"name": "csrf_token"})["value"]

    def fields(self, *, right: bool = True) -> dict[str, str]:
        """Return what the page's form sends when it is filled in right, or wrong."""
        fields = {"csrf_token": self.token}
        if self.step == "test":
            answer = self.bundle.answers.trials[self.main["data-trial"]].answer
            for button in self.form.find_all("button"):
                if (button.text.strip() == answer) == right:
                    fields["choice"] = button["value"]
        if self.step == "quiz":
            for item, index in self.bundle.answers.quiz.items():
                fields[item] = str(index if right else (index + 1) % 2)
        return fields

    def advance(self, *, right: bool = True, **extra: object) -> None:
        """Send the page's form and see the next page."""
        fields = self.fields(right=right) | extra
        self.see(self.client.post(self.url, data=fields))

    def walk_to(self, step: str, *, right: bool = True, session: int | None = None) -> "Walker":
        """Go on until a step of this kind, in this session."""
        for _ in range(200):
            here = self.url.rsplit("/", 1)[-1].split(".") if self.form is not None else []
            if self.step == step and (session is None or here[1] == str(session)):
                return self
            self.advance(right=right)
        raise AssertionError(f"never reached {step}; at {self.step}")
