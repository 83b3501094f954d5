"""The command ``craft-stimuli``: one function per subcommand, listed in `COMMANDS`."""

import argparse
import json
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from stimuli_builder.audit import audit_bundle
from stimuli_builder.balance import balance_table
from stimuli_builder.bundle import Bundle, check_bundle_folder, items_of, read_bundle
from stimuli_builder.config import read_config
from stimuli_builder.errors import StimuliError, StimuliWarning
from stimuli_builder.preview import write_preview
from stimuli_builder.recursivity_audit import recursivity_table
from stimuli_builder.scenarios.drawing import draw_scenario
from stimuli_builder.scenarios.registry import SCENARIOS
from stimuli_builder.scenarios.scenario import Scenario

_MOST_WORKERS = 8  # more would take longer to start than they save

_DRAW_EXAMPLE = """\
example:
  craft-stimuli draw husky_wolf runs/images --seed 0
    writes 240 images with their maps of parts, images.csv and scenario.json
"""

_LEARNT_EXAMPLE = """\
example:
  craft-stimuli learnt runs/demo/concepts husky_wolf --out runs/demo/learnt.json
"""

_BUILD_EXAMPLE = """\
example:
  craft-stimuli build configs/husky_wolf_study.toml --concepts runs/demo/concepts \\
      --images runs/demo/images --out runs/demo/bundle
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments
        What follows the command's name; those of the process if not given.

    Returns
    -------
    int
        Exit code: 0, or 1 if the command failed; a wrong usage exits with 2 by itself.
    """
    options = _parser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", StimuliWarning)
            warnings.showwarning = _print_warning
            options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read, as "head" does, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except StimuliError as error:
        print(f"craft-stimuli: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"craft-stimuli: file must be usable; got {error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("craft-stimuli: interrupted; nothing was written.", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="craft-stimuli", description="Make the stimuli of a human study of explanations."
    )
    subparsers = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add_command in COMMANDS.values():
        add_command(subparsers)
    return parser


def _add_draw(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = subparsers.add_parser(
        "draw",
        help="draw a generated scenario into a folder",
        description="Draw a generated scenario: images of two classes with maps of their parts. "
        "Half of the split `study` breaks the tie that a person would guess by.",
        epilog=_DRAW_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "scenario", metavar="SCENARIO", type=_scenario, help=f"one of {', '.join(SCENARIOS)}"
    )
    command.add_argument("folder", metavar="FOLDER", type=Path, help="new or empty folder")
    command.add_argument(
        "--seed", type=_count_from(0), default=0, help="same seed, same bytes (default: 0)"
    )
    command.add_argument(
        "--fit-per-class",
        type=_count_from(1),
        default=60,
        metavar="N",
        help="images of each class to train a classifier on (default: 60)",
    )
    command.add_argument(
        "--study-per-cell",
        type=_count_from(1),
        default=30,
        metavar="N",
        help="images of each class that keep the tie, and as many that break it (default: 30)",
    )
    command.add_argument(
        "--workers",
        type=_count_from(1),
        default=min(os.cpu_count() or 1, _MOST_WORKERS),
        metavar="N",
        help="processes that draw; any number writes the same bytes (default: one a processor, "
        f"at most {_MOST_WORKERS})",
    )
    command.set_defaults(run=_draw)


def _add_learnt(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = subparsers.add_parser(
        "learnt",
        help="say whether a network has learnt a generated scenario",
        description="Draw pairs of images that differ in one factor, and count the predictions "
        "that change. Learnt: the deciding factors change at least 90 %% of them, every other "
        "factor at most 10 %%.",
        epilog=_LEARNT_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("store", metavar="STORE", type=Path, help="of craft-concepts extract")
    command.add_argument(
        "scenario", metavar="SCENARIO", type=_scenario, help=f"one of {', '.join(SCENARIOS)}"
    )
    command.add_argument(
        "--pairs",
        type=_count_from(4),
        default=40,
        metavar="N",
        help="pairs for each factor (default: 40)",
    )
    command.add_argument("--seed", type=_count_from(0), default=0, help="of the pairs (default: 0)")
    command.add_argument("--out", metavar="FILE", type=Path, default=Path("learnt.json"))
    _add_checkpoint(command)
    command.set_defaults(run=_learnt)


def _add_build(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = subparsers.add_parser(
        "build",
        help="concept store -> study bundle",
        description="Build a study: trials, explanations, practice, quiz, catch trials.",
        epilog=_BUILD_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("config", metavar="CONFIG.toml", type=Path)
    command.add_argument(
        "--concepts",
        metavar="DIR",
        type=Path,
        required=True,
        action="append",
        help="a concept store; again for those of other methods, such as ACE's",
    )
    command.add_argument("--images", metavar="FOLDER", type=Path, required=True)
    command.add_argument("--out", metavar="DIR", type=Path, default=Path("bundle"))
    command.add_argument(
        "--learnt", metavar="FILE", type=Path, help="what craft-stimuli learnt wrote of the network"
    )
    command.add_argument(
        "--no-cache", action="store_true", help="neither use nor keep maps of other builds"
    )
    _add_checkpoint(command)
    command.set_defaults(run=_build)


def _add_check(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = subparsers.add_parser(
        "check",
        help="validate a study bundle",
        description="Refuse a bundle that is altered, unsound, or gives an answer away.",
        epilog="example:\n  craft-stimuli check runs/demo/bundle",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("bundle", metavar="BUNDLE", type=Path)
    command.set_defaults(run=_check)


def _add_preview(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = subparsers.add_parser(
        "preview",
        help="study bundle -> one static page with every trial of every condition",
        description="Write a page for co-authors and the ethics board.",
        epilog="example:\n  craft-stimuli preview runs/demo/bundle --out preview",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("bundle", metavar="BUNDLE", type=Path)
    command.add_argument("--out", metavar="DIR", type=Path, default=Path("preview"))
    command.set_defaults(run=_preview)


def _add_checkpoint(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--checkpoint",
        metavar="FILE",
        type=Path,
        help="the network's weights, where the file has moved since craft-concepts extract",
    )


def _draw(options: argparse.Namespace) -> None:
    draw_scenario(
        options.scenario,
        options.folder,
        n_fit_per_class=options.fit_per_class,
        n_study_per_cell=options.study_per_cell,
        generator=np.random.default_rng(options.seed),
        n_workers=options.workers,
        report=_show_progress if sys.stderr.isatty() else None,
    )


def _learnt(options: argparse.Namespace) -> None:
    from stimuli_builder.learnt import learnt_report, read_network  # torch loads for seconds

    if not options.out.parent.is_dir():
        raise StimuliError(f"out must be in a folder that exists; got {options.out}.")
    backbone, classes = read_network(options.store, options.checkpoint)
    report = learnt_report(
        options.scenario,
        backbone,
        classes,
        generator=np.random.default_rng(options.seed),
        n_pairs=options.pairs,
        report=_show_factors if sys.stderr.isatty() else None,
    )
    described = report.as_dict() | {"seed": options.seed}
    options.out.write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
    print(report.as_table())


def _build(options: argparse.Namespace) -> None:
    from stimuli_builder.bias import read_learnt
    from stimuli_builder.build import build  # torch loads for seconds
    from stimuli_builder.cache import user_cache
    from stimuli_builder.stores import read_stores

    config = read_config(options.config)
    check_bundle_folder(options.out)
    stores = read_stores(options.concepts, options.checkpoint)
    cache = None if options.no_cache else user_cache()
    learnt = read_learnt(options.learnt)
    bundle = build(config, stores, options.images, options.out, cache=cache, learnt=learnt)
    for name, value in bundle.manifest.provenance.model.items():
        print(f"the model's {name.replace('_', ' ')}: {value:.3f}")
    print(_summary(bundle))


def _check(options: argparse.Namespace) -> None:
    from stimuli_builder.shortcuts import shortcuts  # scikit-image loads for a while

    bundle = read_bundle(options.bundle)
    problems = audit_bundle(bundle)
    for problem in problems[:-1]:
        print(f"craft-stimuli: {problem}", file=sys.stderr)
    if problems:
        raise StimuliError(problems[-1])
    print(_summary(bundle))
    for line in (*balance_table(bundle), *recursivity_table(bundle)):
        print(line)
    print("what a cue alone tells (no error where it is the rule):")
    for each in shortcuts(bundle):
        asked = " ".join([each.kind, each.task.replace("_", " ")]).strip()
        near = ", {:.2f} to {:.2f}".format(*each.by_chance) if each.by_chance else ""
        print(
            f"  {asked} by {each.cue}: {each.share:.2f} of {each.n} "
            f"(chance {each.chance:.2f}{near})"
        )


def _preview(options: argparse.Namespace) -> None:
    bundle = read_bundle(options.bundle)
    problems = audit_bundle(bundle)
    if problems:
        raise StimuliError(f"bundle must pass craft-stimuli check; got: {problems[0]}")
    print(write_preview(bundle, options.out))


def _summary(bundle: Bundle) -> str:
    manifest = bundle.manifest
    conditions = ", ".join(manifest.conditions)
    n_trials = len(set(items_of(manifest, bundle.answers.trials).values()))
    return (
        f"study bundle {bundle.path}: {n_trials} trials in "
        f"{len(manifest.lists)} lists, conditions {conditions}, {len(manifest.media)} pictures"
    )


COMMANDS: dict[str, Callable[["argparse._SubParsersAction[argparse.ArgumentParser]"], None]] = {
    "draw": _add_draw,
    "learnt": _add_learnt,
    "build": _add_build,
    "check": _add_check,
    "preview": _add_preview,
}


def _scenario(name: str) -> Scenario:
    if name not in SCENARIOS:
        raise argparse.ArgumentTypeError(
            f"scenario must be one of {list(SCENARIOS)}; got {name!r}."
        )
    return SCENARIOS[name]


def _count_from(least: int) -> Callable[[str], int]:
    """Return a parser of whole numbers that are not below `least`."""

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(
                f"value must be a whole number of at least {least}; got {text!r}."
            )
        return int(text)

    return parse


def _show_progress(done: int, total: int, things: str = "images") -> None:
    """Rewrite one line of the terminal."""
    end = "\n" if done == total else ""
    print(f"\rdrawn {done} of {total} {things}", end=end, file=sys.stderr, flush=True)


def _print_warning(message: Warning | str, *_: object, **__: object) -> None:
    print(f"craft-stimuli: warning: {message}", file=sys.stderr)


def _show_factors(done: int, total: int) -> None:
    _show_progress(done, total, "factors")
