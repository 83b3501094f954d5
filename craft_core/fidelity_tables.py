"""The tables of ``craft-concepts fidelity``, from its parts.

Letters: n images, S seeds. `craft_core.fidelity_grid` says what the tables are.
"""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor

from craft_core.fidelity import Interval, area_interval
from craft_core.fidelity_config import FidelityConfig
from craft_core.fidelity_tasks import PIXELS, part_file

ALL = "all"  # in the place of a class's name
CURVE_COLUMNS = [
    "class_name",
    "bank",
    "ranking",
    "seed",
    "kind",
    "n_concepts",
    "step",
    "share",
    "logit",
]
AREA_COLUMNS = [
    "class_name",
    "bank",
    "ranking",
    "kind",
    "n_images",
    "n_seeds",
    "area",
    "low",
    "high",
    "sd_seeds",
    "minus_sobol",
    "minus_sobol_low",
    "minus_sobol_high",
]
PIXEL_COLUMNS = ["class_name", "method", "kind", "n_images", "area", "low", "high"]
PIXEL_CURVE_COLUMNS = ["class_name", "method", "kind", "n_steps", "step", "share", "logit"]

Key = tuple[str, str, str, str]  # class, bank, ranking, kind


@dataclass(frozen=True, eq=False, kw_only=True)
class Curve:
    """One class's, bank's, ranking's and seed's curve.

    Attributes
    ----------
    class_name, bank, ranking, kind
        Which it is.
    seed
        Which it is.
    logits
        (r + 1,), means over images.
    areas
        (n,), one an image.
    """

    class_name: str
    bank: str
    ranking: str
    kind: str
    seed: int
    logits: Tensor
    areas: Tensor


def write_tables(
    folder: Path, curves: Sequence[Curve], classes: Sequence[str], config: FidelityConfig
) -> None:
    """Write ``curves.csv``, ``areas.csv`` and, where asked for, what attribution methods gave.

    Parameters
    ----------
    folder
        With the folder of parts in it.
    curves
        Of `read_curves`.
    classes
        Names.
    config
        Of the file.
    """
    write_table(folder / "curves.csv", CURVE_COLUMNS, _curve_rows(curves))
    write_table(folder / "areas.csv", AREA_COLUMNS, area_rows(curves, config))
    if config.pixels is not None:
        rows = pixel_rows(folder / "parts", classes, config)
        write_table(folder / "pixels.csv", PIXEL_COLUMNS, rows)
        points = pixel_curve_rows(folder / "parts", classes)
        write_table(folder / "pixel_curves.csv", PIXEL_CURVE_COLUMNS, points)


def read_curves(parts: Path, classes: Sequence[str], seeds: Sequence[int]) -> list[Curve]:
    """Read what parts hold.

    Parameters
    ----------
    parts
        Their folder.
    classes
        Names.
    seeds
        Of the configuration.

    Returns
    -------
    list[Curve]
        In order of class, seed, and name.
    """
    curves = []
    for class_name in classes:
        for seed in seeds:
            tensors = _read(part_file(parts, class_name, seed))
            for name in [name for name in tensors if name.endswith("/curve")]:
                bank, ranking, kind, _ = name.split("/")
                curves.append(
                    Curve(
                        class_name=class_name,
                        bank=bank,
                        ranking=ranking,
                        kind=kind,
                        seed=seed,
                        logits=tensors[name],
                        areas=tensors[f"{bank}/{ranking}/{kind}/areas"],
                    )
                )
    return curves


def area_rows(curves: Sequence[Curve], config: FidelityConfig) -> list[list[object]]:
    """Average areas over images and seeds, class by class and over all classes.

    Parameters
    ----------
    curves
        Of `read_curves`.
    config
        Level and number of resamples.

    Returns
    -------
    list[list[object]]
        By `AREA_COLUMNS`. Differences from Sobol's area are paired by image and seed; they are
        empty where there is none.
    """
    by_seed: dict[Key, dict[int, Tensor]] = {}
    for curve in curves:
        key = (curve.class_name, curve.bank, curve.ranking, curve.kind)
        by_seed.setdefault(key, {})[curve.seed] = curve.areas
    areas = {key: torch.stack([*values.values()]) for key, values in by_seed.items()}  # (S, n) each
    areas |= _over_classes(by_seed)
    rows: list[list[object]] = []
    for (class_name, bank, ranking, kind), values in areas.items():
        sobol = areas.get((class_name, bank, "sobol", kind))
        own = _interval(values, config)
        paired = sobol is not None and sobol.shape == values.shape and ranking != "sobol"
        apart = _interval(values - sobol, config) if paired and sobol is not None else None
        spread = float(values.mean(dim=1).std()) if len(values) > 1 else ""
        rows.append(
            [class_name, bank, ranking, kind, values.shape[1], len(values)]
            + [own.mean, own.low, own.high, spread]
            + (["", "", ""] if apart is None else [apart.mean, apart.low, apart.high])
        )
    return rows


