"""What docs/panels.md shows is what the programs take."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path

from stimuli_builder.config import QuestionnaireConfig, RecruitmentConfig
from study_app.panels.cli import HEADER
from study_app.panels.settings import SHIPPED, Panel, read_panel
from study_app.server import Server, server_environment
from study_app.services.reconciliation import PAYS

TEXT = Path("docs/panels.md").read_text()
BLOCKS = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)


def test_panels_of_the_guide_are_read(tmp_path):
    panels = [block for block in BLOCKS if "panel =" in block or 'name = "Our pool' in block]
    assert len(panels) == 4
    for number, block in enumerate(panels):
        file = tmp_path / f"{number}.toml"
        file.write_text(block)
        assert read_panel(str(file)).address_of("completed", {"survey_code": "1", "id": "1"})


def test_every_shipped_panel_is_in_the_guide():
    assert [name for name in SHIPPED if f"| `{name}` |" not in TEXT] == []


def test_question_of_the_guide_is_one_of_a_study():
    block = next(tomllib.loads(block) for block in BLOCKS if "[recruitment]" in block)
    audience = RecruitmentConfig(**block["recruitment"]).audience
    (questionnaire,) = block["questionnaires"]
    assert [each.question for each in QuestionnaireConfig(**questionnaire).questions] == [audience]


def test_formats_name_every_setting_and_column_of_a_panel():
    formats = Path("docs/formats.md").read_text().split("## Panel\n")[1].split("\n## ")[0]
    named = {"panel", *Panel.model_fields, *HEADER, *PAYS}
    assert [name for name in sorted(named) if f"`{name}`" not in formats] == []


def test_server_hands_the_panel_on_and_a_rehearsal_has_none(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDY_PANEL", "somebody's own")
    server = Server(
        bundle=tmp_path,
        database_url="sqlite://",
        secret_key="k",
        withdrawals="w",
        host="127.0.0.1",
        port=1,
        n_workers=1,
    )
    assert server_environment(server)["STUDY_PANEL"] == ""
    assert server_environment(replace(server, panel="mturk"))["STUDY_PANEL"] == "mturk"
