"""The command ``craft-analysis``: one subcommand a question."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from analysis.commands.command import Command
from analysis.commands.power import POWER
from analysis.commands.verify import VERIFY
from analysis.errors import AnalysisError
from analysis.historical import EarlierStudy, named_apart, read_earlier
from analysis.merging import merge_exports, study_key, without_pilot
from analysis.plan import Plan, read_plan
from analysis.report import check_results_folder, write_results
from analysis.responses import Export, Population, read_export
from analysis.results import Results, analyse, noted_warnings
from analysis.side_by_side import write_comparison

REPORT_EXAMPLE: Final = """\
example:
  craft-analysis report runs/demo/export --simulated
      reads runs/demo/export and writes runs/demo/results/report.html
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand.

    Parameters
    ----------
    arguments
        Without the program's name; the command line's unless given.

    Returns
    -------
    int
        0, or 1 if it failed; wrong usage leaves with 2.
    """
    chosen = _parser().parse_args(arguments)
    try:
        for line in COMMANDS[chosen.command].run(chosen):
            print(line)
    except (AnalysisError, OSError) as error:
        print(f"craft-analysis: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("craft-analysis: stopped; nothing was written.", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="craft-analysis",
        description="Turn a study's export into results, and plan or check a study.",
        epilog=REPORT_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        command.add_arguments(
            subparsers.add_parser(
                name,
                help=command.summary,
                description=f"{command.summary[0].upper()}{command.summary[1:]}.",
                epilog=command.example,
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
        )
    return parser


def _add_report_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "export",
        metavar="EXPORT_DIR",
        type=Path,
        nargs="+",
        help='folder that "craft-study export" wrote; several of one study are put together, and '
        "different studies stand side by side",
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        help="results folder; an earlier one is replaced (default: results, beside EXPORT_DIR)",
    )
    parser.add_argument(
        "--simulated",
        action="store_true",
        help="report on the simulated participants; without it, on the people",
    )
    parser.add_argument(
        "--pilot",
        metavar="EXPORT_DIR",
        type=Path,
        action="append",
        help="export made when the pilot was over; its participants are left out",
    )
    parser.add_argument(
        "--plan", metavar="PLAN.toml", type=Path, help="what was decided before the data were seen"
    )
    parser.add_argument(
        "--historical",
        metavar="RESULTS|CSV",
        type=Path,
        action="append",
        help="earlier results folder, its table_1.csv or a published table: its arms of the same "
        "scenario stand in Table 1, labelled and without p-values",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of the bootstrap and of Dunnett's test (default: 0)"
    )


def _report(chosen: argparse.Namespace) -> Iterator[str]:
    out = (chosen.out or chosen.export[0].resolve().parent / "results").absolute()
    check_results_folder(out)
    plan = read_plan(chosen.plan) if chosen.plan else None
    earlier = named_apart([read_earlier(path) for path in chosen.historical or []])
    with noted_warnings() as notes:
        exports = _read(chosen)
    results, own = [], []
    for export in exports:
        with noted_warnings() as found:
            results.append(_analysed(export, chosen, plan, _fitting(earlier, export, exports)))
        own.append([*notes, *found])
    _progress(f"writing {out}")
    if len(results) == 1:
        notes = own[0]
        page = write_results(results[0], out, notes)
    else:
        page = write_comparison(results, out, own)
        names = [found.export.study.study for found in results]
        notes = [
            f"{name}: {note}" for name, those in zip(names, own, strict=True) for note in those
        ]
    for note in notes:
        print(f"craft-analysis: warning: {note}", file=sys.stderr)
    yield f"Report: {page}"


def _read(chosen: argparse.Namespace) -> list[Export]:
    """Read all exports, and put those of one study together."""
    studies: dict[tuple[str, ...], list[Export]] = {}
    for folder in chosen.export:
        _progress(f"reading {folder}")
        export = read_export(folder)
        studies.setdefault(study_key(export), []).append(export)
    merged = [merge_exports(exports) for exports in studies.values()]
    for folder in chosen.pilot or []:
        pilot = read_export(folder)
        merged = [without_pilot(export, pilot) for export in merged]
    return merged


def _analysed(
    export: Export, chosen: argparse.Namespace, plan: Plan | None, earlier: list[EarlierStudy]
) -> Results:
    _progress(f"analysing {len(export.participants)} participants")
    population: Population = "simulated" if chosen.simulated else "people"
    return analyse(export, population, plan=plan, seed=chosen.seed, earlier=earlier)


def _fitting(
    earlier: list[EarlierStudy], export: Export, exports: list[Export]
) -> list[EarlierStudy]:
    """Return the earlier studies of an export's scenario, and those of no export's at all."""
    asked = {each.study.scenario for each in exports}
    scenarios = [set(study.rows["scenario"]) for study in earlier]
    return [
        study
        for study, those in zip(earlier, scenarios, strict=True)
        if export.study.scenario in those or not asked & those
    ]


def _progress(text: str) -> None:
    """Say what is being done, to a terminal only."""
    if sys.stderr.isatty():
        print(f"craft-analysis: {text} …", file=sys.stderr, flush=True)


COMMANDS: Final = {
    "report": Command(
        summary="write a report, tables and figures of one export",
        example=REPORT_EXAMPLE,
        add_arguments=_add_report_arguments,
        run=_report,
    ),
    "power": POWER,
    "verify": VERIFY,
}


if __name__ == "__main__":
    sys.exit(main())
