"""The configuration of ``craft-concepts extract``: TOML, checked, frozen; and how any is read."""

import itertools
import tomllib
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from craft_core.errors import ConfigError
from craft_core.layouts import NegativePolicy, Pooling

Kind = TypeVar("Kind", bound="Section")
UNION_MEMBERS = ("int", "list[int]")  # which pydantic adds to the place of an error


class Section(BaseModel):
    """A table of the file; a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NetworkConfig(Section):
    """Which network is explained, where it is cut, and how pictures become its input."""

    name: str = "efficientnet_lite0"
    layer: str | None = None
    checkpoint: Path | None = None
    device: str = "auto"
    negatives: NegativePolicy = "refuse"
    pooling: Pooling = "mean"
    precision: Literal["auto", "float32", "mixed"] = "float32"
    size_px: int | None = Field(default=None, ge=8)
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None


class ProbeConfig(Section):
    """A logistic probe in the place of the network's head; absent where the head is explained.

    ``store`` takes the probe of a concept store instead of fitting one, so that stores that are
    made on different machines, or by different methods, are of one network to the last bit.
    """

    layer: str | None = None
    inverse_penalty: float = Field(default=1.0, gt=0)
    fit_share: float = Field(default=0.5, gt=0, lt=1)
    store: Path | None = None


class CropsConfig(Section):
    """How images are cut into crops; sizes at the scale of the network's input."""

    size_px: int | list[int] = 80
    per_image: int = Field(default=10, ge=1)
    strategy: Literal["random", "grid"] = "random"

    @field_validator("size_px")
    @classmethod
    def _at_least_eight(cls, size_px: int | list[int]) -> int | list[int]:
        if min([size_px] if isinstance(size_px, int) else size_px, default=0) < 8:
            raise ValueError("sizes of crops start at 8")
        return size_px


class ConceptsConfig(Section):
    """How concepts are found, and what is decided about them afterwards, class by class.

    A list of numbers is chosen from by stability. Concepts are counted as they were found:
    ``names`` maps a class to names by number, ``exclude`` to numbers, ``merge`` to groups of
    numbers.
    """

    method: Literal["craft", "pca", "ica", "rca", "kmeans", "ice", "ace"] = "craft"
    number: int | list[int] = 8
    init: Literal["nndsvd", "random"] = "nndsvd"
    selection: Literal["predicted", "correct"] = "predicted"
    names: dict[str, dict[int, str]] = Field(default_factory=dict)
    exclude: dict[str, list[int]] = Field(default_factory=dict)
    merge: dict[str, list[list[int]]] = Field(default_factory=dict)

    @field_validator("number")
    @classmethod
    def _at_least_one(cls, number: int | list[int]) -> int | list[int]:
        if min([number] if isinstance(number, int) else number, default=0) < 1:
            raise ValueError("numbers of concepts start at 1")
        return number


class ImportanceConfig(Section):
    """How importance is estimated; masks are sampled where the head is not linear."""

    method: Literal["sobol", "tcav"] = "sobol"
    points: int = Field(default=32, ge=2)
    scramblings: int = Field(default=8, ge=8)
    half_width: float | None = Field(default=None, gt=0)


class RecursionConfig(Section):
    """Which concepts are split into sub-concepts, and where."""

    layers: list[str] = Field(min_length=1)  # one a level, the first below the concepts' own
    number: int = Field(default=3, ge=1)
    percentile: float = Field(default=90.0, ge=0, lt=100)
    split: int = Field(default=1, ge=1)  # concepts of each bank, the least coherent first
    shams: list[Literal["same_layer", "random_groups"]] = Field(default_factory=list)


class ExtractConfig(Section):
    """The whole file."""

    seed: int = Field(default=0, ge=0)
    images: Path | None = None
    image_licence: str = "unknown"
    classes: dict[str, int] = Field(default_factory=dict)
    network: NetworkConfig = NetworkConfig()
    probe: ProbeConfig | None = None
    crops: CropsConfig = CropsConfig()
    concepts: ConceptsConfig = ConceptsConfig()
    importance: ImportanceConfig = ImportanceConfig()
    recursion: RecursionConfig | None = None


def read_config(file: Path) -> ExtractConfig:
    """Read and check the configuration of ``craft-concepts extract``.

    Parameters
    ----------
    file
        TOML.

    Returns
    -------
    ExtractConfig
        With defaults filled in.

    Raises
    ------
    ConfigError
        If the file is missing, is no TOML, or has an unknown key or a wrong value.
    """
    return read_toml(file, ExtractConfig)


def read_toml(file: Path, kind: type[Kind]) -> Kind:
    """Read and check a configuration of any command.

    Parameters
    ----------
    file
        TOML.
    kind
        What it must hold.

    Returns
    -------
    Kind
        With defaults filled in.

    Raises
    ------
    ConfigError
        If the file is missing, is no TOML, or has an unknown key or a wrong value.
    """
    try:
        return kind.model_validate(tomllib.loads(file.read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise ConfigError(f"configuration must be a readable file; got {file}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"configuration {file} must be text in UTF-8; got {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"configuration {file} must be TOML; got {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        names = (str(part) for part in first["loc"])
        where = ".".join(itertools.takewhile(lambda name: name not in UNION_MEMBERS, names))
        raise ConfigError(
            f"{where} in {file} must be right ({first['msg']}); got {first['input']!r}."
        ) from error
