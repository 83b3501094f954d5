"""Studies on panels: a short one, and applications of it with each panel's usual file."""

import secrets
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stimuli_builder.bundle import read_bundle
from study_app.app import create_app
from study_app.codes import new_completion_code
from study_app.extensions import db
from study_app.models import Decision
from study_app.protocol import questionnaire_name
from study_app.services.assignment import take_place
from study_app.services.participations import find_participation
from study_app.services.scoring import asked_at
from study_app.services.study import prepare_database
from study_app.services.submissions import Sent, leave_step
from study_app.services.transactions import writing
from study_app.steps import parse_step
from tests.golden_study import GOLDEN
from tests.study_app.conftest import close, study_settings
from tests.study_app.panels.panel_files import write_usual
from tests.study_app.studies import write_changed
from tests.study_app.walker import Walker


class Guest(Walker):
    """Takes part by a link of a panel."""

    def __init__(self, app, bundle, link):
        self.client, self.bundle, self.app = app.test_client(), bundle, app
        self.received = []
        self.see(self.client.get(link))

    def finish(self):
        """Agree, and be at the end at once, with a place and the rules' approval."""
        self.advance()
        key = self.key
        with self.app.app_context(), writing():
            mine, now = find_participation(key, lock=True), datetime.now(UTC)
            assert take_place(self.bundle.manifest, mine, now=now)
            mine.status, mine.step, mine.verdict = "completed", "debriefing.1.1.0", "include"
            mine.finished_at, mine.completion_code = now, new_completion_code()
            decision = {"verdict": "include", "reasons": "", "decided_by": "rules", "at": now}
            db.session.add(Decision(participation_id=mine.id, **decision))
        self.see(self.client.get(f"/p/{key}"))
        return self

    @property
    def asks_confidence(self):
        return self.bundle.manifest.confidence is not None

    def replies_at(self, step, participation):
        """Choose the first of what a questionnaire offers."""
        if not step.is_asking:
            return {}
        study = self.bundle.manifest
        name = questionnaire_name(study, step, participation.draw)
        asked = next(each for each in study.questionnaires if each.name == name)
        chosen = [each for each in asked.questions if each.choices]
        return {each.question: each.choices[0].value for each in chosen}

    def hurry_to(self, kind="", *, right=True, session=None):
        """Agree, and go on without pages to a kind of step, or to the end."""
        if self.step == "consent":
            self.advance()
        key = self.key
        with self.app.app_context():
            for _ in range(200):
                participation = find_participation(key)
                step = parse_step(participation.step)
                is_there = step.kind == kind and session in (None, step.session)
                if step.is_end or is_there:
                    break
                choices = []
                for asked in asked_at(self.bundle, step, participation.draw):
                    best = asked.offered.index(asked.expected)
                    choices.append(best if right else 1 - best)
                sent = Sent(
                    answer_key=secrets.token_urlsafe(12),
                    choices=tuple(choices),
                    confidence=1 if step.kind == "test" and self.asks_confidence else None,
                    replies=self.replies_at(step, participation),
                )
                leave_step(self.bundle, key, step, sent)
        self.see(self.client.get(f"/p/{key}"))
        return self


@pytest.fixture(scope="session")
def short(tmp_path_factory):
    """A study of one session, whose one catch trial decides."""
    golden = read_bundle(GOLDEN / "bundle")
    study = golden.manifest
    changed = replace(study, study="short", rules=replace(study.rules, catch_min_correct=1))
    return write_changed(tmp_path_factory.mktemp("short") / "bundle", golden, changed)


@pytest.fixture(scope="session")
def prepared_short(short, tmp_path_factory):
    """A migrated database without participations, to be copied."""
    file = tmp_path_factory.mktemp("prepared-short") / "study.sqlite"
    app = create_app(study_settings(short, file))
    with app.app_context():
        prepare_database(short)
    close(app)
    return file


@pytest.fixture(scope="session")
def short_apps(short, tmp_path_factory):
    """Applications of the short study by panel; making one, and its templates, takes long."""
    apps, file = {}, tmp_path_factory.mktemp("short-apps") / "study.sqlite"

    def get(panel_file=""):
        text = Path(panel_file).read_text() if panel_file else ""
        if text not in apps:
            apps[text] = create_app(study_settings(short, file) | {"STUDY_PANEL": panel_file})
        return apps[text]

    get.file, get.apps = file, apps
    return get


@pytest.fixture
def make_short_app(prepared_short, short_apps):
    """Return applications, all on one fresh database of the short study."""
    for ending in ("", "-wal", "-shm"):
        short_apps.file.with_name(f"study.sqlite{ending}").unlink(missing_ok=True)
    shutil.copy(prepared_short, short_apps.file)
    yield short_apps
    for app in short_apps.apps.values():
        close(app)


@pytest.fixture
def panel_app(make_short_app, tmp_path):
    """Return the application of a study that is on a panel."""
    return lambda name: make_short_app(write_usual(tmp_path, name))


@pytest.fixture
def prolific(panel_app):
    return panel_app("prolific")
