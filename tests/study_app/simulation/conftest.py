"""A study that can be learnt from its pictures, served for programs."""

import dataclasses
import io
import re
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

from stimuli_builder.bundle import MediaFile, media_name, write_bundle
from study_app.app import create_app
from study_app.config import sqlite_url
from study_app.extensions import db
from study_app.rows import read_tables
from study_app.server import Server
from study_app.services.study import prepare_database
from study_app.simulation.injection import answer_key
from study_app.simulation.rehearsal import free_port, new_secret, rehearse, running
from tests.small_bundle import QUIZ_ANSWERS, Drawer, small_manifest

COLORS = {"snow": (232, 238, 244), "grass": (95, 159, 88)}
PRACTICE_COLORS = {"Circle": (140, 190, 235), "Square": (20, 24, 60)}
CATCH = 3  # place among the test trials of the small bundle's sessions


class Painter(Drawer):
    """Paints the ground alone, so that the model's answer can be told by its colour."""

    def picture(self, shape, ground):
        size, number = self.size_px, len(self.media)
        color = PRACTICE_COLORS.get(shape, COLORS[ground])
        noise = np.random.default_rng(number).normal(scale=6, size=(size, size, 3))
        pixels = np.clip(np.array(color) + noise, 0, 255).astype(np.uint8)
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "PNG")
        name = media_name(stream.getvalue(), "png")
        self.media[name] = stream.getvalue()
        self.sizes[name] = MediaFile(
            bytes=len(self.media[name]), width_px=size, height_px=size, renditions=()
        )
        return name


def catch_trials(manifest):
    """Let each catch trial show the training image that the model answers like it: Wolf."""
    sessions = [session for each in manifest.lists for session in each.sessions]
    shown = {each.test[CATCH]: manifest.training_trials[each.training[1]] for each in sessions}
    return {
        name: dataclasses.replace(manifest.test_trials[name], image=trial.image)
        for name, trial in shown.items()
    }


def learnable_bundle(folder):
    painter = Painter(24)
    manifest = small_manifest(painter, n_sessions=2)
    tests = manifest.test_trials | catch_trials(manifest)
    manifest = dataclasses.replace(manifest, test_trials=tests)
    used = set(re.findall(r"[0-9a-f]{64}\.png", repr((manifest.training_trials, tests))))
    return write_bundle(
        folder,
        dataclasses.replace(manifest, media={name: painter.sizes[name] for name in used}),
        trials=painter.answers,
        quiz=QUIZ_ANSWERS,
        media={name: painter.media[name] for name in used},
        sources={},
    )


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """The bundle; not to be changed."""
    return learnable_bundle(tmp_path_factory.mktemp("learnable") / "bundle")


@contextmanager
def application(bundle, url, secret):
    app = create_app(
        {"STUDY_BUNDLE": bundle.path, "STUDY_DATABASE_URL": url, "STUDY_SECRET_KEY": secret}
    )
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def rehearsed(study, tmp_path_factory):
    """Send kinds through a server of their own; return the visits and the export's tables."""

    def rehearse_kinds(kinds, seed=0, study=study):
        folder, secret = tmp_path_factory.mktemp("rehearsal"), new_secret()
        url = sqlite_url(folder / "s.sqlite")
        with application(study, url, secret) as app:
            prepare_database(app.extensions["study_bundle"], seed=0)
        server = Server(
            bundle=study.path,
            database_url=url,
            secret_key=secret,
            withdrawals=str(folder / "withdrawn"),
            host="127.0.0.1",
            port=free_port("127.0.0.1"),
            n_workers=1,
            is_simulated=True,
        )
        generators = [np.random.default_rng([seed, number]) for number in range(len(kinds))]
        with running(server) as link:
            visits = rehearse(link, kinds, generators, key=answer_key(study))
        with application(study, url, secret):
            return visits, read_tables(study)

    return rehearse_kinds


@pytest.fixture
def generator():
    return np.random.default_rng(0)
