"""Write a results folder: one self-contained page, its tables and its figures.

RESULTS/
  report.html       the page; needs nothing beside it
  tables/*.csv      every table, with all digits
  figures/*.svg     every figure
  latex/*.tex       every table of the page, as printed
  results.json      what the results were made from
"""

import base64
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import jinja2

from analysis.errors import ResultsError
from analysis.figures import draw_all, save_figures
from analysis.historical import with_daggers
from analysis.labels import FIELLER_TYPE, condition_label, percent
from analysis.latex import latex_table
from analysis.page import Section
from analysis.pictures import picture_text
from analysis.provenance import git_commit, package_version, software
from analysis.results import Results
from analysis.sections import sections
from analysis.study_file import Study
from analysis.tables import write_tables

SCHEMA: Final = "study-results"
SCHEMA_VERSION: Final = 2
REHEARSAL_NOTE: Final = "Rehearsal: simulated participants, not people"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure as embedded.

    Attributes
    ----------
    base64
        Its SVG file.
    alt
        What it shows, for those who do not see it.
    caption
        What it shows, of whom, with which interval.
    """

    base64: str
    alt: str
    caption: str


def check_results_folder(folder: Path) -> None:
    """Require a place where results may be written.

    Parameters
    ----------
    folder
        New, empty, or an earlier results folder, which will be replaced.

    Raises
    ------
    ResultsError
        If it is a file, or holds something else.
    """
    if folder.exists() and not folder.is_dir():
        raise ResultsError(f"results must be a folder; got the file {folder}.")
    if folder.exists() and any(folder.iterdir()) and not (folder / "results.json").is_file():
        raise ResultsError(f"results folder must be new, empty or of results; got {folder}.")


def write_results(results: Results, folder: Path, notes: Sequence[str] = ()) -> Path:
    """Write a results folder whole or not at all.

    Parameters
    ----------
    results
        As from `results.analyse`.
    folder
        New, empty, or an earlier results folder, which is replaced.
    notes
        Warnings that a reader must know of.

    Returns
    -------
    Path
        Of ``report.html``.

    Raises
    ------
    ResultsError
        If `folder` holds something else.
    """
    check_results_folder(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        unfinished = Path(scratch) / "results"
        for name in ("tables", "figures", "latex"):
            (unfinished / name).mkdir(parents=True)
        tables = write_tables(results.tables, unfinished / "tables")
        drawn = draw_all(
            with_daggers(results.tables, results.plan.historical.arms),
            has_utility=results.export.study.has_utility,
        )
        note = REHEARSAL_NOTE if results.population == "simulated" else ""
        figures = save_figures(drawn, unfinished / "figures", note=note)
        page = render(results, unfinished / "figures", notes)
        (unfinished / "report.html").write_text(page, encoding="utf-8")
        parts = sections(results)
        latex = _write_latex(parts, unfinished / "latex")
        written = {"tables": tables, "figures": figures, "latex": latex}
        record = _record(results, notes, written)
        text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
        (unfinished / "results.json").write_text(text, encoding="utf-8")
        if folder.exists():
            shutil.move(folder, Path(scratch) / "replaced")
        unfinished.rename(folder)
    return folder / "report.html"


def render(results: Results, figures: Path, notes: Sequence[str] = ()) -> str:
    """Return the page.

    Parameters
    ----------
    results
        As from `results.analyse`.
    figures
        Folder of the figures as saved; one that is missing is left out.
    notes
        Warnings that a reader must know of.

    Returns
    -------
    str
        HTML that loads nothing.
    """
    study = results.export.study
    return render_page(
        title=_title(results),
        about=_about(results),
        is_simulated=results.population == "simulated",
        notes=list(notes),
        sections=sections(results),
        pictures=_pictures(results, figures),
        origin=list(_origin(results)),
        config=json.dumps(_provenance(study).get("config", {}), indent=2, ensure_ascii=False),
    )


def render_page(**parts: Any) -> str:  # noqa: ANN401
    """Fill the template.

    Parameters
    ----------
    **parts
        ``title``, ``about``, ``is_simulated``, ``notes``, ``sections``, ``origin``; and
        ``pictures`` and ``config`` where there are.

    Returns
    -------
    str
        HTML that loads nothing.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("analysis"),
        autoescape=jinja2.select_autoescape(["html", "jinja"]),
        undefined=jinja2.StrictUndefined,
    )
    template = environment.get_template("report.html.jinja")
    return template.render(**{"pictures": {}, "config": "", **parts})


