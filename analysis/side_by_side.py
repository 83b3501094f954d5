"""Several studies on one page: scenarios as columns, as in Table 1, and each study's own report.

RESULTS/
  report.html       the comparison; needs nothing beside it
  table_1.csv       every study's rows of Table 1
  results.json      marks the folder
  STUDY/            each study's own results folder
"""

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from analysis.apa import bare_p, odds_sentence
from analysis.errors import ResultsError
from analysis.inference_sections import historical_note
from analysis.labels import bare_percent, condition_label, percent, ratio, scenario_label
from analysis.latex import latex_table
from analysis.page import Part, Row, Section, bounds, condition_name, printed
from analysis.rehearsal_sections import as_rehearsal
from analysis.report import SCHEMA_VERSION, check_results_folder, render_page, write_results
from analysis.results import Results


def comparison_part(results: Sequence[Results]) -> Part:
    """Print Table 1 of several scenarios.

    Parameters
    ----------
    results
        One study a scenario, with Utility.

    Returns
    -------
    Part
        A row a condition in order of appearance; a scenario's sessions and Utility as columns, the
        best and second best marked. A dash where a scenario lacks a condition.
    """
    tables = [found.tables["table_1"].set_index(["condition", "source"]) for found in results]
    conditions = list(dict.fromkeys(name for table in tables for name in table.index))
    header, groups, marks = ["Condition"], [("", 1)], {}
    rows = [[f"{condition_label(name)}{' †' if source else ''}"] for name, source in conditions]
    for found, table in zip(results, tables, strict=True):
        sessions = [str(name) for name in table if str(name).startswith("session_")]
        header += [*(name.removeprefix("session_") for name in sessions), "Utility"]
        groups.append((scenario_label(found.export.study.scenario), len(sessions) + 1))
        for i, name in enumerate(conditions):
            if name not in table.index:
                rows[i] += ["–"] * (len(sessions) + 1)
                continue
            row = table.loc[name]
            if row["mark"]:
                marks[i, len(rows[i]) + len(sessions)] = str(row["mark"])
            dagger = " †" if row["is_historical"] and not name[1] else ""
            rows[i] += [bare_percent(row[s]) for s in sessions] + [ratio(row["utility"]) + dagger]
    return Part(
        caption="Accuracy by session in per cent, and Utility. Bold: the best of a scenario, "
        "underlined: the second best, where above the baseline as printed."
        + historical_note(pd.concat([found.tables["table_1"] for found in results])),
        header=tuple(header),
        rows=tuple(map(tuple, rows)),
        text_columns=(0,),
        marks=marks,
        groups=tuple(groups),
    )


def comparison_sections(results: Sequence[Results]) -> list[Section]:
    """Lay out the page of several studies.

    Parameters
    ----------
    results
        One study a scenario, with Utility.

    Returns
    -------
    list[Section]
        Table 1, primary tests, and what is shown of no difference and harm.
    """
    primary = []
    for found in results:
        if "primary" in found.tables:
            row = found.tables["primary"].iloc[0].to_dict()
            scenario = scenario_label(found.export.study.scenario)
            primary.append(f"{scenario}: {odds_sentence(row, level=found.level)}")
    said = (
        "A Utility of one scenario is not that of another: it cannot exceed one over the "
        "baseline’s accuracy, " + ", ".join(_ceiling(found) for found in results) + "."
    )
    return [
        Section(
            id="table-1", title="Utility in each scenario", paragraphs=(said,),
            tables=(comparison_part(results),),
        ),
        Section(id="primary", title="Primary tests", items=tuple(primary)),
        *_equivalence(results),
    ]  # fmt: skip


def _equivalence(results: Sequence[Results]) -> list[Section]:
    """Lay out the tests of equivalence and of harm of all studies in one table."""
    tables = [
        found.tables["equivalence"].assign(scenario=found.export.study.scenario)
        for found in results
        if "equivalence" in found.tables
    ]
    if not tables:
        return []
    part = printed(
        pd.concat(tables, ignore_index=True),
        caption="Utility against its margins, with 90 % intervals: two one-sided tests of "
        "equivalence (TOST), and the test of harm, adjusted by Holm within a scenario. What is "
        "shown is shown at a level of 5 %.",
        columns={
            "Scenario": lambda row: scenario_label(row["scenario"]),
            "Condition": condition_name,
            "Utility": lambda row: ratio(row["utility"]),
            "Interval": bounds("ci_low", "ci_high", ratio),
            "Margins": bounds("margin_low", "margin_high", ratio),
            "p, equivalence": lambda row: bare_p(row["p_equivalence"]),
            "p, harm": lambda row: bare_p(row["p_harm_holm"]),
            "Shown": _shown,
        },
        n_text=2,
    )
    said = "That a difference is not significant does not show that there is none."
    title = "No difference, and harm"
    return [Section(id="equivalence", title=title, paragraphs=(said,), tables=(part,))]


