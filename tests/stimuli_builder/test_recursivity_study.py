"""A recursivity study of a planted bank: built, checked, balanced, and previewed."""

import re
from collections import Counter

import pytest

from stimuli_builder.audit import audit_bundle
from stimuli_builder.balance import balance_table
from stimuli_builder.bundle import media_of
from stimuli_builder.cli import main
from stimuli_builder.shortcuts import shortcuts


@pytest.fixture(scope="module")
def bundle(planted_bundle):
    return planted_bundle


def test_it_passes_the_check(bundle):
    assert audit_bundle(bundle) == [] and bundle.manifest.task == "recursivity"


def test_each_session_has_its_questionnaire(bundle):
    for each in bundle.manifest.lists:
        assert [session.questionnaire for session in each.sessions] == ["after"] * 3
    assert bundle.manifest.practice.session.questionnaire is None


def test_thirty_intruders_come_before_fifteen_choices(bundle):
    for each in bundle.manifest.lists:
        tasks = [(session.task, len(session.test)) for session in each.sessions]
        assert tasks == [("intruder", 15), ("intruder", 15), ("binary_choice", 15)]


def test_blocks_and_sides_are_balanced_over_the_lists(bundle):
    answers = bundle.answers.trials
    first = [answers[each.sessions[0].test[0]].level for each in bundle.manifest.lists]
    assert Counter(first) == {"concept": 2, "sub_concept": 2}
    sides = Counter(
        answers[trial].answer for each in bundle.manifest.lists for trial in each.sessions[2].test
    )
    assert sides["0"] == sides["1"] == 30


def test_sources_name_every_crops_box(bundle):
    trials = bundle.manifest.test_trials.values()
    practised = set(bundle.manifest.practice.session.test)
    pictures = {
        picture
        for name, trial in bundle.manifest.test_trials.items()
        if name not in practised
        for option in trial.options
        for picture in option.pictures
    }
    assert len(trials) == 64
    for picture in pictures:
        source = bundle.answers.sources[picture]
        assert source.licence == "CC0" and len(source.box) == 4


def test_balance_is_told_list_by_list(bundle):
    lines = balance_table(bundle)
    assert len(lines) == 4 * 3
    assert lines[2] == ("list a, session 3: binary choice: 4 random, 7 recursive, 4 same-layer")


def test_colour_gives_planted_intruders_away(bundle):
    found = {(each.task, each.cue): each for each in shortcuts(bundle)}
    colour = found["intruder", "colour"]
    assert colour.n == 30 and colour.chance == pytest.approx(0.2)
    assert colour.share > 0.45  # concepts, half of the trials, differ in colour


def test_check_prints_balance_and_cues(bundle, capsys):
    assert main(["check", str(bundle.path)]) == 0
    told = capsys.readouterr().out
    assert "list d, session 3" in told and "intruder by colour" in told


def test_preview_shows_every_trial(bundle, tmp_path, capsys):
    assert main(["preview", str(bundle.path), "--out", str(tmp_path / "preview")]) == 0
    page = (tmp_path / "preview" / "index.html").read_text()
    assert str(tmp_path / "preview" / "index.html") in capsys.readouterr().out
    shown = set(re.findall(r'src="media/([0-9a-f]{64}\.webp)"', page))
    asked = [trial for trial in bundle.manifest.test_trials.values() if trial.options]
    assert {name for trial in asked for name in media_of(trial)} <= shown
    assert all((tmp_path / "preview" / "media" / name).exists() for name in shown)
    of_list_a = sum(len(session.test) for session in bundle.manifest.lists[0].sessions)
    assert of_list_a == 45 and len(asked) >= 45 + 4
    assert page.count('class="option right"') == len(asked)


def test_preview_does_not_overwrite(bundle, tmp_path, capsys):
    (tmp_path / "something").write_text("kept")
    assert main(["preview", str(bundle.path), "--out", str(tmp_path)]) == 1
    assert "folder must be new or empty; got" in capsys.readouterr().err
