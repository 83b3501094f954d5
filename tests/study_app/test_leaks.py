"""A robot walks every condition, fetches all that pages ask for, and searches what it receives.

Whether a page tells an answer in words that nobody thought of, a search cannot find out. So the
same people also walk two studies whose answer files differ in everything, and get the same bytes.
"""

import re
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup

from stimuli_builder.bundle import read_bundle
from tests.small_recursivity import write_small_recursivity
from tests.study_app.studies import asking, turned_round, write_changed
from tests.study_app.walker import SCRIPT, Walker


@pytest.fixture(scope="module")
def secrets(bundle):
    return secrets_of(bundle)


def secrets_of(bundle):
    """Return what must never be sent, as patterns."""
    study = bundle.manifest
    names = [*study.conditions, *(each.name for each in study.lists), "is_catch", "catch"]
    words = ["kept", "broken", "is_correct", "correct", "assignment", "expected"]
    hashes = [bundle.manifest_sha256, bundle.answers_sha256]
    return [re.compile(rf"(?<![a-z]){re.escape(word)}(?![a-z])") for word in names + words + hashes]


def everything(response):
    """Return all that a response tells, in small letters."""
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers)
    text = response.data.decode(errors="replace")
    return f"{response.request.path}\n{headers}\n{text}".lower()


def addresses_of(page):
    """Return where a page leads, and what it asks for."""
    tags = BeautifulSoup(page, "html.parser").find_all(True)
    named = [
        tag[name] for tag in tags for name in ("src", "href", "poster", "data") if tag.get(name)
    ]
    sets = [part.split()[0] for tag in tags for part in tag.get("srcset", "").split(",") if part]
    return {each for each in [*named, *sets] if each[0] == "/" and not urlsplit(each).netloc}


def fetched(walker, but=frozenset()):
    """Fetch every picture, style, script and page that a walker's pages have an address of."""
    found = {each for page in walker.received for each in addresses_of(page.text)} - but
    return {each: walker.client.get(each, buffered=True) for each in found}


def found_in(responses, patterns):
    texts = [everything(response) for response in responses]
    return {pattern.pattern for pattern in patterns for text in texts if pattern.search(text)}


def test_nothing_is_told_in_any_condition(make_walker, secrets):
    arms = set()
    for number in range(4):
        walker = make_walker()
        walker.walk_to("training", session=1)
        arms.add(walker.main.select_one("section.explanation") is not None)
        walker.walk_to("debriefing", right=number % 2 == 0)
        pictures = [response for at, response in fetched(walker).items() if "/media/" in at]
        assert len(pictures) > 40
        assert {response.status_code for response in pictures} == {200}
        assert found_in([*walker.received, *pictures], secrets) == set()
    assert arms == {True, False}


def test_right_and_wrong_answers_get_the_same_next_page(make_walker):
    walker = make_walker().walk_to("test", session=1)
    other = make_walker()
    pages = []
    for each, right in ((walker, True), (other, False)):
        each.walk_to("test", session=1)
        each.advance(right=right)
        pages.append([tag.name for tag in each.main.find("form").find_all()])
    assert pages[0] == pages[1]


def test_catch_trials_look_like_the_others(walker, bundle):
    outlines = {}
    walker.walk_to("test", session=1)
    for _ in range(8):
        is_catch = bundle.answers.trials[walker.main["data-trial"]].is_catch
        form = [(tag.name, sorted(tag.attrs)) for tag in walker.main.find_all()]
        outlines.setdefault(is_catch, form)
        walker.advance()
    assert outlines[True] == outlines[False]


def test_screened_out_page_says_nothing_of_failure(walker):
    walker.walk_to("screened-out", right=False)
    text = walker.main.text.lower()
    assert not any(word in text for word in ("fail", "wrong", "completion", "reject"))


def test_screened_out_people_have_a_code_of_their_own(walker):
    walker.walk_to("screened-out", right=False)
    assert len(walker.main.select_one(".completion-code").text) == 10


KEPT_BACK = ("concept", "sub_concept", "level", "sham", "difficulty")


def codes_of(walker):
    """Return the completion codes in what a walker received before its last page."""
    code = walker.main.select_one(".completion-code").text
    return [response for response in walker.received[:-1] if code in everything(response).upper()]


@pytest.mark.parametrize("is_right", [True, False])
def test_intruders_and_choices_tell_nothing(apart, recursivity_path, is_right):
    bundle = read_bundle(recursivity_path)
    walker = Walker(apart(bundle).test_client(), bundle)
    walker.walk_to("test", session=1)
    walker.walk_to("debriefing", right=is_right)
    more = [re.compile(rf"(?<![a-z_]){word}(?![a-z_])") for word in KEPT_BACK]
    patterns = [p for p in secrets_of(bundle) if p.pattern != "(?<![a-z])all(?![a-z])"] + more
    assert found_in(walker.received, patterns) == set()
    assert codes_of(walker) == []


def test_options_come_in_an_order_of_the_participants_own(apart, recursivity_path):
    bundle = read_bundle(recursivity_path)
    app, places = apart(bundle), set()
    for _ in range(4):
        walker = Walker(app.test_client(), bundle).walk_to("test", session=1)
        places.add(walker.fields()["choice"])
    assert len(places) > 1


def test_study_that_asks_everything_tells_nothing(apart, bundle, tmp_path):
    study = write_changed(tmp_path / "asking", bundle, asking(bundle))
    walker = Walker(apart(study).test_client(), study).walk_to("debriefing")
    assert found_in(walker.received, secrets_of(study)) == set()
    assert codes_of(walker) == []


