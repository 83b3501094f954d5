"""The command ``craft-concepts``."""

import argparse
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from craft_core.errors import CraftError, CraftWarning

EXTRACT_EXAMPLE = """example:
  craft-concepts extract configs/husky_wolf.toml --images photographs/ --out concepts/

FOLDER holds one folder of pictures a class; an images.csv in it may name each picture's split and
tie (docs/formats.md)."""

FIDELITY_EXAMPLE = """example:
  craft-concepts fidelity configs/fidelity_small.toml --images photographs/ --out fidelity/

Writes areas.csv, curves.csv, and figure_6 and figure_s8 as PNG, PDF and SVG (docs/formats.md)."""

REPORT_EXAMPLE = """examples:
  craft-concepts report concepts/ --images photographs/ --out report/
  craft-concepts report concepts/ --images photographs/ --figure 2 --class husky

Figures are written as PNG, PDF and SVG: 1 (a misclassified image and what drove it), 2 (concepts
with crops and maps), 3 (sub-concepts), 5 (the first three concepts of every class with crops and an
image made for each), s1 (two methods below each other; needs --beside), s2 (the first four concepts
of every class), s3, s4, s5 (feature visualisations of a class), s9 (sanity check); figures 6 and s8
are "craft-concepts fidelity"'s."""

QUALITY_EXAMPLE = """example:
  craft-concepts quality nmf/ nmf_seed_1/ ace/ --images photographs/ --out quality.csv

Stores are of one network, by any methods. docs/formats.md says what each column is."""