def _shown(row: Row) -> str:
    if row["is_harmful"]:
        return "harm"
    return "no difference that matters" if row["is_equivalent"] else "neither"


def write_comparison(
    results: Sequence[Results], folder: Path, notes: Sequence[Sequence[str]] = ()
) -> Path:
    """Write a folder of several studies whole or not at all.

    Parameters
    ----------
    results
        Two or more, of different studies and one population, with Utility.
    folder
        New, empty, or an earlier results folder, which is replaced.
    notes
        For each study, warnings that a reader must know of; none where empty.

    Returns
    -------
    Path
        Of ``report.html``.

    Raises
    ------
    ResultsError
        If `folder` holds something else, or the studies cannot stand side by side.
    """
    check_results_folder(folder)
    _check(results)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        unfinished = Path(scratch) / "results"
        unfinished.mkdir()
        names = [found.export.study.study for found in results]
        each = list(notes) or [()] * len(names)
        for name, found, own in zip(names, results, each, strict=True):
            write_results(found, unfinished / name, own)
        said = [f"{name}: {note}" for name, own in zip(names, each, strict=True) for note in own]
        sections = comparison_sections(results)
        if results[0].population == "simulated":
            sections = as_rehearsal(sections)
        table = pd.concat([found.tables["table_1"] for found in results], ignore_index=True)
        table.to_csv(unfinished / "table_1.csv", index=False, lineterminator="\n")
        latex = latex_table(sections[0].tables[0], "table-1")
        (unfinished / "table_1.tex").write_text(latex, encoding="utf-8")
        (unfinished / "report.html").write_text(_page(results, sections, said), encoding="utf-8")
        record = {"schema": "studies-results", "schema_version": SCHEMA_VERSION, "studies": names}
        text = json.dumps(record | {"notes": said}, indent=1, ensure_ascii=False) + "\n"
        (unfinished / "results.json").write_text(text, encoding="utf-8")
        if folder.exists():
            shutil.move(folder, Path(scratch) / "replaced")
        unfinished.rename(folder)
    return folder / "report.html"


def _check(results: Sequence[Results]) -> None:
    names = [found.export.study.study for found in results]
    if len(set(names)) < len(names):
        raise ResultsError(f"studies must have different names; got {names}.")
    lacking = [n for n, found in zip(names, results, strict=True) if "table_1" not in found.tables]
    if lacking:
        raise ResultsError(f"studies must have Utility to stand side by side; got {lacking}.")
    if len({found.population for found in results}) > 1:
        raise ResultsError("studies must be of people or of simulated participants; got both.")


def _ceiling(found: Results) -> str:
    means = found.tables["accuracy_by_condition"].set_index("condition")["accuracy"]
    value = 1 / float(means[found.export.study.baseline])
    return f"{ratio(value)} in {scenario_label(found.export.study.scenario)}"


def _page(results: Sequence[Results], sections: Sequence[Section], notes: Sequence[str]) -> str:
    origin = [
        (found.export.study.study, f"{found.export.study.study}/report.html, {name}: {sha256}")
        for found in results
        for name, sha256 in found.export.sha256.items()
    ]
    counts = ", ".join(
        f"{found.export.study.study} ({found.tables['session_accuracies']['participant'].nunique()}"
        " analysed)"
        for found in results
    )
    kind = "rehearsals" if results[0].population == "simulated" else "studies"
    return render_page(
        title=f"{len(results)} {kind} side by side",
        about=f"Studies: {counts}. Intervals are of {percent(results[0].level, 0)}; the folder of "
        "each study has its own report.",
        is_simulated=results[0].population == "simulated",
        notes=list(notes),
        sections=list(sections),
        origin=origin,
    )
