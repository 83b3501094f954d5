"""The configuration of ``craft-concepts fidelity``: TOML, checked, frozen."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from craft_core.config import CropsConfig, ExtractConfig, NetworkConfig, ProbeConfig, Section
from craft_core.rankings import MOST_CONCEPTS

BankName = Literal["craft", "pca", "ica", "rca", "kmeans", "ace", "ice"]
RankingName = Literal["sobol", "tcav", "gradient_input", "random", "best", "worst"]
MapName = Literal[
    "saliency",
    "gradient_input",
    "integrated_gradients",
    "smoothgrad",
    "grad_cam",
    "occlusion",
    "rise",
    "sobol",
    "hsic",
    "lime",
    "kernel_shap",
]
BANKS: tuple[BankName, ...] = ("craft", "pca", "ica", "rca", "kmeans", "ace", "ice")


class GridConfig(Section):
    """Which banks and rankings are compared, on which images.

    ``vary`` says what a seed changes: ``crops`` draws crops anew, so that every seed has its own
    activations; ``start`` draws the factorisations' starts alone, so that a class's activations are
    computed once. ICE factorises whole images, so that a seed changes its start in either case. PCA
    has no start: with ``start`` it is the same for every seed. ``per_image`` ranks concepts for
    each image in place of the class; the random order is drawn for each image in any case.
    """

    banks: list[BankName] = Field(default=list(BANKS), min_length=1)
    rankings: list[RankingName] = Field(default=["sobol", "tcav", "random"], min_length=1)
    number: int = Field(default=25, ge=1)
    most_images: int = Field(default=200, ge=1)  # of a class
    vary: Literal["crops", "start"] = "crops"
    concepts_from: Literal["all", "fit"] = "all"
    evaluate_on: Literal["all", "fit", "study"] = "all"
    per_image: bool = False
    level: float = Field(default=0.95, gt=0, lt=1)
    draws: int = Field(default=2000, ge=1)

    @model_validator(mode="after")
    def _few_enough_for_brute_force(self) -> Self:
        if {"best", "worst"} & set(self.rankings) and self.number > MOST_CONCEPTS:
            raise ValueError(
                f"number is at most {MOST_CONCEPTS} for the rankings best and worst, not "
                f"{self.number}"
            )
        return self


class PixelsConfig(Section):
    """Deletion and insertion of pixels, by attribution methods; absent where not wanted."""

    methods: list[MapName] = Field(default=["saliency", "gradient_input", "grad_cam"])
    images: int = Field(default=10, ge=1)  # of a class
    steps: int = Field(default=20, ge=1)
    samples: int | None = Field(default=None, ge=1)  # of methods that sample


class FidelityConfig(Section):
    """The whole file."""

    seeds: list[int] = Field(default=[0, 1, 2, 3, 4], min_length=1)
    images: Path | None = None
    classes: dict[str, int] = Field(default_factory=dict)
    network: NetworkConfig = NetworkConfig()
    probe: ProbeConfig | None = None
    crops: CropsConfig = CropsConfig()
    grid: GridConfig = GridConfig()
    pixels: PixelsConfig | None = None

    @field_validator("seeds")
    @classmethod
    def _distinct(cls, seeds: list[int]) -> list[int]:
        if min(seeds) < 0 or len(set(seeds)) < len(seeds):
            raise ValueError("seeds are distinct numbers from 0")
        return seeds

    @property
    def of_images(self) -> ExtractConfig:
        """What `craft_core.dataset.prepare` needs to know."""
        return ExtractConfig(
            seed=self.seeds[0],
            images=self.images,
            classes=self.classes,
            network=self.network,
            probe=self.probe,
        )
