"""Choose the images that a class's concepts are looked for in (section 3.1): by prediction."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from craft_core.backbones import Backbone
from craft_core.bank import Selection
from craft_core.checks import check_choice
from craft_core.errors import ClassError, CraftError
from craft_core.images import Images, predict


@dataclass(frozen=True, eq=False, kw_only=True)
class ClassImages:
    """The images that a class's concepts are looked for in.

    Attributes
    ----------
    images
        Of the class alone.
    names
        One an image.
    class_id, class_name
        The class.
    selection
        Which images were taken.
    """

    images: Images
    names: tuple[str, ...]
    class_id: int
    class_name: str
    selection: Selection


def images_of_class(  # noqa: PLR0913 - what is known of the images beforehand
    backbone: Backbone,
    images: Images,
    *,
    class_id: int,
    class_name: str = "",
    selection: Selection = "predicted",
    labels: Sequence[int] | None = None,
    predictions: Tensor | None = None,
    names: Sequence[str] | None = None,
) -> ClassImages:
    """Choose the images that a class's concepts are looked for in.

    Parameters
    ----------
    backbone
        The network.
    images
        (n, 3, H, W), transformed; or paths of readable pictures.
    class_id
        The class.
    class_name
        For people; the class's number where empty.
    selection
        ``predicted`` or ``correct``.
    labels
        (n,). The true classes, for ``correct``.
    predictions
        (n,), where they are known already.
    names
        Of the images; their paths or numbers where None.

    Returns
    -------
    ClassImages
        In their order.

    Raises
    ------
    ClassError
        If there is none; the message says what the network predicts instead.
    CraftError
        If the selection is unknown, or lacks labels.
    """
    check_choice("selection", selection, ["predicted", "correct"])
    if selection == "correct" and labels is None:
        raise CraftError("labels must be given for the selection 'correct'; got None.")
    if predictions is None:
        predictions = predict(backbone, images).argmax(dim=1)
    found = predictions.tolist()
    chosen = [
        index
        for index, predicted in enumerate(found)
        if predicted == class_id and (selection == "predicted" or labels[index] == class_id)  # type: ignore[index]
    ]
    if not chosen:
        raise ClassError(no_images_message(class_id, selection, Counter(found)))
    labelled = list(names) if names is not None else _names(images)
    return ClassImages(
        images=take(images, chosen),
        names=tuple(labelled[index] for index in chosen),
        class_id=class_id,
        class_name=class_name or str(class_id),
        selection=selection,
    )


def no_images_message(class_id: int, selection: Selection, counts: Mapping[int, int]) -> str:
    """Say that a class is predicted for no image, and what is predicted instead.

    Parameters
    ----------
    class_id
        The class.
    selection
        ``predicted`` or ``correct``.
    counts
        Class -> images that are predicted as it.

    Returns
    -------
    str
        Of an error.
    """
    rightly = " rightly" if selection == "correct" else ""
    return (
        f"class_id must be predicted{rightly} for an image; got {class_id}. Predictions by class: "
        f"{dict(sorted(counts.items()))}."
    )


def take(images: Images, chosen: Sequence[int]) -> Images:
    """Take some images.

    Parameters
    ----------
    images
        (n, 3, H, W); or paths.
    chosen
        Their places.

    Returns
    -------
    Images
        In that order.
    """
    if isinstance(images, Tensor):
        return images[list(chosen)]
    return [images[index] for index in chosen]


def _names(images: Images) -> list[str]:
    if isinstance(images, Tensor):
        return [str(index) for index in range(len(images))]
    return [Path(file).as_posix() for file in images]
