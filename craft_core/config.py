"""The configuration of ``craft-concepts extract``: TOML, checked, frozen."""

import itertools
import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from craft_core.errors import ConfigError

UNION_MEMBERS = ("int", "list[int]")  # which pydantic adds to the place of an error


class Section(BaseModel):
    """A table of the file; a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NetworkConfig(Section):
    """Which network is explained, and where it is cut."""

    name: str = "efficientnet_lite0"
    layer: str | None = None
    checkpoint: Path | None = None
    device: str = "auto"


class ProbeConfig(Section):
    """A logistic probe in the place of the network's head; absent where the head is explained."""

    layer: str | None = None
    inverse_penalty: float = Field(default=1.0, gt=0)
    fit_share: float = Field(default=0.5, gt=0, lt=1)


class CropsConfig(Section):
    """How images are cut into crops; sizes at the scale of the network's input."""

    size_px: int = Field(default=80, ge=8)
    per_image: int = Field(default=10, ge=1)
    strategy: Literal["random", "grid"] = "random"


class ConceptsConfig(Section):
    """How crops are factorised; a list of numbers is chosen from by stability."""

    number: int | list[int] = 8
    init: Literal["nndsvd", "random"] = "nndsvd"

    @field_validator("number")
    @classmethod
    def _at_least_one(cls, number: int | list[int]) -> int | list[int]:
        if min([number] if isinstance(number, int) else number, default=0) < 1:
            raise ValueError("numbers of concepts start at 1")
        return number


class ImportanceConfig(Section):
    """How masks are sampled, where the head is not linear."""

    points: int = Field(default=32, ge=2)
    scramblings: int = Field(default=8, ge=8)
    half_width: float | None = Field(default=None, gt=0)


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


def read_config(file: Path) -> ExtractConfig:
    """Read and check a configuration.

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
    try:
        return ExtractConfig.model_validate(tomllib.loads(file.read_text()))
    except OSError as error:
        raise ConfigError(f"configuration must be a readable file; got {file}.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"configuration {file} must be TOML; got {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        names = (str(part) for part in first["loc"])
        where = ".".join(itertools.takewhile(lambda name: name not in UNION_MEMBERS, names))
        raise ConfigError(
            f"{where} in {file} must be right ({first['msg']}); got {first['input']!r}."
        ) from error
