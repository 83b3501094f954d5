from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from flask import render_template

from stimuli_builder.bundle import TestTrial, read_bundle
from study_app.models import Participation
from study_app.pages import page_of


def page(app, bundle, step, condition="craft"):
    """Return what a participant at a step is shown."""
    participation = Participation(
        key="k" * 24, step=step, condition=condition, list_name="list_a", order_seed=4
    )
    with app.test_request_context():
        template, context = page_of(bundle, participation, {})
        return BeautifulSoup(render_template(template, **context), "html.parser").main


def changed(bundle, **changes):
    return replace(bundle, manifest=replace(bundle.manifest, **changes))


def test_browser_may_choose_among_the_sizes_of_a_picture(app, bundle):
    study = bundle.manifest
    trial = study.training_trials[study.lists[0].sessions[0].training[0]]
    other = next(name for name in study.media if name != trial.image)
    large = replace(study.media[trial.image], renditions=(other,))
    sharp = changed(bundle, media=study.media | {trial.image: large})
    image = page(app, sharp, "training.1.1.1").select_one(".stimulus")
    assert image["srcset"] == f"/media/{trial.image} 48w, /media/{other} 48w"
    assert image["sizes"]
    assert not page(app, bundle, "training.1.1.1").select_one(".stimulus").has_attr("srcset")


@pytest.mark.parametrize(("has_explanations", "n"), [(True, 10), (False, 0)])
def test_reservoir_shows_explanations_where_the_study_says_so(app, bundle, has_explanations, n):
    reservoir = replace(bundle.manifest.reservoir, has_explanations=has_explanations)
    shown = page(app, changed(bundle, reservoir=reservoir), "test.1.1.1")
    assert len(shown.select("details.reservoir figure.example")) == 5
    assert len(shown.select("details.reservoir figure.concept")) == n


def test_study_without_a_reservoir_shows_none(app, bundle):
    reservoir = replace(bundle.manifest.reservoir, scope="none")
    shown = page(app, changed(bundle, reservoir=reservoir), "test.1.1.1")
    assert shown.select_one("details.reservoir") is None


def test_intruder_and_choice_pages_show_their_options(app, recursivity_path):
    bundle = read_bundle(recursivity_path)
    intruder, choice = (page(app, bundle, f"test.{n}.1.1", "all") for n in (1, 3))
    assert [len(each.select("button.option")) for each in (intruder, choice)] == [5, 2]
    assert (intruder.select_one(".stimulus"), choice.select_one(".stimulus") is None) == (
        None, False,
    )  # fmt: skip
    trials = [t for t in bundle.manifest.test_trials.values() if isinstance(t, TestTrial)]
    shown = {image["src"] for image in choice.select(".option img")}
    assert any(
        {f"/media/{name}" for option in trial.options for name in option.pictures} == shown
        for trial in trials
    )