def test_replies_to_scripts_tell_no_more_than_pages(walker, secrets):
    walker.walk_to("test", session=1)
    second = walker.fields(right=False) | {"answer_key": "k" * 16}
    answers = [
        walker.client.post(walker.url, data=fields, headers=SCRIPT)
        for fields in (walker.fields(), second)
    ]
    assert [answer.headers["X-Study-Stored"] for answer in answers] == ["yes", "no"]
    for answer in answers:
        assert [each.pattern for each in secrets if each.search(everything(answer))] == []


def test_styles_and_scripts_know_no_study(walker, bundle):
    walker.walk_to("test", session=1)
    names = [*bundle.manifest.test_trials, bundle.manifest_sha256, bundle.answers_sha256]
    patterns = [re.compile(re.escape(name)) for name in [*names, "answers.json", "manifest.json"]]
    files = {at: each for at, each in fetched(walker).items() if "/static/" in at}
    assert {at.rsplit(".", 1)[-1] for at in files} >= {"css", "js", "svg"}
    assert {response.status_code for response in files.values()} == {200}
    assert found_in(files.values(), patterns) == set()


RANDOM = [  # what no two participants share, by what stands before it
    re.compile(r'(name="(?:csrf_token|answer_key|code)" value=")[^"]+'),
    re.compile(r"(/p/)[\w-]{24}"),
    re.compile(r'(class="withdrawal-code">)[^<]+'),
    re.compile(r'(class="completion-code"[^>]*>)[^<]+'),
]
OWN = ("csrf_token", "participation")  # of what the cookie holds
OF_THE_MOMENT = ("Date", "Expires", "Set-Cookie", "Content-Length", "ETag", "Last-Modified")
PEOPLE = [  # whether they pass practice and quiz, have scripts, and the place of what they choose
    (True, {}, 0),
    (True, SCRIPT, -1),
    (True, SCRIPT, 0),
    (True, {}, -1),
    (False, SCRIPT, 0),
]


def without_random(text):
    for pattern in RANDOM:
        text = pattern.sub(r"\1", text)
    return text


def told(response):
    """Return status, headers and text, but for keys, tokens and codes."""
    headers = sorted(
        f"{name}: {without_random(value)}"
        for name, value in response.headers
        if name not in OF_THE_MOMENT
    )
    cookies = sorted(each.split("=")[0] for each in response.headers.getlist("Set-Cookie"))
    text = response.data if b"\0" in response.data else without_random(response.text)
    return response.request.method, response.status_code, headers, cookies, text


def told_to_people(app, study, people=PEOPLE):
    """Return all that some people get who choose by places alone, never by what is right."""
    everything_told, fetched_before = [], set()
    for passes, headers, place in people:
        walker = Walker(app.test_client(), study)
        while walker.form is not None and walker.step != "debriefing":
            fields = walker.fields(right=passes)
            if walker.step == "test" and ".0." not in walker.url:
                chosen = walker.form.find_all(attrs={"name": "choice"})
                fields["choice"] = chosen[place]["value"]
            sent = {} if walker.step == "consent" else headers
            walker.see(walker.client.post(walker.url, data=fields, headers=sent))
        everything_told += [told(response) for response in walker.received]
        files = fetched(walker, but=fetched_before)
        everything_told += [
            (without_random(at), told(files[at])) for at in sorted(files, key=without_random)
        ]
        fetched_before |= set(files)
        with walker.client.session_transaction() as session:
            everything_told.append({k: v for k, v in session.items() if k not in OWN})
    return everything_told


def with_other_answers(bundle, folder, task):
    """Return a study of a task, and one with the same manifest and other answers."""
    study = bundle if task == "utility" else write_small_recursivity(folder / "study", task=task)
    other = turned_round(folder / "other", study)
    assert other.manifest_sha256 == study.manifest_sha256
    tests = [name for each in study.manifest.lists for s in each.sessions for name in s.test]
    answers, others = study.answers.trials, other.answers.trials
    assert all(answers[name].answer != others[name].answer for name in tests)
    assert all(answers[name].is_catch != others[name].is_catch for name in tests)
    return study, other


@pytest.mark.parametrize("task", ["utility", "intruder", "binary_choice"])
def test_other_answers_give_the_same_bytes_on_every_page(apart, bundle, tmp_path, task):
    both = with_other_answers(bundle, tmp_path, task)
    pages, others = (told_to_people(apart(study), study) for study in both)
    assert len(pages) == len(others) > 150
    assert [pair for pair in zip(pages, others, strict=True) if pair[0] != pair[1]] == []


@pytest.mark.parametrize(
    ("task", "told_what"),
    [("utility", "answer"), ("intruder", "answer"), ("binary_choice", "is_catch")],
)
def test_answer_in_an_attribute_is_found(apart, bundle, tmp_path, task, told_what):
    both, pages = with_other_answers(bundle, tmp_path, task), []
    for study in both:
        app = apart(study)
        app.after_request(lambda response, study=study: betray(response, study, told_what))
        pages.append(told_to_people(app, study, PEOPLE[:1]))
    n_tests = sum(len(session.test) for session in both[0].manifest.lists[0].sessions)
    assert sum(one != other for one, other in zip(*pages, strict=True)) >= n_tests


def betray(response, study, told_what):
    """Write what is right into test pages, as a template might that is given too much."""
    is_page = response.mimetype == "text/html"
    found = re.search(rb'data-step="test" data-trial="(\w+)"', response.data) if is_page else None
    if found is not None:
        value = getattr(study.answers.trials[found[1].decode()], told_what)
        response.data = response.data.replace(
            found[0], found[0] + f' data-right="{value}"'.encode()
        )
    return response