def _write_latex(parts: Sequence[Section], folder: Path) -> list[str]:
    """Write each printed table to a file of its own; return their names."""
    names = []
    for section in parts:
        for i, part in enumerate(section.tables, start=1):
            name = f"{section.id}-{i}"
            (folder / f"{name}.tex").write_text(latex_table(part, name), encoding="utf-8")
            names.append(f"{name}.tex")
    return names


def _title(results: Results) -> str:
    title = results.export.study.title
    return f"Rehearsal: {title}" if results.population == "simulated" else title


def _about(results: Results) -> str:
    study = results.export.study
    if not study.has_utility:
        return (
            f"Study {study.study}: {study.task.replace('_', ' ')} task, scenario {study.scenario}; "
            f"{study.n_sessions} blocks of trials."
        )
    names = ", ".join(condition_label(name) for name in study.conditions)
    return (
        f"Study {study.study}: {study.task} task, scenario {study.scenario}; conditions {names}; "
        f"{study.n_sessions} sessions of {study.n_training} training trials and {study.n_test} "
        "scored test trials."
    )


def _pictures(results: Results, folder: Path) -> dict[str, Picture]:
    pictures = {}
    for file in sorted(folder.glob("*.svg")):
        alt, caption = picture_text(results, file.stem)
        encoded = base64.b64encode(file.read_bytes()).decode()
        pictures[file.stem] = Picture(base64=encoded, alt=alt, caption=caption)
    return pictures


def _provenance(study: Study) -> dict[str, Any]:
    found = study.bundle.get("provenance", {})
    return found if isinstance(found, dict) else {}


def _origin(results: Results) -> Iterator[tuple[str, str]]:
    """Walk from this report back to the network's weights."""
    study, export = results.export.study, results.export
    provenance = _provenance(study)
    yield "Report written by", _version(package_version(), git_commit())
    yield "Software", ", ".join(f"{name} {version}" for name, version in software().items())
    yield "Intervals", _intervals(results)
    yield from ((f"Export, {name}", f"SHA-256 {sha256}") for name, sha256 in export.sha256.items())
    yield "Export written by", _version(study.package_version, study.git_commit)
    yield "Seed of the assignment", str(study.assignment_seed)
    for name in ("manifest_sha256", "answers_sha256"):
        yield f"Study bundle, {name.split('_')[0]}", f"SHA-256 {study.bundle.get(name, 'unknown')}"
    yield (
        "Study bundle built by",
        _version(provenance.get("package_version", "unknown"), provenance.get("git_commit")),
    )
    yield "Seed of the bundle", str(provenance.get("seed", "unknown"))
    yield "Concept store", f"SHA-256 {provenance.get('concept_store_sha256') or 'unknown'}"
    for part in ("network", "model", "licences"):
        yield from _flat(part.capitalize(), provenance.get(part, {}))


def _intervals(results: Results) -> str:
    said = f"{percent(results.level, 0)}; participants are the unit"
    if not results.export.study.has_utility:
        return said
    return (
        f"{said}. Of accuracies Wilson’s, of their differences Newcombe’s hybrid, made of two of "
        f"these; of Utility the {FIELLER_TYPE}. Fieller’s own of 1954, from Student’s t, stands "
        "beside it in tables/utility.csv"
    )


def _flat(name: str, value: object) -> Iterator[tuple[str, str]]:
    """Walk over nested values, with names that a person can read."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(f"{name}, {str(key).replace('_', ' ')}", item)
    elif isinstance(value, float) and 0 <= value <= 1 and "accuracy" in name:
        yield name, percent(value)
    else:
        yield name, "unknown" if value is None else str(value)


def _version(version: str, commit: str | None) -> str:
    return f"version {version}, commit {commit or 'unknown'}"


def _record(
    results: Results, notes: Sequence[str], written: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """Return results.json."""
    study = results.export.study
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "package_version": package_version(),
        "git_commit": git_commit(),
        "software": software(),
        "study": study.study,
        "scenario": study.scenario,
        "population": results.population,
        "config": {
            "level": results.level,
            "baseline": study.baseline,
            "rules": study.rules,
            "seed": results.seed,
            "plan": results.plan.model_dump(mode="json"),
        },
        "export": {"study": asdict(study), "sha256": results.export.sha256},
        "notes": list(notes),
        "report": "report.html",
        **{folder: [f"{folder}/{name}" for name in names] for folder, names in written.items()},
    }
