"""What docs/panels.md shows is what the programs take."""

import re
import tomllib
from pathlib import Path

from stimuli_builder.config import QuestionnaireConfig, RecruitmentConfig
from study_app.panels.settings import SHIPPED, read_panel

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
