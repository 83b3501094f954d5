"""A study as it is deployed: nginx with TLS, two application processes, PostgreSQL, a bucket.

The processes run what the container file runs, nginx what the template says; only addresses,
ports and folders are others.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from string import Template

import pytest
import requests

from stimuli_builder.bundle import texts_of
from study_app.app import create_app
from study_app.extensions import db
from study_app.media.bucket import Bucket
from study_app.media.pushing import push_media
from tests.study_app.studies import write_changed

FOLDER = Path("deployment")
HOST = "localhost"
TOKEN = "a token of the tests 0123"
SECRET = "a secret of the tests"
START_S, STOP_S = 60, 40
has_nginx = pytest.mark.skipif(
    not (shutil.which("nginx") and shutil.which("openssl")),
    reason='nginx and openssl must be installed: "apt-get install nginx openssl"',
)
MAIN = """
user root;
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr emerg;
events {{ worker_connections 512; }}
http {{
    include /etc/nginx/mime.types;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/study.conf;
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def french(bundle, folder):
    """Return a bundle with a French that can be told from its English."""
    words = {text: f"{text} (fr)" for text in texts_of(bundle.manifest)}
    return write_changed(folder, bundle, replace(bundle.manifest, translations={"fr": words}))


def make_certificate(folder):
    """Make a certificate with the guide's own command, for this machine's name and folder."""
    guide = Path("docs/deployment.md").read_text()
    command = re.search(r"^\s*(openssl req -x509 [^\n]*)$", guide, re.MULTILINE).group(1)
    command = command.replace("study.example.org", HOST)
    command = re.sub(r"\S*/live/\S*?/(?=\w+\.pem)", f"{folder}/", command)
    subprocess.run(command, shell=True, check=True, capture_output=True, timeout=60)
    return folder / "fullchain.pem"


def write_nginx_conf(folder, *, https, apps, http=None):
    """Fill in the template, and return the file that nginx is started with."""
    settings = {
        "STUDY_HOST": HOST,
        "STUDY_HTTP": f"127.0.0.1:{http or free_port()}",
        "STUDY_HTTPS": f"127.0.0.1:{https}",
        "STUDY_APP_1": f"127.0.0.1:{apps[0]}",
        "STUDY_APP_2": f"127.0.0.1:{apps[1]}",
        "STUDY_CERTIFICATE": str(folder),
        "STUDY_CACHE": str(folder / "cache"),
        "STUDY_PROXY_LOG": str(folder / "proxy.log"),
    }
    filled = Template((FOLDER / "nginx.conf.template").read_text()).safe_substitute(settings)
    (folder / "study.conf").write_text(filled)
    main = MAIN.format(folder=folder)
    (folder / "nginx.conf").write_text(main if os.getuid() == 0 else main.replace("user root;", ""))
    return folder / "nginx.conf"


def app_words(bundle, port):
    """Return the container's command line for a bundle and port of this machine."""
    text = (FOLDER / "Containerfile").read_text()
    words = json.loads(re.search(r"^CMD (.*)$", text, re.MULTILINE).group(1))
    others = {"/srv/study/bundle": str(bundle), "0.0.0.0": "127.0.0.1", "8000": str(port)}
    code = "import sys; from study_app.cli import main; sys.exit(main())"
    return [sys.executable, "-c", code, *(others.get(word, word) for word in words)]


def container_environment(folder):
    """Return the settings that the container file makes, with a folder of this machine."""
    text = (FOLDER / "Containerfile").read_text()
    found = dict(re.findall(r"\b(STUDY_[A-Z_]+)=(\S+)", text))
    return {name: value.replace("/data", str(folder)) for name, value in found.items()}


class Deployed:
    """Starts and stops all of it; each application process can be killed and started again."""

    def __init__(self, bundle, folder, *, database, bucket):
        self.folder, self.bundle = folder, bundle
        self.certificate = make_certificate(folder)
        self.https, self.http = free_port(), free_port()
        self.ports = [free_port(), free_port()]
        self.url = f"https://{HOST}:{self.https}/"
        settings = {
            "STUDY_DATABASE_URL": database,
            "STUDY_SECRET_KEY": SECRET,
            "STUDY_METRICS_TOKEN": TOKEN,
            "STUDY_MEDIA": bucket,
            **container_environment(folder),
        }
        self.environment = {**os.environ, **settings, "PYTHONPATH": os.pathsep.join(sys.path)}
        push_media(bundle, Bucket(bucket), report=lambda *_: None)
        self.pictureless = shutil.copytree(bundle.path, folder / "bundle")
        shutil.rmtree(self.pictureless / "media")
        self.app = create_app({**settings, "STUDY_BUNDLE": self.pictureless})
        self.processes = [None, None]

    def start_app(self, number):
        port = self.ports[number]
        log = (self.folder / f"app-{number}.log").open("ab")
        self.processes[number] = subprocess.Popen(
            app_words(self.pictureless, port),
            env=self.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        log.close()
        wait_for(f"http://127.0.0.1:{port}/healthz", self.processes[number])

    def kill_app(self, number):
        """End a process and its workers at once, as the kernel does where memory is short."""
        os.killpg(self.processes[number].pid, signal.SIGKILL)
        self.processes[number].wait(STOP_S)

    @contextlib.contextmanager
    def running(self):
        conf = write_nginx_conf(self.folder, https=self.https, http=self.http, apps=self.ports)
        nginx = None
        try:
            for number in (0, 1):
                self.start_app(number)
            nginx = subprocess.Popen(["nginx", "-p", str(self.folder), "-c", str(conf)])
            wait_for(f"{self.url}healthz", nginx, verify=str(self.certificate))
            yield self
        finally:
            for process in (nginx, *self.processes):
                if process is not None:
                    stop(process)
            with self.app.app_context():
                db.session.remove()
                db.engine.dispose()

    def get(self, path, **how):
        with requests.Session() as session:
            session.trust_env = False
            return session.get(f"{self.url}{path}", verify=str(self.certificate), timeout=30, **how)

    def rows(self, query):
        """Return what a query finds in the database."""
        with self.app.app_context():
            found = list(db.session.scalars(query))
            db.session.remove()
        return found

    def kept_pictures(self):
        """Return the files in which nginx keeps what it has sent."""
        return [file for file in (self.folder / "cache").rglob("*") if file.is_file()]

    def proxied(self):
        """Return the lines of nginx's log."""
        lines = (self.folder / "proxy.log").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def log(self):
        """Return what the application's processes wrote."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("app-*.log")))


def wait_for(url, process, *, verify=True, status=200):
    end = time.monotonic() + START_S
    with requests.Session() as session:
        session.trust_env = False
        while time.monotonic() < end and process.poll() is None:
            with contextlib.suppress(requests.RequestException):
                if session.get(url, verify=verify, timeout=5).status_code == status:
                    return
            time.sleep(0.1)
    stop(process)
    raise AssertionError(f"no answer from {url}")


def stop(process):
    """End one process by its number, at last with what it started."""
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_S)
