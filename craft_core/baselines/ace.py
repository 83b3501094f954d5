"""ACE (Ghorbani et al. 2019): clusters of superpixels.

Letters: n segments, p channels of the layer, r clusters.

Images are segmented at three resolutions; each segment is cut out, the rest of its box filled with
the mean colour, and scaled to the network's input; activations are clustered by KMeans; in each
cluster the segments nearest to the centre are kept; clusters that few images share are dropped;
what is left is ranked by TCAV (`craft_core.tcav`).
"""

from dataclasses import replace

import torch
from sklearn.cluster import KMeans
from torch import Tensor

from craft_core.bank import ConceptBank
from craft_core.checks import check_at_least
from craft_core.class_images import ClassImages
from craft_core.coders import Coder
from craft_core.concepts import ClassCrops, crop_activations
from craft_core.crops import Crops
from craft_core.errors import ClassError
from craft_core.images import progress, read_ahead
from craft_core.maps.superpixels import superpixels

RESOLUTIONS = (15, 50, 80)  # segments an image, as in the paper
ALIKE = 0.5  # of two segments of one image whose overlap over their union is more, one is kept
MASK_PX = 64
SEGMENT_PX = 480  # longer side at which a picture is segmented: masks take 145 times its pixels
NEAREST = 40  # segments that a cluster keeps
FREQUENT, POPULAR = 0.5, 2.0  # of the images: enough by itself to keep a cluster, as images that
SOME, ENOUGH = 0.25, 1.0  # share it or as its segments; or both of these together


def ace_bank(
    found: ClassCrops, n_concepts: int, *, generator: torch.Generator, nearest: int = NEAREST
) -> ConceptBank:
    """Find concepts as ACE does, in the images of a class.

    Parameters
    ----------
    found
        Of `craft_core.concepts.class_crops`; its crops play no part.
    n_concepts
        Clusters; fewer are left where some are dropped.
    generator
        Seeds the clustering.
    nearest
        Segments that a cluster keeps: those nearest to its centre.

    Returns
    -------
    ConceptBank
        Of the kind ``nearest``: a segment's coefficient is that of its own cluster, and zero where
        it was dropped as an outlier. ACE itself leaves coefficients undefined.

    Raises
    ------
    ClassError
        If there are fewer segments than clusters, or no cluster is shared by enough images.
    """
    check_at_least("n_concepts", n_concepts, 1)
    return cluster_segments(
        segment_activations(found), n_concepts, generator=generator, nearest=nearest
    )


def segment_activations(found: ClassCrops) -> ClassCrops:
    """Segment a class's images and compute the segments' activations; nothing is drawn.

    Parameters
    ----------
    found
        Of `craft_core.concepts.class_crops`; its crops play no part.

    Returns
    -------
    ClassCrops
        With segments for crops.
    """
    crops = segment(found.of)
    A = crop_activations(found.backbone, found.of.images, crops, signed=True)
    return replace(found, crops=crops, A=A)


def cluster_segments(
    segments: ClassCrops, n_concepts: int, *, generator: torch.Generator, nearest: int = NEAREST
) -> ConceptBank:
    """Cluster segments whose activations are known.

    Parameters
    ----------
    segments
        Of `segment_activations`.
    n_concepts
        As for `ace_bank`.
    generator
        As for `ace_bank`.
    nearest
        As for `ace_bank`.

    Returns
    -------
    ConceptBank
        As of `ace_bank`.

    Raises
    ------
    ClassError
        As for `ace_bank`.
    """
    crops, A = segments.crops, segments.A
    if len(crops) < n_concepts:
        raise ClassError(
            f"class {segments.of.class_name} must have at least n_concepts={n_concepts} segments; "
            f"got {len(crops)}."
        )
    seed = int(torch.randint(2**31, (1,), generator=generator, device=generator.device))
    clusters = KMeans(n_concepts, n_init=4, random_state=seed).fit(A.double().cpu().numpy())
    centres = torch.from_numpy(clusters.cluster_centers_).to(A)
    labels = torch.from_numpy(clusters.labels_).long()
    kept = keep_nearest(A, centres, labels, nearest)
    shared = [
        cluster
        for cluster in range(n_concepts)
        if is_shared(crops.image[labels == cluster], len(segments.of.names))
    ]
    if not shared:
        raise ClassError(
            f"class {segments.of.class_name} must have a cluster that enough images share; got 0 "
            f"of {n_concepts}."
        )
    coder = Coder(W=centres[shared], kind="nearest")
    U = coder.coefficients(A) * (kept & torch.isin(labels, torch.tensor(shared)))[:, None].to(A)
    own = labels[:, None] == torch.tensor(shared)[None]
    return segments.bank(coder, U * own.to(A), method="ace")


