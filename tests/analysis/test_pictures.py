import pytest

from analysis.figures import draw_all
from analysis.pictures import TEXTS, picture_text


@pytest.fixture
def results(rehearsed):
    return rehearsed


def test_every_figure_has_its_words(results):
    drawn = set(draw_all(results.tables))
    assert drawn == set(TEXTS) - {"recursivity"}  # of the other study: test_real_exports.py
    for name in drawn:
        alt, caption = picture_text(results, name)
        assert alt.endswith(".") and caption.endswith(".")
        assert "{" not in caption


def test_alternative_text_holds_the_numbers(results):
    score = results.tables["utility"].loc[0, "utility"]
    assert f"CRAFT {score:.2f} [" in picture_text(results, "utility")[0]
    assert "60 gave consent" in picture_text(results, "flow")[0]
    assert "session 1 " in picture_text(results, "accuracy")[0]
    assert "tie broken " in picture_text(results, "tie")[0]


def test_captions_name_interval_and_unit(results):
    caption = picture_text(results, "accuracy")[1]
    assert "95\u00a0% intervals over simulated participants" in caption