def pixel_rows(parts: Path, classes: Sequence[str], config: FidelityConfig) -> list[list[object]]:
    """Average the areas of attribution methods over images.

    Parameters
    ----------
    parts
        Folder of the parts.
    classes
        Names.
    config
        Level and number of resamples.

    Returns
    -------
    list[list[object]]
        By `PIXEL_COLUMNS`.
    """
    areas: dict[tuple[str, str, str], Tensor] = {}
    for class_name in classes:
        tensors = _read(part_file(parts, class_name, PIXELS))
        for name in [name for name in tensors if name.endswith("/areas")]:
            method, kind, _ = name.split("/")
            areas[class_name, method, kind] = tensors[name][None]
            pooled = areas.get((ALL, method, kind), tensors[name][None, :0])
            areas[ALL, method, kind] = torch.cat([pooled, tensors[name][None]], dim=1)
    rows: list[list[object]] = []
    for (class_name, method, kind), values in areas.items():
        own = _interval(values, config)
        rows.append([class_name, method, kind, values.shape[1], own.mean, own.low, own.high])
    return rows


def pixel_curve_rows(parts: Path, classes: Sequence[str]) -> Iterable[list[object]]:
    """List the points of attribution methods' curves.

    Parameters
    ----------
    parts
        Folder of the parts.
    classes
        Names.

    Yields
    ------
    list[object]
        By `PIXEL_CURVE_COLUMNS`.
    """
    for class_name in classes:
        tensors = _read(part_file(parts, class_name, PIXELS))
        for name in [name for name in tensors if name.endswith("/curve")]:
            method, kind, _ = name.split("/")
            n_steps = len(tensors[name]) - 1
            for step, logit in enumerate(tensors[name].tolist()):
                yield [class_name, method, kind, n_steps, step, step / n_steps, logit]


def write_table(file: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV, numbers with six significant digits.

    Parameters
    ----------
    file
        Its path.
    columns
        Names.
    rows
        Of them.
    """
    with file.open("w", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow([f"{cell:.6g}" if isinstance(cell, float) else cell for cell in row])


def read_failures(file: Path) -> dict[str, str]:
    """Read which banks of a part failed.

    Parameters
    ----------
    file
        Of the part; it need not exist.

    Returns
    -------
    dict[str, str]
        Their errors by name.
    """
    if not file.exists():
        return {}
    with safe_open(file, framework="pt") as stored:
        found: dict[str, str] = json.loads(stored.metadata()["failed"])
    return found


def _read(file: Path) -> dict[str, Tensor]:
    """Read a part; one that is missing, since its class failed, is empty."""
    if not file.exists():
        return {}
    with safe_open(file, framework="pt") as stored:
        return {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118


def _over_classes(by_seed: dict[Key, dict[int, Tensor]]) -> dict[Key, Tensor]:
    """Put the images of all classes side by side, seed by seed; (S, n) each."""
    # a class that lacks a seed of the class with the most, as its bank failed there, is left out
    pooled: dict[Key, list[dict[int, Tensor]]] = {}
    for (_, bank, ranking, kind), values in by_seed.items():
        pooled.setdefault((ALL, bank, ranking, kind), []).append(values)
    found = {}
    for key, every in pooled.items():
        seeds = max(every, key=len).keys()
        whole = [values for values in every if seeds <= values.keys()]
        rows = [torch.cat([values[seed] for values in whole]) for seed in sorted(seeds)]
        found[key] = torch.stack(rows)
    return found


def _interval(values: Tensor, config: FidelityConfig) -> Interval:
    return area_interval(
        values,
        generator=torch.Generator().manual_seed(config.seeds[0]),
        level=config.grid.level,
        n_draws=config.grid.draws,
    )


def _curve_rows(curves: Sequence[Curve]) -> Iterable[list[object]]:
    for curve in curves:
        n_concepts = len(curve.logits) - 1
        for step, logit in enumerate(curve.logits.tolist()):
            yield [
                curve.class_name,
                curve.bank,
                curve.ranking,
                curve.seed,
                curve.kind,
                n_concepts,
                step,
                step / n_concepts,
                logit,
            ]