def segment(of: ClassImages, resolutions: tuple[int, ...] = RESOLUTIONS) -> Crops:
    """Segment images at several resolutions; larger ones are scaled to 480 pixels for it.

    Parameters
    ----------
    of
        A class's images.
    resolutions
        About as many segments an image.

    Returns
    -------
    Crops
        Boxes around the segments, in the images' own pixels, with their masks; of segments of one
        image that are much alike, the first.
    """
    owners, boxes, masks = [], [], []
    sources = of.images if isinstance(of.images, Tensor) else read_ahead(of.images)
    each = progress((picture[None] for picture in sources), len(of.names), "segments of images")
    for index, batch in enumerate(each):
        picture = batch[0]
        small = _bounded(picture.float())
        for inside in _distinct(_segments(small, resolutions)):
            box, mask = _cut(inside)
            owners.append(index)
            boxes.append(_enlarged(box, tuple(small.shape[1:]), tuple(picture.shape[1:])))
            masks.append(mask)
    return Crops(
        image=torch.tensor(owners, dtype=torch.long),
        boxes=torch.tensor(boxes, dtype=torch.long).reshape(-1, 4),
        masks=torch.stack(masks) if masks else torch.zeros(0, MASK_PX, MASK_PX, dtype=torch.bool),
    )


def keep_nearest(A: Tensor, centres: Tensor, labels: Tensor, nearest: int) -> Tensor:
    """Choose the segments nearest to the centre of their cluster.

    Parameters
    ----------
    A
        (n, p).
    centres
        (r, p).
    labels
        (n,), integer.
    nearest
        At most so many of each cluster.

    Returns
    -------
    Tensor
        (n,), boolean.
    """
    distance = (A - centres[labels.to(A.device)]).norm(dim=1).cpu()
    kept = torch.zeros(len(A), dtype=torch.bool)
    for cluster in range(len(centres)):
        members = (labels == cluster).nonzero().squeeze(1)
        kept[members[distance[members].argsort(stable=True)[:nearest]]] = True
    return kept


def is_shared(images: Tensor, n_images: int) -> bool:
    """Say whether a cluster is common enough to be a concept.

    Parameters
    ----------
    images
        (m,). The image of each of its segments.
    n_images
        All images of the class.

    Returns
    -------
    bool
        Whether more than half of the images share it, or it has more than two segments an image, or
        more than a quarter share it and it has more than one.
    """
    sharing = len(set(images.tolist())) / n_images
    size = len(images) / n_images
    return sharing > FREQUENT or size > POPULAR or (sharing > SOME and size > ENOUGH)


def _bounded(picture: Tensor) -> Tensor:
    """Scale a picture down to the size at which it is segmented, where it is larger."""
    share = SEGMENT_PX / max(picture.shape[1:])
    if share >= 1:
        return picture
    size = [max(1, round(share * side)) for side in picture.shape[1:]]
    return torch.nn.functional.interpolate(
        picture[None], size=size, mode="bilinear", antialias=True
    )[0]


def _enlarged(
    box: tuple[int, int, int, int], small: tuple[int, ...], whole: tuple[int, ...]
) -> tuple[int, int, int, int]:
    """Bring a box from a picture's scaled size, (h, w), to its own, (H, W)."""
    down, across = whole[0] / small[0], whole[1] / small[1]
    left, top, right, bottom = box
    return round(left * across), round(top * down), round(right * across), round(bottom * down)


def _segments(picture: Tensor, resolutions: tuple[int, ...]) -> list[Tensor]:
    """List the segments of a picture as masks, (H, W), coarse ones first."""
    found = []
    for n_segments in resolutions:
        labels = superpixels(picture, n_segments=n_segments).cpu()
        found += [labels == label for label in range(int(labels.max()) + 1)]
    return [inside for inside in found if inside.any()]


def _distinct(segments: list[Tensor]) -> list[Tensor]:
    """Leave out segments that are much like an earlier one."""
    flat = torch.stack([inside.flatten() for inside in segments]).float()
    common = flat @ flat.T
    sizes = flat.sum(dim=1)
    overlap = common / (sizes[:, None] + sizes[None] - common)
    kept: list[int] = []
    for index in range(len(segments)):
        if not kept or overlap[index, kept].max() <= ALIKE:
            kept.append(index)
    return [segments[index] for index in kept]


def _cut(inside: Tensor) -> tuple[tuple[int, int, int, int], Tensor]:
    """Put a square box, as far as the image reaches, around a segment."""
    rows, columns = inside.any(dim=1).nonzero(), inside.any(dim=0).nonzero()
    top, bottom = int(rows.min()), int(rows.max()) + 1
    left, right = int(columns.min()), int(columns.max()) + 1
    cut = inside[top:bottom, left:right].float()[None, None]
    mask = torch.nn.functional.interpolate(cut, size=(MASK_PX, MASK_PX), mode="nearest")
    return (left, top, right, bottom), mask[0, 0] > 0