EXPLAIN_EXAMPLE = """example:
  craft-concepts explain concepts/ moon.jpg --images photographs/ --out explanation

Without --images the best crops of the concepts are left out."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments
        Without the program's name; None takes the process's own.

    Returns
    -------
    int
        0, or 1 where it failed; argparse leaves with 2 on wrong usage.
    """
    chosen = _parser().parse_args(arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("always", CraftWarning)
        warnings.showwarning = _print_warning
        try:
            chosen.run(chosen)
        except CraftError as error:
            print(f"craft-concepts: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print(
                "craft-concepts: stopped. Classes that are finished are kept; see --resume.",
                file=sys.stderr,
            )
            return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="craft-concepts", description="Find the concepts of a trained network."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    extract = commands.add_parser(
        "extract",
        help="images + network -> concept store",
        description="Find every class's concepts, their importance and where they are.",
        epilog=EXTRACT_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    extract.add_argument("config", type=Path, metavar="CONFIG.toml")
    extract.add_argument("--images", type=Path, metavar="FOLDER", help="in place of the file's")
    extract.add_argument("--out", type=Path, default=Path("concepts"), metavar="DIR")
    extract.add_argument(
        "--probe", type=Path, metavar="STORE", help="take this store's probe; fit none"
    )
    _add_sharing(extract)
    extract.set_defaults(run=_extract)
    _add_fidelity(commands)
    _add_report(commands)
    _add_explain(commands)
    _add_quality(commands)
    return parser


def _add_fidelity(commands: Any) -> None:  # noqa: ANN401 - argparse's own type is private
    fidelity = commands.add_parser(
        "fidelity",
        help="images + network -> curves of deletion and insertion",
        description="Compare rankings and banks by deletion and insertion in concept space.",
        epilog=FIDELITY_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    fidelity.add_argument("config", type=Path, metavar="CONFIG.toml")
    fidelity.add_argument("--images", type=Path, metavar="FOLDER", help="in place of the file's")
    fidelity.add_argument("--out", type=Path, default=Path("fidelity"), metavar="DIR")
    _add_sharing(fidelity)
    fidelity.set_defaults(run=_fidelity)


def _add_report(commands: Any) -> None:  # noqa: ANN401
    report = commands.add_parser(
        "report",
        help="concept store -> a page a class, and figures for publication",
        description="Show each class's concepts on a page, or draw a figure for publication.",
        epilog=REPORT_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    report.add_argument("store", type=Path, metavar="STORE")
    report.add_argument("--images", type=Path, metavar="FOLDER", required=True, help="the store's")
    report.add_argument("--out", type=Path, metavar="DIR", help='"report"; of a figure, "figures"')
    report.add_argument("--figure", metavar="NAME", help="write this figure and no pages")
    report.add_argument("--class", dest="class_name", metavar="CLASS", help="of the figure")
    report.add_argument(
        "--beside", type=Path, metavar="STORE", help="of figure s1: the classes by another method"
    )
    report.add_argument(
        "--feature-steps",
        type=int,
        default=64,
        metavar="N",
        help="of the feature visualisation; 0 leaves it out",
    )
    _add_checkpoint(report)
    report.set_defaults(run=_report)


def _add_explain(commands: Any) -> None:  # noqa: ANN401
    explain = commands.add_parser(
        "explain",
        help="concept store + image -> which concepts drove its prediction",
        description="Say what each concept adds to the logit of an image's predicted class.",
        epilog=EXPLAIN_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    explain.add_argument("store", type=Path, metavar="STORE")
    explain.add_argument("image", type=Path, metavar="IMAGE")
    explain.add_argument("--class", dest="class_name", metavar="CLASS", help="not the predicted")
    explain.add_argument("--images", type=Path, metavar="FOLDER", help="the store's, for crops")
    explain.add_argument("--out", type=Path, default=Path("explanation"), metavar="STEM")
    _add_checkpoint(explain)
    explain.set_defaults(run=_explain)


def _add_quality(commands: Any) -> None:  # noqa: ANN401
    quality = commands.add_parser(
        "quality",
        help="concept stores -> how good each bank is, as one table",
        description="Compare banks by error, sparsity, coherence, overlap and the logit explained.",
        epilog=QUALITY_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    quality.add_argument("stores", type=Path, nargs="+", metavar="STORE")
    quality.add_argument("--images", type=Path, metavar="FOLDER", required=True, help="the stores'")
    quality.add_argument("--class", dest="class_name", metavar="CLASS", help="this one alone")
    quality.add_argument(
        "--masks", type=Path, metavar="FOLDER", help="of the drawn scenario, for mask_energy"
    )
    quality.add_argument("--seed", type=int, default=0, metavar="N", help="of the crops by chance")
    quality.add_argument("--out", type=Path, metavar="FILE.csv", help="write the table there too")
    _add_checkpoint(quality)
    quality.set_defaults(run=_quality)


def _add_sharing(command: argparse.ArgumentParser) -> None:
    """Let a command share classes out, and go on after a stop."""
    command.add_argument("--jobs", type=int, default=1, metavar="N", help="processes for classes")
    command.add_argument("--dask", metavar="ADDRESS", help="of a Dask scheduler, for classes")
    command.add_argument(
        "--resume", action="store_true", help="go on with what a run that was stopped has finished"
    )


def _add_checkpoint(command: argparse.ArgumentParser) -> None:
    """Let a command that reads a store find its network's weights at another place."""
    command.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FILE",
        help="the network's weights, where the file has moved since extract",
    )


def _extract(chosen: argparse.Namespace) -> None:
    from craft_core.config import read_config  # torch loads for seconds: --help need not wait
    from craft_core.errors import ConfigError
    from craft_core.extraction import extract

    config = read_config(chosen.config)
    folder = chosen.images or config.images
    if folder is None:
        raise ConfigError(f"images must be given in {chosen.config} or by --images; got neither.")
    if chosen.probe is not None:
        if config.probe is None:
            raise ConfigError(f"{chosen.config} must have a [probe] for --probe; got none.")
        probe = config.probe.model_copy(update={"store": chosen.probe})
        config = config.model_copy(update={"probe": probe})
    store = extract(
        config, folder, chosen.out, jobs=chosen.jobs, dask=chosen.dask, resume=chosen.resume
    )
    _print_summary(store, chosen.out)
    if store["failed"]:
        first = store["failed"][0]
        names = [failure["class_name"] for failure in store["failed"]]
        raise CraftError(
            f"classes {names} failed; the others are in the store. {first['class_name']}: "
            f"{first['error']}"
        )


def _fidelity(chosen: argparse.Namespace) -> None:
    from craft_core.config import read_toml
    from craft_core.errors import ConfigError
    from craft_core.fidelity_config import FidelityConfig
    from craft_core.fidelity_grid import in_words, run_grid

    config = read_toml(chosen.config, FidelityConfig)
    folder = chosen.images or config.images
    if folder is None:
        raise ConfigError(f"images must be given in {chosen.config} or by --images; got neither.")
    described = run_grid(
        config, folder, chosen.out, jobs=chosen.jobs, dask=chosen.dask, resume=chosen.resume
    )
    for found in described["classes"]:
        print(f"class {found['class_name']}: {found['n_images']} images")
    lost = [failure for failure in described["failed"] if "bank" not in failure]
    for failure in described["failed"]:
        if failure not in lost:
            print(f"craft-concepts: warning: {in_words(failure)}", file=sys.stderr)
    print(f"areas: {chosen.out / 'areas.csv'}, figures: {chosen.out / 'figure_6.png'} and others")
    if lost:
        names = [failure["class_name"] for failure in lost]
        raise CraftError(
            f"classes {names} failed; the others are in the tables. {in_words(lost[0])}"
        )


def _report(chosen: argparse.Namespace) -> None:
    if chosen.feature_steps < 0:
        raise CraftError(f"feature-steps must be at least 0; got {chosen.feature_steps}.")
    out = chosen.out or Path("report" if chosen.figure is None else "figures")
    if chosen.figure is None:
        from craft_core.report import write_report

        pages = write_report(
            chosen.store,
            chosen.images,
            out,
            feature_steps=chosen.feature_steps,
            checkpoint=chosen.checkpoint,
        )
        print(f"report: {pages[0]}")
        return
    from craft_core.publication import draw_figure

    files = draw_figure(
        chosen.figure,
        chosen.store,
        chosen.images,
        out,
        class_name=chosen.class_name,
        checkpoint=chosen.checkpoint,
        beside=chosen.beside,
    )
    print(f"figure: {', '.join(str(file) for file in files)}")


def _explain(chosen: argparse.Namespace) -> None:
    from craft_core.publication import explain_stored

    found, files = explain_stored(
        chosen.store,
        chosen.image,
        chosen.out,
        class_name=chosen.class_name,
        folder=chosen.images,
        checkpoint=chosen.checkpoint,
    )
    print(
        f"{chosen.image.name}: class {found.bank.class_name}, probability {found.probability:.2f}, "
        f"logit {found.logit:.2f} ({found.rebuilt:.2f} from the concepts)"
    )
    for concept in found.order:
        print(f"  {found.bank.concepts[concept].name}: {float(found.effects[concept]):+.2f}")
    print(f"figure: {', '.join(str(file) for file in files)}")


def _quality(chosen: argparse.Namespace) -> None:
    import torch

    from craft_core.store_quality import COLUMNS, compare_stores, write_quality

    rows = compare_stores(
        chosen.stores,
        chosen.images,
        class_name=chosen.class_name,
        masks=chosen.masks,
        generator=torch.Generator().manual_seed(chosen.seed),
        checkpoint=chosen.checkpoint,
    )
    cells = [[_cell(row[column]) for column in COLUMNS] for row in rows]
    widths = [max(map(len, column)) for column in zip(COLUMNS, *cells, strict=True)]
    for line in (COLUMNS, *cells):
        print("  ".join(map(str.ljust, line, widths)).rstrip())
    if chosen.out is not None:
        write_quality(chosen.out, rows)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _print_summary(store: dict[str, Any], out: Path) -> None:
    model = store["model"]
    print(f"network {store['network']['name']} at layer {store['network']['layer']}")
    print(f"images: {store['n_images']}, skipped: {store['n_skipped']}")
    for name, value in model.items():
        print(f"{name.replace('_', ' ')} on images that fitted nothing: {value:.3f}")
    for found in store["classes"]:
        print(f"class {found['class_name']}: {found['n_images']} images, {found['n_crops']} crops")
    print(f"concept store: {out}")


def _print_warning(message: Warning | str, *_: object, **__: object) -> None:
    print(f"craft-concepts: warning: {message}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
