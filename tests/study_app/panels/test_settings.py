import pytest

from study_app.errors import SetupError
from study_app.panels.panel_of import panel_for
from study_app.panels.settings import SHIPPED, read_panel
from tests.study_app.panels.panel_files import CODES, SONA_END, WAYS_BACK, write_panel, write_usual


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_settings_fit_the_usual_file(name, tmp_path):
    panel = read_panel(write_usual(tmp_path, name))
    assert panel.address_of("completed", {"survey_code": "48213"}) == WAYS_BACK[name]


def test_ends_have_codes_of_their_own(tmp_path):
    panel = read_panel(write_usual(tmp_path, "prolific"))
    assert {end: panel.code_of(end) for end in CODES} == CODES
    assert panel.address_of("screened_out", {}).endswith("cc=C2SCREEN")
    assert panel.kept == frozenset()


def test_attention_falls_back_on_completion_and_screening_on_nothing(tmp_path):
    codes = {"completed": "C1DONE77", "screened_out": "C2SCREEN"}
    panel = read_panel(write_panel(tmp_path / "p.toml", "prolific", codes=codes))
    assert panel.code_of("attention") == "C1DONE77"
    assert panel.address_of("attention", {}).endswith("cc=C1DONE77")
    sona = read_panel(write_usual(tmp_path, "sona"))
    assert sona.address_of("screened_out", {"survey_code": "1"}) is None


def test_value_is_put_into_the_address_as_text(tmp_path):
    sona = read_panel(write_usual(tmp_path, "sona"))
    assert sona.kept == {"survey_code"}
    assert sona.address_of("completed", {"survey_code": "a&b=c"}).endswith("survey_code=a%26b%3Dc")
    assert sona.address_of("completed", {}) is None


def test_panel_of_ones_own_needs_no_shipped_settings(tmp_path):
    file = tmp_path / "own.toml"
    file.write_text(
        'name = "Our pool"\nparticipant = "id"\n[parameters]\nid = "[0-9]+"\n'
        '[ends]\ncompleted = "https://pool.example.org/done?who=[id]"\n'
    )
    panel = read_panel(str(file))
    assert panel.address_of("completed", {"id": "7"}) == "https://pool.example.org/done?who=7"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('panel = "prolific', r"panel file must be TOML; got .*p\.toml"),
        ('panel = "qualtrics"', r"panel must be one of \['prolific', .*; got 'qualtrics'\."),
        ('panel = "prolific"', r"codes\.completed must be given for Prolific; got nothing\."),
        ('panel = "sona"', r"ends\.completed must be given for SONA; got nothing\."),
        ('panel = "mturk"\ncolour = 1', r"panel setting colour must be right; got: Extra inputs"),
        ('panel = "mturk"\nname = ""', r"panel setting name must be right; got: String should"),
        ('name = "x"\nparticipant = "id"', r"participant must be one of \[\]; got 'id'\."),
        (
            'name = "x"\n[parameters]\nid = "["',
            r"parameters\.id must be a regular expression; got '\['\.",
        ),
        (
            'panel = "sona"\n[ends]\ncompleted = "http://x.org"',
            r"ends\.completed must begin with https://; got 'http://x\.org'\.",
        ),
        (
            'panel = "sona"\n[ends]\ncompleted = "https://x.org/[who]"',
            r"ends\.completed must name parameters of \['survey_code'\]; got \[who\]\.",
        ),
        (
            'panel = "prolific"\n[codes]\ncompleted = "SAME1"\nscreened_out = "SAME1"',
            r"codes must be different for \['completed', 'screened_out'\]; got one twice\.",
        ),
        (
            'panel = "prolific"\n[codes]\ncompleted = "a b"\nscreened_out = "C2SCREEN"',
            r"codes\.completed must be 4 to 64 letters, digits, - or _; got 3 characters\.",
        ),
    ],
)
def test_wrong_settings_are_told_in_one_line(text, message, tmp_path):
    (tmp_path / "p.toml").write_text(text)
    with pytest.raises(SetupError, match=message) as caught:
        read_panel(str(tmp_path / "p.toml"))
    assert "SAME1" not in str(caught.value)


def test_missing_file_is_told(tmp_path):
    with pytest.raises(SetupError, match=r"panel must be a TOML file or one of .*none\.toml"):
        read_panel(str(tmp_path / "none.toml"))


def test_secret_file_in_the_bundle_is_refused(short, tmp_path):
    class Moved:
        path, manifest = tmp_path, short.manifest

    setting = write_panel(tmp_path / "p.toml", "sona", ends={"completed": SONA_END})
    with pytest.raises(SetupError, match=r"panel file must lie outside the bundle, as it is"):
        panel_for(setting, Moved)


def test_volunteers_must_be_asked_which_audience_they_are(short):
    with pytest.raises(SetupError, match=r"recruitment\.audience of the study must name .*nothing"):
        panel_for("volunteers", short)
    assert panel_for("", short) is None
