"""Maps of the training images, computed class by class and kept by content.

A map is kept in the user's cache folder under the hash of everything it depends on, so that a
study whose texts have changed is built again in seconds.
"""

import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

import craft_core
from craft_core.attribution import attribution_maps, concept_maps
from craft_core.backbones import Backbone
from craft_core.bank import ConceptBank
from craft_core.coders import Coder
from craft_core.provenance import file_sha256, package_version
from stimuli_builder.cache import keep, kept
from stimuli_builder.errors import StimuliError
from stimuli_builder.failures import reason_of

DRAWING = ("smoothgrad", "rise", "sobol", "hsic", "lime", "kernel_shap")
SIGNED = ("gradient_input", "integrated_gradients", "smoothgrad")
LEVELS = 255


class HeatMaker:
    """Makes maps of training images, as whole numbers from 0 to 255.

    Maps that can be below zero are shown by their size: of a gradient times the input, and of its
    integral, both signs move the logit. Of the others what is below zero is left out.

    Parameters
    ----------
    folder
        Of the images.
    predictions
        File -> the network's class, of all training images.
    backbone
        The network.
    class_ids
        Class -> its number.
    seed
        Of methods that draw.
    cache
        Folder of maps kept from earlier builds; None keeps nothing.
    """

    def __init__(
        self,
        folder: Path,
        predictions: Mapping[str, str],
        *,
        backbone: Backbone,
        class_ids: Mapping[str, int],
        seed: int,
        cache: Path | None = None,
    ) -> None:
        self._folder = folder
        self._predictions = dict(predictions)
        self._backbone = backbone
        self._class_ids = class_ids
        self._seed = seed
        self._cache = cache
        self._made: dict[tuple[str, str], np.ndarray] = {}
        self._sha256: dict[str, str] = {}

    @property
    def files(self) -> list[str]:
        """Training images."""
        return list(self._predictions)

    def prediction_of(self, file: str) -> str:
        """Return what the network says of a training image.

        Parameters
        ----------
        file
            The image.

        Returns
        -------
        str
            A class.
        """
        return self._predictions[file]

    def of_class(self, method: str, class_name: str, file: str) -> np.ndarray:
        """Locate what a class's logit comes from.

        Parameters
        ----------
        method
            One of `craft_core.attribution.METHODS`.
        class_name
            The class.
        file
            A training image.

        Returns
        -------
        np.ndarray
            (H, W), whole numbers in [0, 255], 255 the map's largest; zero everywhere where the
            method finds nothing.

        Raises
        ------
        StimuliError
            If the method fails on an image, which is named.
        """
        described = {"of": "class", "class_id": self._class_ids[class_name], "method": method}

        def compute(files: Sequence[Path]) -> Tensor:
            return attribution_maps(
                self._backbone,
                list(files),
                self._class_ids[class_name],
                method,
                generator=torch.Generator().manual_seed(self._seed),
            )

        return self._find(described, class_name, file, compute)

    def of_concept(self, bank: ConceptBank, concept: int, file: str) -> np.ndarray:
        """Locate a concept.

        Parameters
        ----------
        bank
            Of the image's predicted class.
        concept
            In [0, r).
        file
            A training image.

        Returns
        -------
        np.ndarray
            As from `of_class`; by Grad-CAM.

        Raises
        ------
        StimuliError
            If the method fails on an image, which is named.
        """
        described = {
            "of": "concept",
            "bank": _coder_sha256(bank.coder),
            "concept": concept,
            "method": "grad_cam",
        }
        return self._find(
            described,
            bank.class_name,
            file,
            lambda files: concept_maps(bank, list(files), [concept])[:, 0],
        )

    def _find(
        self,
        described: dict[str, object],
        class_name: str,
        file: str,
        compute: Callable[[Sequence[Path]], Tensor],
    ) -> np.ndarray:
        """Look a map up; where it is missing, compute those of all images of the class."""
        what = json.dumps(described, sort_keys=True)
        if (what, file) not in self._made:
            wanted = [f for f, said in self._predictions.items() if said == class_name]
            missing = []
            for each in wanted:
                found = self._read(what, each)
                if found is None:
                    missing.append(each)
                else:
                    self._made[what, each] = found
            parts = [[each] for each in missing] if described["method"] in DRAWING else [missing]
            for part in parts:
                self._compute(what, str(described["method"]), part, compute)
        return self._made[what, file]

    def _compute(
        self,
        what: str,
        method: str,
        files: Sequence[str],
        compute: Callable[[Sequence[Path]], Tensor],
    ) -> None:
        """Compute maps and keep them; where a batch fails, find the image that it fails on."""
        if not files:
            return
        try:
            maps = compute([self._folder / file for file in files])
        except Exception as error:  # a network's own code may raise anything
            if len(files) > 1:
                for file in files:
                    self._compute(what, method, [file], compute)
                return
            raise StimuliError(
                f"maps by {method!r} must work on every training image; got {files[0]}: "
                f"{reason_of(error)}"
            ) from error
        for file, heat in zip(files, maps, strict=True):
            self._made[what, file] = _whole_numbers(heat, method)
            self._write(what, file)

    def _read(self, what: str, file: str) -> np.ndarray | None:
        place = self._place(what, file)
        content = None if place is None else kept(place)
        if content is None:
            return None
        return np.array(Image.open(io.BytesIO(content)).convert("L"))

    def _write(self, what: str, file: str) -> None:
        place = self._place(what, file)
        if place is not None:
            content = io.BytesIO()
            Image.fromarray(self._made[what, file]).save(content, "PNG")
            keep(place, content.getvalue())

    def _place(self, what: str, file: str) -> Path | None:
        """Name the file that keeps a map, after all that it depends on."""
        if self._cache is None:
            return None
        if file not in self._sha256:
            self._sha256[file] = file_sha256(self._folder / file)
        network = self._backbone
        depends = (
            *(what, self._sha256[file], network.weights_sha256, network.layer),
            *(str(network.transform), network.negatives, network.pooling, network.precision),
            *(str(self._seed), package_version(), code_sha256()),
        )
        name = hashlib.sha256("\n".join(depends).encode()).hexdigest()
        return self._cache / name[:2] / f"{name}.png"


@lru_cache(maxsize=1)
def code_sha256() -> str:
    """Hash the code that maps are computed with.

    Returns
    -------
    str
        Of all modules of `craft_core`, and of this one.
    """
    package = Path(craft_core.__file__).parent
    whole = hashlib.sha256()
    for file in [*sorted(package.rglob("*.py")), Path(__file__)]:
        whole.update(file_sha256(file).encode())
    return whole.hexdigest()


def _coder_sha256(coder: Coder) -> str:
    """Hash what turns activations into coefficients."""
    whole = hashlib.sha256(coder.kind.encode())
    for part in (coder.W, coder.mean, coder.encoder, coder.bias):
        content = b"" if part is None else part.detach().cpu().contiguous().numpy().tobytes()
        whole.update(hashlib.sha256(content).digest())
    return whole.hexdigest()


def _whole_numbers(heat: Tensor, method: str) -> np.ndarray:
    """Scale a map to its largest value, in 256 steps."""
    positive = heat.abs() if method in SIGNED else heat.clamp_min(0)
    top = positive.max()
    share = positive / top if top > 0 else positive
    found: np.ndarray = (share * LEVELS).round().to(torch.uint8).cpu().numpy()
    return found
