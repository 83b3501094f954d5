"""What docs/paper_studies.md and docs/ethics.md show is what the programs take and keep."""

import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.cli import main as analysis_main
from craft_core.cli import main as concepts_main
from stimuli_builder.cli import main as stimuli_main
from stimuli_builder.config import read_config
from study_app.cli import main as study_main
from study_app.database import Base
from study_app.errors import SetupError
from study_app.opening import Wishes, open_study
from study_app.panels.settings import read_panel
from tests.study_app.studies import write_changed

PAPER = Path("docs/paper_studies.md").read_text()
PANEL = read_panel("mturk")
MAINS = {
    "craft-analysis": analysis_main,
    "craft-concepts": concepts_main,
    "craft-stimuli": stimuli_main,
    "craft-study": study_main,
}


def commands():
    lines = re.findall(r"^craft-.*$", PAPER, re.MULTILINE)
    parts = [part.split(" #")[0].strip() for line in lines for part in line.split("&&")]
    assert len(parts) > 15
    return parts


@pytest.mark.parametrize("command", commands())
def test_commands_of_the_guide_have_options_that_there_are(command, capsys):
    program, name, *words = shlex.split(command)
    options = [word for word in words if word.startswith("--")]
    with pytest.raises(SystemExit) as ended:
        MAINS[program]([name, "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert [option for option in options if option not in text] == []


@pytest.mark.parametrize("block", re.findall(r"```toml\n(.*?)```", PAPER, re.DOTALL))
def test_configurations_of_the_guide_are_read(tmp_path, block):
    file = tmp_path / "study.toml"
    file.write_text(block.replace('based_on = "', f'based_on = "{Path("configs").resolve()}/'))
    config = read_config(file)
    assert config.study in ("husky_wolf", "recursivity")


def test_tables_of_the_ethics_guide_are_those_of_the_database():
    text = Path("docs/ethics.md").read_text()
    named = set(re.findall(r"`([a-z_]+)`", text.split("## What is stored")[1].split("\n## ")[0]))
    about_people = {
        table.name
        for table in Base.metadata.sorted_tables
        if table.name == "participations"
        or any(key.column.table.name == "participations" for key in table.foreign_keys)
    }
    assert about_people - named <= {"submissions", "slots"}  # keys of pages, and free places


def test_study_without_consent_is_not_shown_to_people(apart, bundle, tmp_path):
    manifest = replace(bundle.manifest, texts=replace(bundle.manifest.texts, consent=()))
    app = apart(write_changed(tmp_path / "bundle", bundle, manifest))
    with pytest.raises(SetupError, match=r"consent of a live study must be written; got nothing"):
        open_study(app, Wishes())
    open_study(app, Wishes(is_trial_run=True))


@pytest.mark.parametrize("name", ["contact", "data_notice", "ethics"])
def test_strangers_are_not_shown_a_study_without_its_texts(apart, bundle, tmp_path, name):
    texts = replace(bundle.manifest.texts, **{name: () if name == "data_notice" else ""})
    manifest = replace(bundle.manifest, texts=texts)
    app = apart(write_changed(tmp_path / "bundle", bundle, manifest))
    open_study(app, Wishes())
    app.extensions["study_panel"] = PANEL
    with pytest.raises(SetupError, match=f"{name} of a study with a panel must be written"):
        open_study(app, Wishes())
    open_study(app, Wishes(is_trial_run=True))
