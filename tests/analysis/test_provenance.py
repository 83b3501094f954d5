import re
import subprocess

from analysis import provenance
from analysis.provenance import git_commit, package_version, software


def test_commit_is_that_of_the_working_tree_or_unknown():
    commit = git_commit()
    assert commit is None or re.fullmatch(r"[0-9a-f]{40}", commit)


def test_file_outside_a_working_tree_has_no_commit(monkeypatch, tmp_path):
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))
    assert git_commit() is None


def test_file_that_another_repository_does_not_track_has_no_commit(monkeypatch, tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "provenance.py").touch()
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))
    assert git_commit() is None


def test_machine_without_git_has_no_commit(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert git_commit() is None


def test_versions_are_given():
    assert package_version()
    assert {"python", "numpy", "scipy", "pandas", "statsmodels"} <= set(software())
