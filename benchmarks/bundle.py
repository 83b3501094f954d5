"""How long does a study of twelve conditions take to build, and again after a change of text?

The drawn scenario with EfficientNet-Lite0: three sessions of five training and seven test images,
one catch image each. Every build is a process of its own, as at the command line, imports included.
ACE's store is of few images, since its extraction is not the build's.
"""

import re
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

from craft_core.config import ExtractConfig, read_config
from craft_core.extraction import extract
from stimuli_builder.scenarios.drawing import draw_scenario
from stimuli_builder.scenarios.husky_wolf import HUSKY_WOLF

CONFIGS = Path(__file__).parent.parent / "configs"
FIT_PER_CLASS, STUDY_PER_CELL = 10, 30
GOALS = {"nothing kept": 360, "texts changed": 10}  # seconds
BUILD = """
from pathlib import Path
from stimuli_builder.cli import main
main()
print(Path("/proc/self/status").read_text())
"""


def main() -> None:
    """Print one table."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        draw_scenario(
            HUSKY_WOLF,
            folder / "images",
            n_fit_per_class=FIT_PER_CLASS,
            n_study_per_cell=STUDY_PER_CELL,
            generator=np.random.default_rng(0),
        )
        extract(config_of("husky_wolf"), folder / "images", folder / "craft")
        extract(config_of("husky_wolf_ace"), folder / "images", folder / "ace")
        second = folder / "texts.toml"
        second.write_text(
            f'based_on = "{CONFIGS / "husky_wolf_conditions.toml"}"\ntitle = "Another title"\n'
        )
        print("\ntwelve conditions, 2 processors: build, s, goal, peak memory MB")
        works = {"nothing kept": CONFIGS / "husky_wolf_conditions.toml", "texts changed": second}
        for name, config in works.items():
            seconds, peak = build(config, folder, folder / name.replace(" ", "_"))
            print(f"{name:16s} {seconds:7.1f} {GOALS[name]:5d} {peak:7.0f}", flush=True)


def config_of(name: str) -> ExtractConfig:
    """Read a shipped configuration."""
    return read_config(CONFIGS / f"{name}.toml")


def build(config: Path, folder: Path, out: Path) -> tuple[float, float]:
    """Build in a process with a cache of its own; return its seconds and its peak memory."""
    start = time.perf_counter()
    options = ["build", config, "--images", folder / "images", "--out", out]
    stores = ["--concepts", folder / "craft", "--concepts", folder / "ace"]
    done = subprocess.run(
        [sys.executable, "-c", BUILD, *map(str, [*options, *stores])],
        env={"XDG_CACHE_HOME": str(folder / "cache"), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds = time.perf_counter() - start
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", done.stdout)  # Linux
    return seconds, int(peak) / 1024
