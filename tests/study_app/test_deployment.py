"""The study as it is deployed: what is in the folder fits the package, and all of it together."""

import ast
import re
import subprocess
import sys
import threading
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
import yaml
from sqlalchemy import select

from study_app.cli import _parser
from study_app.config import NAMES, flask_config
from study_app.models import Participation
from tests.study_app.crowd import HttpClient, at_once
from tests.study_app.deployed import (
    FOLDER,
    HOST,
    TOKEN,
    free_port,
    has_nginx,
    make_certificate,
    stop,
    wait_for,
    write_nginx_conf,
)
from tests.study_app.test_chaos import Person, check_person

N_PEOPLE = 8
GUIDE = Path("docs/deployment.md").read_text()


def requirements():
    lines = (FOLDER / "requirements.txt").read_text().splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_requirements_of_the_image_are_those_of_the_package():
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    known = {*project["dependencies"], *extras["postgresql"], *extras["metrics"], *extras["s3"]}
    assert [line for line in requirements() if line not in known] == []
    assert requirements() == sorted(requirements())


def test_image_has_all_that_the_server_imports():
    names = {"bs4": "beautifulsoup4", "PIL": "pillow", "flask_bootstrap": "bootstrap-flask"}
    at_hand = {re.split(r"[\[>]", line)[0] for line in requirements()}
    brought = {"alembic", "botocore", "fsspec", "itsdangerous", "markupsafe", "sqlalchemy"}
    brought |= {"werkzeug", "wtforms", "study-app", "stimuli-builder"}
    missing = set()
    for file in Path("study_app").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            found = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                found = [node.module]
            missing |= {names.get(top, top.replace("_", "-")) for top in heads(found)}
    assert missing - at_hand - brought == set()


def heads(modules):
    return {name.split(".")[0] for name in modules} - sys.stdlib_module_names


def test_settings_of_the_files_are_the_servers():
    text = (FOLDER / "Containerfile").read_text()
    assert set(re.findall(r"\b(STUDY_[A-Z_]+)=", text)) <= set(NAMES)
    compose = yaml.safe_load((FOLDER / "compose.yaml").read_text())
    assert set(compose["services"]["app-1"]["environment"]) <= set(NAMES)
    template = (FOLDER / "nginx.conf.template").read_text()
    filled_in = set(re.findall(r"\$\{(\w+)\}", template))
    given = set(compose["services"]["nginx"]["environment"]) - {"NGINX_ENVSUBST_FILTER"}
    assert filled_in == given


def test_containers_may_do_little():
    compose = yaml.safe_load((FOLDER / "compose.yaml").read_text())
    assert re.search(r"^USER 10001$", (FOLDER / "Containerfile").read_text(), re.MULTILINE)
    for name in ("app-1", "app-2"):
        service = compose["services"][name]
        assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
    published = {name for name, each in compose["services"].items() if "ports" in each}
    assert published == {"nginx"}


def test_guide_has_ten_commands():
    steps = GUIDE.split("## From an empty machine")[1].split("\n## ")[0]
    numbered = re.findall(r"^(\d+)\. .*?\n\n    ```\n    (\S[^\n]*)\n    ```$", steps, re.M | re.S)
    assert [int(number) for number, _ in numbered] == list(range(1, 11))


def test_settings_that_the_guide_makes_are_those_that_compose_asks_for(tmp_path):
    (command,) = re.findall(r"^    (\(umask 077; .*)$", GUIDE, re.MULTILINE)
    (tmp_path / "deployment").mkdir()
    subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True, timeout=60)
    file = tmp_path / "deployment" / ".env"
    made = dict(line.split("=") for line in file.read_text().splitlines())
    asked = re.findall(r"\$\{(\w+):\?\}", (FOLDER / "compose.yaml").read_text())
    assert set(asked) <= set(made)
    assert file.stat().st_mode & 0o077 == 0
    settings = {"STUDY_BUNDLE": "b", "STUDY_DATABASE_URL": "sqlite://"}
    flask_config(settings | {key: made[key] for key in made if key in NAMES})


def test_commands_of_the_guide_are_the_programs_own():
    text = GUIDE.replace(r"$(date +\%F)", "today")
    names = "push-media|serve|backup|export|status"
    found = re.findall(rf"craft-study ((?:{names}) [^\n\"'`]*)", text)
    found += re.findall(r"run --rm app-1 ([^\n]*)", text)
    assert len(found) >= 7
    for words in found:
        assert _parser().parse_args(words.split()).run is not None


