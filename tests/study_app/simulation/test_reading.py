import pytest

from study_app.simulation.errors import PageError
from study_app.simulation.reading import Page

TRAINING = """<header><progress max="100" value="25.0"></progress><img src="/logo.png"></header>
<main data-step="training" data-phase="session">
 <img class="stimulus" src="/media/a.png"><strong class="prediction"> Wolf </strong>
 <figure><img class="map" src="/media/b.png"><img class="crop" src="/media/c.png"></figure>
 <form action="/p/k/training.1.1.1"><input name="csrf_token" value="token"></form>
</main>"""
TEST = """<main data-step="test" data-phase="practice"><img src="/media/t.png">
 <form action="/p/k/test.0.1.1"><input name="csrf_token" value="x">
 <button name="choice" value="0"> day </button><button name="choice" value="1">night</button></form>
 <details class="reservoir"><figure class="example"><img src="/media/a.png">
  <strong class="prediction">day</strong><img src="/media/b.png"></figure></details></main>"""
QUIZ = """<main data-step="quiz"><form action="/p/k/quiz.0.2.0"><input name="csrf_token" value="x">
<fieldset><legend>Why? <span class="again">please look again</span></legend>
 <input type="radio" name="why" id="a" value="0"><label for="a">Because</label>
 <input type="radio" name="why" id="b" value="1"><label for="b">So</label></fieldset>
<fieldset><legend>Who?</legend>
 <input type="radio" name="who" id="c" value="0" checked><label for="c">I</label></fieldset>
</form></main>"""


def test_training_page_is_read_whole():
    page = Page(TRAINING)
    assert (page.step, page.is_session, page.progress) == ("training", True, 0.25)
    assert page.pictures == ("/media/a.png", "/media/b.png", "/media/c.png")
    assert (page.answer, page.action, page.token) == ("Wolf", "/p/k/training.1.1.1", "token")


def test_what_a_picture_is_called_makes_no_difference():
    renamed = TRAINING.replace('class="stimulus"', 'class="crop"').replace('class="map"', "")
    assert Page(renamed).pictures == Page(TRAINING).pictures


def test_test_page_offers_choices():
    page = Page(TEST)
    assert (page.step, page.is_session, page.image) == ("test", False, "/media/t.png")
    assert page.choices == ("day", "night")
    assert page.value_of(1) == "1"


def test_reservoir_is_shut_until_it_is_opened():
    page = Page(TEST)
    assert page.pictures == ("/media/t.png",)
    assert [(each.pictures, each.answer) for each in page.reservoir] == [
        (("/media/a.png", "/media/b.png"), "day")
    ]


def test_quiz_says_what_was_wrong_and_right():
    why, who = Page(QUIZ).questions
    assert (why.name, why.choices, why.values) == ("why", ("Because", "So"), ("0", "1"))
    assert (why.is_wrong, why.right) == (True, None)
    assert (who.is_wrong, who.right) == (False, 0)


def test_page_without_a_main_part_is_refused():
    with pytest.raises(PageError, match="page must have a main part; got '<p>Hello'"):
        Page("<p>Hello")


def test_missing_part_is_named():
    with pytest.raises(PageError, match=r"page quiz must have \.prediction; got none"):
        _ = Page('<main data-step="quiz"></main>').answer


def test_missing_attribute_is_named():
    with pytest.raises(PageError, match="form must have action; got None"):
        _ = Page('<main data-step="quiz"><form></form></main>').action
