import socket
from dataclasses import dataclass

import numpy as np
import pytest

from study_app.simulation import rehearsal
from study_app.simulation.kinds import GUESSER, LEARNER
from study_app.simulation.rehearsal import free_port, rehearse


@dataclass
class Stub:
    """A participant whose visit's outcome is written on its generator."""

    base_url: str
    kind: object
    generator: object
    line: object

    def take_part(self):
        return self.generator


@pytest.fixture
def stubbed(monkeypatch):
    monkeypatch.setattr(rehearsal, "Participant", Stub)


def test_a_participant_who_is_screened_out_is_followed_by_one_of_the_same_kind(stubbed):
    outcomes = ["finished", "screened_out", "left", "finished"]
    visits = rehearse("http://none/", [LEARNER, GUESSER, LEARNER, LEARNER], outcomes)
    assert [visit.outcome for visit in visits] == outcomes
    assert [visit.kind for visit in visits] == [LEARNER, GUESSER, GUESSER, LEARNER]


def test_each_visit_is_reported(stubbed):
    numbers = []
    rehearse("http://none/", [LEARNER] * 3, ["finished"] * 3, numbers.append)
    assert numbers == [1, 2, 3]


def test_nobody_is_a_rehearsal_too():
    generators: list[np.random.Generator] = []
    assert rehearse("http://none/", [], generators) == []


def test_free_port_can_be_listened_at():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", free_port("127.0.0.1")))
