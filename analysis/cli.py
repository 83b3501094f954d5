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
from analysis.plan import read_plan
from analysis.report import check_results_folder, write_results
from analysis.responses import read_export
from analysis.results import analyse, noted_warnings

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
        "export", metavar="EXPORT_DIR", type=Path, help='folder that "craft-study export" wrote'
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
        "--plan", metavar="PLAN.toml", type=Path, help="what was decided before the data were seen"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of the bootstrap and of Dunnett's test (default: 0)"
    )


def _report(chosen: argparse.Namespace) -> Iterator[str]:
    out = (chosen.out or chosen.export.resolve().parent / "results").absolute()
    check_results_folder(out)
    with noted_warnings() as notes:
        _progress(f"reading {chosen.export}")
        export = read_export(chosen.export)
        _progress(f"analysing {len(export.participants)} participants")
        results = analyse(
            export,
            "simulated" if chosen.simulated else "people",
            plan=read_plan(chosen.plan) if chosen.plan else None,
            seed=chosen.seed,
        )
    _progress(f"writing {out}")
    page = write_results(results, out, notes)
    for note in notes:
        print(f"craft-analysis: warning: {note}", file=sys.stderr)
    yield f"Report: {page}"


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