@has_nginx
def test_nginx_takes_the_template(tmp_path):
    make_certificate(tmp_path)
    conf = write_nginx_conf(tmp_path, https=free_port(), apps=(free_port(), free_port()))
    tried = subprocess.run(
        ["nginx", "-t", "-p", str(tmp_path), "-c", str(conf)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert tried.returncode == 0, tried.stderr
    assert "warn" not in tried.stderr


@has_nginx
def test_people_are_asked_to_wait_where_no_process_answers(tmp_path):
    certificate, https = make_certificate(tmp_path), free_port()
    conf = write_nginx_conf(tmp_path, https=https, apps=(free_port(), free_port()))
    nginx = subprocess.Popen(["nginx", "-p", str(tmp_path), "-c", str(conf)])
    try:
        wait_for(f"https://{HOST}:{https}/", nginx, verify=str(certificate), status=502)
        url = f"https://{HOST}:{https}/p/secret"
        answer = requests.post(url, verify=str(certificate), timeout=20)
    finally:
        stop(nginx)
    assert (answer.status_code, answer.headers["Retry-After"]) == (502, "5")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "please wait a moment" in answer.text and "L’étude est très sollicitée" in answer.text
    assert "secret" not in (tmp_path / "proxy.log").read_text()


def run(deployed, *words, **settings):
    """Run one of the guide's commands in the processes' environment, and return what it says."""
    code = "import sys; from study_app.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        env=deployed.environment | settings,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


only_utility = pytest.mark.parametrize("deployed", ["bundle_path"], indirect=True)


@has_nginx
@pytest.mark.slow
@only_utility
class TestUtility:
    def test_headers_come_once_and_addresses_lead_to_tls(self, deployed):
        answer = deployed.get("")
        for name in ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"):
            assert len(answer.raw.headers.getlist(name)) == 1
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        assert "gunicorn" not in str(answer.headers)
        assert re.match(r"__Host-study=.*; Secure; HttpOnly; Path=/", answer.headers["Set-Cookie"])
        plain = requests.get(
            f"http://127.0.0.1:{deployed.http}/p/x?lang=fr", allow_redirects=False, timeout=20
        )
        assert plain.headers["Location"] == "https://localhost/p/x?lang=fr"

    def test_figures_are_for_prometheus_alone(self, deployed):
        token = {"Authorization": f"Bearer {TOKEN}"}
        for path in ("metrics", "/metrics", "%6detrics", "metrics/"):
            assert deployed.get(path, headers=token).status_code == 404
        own = f"http://127.0.0.1:{deployed.ports[0]}/metrics"
        assert requests.get(own, timeout=20).status_code == 404
        assert "study_requests_total" in requests.get(own, headers=token, timeout=20).text

    def test_bursts_of_one_participation_wait_and_are_not_refused(self, deployed):
        with ThreadPoolExecutor(40) as pool:
            began = time.monotonic()
            cookie = {"Cookie": "__Host-study=one"}
            answers = list(pool.map(lambda _: deployed.get("", headers=cookie), range(60)))
            took_s = time.monotonic() - began
            others = list(
                pool.map(
                    lambda n: deployed.get("withdraw", headers={"Cookie": f"__Host-study={n}"}),
                    range(40),
                )
            )
        assert {answer.status_code for answer in (*answers, *others)} == {200}
        assert took_s > 3.0
        limits = [line["limit"] for line in deployed.proxied()]
        assert limits.count("DELAYED") >= 30
        assert limits[-40:] == ["PASSED"] * 40

    def test_pictures_are_kept_by_the_proxy_while_the_bucket_is_away(self, deployed, s3_server):
        first, second = list(deployed.bundle.manifest.media)[-2:]
        answer = deployed.get(f"media/{first}")
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.content == deployed.bundle.media_path(first).read_bytes()
        with s3_server.away():
            assert deployed.get(f"media/{first}").status_code == 200
            away = deployed.get(f"media/{second}")
            assert (away.status_code, away.headers["Retry-After"]) == (503, "5")
            assert deployed.get("healthz").text == "media do not answer\n"
        time.sleep(2.5)
        assert deployed.get(f"media/{second}").status_code == 200
        assert [line["cache"] for line in deployed.proxied()].count("HIT") >= 1

    def test_no_answer_is_lost_or_doubled_where_a_process_is_killed(self, deployed, monkeypatch):
        monkeypatch.setattr(HttpClient, "verify", str(deployed.certificate))
        people, is_over = [None] * N_PEOPLE, threading.Event()

        def take_part(number):
            people[number] = Person(deployed.url, deployed.bundle, number)
            people[number].take_part()

        def kill():
            if not is_over.wait(3.0):
                deployed.kill_app(0)
                is_over.wait(2.0)
                deployed.start_app(0)

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            at_once([lambda n=n: take_part(n) for n in range(N_PEOPLE)])
        finally:
            is_over.set()
            killer.join()
        for person in people:
            check_person(deployed, deployed.bundle, person)
        upstream = {line["upstream_status"] for line in deployed.proxied()}
        assert any("," in status or status == "502" for status in upstream)

    def test_commands_of_the_guide_read_the_database(self, deployed, postgresql, tmp_path):
        saved = tmp_path / "now.zip"
        assert "\nall " in run(deployed, "status")
        assert "participations" in run(deployed, "backup", saved)
        assert run(deployed, "export", tmp_path / "export").startswith("export: ")
        empty = {"STUDY_DATABASE_URL": postgresql(f"empty_{time.monotonic_ns()}")}
        restored = run(deployed, "restore", saved, "--bundle", deployed.pictureless, **empty)
        assert restored.startswith("restored: ")

    def test_logs_hold_nothing_of_a_person(self, deployed, monkeypatch):
        monkeypatch.setattr(HttpClient, "verify", str(deployed.certificate))
        Person(deployed.url, deployed.bundle, N_PEOPLE).take_part()
        rows = deployed.rows(select(Participation))
        text = deployed.log() + (deployed.folder / "proxy.log").read_text()
        assert '"route": "participations.post_step"' in text
        assert rows != []
        for row in rows:
            assert row.key not in text
            assert row.completion_code is None or row.completion_code not in text
        requested = text.split("Stop with Ctrl+C")[-1]
        assert "127.0.0.1" not in requested and "/p/" not in requested
