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
        hidden = self.form.find_all("input", {"type": "hidden"})
        fields = {field["name"]: field["value"] for field in hidden}
        match self.step:
            case "test":
                fields |= self.answer(right=right)
            case "quiz":
                for item, index in self.bundle.answers.quiz.items():
                    fields[item] = str(index if right else (index + 1) % 2)
            case "eligibility" | "questionnaire":
                fields |= self.replies(right=right)
        return fields

    def answer(self, *, right: bool) -> dict[str, str]:
        """Return what a test page sends."""
        name = self.main["data-trial"]
        trial, answer = self.bundle.manifest.test_trials[name], self.bundle.answers.trials[name]
        chosen = self.form.find_all(attrs={"name": "choice"})
        if trial.options:
            picture = trial.options[int(answer.answer)].pictures[0]
            shown = self.form.select(".option")
            is_right = [f"/media/{picture}" in str(option) for option in shown]
        else:
            labels = {tag["for"]: tag.text for tag in self.form.find_all("label")}
            texts = [tag.text or labels[tag["id"]] for tag in chosen]
            is_right = [text.strip() == answer.answer for text in texts]
        fields = {"choice": chosen[is_right.index(right)]["value"]}
        if self.form.find(attrs={"name": "confidence"}):
            fields["confidence"] = "1"
        return fields

    def replies(self, *, right: bool) -> dict[str, str]:
        """Return what a questionnaire's page sends: the first choices, or none where allowed."""
        fields = {}
        for field in self.form.find_all(["input", "textarea"]):
            kind = field.get("type", "text")
            if kind == "hidden" or not (right or field.has_attr("required")):
                continue
            typed = {"radio": field.get("value"), "number": field.get("min"), "text": "snow"}
            fields.setdefault(field["name"], typed[kind])
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
