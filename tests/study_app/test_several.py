import pytest
from werkzeug.test import Client

from study_app.cli import main
from study_app.errors import SetupError
from study_app.opening import Wishes, open_study
from study_app.several.app import app_of, create_several
from study_app.several.listing import read_listing
from tests.small_bundle import write_small_bundle
from tests.study_app.conftest import close
from tests.study_app.views.test_admin import log_in, send
from tests.study_app.walker import Walker


@pytest.fixture
def listing(bundle, tmp_path, monkeypatch):
    """A list of two studies, both opened."""
    monkeypatch.setenv("STUDY_SECURE_COOKIES", "0")
    write_small_bundle(tmp_path / "second")
    file = tmp_path / "studies.toml"
    file.write_text(
        f'[leaves]\nbundle = "{bundle.path}"\ndatabase = "leaves.sqlite"\n'
        '[foxes-2]\nbundle = "second"\ndatabase = "foxes.sqlite"\nquota = 3\n'
    )
    return file


@pytest.fixture
def passwords(listing):
    opened = {}
    for study in read_listing(listing):
        app = app_of(study, "a secret of the tests")
        opened[study.name] = open_study(app, Wishes(quota=study.quota)).password
        close(app)
    return opened


@pytest.fixture
def make_client(listing, passwords):
    """Make browsers, each of which keeps its cookies."""
    application = create_several(listing)
    yield lambda: Browser(application)
    for app in application.mounts.values():
        close(app)


class Browser(Client):
    """A browser that a walker can use below one study's address."""

    prefix = ""

    def open(self, path, **options):
        if isinstance(path, str) and not path.startswith(self.prefix):
            path = f"{self.prefix}{path}"
        return super().open(path, **options)

    def get(self, path, **options):
        return self.open(path, method="GET", **options)

    def post(self, path, **options):
        return self.open(path, method="POST", **options)


def test_one_browser_takes_part_in_both_without_mixing(make_client, bundle):
    browser = make_client()
    pages = {}
    for prefix in ("/leaves", "/foxes-2"):
        browser.prefix = prefix
        walker = Walker(browser, bundle)
        walker.walk_to("quiz")
        pages[prefix] = browser.get("/", follow_redirects=True)
    browser.prefix = "/leaves"
    again = browser.get("/", follow_redirects=True)
    assert again.request.path == pages["/leaves"].request.path
    assert 'data-step="quiz"' in again.text


def test_login_is_for_one_study(make_client, passwords):
    browser = make_client()
    browser.prefix = "/leaves"
    assert log_in(browser, passwords["foxes-2"]).status_code == 403
    assert log_in(browser, passwords["leaves"]).status_code == 303
    page = browser.get("/admin").text
    assert '<a href="/foxes-2/admin">' in page
    browser.prefix = "/foxes-2"
    assert browser.get("/admin").status_code == 302


def test_login_and_preview_of_one_study_open_no_other_under_one_key(
    listing, passwords, monkeypatch
):
    monkeypatch.setenv("STUDY_SECRET_KEY", "q8w7e6r5t4z3u2i1o0p9")
    application = create_several(listing)
    browser = Browser(application)
    browser.prefix = "/leaves"
    log_in(browser, passwords["leaves"])
    cookie = browser.get_cookie("study-leaves").value
    other = Browser(application)
    other.prefix = "/foxes-2"
    other.set_cookie("study-foxes-2", cookie)
    assert other.get("/admin").status_code == 302
    preview = send(browser, "/admin/previews", condition="craft", list="list_a").location
    assert browser.get(preview).status_code == 200
    assert other.get(preview.replace("/leaves", "")).status_code == 404
    for app in application.mounts.values():
        close(app)


def test_addresses_of_no_study_ask_for_the_whole_link(make_client):
    browser = make_client()
    for path in ("/", "/admin", "/nothing", "/leavesx/"):
        answer = browser.get(path)
        assert answer.status_code == 404
        assert "Please open the whole link" in answer.text
    assert browser.get("/health").status_code == 204
    assert browser.get("/healthz").text == "ok\n"


def test_pictures_and_pages_stay_below_the_name(make_client, bundle):
    browser = make_client()
    browser.prefix = "/leaves"
    page = Walker(browser, bundle).walk_to("training", session=1).page
    addresses = [tag.get("src") or tag["href"] for tag in page.select("[src], [href]")]
    assert len(addresses) > 3
    assert all(address.startswith(("/leaves/", "?")) for address in addresses)


def test_study_that_was_not_opened_is_told(listing):
    with pytest.raises(SetupError, match='study leaves must be opened by "craft-study serve-all"'):
        create_several(listing)


BASE = '[leaves]\nbundle = "b"\ndatabase = "d.sqlite"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "list of studies must have a table for each; got none"),
        ("[", "list of studies must be a TOML file"),
        (BASE.replace("leaves", "Leaves"), "study's name must be of a-z, 0-9 and -"),
        (BASE.replace("leaves", "admin"), "study's name must be of .* got 'admin'"),
        (BASE + "pannel = 'x'", "study leaves must have keys of .* got 'pannel'"),
        (BASE + "quota = 0", "quota of study leaves must be at least 1; got 0"),
        (BASE + "quota = true", "quota of study leaves must be at least 1; got True"),
        (BASE.replace('"b"', "3"), "bundle of study leaves must be text; got 3"),
        ('[leaves]\nbundle = "b"', "database of study leaves must be text; got ''"),
        ("leaves = 1", "study leaves must be a table; got 1"),
        (
            BASE + BASE.replace("leaves", "foxes"),
            "study foxes must have its own database; got leav",
        ),
    ],
)
def test_lists_that_are_wrong_are_told(tmp_path, text, message):
    file = tmp_path / "studies.toml"
    file.write_text(text)
    with pytest.raises(SetupError, match=message):
        read_listing(file)


def test_missing_list_is_one_line(tmp_path, capsys):
    assert main(["serve-all", str(tmp_path / "none.toml"), "--port", "8765"]) == 1
    assert "list of studies must be a TOML file" in capsys.readouterr().err
