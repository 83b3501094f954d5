"""A robot walks every condition and searches everything it receives."""

import re

import pytest

from stimuli_builder.bundle import read_bundle
from tests.study_app.studies import asking, write_changed
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
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers)
    return f"{response.request.path}\n{headers}\n{response.text}".lower()


def test_nothing_is_told_in_any_condition(make_walker, secrets):
    arms = set()
    for number in range(4):
        walker = make_walker()
        walker.walk_to("training", session=1)
        arms.add(walker.main.select_one("section.explanation") is not None)
        walker.walk_to("debriefing", right=number % 2 == 0)
        for response in walker.received:
            text = everything(response)
            assert [pattern.pattern for pattern in secrets if pattern.search(text)] == []
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
    for response in walker.received:
        text = everything(response)
        assert [pattern.pattern for pattern in patterns if pattern.search(text)] == []
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
    for response in walker.received:
        text = everything(response)
        assert [each.pattern for each in secrets_of(study) if each.search(text)] == []
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
