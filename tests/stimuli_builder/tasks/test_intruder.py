"""Intruder trials of a bank whose crops are known."""

import numpy as np
import pytest

from stimuli_builder.clusters import clusters_of, owners
from stimuli_builder.config import IntruderConfig
from stimuli_builder.crop_draws import CropDraws
from stimuli_builder.errors import SelectionError
from stimuli_builder.tasks.intruder import CropColours, intruder_trials
from tests.planted_banks import COLOURS, planted_bank

CONFIG = IntruderConfig(percentile=50)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("planted")


@pytest.fixture(scope="module")
def bank(folder):
    return planted_bank(folder)


def made(bank, folder, n_trials=12, config=CONFIG, level="concept", seed=0):
    parts = [child for child in bank.children if child.origin.kind == "split"]
    banks = [bank] if level == "concept" else parts
    return intruder_trials(
        [cluster for each in banks for cluster in clusters_of(each, config.percentile)],
        n_trials,
        level=level,
        config=config,
        colours=CropColours(folder),
        draws=CropDraws(np.random.default_rng(seed)),
    )


def shown_concept(bank, row):
    return int(bank.U[row].argmax())


def test_four_are_of_one_concept_and_the_intruder_of_another(bank, folder):
    for trial in made(bank, folder):
        concepts = {shown_concept(bank, member) for member in trial.members}
        assert concepts == {trial.cluster.concept} and len(trial.members) == 4
        assert shown_concept(bank, trial.intruder) != trial.cluster.concept


def test_no_image_is_shown_twice_in_a_trial(bank, folder):
    for trial in made(bank, folder):
        images = owners(bank)[[*trial.members, trial.intruder]]
        assert len(set(images.tolist())) == 5


def test_no_crop_is_a_member_twice(bank, folder):
    members = [m for trial in made(bank, folder, n_trials=16) for m in trial.members]
    assert len(set(members)) == len(members)


def crops_of(trial):
    shown = [(trial.cluster.bank, row) for row in trial.members]
    shown.append((trial.intruder_bank, trial.intruder))
    return [
        (bank.files[int(bank.crops.image[row])], tuple(bank.crops.boxes[row].tolist()))
        for bank, row in shown
    ]


@pytest.mark.parametrize("level", ["concept", "sub_concept"])
def test_no_crop_comes_twice_as_member_or_intruder(folder, level):
    crowded = planted_bank(folder / "crowded", n_images=20)  # 160 crops, of which 140 are shown
    for seed in range(4):
        trials = made(crowded, folder / "crowded", 28, level=level, seed=seed)
        shown = [crop for trial in trials for crop in crops_of(trial)]
        assert len(set(shown)) == len(shown) == 28 * 5


def test_crops_in_question_come_in_no_trial(bank, folder):
    draws = CropDraws(np.random.default_rng(0))
    for row in range(0, len(bank.crops), 3):
        draws.ask(bank, row)
    asked = set(draws.questions)
    trials = intruder_trials(
        clusters_of(bank, 50), 8, level="concept", config=CONFIG, colours=CropColours(folder),
        draws=draws,
    )  # fmt: skip
    assert len(asked) > 100 and not asked & {crop for t in trials for crop in crops_of(t)}


def test_images_that_look_the_same_count_as_one(bank, folder):
    pairs = {bank.files[number]: bank.files[number // 2 * 2] for number in range(len(bank.files))}
    draws = CropDraws(np.random.default_rng(0), pairs)
    trials = intruder_trials(
        clusters_of(bank, 50), 12, level="concept", config=CONFIG, colours=CropColours(folder),
        draws=draws,
    )  # fmt: skip
    for trial in trials:
        assert len({pairs[file] for file, _ in crops_of(trial)}) == 5


def test_concepts_come_in_turn(bank, folder):
    asked = [trial.cluster.concept for trial in made(bank, folder, n_trials=8)]
    assert asked == [0, 1, 2, 3, 0, 1, 2, 3]


def test_sub_concepts_have_siblings_as_intruders(bank, folder):
    for trial in made(bank, folder, level="sub_concept"):
        assert trial.intruder_bank is trial.cluster.bank
        other = shown_concept(trial.cluster.bank, trial.intruder)
        assert other != trial.cluster.concept
        assert trial.cluster.path == f"wolf/{trial.cluster.bank.origin.concept}/{1 - other}"


def test_sub_concepts_can_have_other_concepts_as_intruders(bank, folder):
    config = IntruderConfig(percentile=50, sub_concept_intruder="concept")
    for trial in made(bank, folder, level="sub_concept", config=config):
        assert trial.intruder_bank is bank
        assert shown_concept(bank, trial.intruder) != trial.cluster.bank.origin.concept


def test_colour_is_matched_on_demand(bank, folder):
    colours = CropColours(folder)

    def distance(config):
        distances = []
        for trial in made(bank, folder, config=config, level="sub_concept"):
            members = [colours.mean_lab(trial.cluster.bank, m) for m in trial.members]
            its = colours.mean_lab(trial.intruder_bank, trial.intruder)
            distances.append(np.linalg.norm(np.mean(members, axis=0) - its))
        return np.mean(distances)

    assert distance(IntruderConfig(percentile=50, match_colour=True)) < 0.5 * distance(CONFIG)


def test_mean_colour_is_the_crops(bank, folder):
    from skimage.color import rgb2lab

    wanted = rgb2lab(np.array(COLOURS[0]) / 255)
    assert np.linalg.norm(CropColours(folder).mean_lab(bank, 0) - wanted) < 6


def test_difficulty_is_the_intruders_share_of_the_weakest_member(bank, folder):
    for trial in made(bank, folder):
        weakest = float(bank.U[list(trial.members), trial.cluster.concept].min())
        share = float(bank.U[trial.intruder, trial.cluster.concept]) / weakest
        assert trial.difficulty == pytest.approx(share, abs=1e-5) and 0 <= share < 0.2


def test_same_seed_same_trials(bank, folder):
    def names(seed):
        return [(t.members, t.intruder) for t in made(bank, folder, seed=seed)]

    assert names(1) == names(1) != names(2)


def test_too_few_images_are_counted(folder):
    small = planted_bank(folder / "small", n_images=3, kinds=())
    message = r"intruder trials must be 4; got 0: concept wolf/\d must have crops of \d more images"
    with pytest.raises(SelectionError, match=message):
        made(small, folder / "small", n_trials=4)


def test_a_bank_without_splits_has_no_sub_concepts(folder):
    small = planted_bank(folder / "whole", n_images=6, kinds=())
    with pytest.raises(SelectionError, match="intruder trials must have a sub_concept; got none"):
        made(small, folder / "whole", level="sub_concept")
