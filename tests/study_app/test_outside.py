import pytest

from study_app.outside import MAX_LENGTH, number_in, outside_hash
from tests.study_app.walker import Walker


def test_number_is_stored_as_a_hash_that_needs_the_secret():
    stored = outside_hash("5f1d", secret="one secret")
    assert stored == outside_hash("5f1d", secret="one secret")
    assert (
        len({stored, outside_hash("5f1d", secret="other"), outside_hash("5f1e", secret="x")}) == 3
    )
    assert "5f1d" not in stored


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ({}, None),
        ({"PROLIFIC_PID": "  "}, None),
        ({"workerId": " A1 "}, "A1"),
        ({"participant": "p", "workerId": "w"}, "p"),
        ({"participant": "x" * 500}, "x" * MAX_LENGTH),
    ],
)
def test_number_is_read_from_the_links_of_panels(query, number):
    assert number_in(query) == number


def test_same_number_takes_part_once_and_is_not_kept(app, bundle, tmp_path):
    clients = [app.test_client() for _ in range(2)]
    for client in clients:
        client.get("/?PROLIFIC_PID=person-5f1d")
    first, second = (Walker(client, bundle) for client in clients)
    first.advance()
    assert first.step == "instructions"
    second.advance()
    assert second.response.status_code == 409
    assert "must be one that has not taken part" in second.main.text
    for file in tmp_path.glob("study.sqlite*"):
        assert b"person-5f1d" not in file.read_bytes()


def test_next_number_at_the_same_computer_begins_anew_without_a_panel(client, bundle):
    client.get("/?participant=0017")
    first = Walker(client, bundle).walk_to("debriefing")
    code, key = first.main.select_one(".completion-code").text, first.response.request.path
    answer = client.get("/?participant=0017", follow_redirects=True)
    assert (answer.request.path, code in answer.text) == (key, True)
    first.see(client.get("/?participant=0018"))
    assert (first.step, code in first.response.text) == ("consent", False)
    first.walk_to("debriefing")
    second = first.main.select_one(".completion-code").text
    assert second != code
    first.see(client.get("/"))  # as by the back button: still the second
    assert first.main.select_one(".completion-code").text == second
