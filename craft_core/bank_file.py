"""A concept bank in words and numbers (``bank.json``) and in tensors (``bank.safetensors``)."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from craft_core.backbones import Backbone, Probe, load_backbone
from craft_core.bank import ConceptBank, Importance, Origin
from craft_core.coders import Coder
from craft_core.crops import Crops
from craft_core.curation import Curation
from craft_core.errors import BackboneError, StoreError
from craft_core.probe import with_probe
from craft_core.stability import NumberOfConcepts
from craft_core.transforms import Transform

BEST_CROPS = 10
CODER_TENSORS = {"mean": "coder_mean", "encoder": "coder_encoder", "bias": "coder_bias"}
IMPORTANCE_TENSORS = {
    "values": "importance",
    "low": "low",
    "high": "high",
    "effects": "effect",
    "p_values": "p_value",
}


def bank_tensors(bank: ConceptBank) -> dict[str, Tensor]:
    """Gather a bank's tensors, without its children's.

    Parameters
    ----------
    bank
        Any bank.

    Returns
    -------
    dict[str, Tensor]
        By the names of docs/formats.md.
    """
    tensors: dict[str, Tensor | None] = {
        "W": bank.W,
        "U": bank.U,
        "crop_image": bank.crops.image,
        "crop_box": bank.crops.boxes,
        "crop_mask": bank.crops.masks,
    }
    tensors |= {name: getattr(bank.coder, field) for field, name in CODER_TENSORS.items()}
    if bank.importance is not None:
        kept = bank.importance
        tensors |= {name: getattr(kept, field) for field, name in IMPORTANCE_TENSORS.items()}
    if bank.origin is not None:
        tensors["origin_rows"] = bank.origin.rows
    if bank.backbone.probe is not None and bank.parent is None:
        probe = bank.backbone.probe
        tensors |= {"probe_weight": probe.weight, "probe_bias": probe.bias}
    return {
        name: tensor.detach().cpu().contiguous()
        for name, tensor in tensors.items()
        if tensor is not None
    }


def describe_bank(bank: ConceptBank) -> dict[str, Any]:
    """Say in words and numbers what a bank is, without its children.

    Parameters
    ----------
    bank
        Any bank.

    Returns
    -------
    dict[str, Any]
        By the names of docs/formats.md.
    """
    return {
        "class_id": bank.class_id,
        "class_name": bank.class_name,
        "method": bank.method,
        "selection": bank.selection,
        "coder": bank.coder.kind,
        "network": describe_network(bank.backbone),
        "number": None if bank.number is None else asdict(bank.number),
        "curation": None if bank.curation is None else asdict(bank.curation),
        "origin": _describe_origin(bank.origin),
        "importance_method": None if bank.importance is None else bank.importance.method,
        "n_crops": len(bank.crops),
        "concepts": [_describe_concept(bank, concept) for concept in range(bank.n_concepts)],
        "files": list(bank.files),
    }


def describe_network(backbone: Backbone) -> dict[str, Any]:
    """Say which network an artefact rests on.

    Parameters
    ----------
    backbone
        The network.

    Returns
    -------
    dict[str, Any]
        Name, layer, hash and licence of the weights, transform, what is done with negative
        activations and with positions, and the probe's layer.
    """
    return {
        "name": backbone.name,
        "layer": backbone.layer,
        "weights_sha256": backbone.weights_sha256,
        "licence": backbone.licence,
        "transform": asdict(backbone.transform),
        "negatives": backbone.negatives,
        "pooling": backbone.pooling,
        "precision": backbone.precision,
        "probe_layer": None if backbone.probe is None else backbone.probe.layer,
    }


def rebuild_backbone(
    described: dict[str, Any], tensors: dict[str, Tensor], given: Backbone | None
) -> Backbone:
    """Load the network that a bank was made with, and check that it is that network.

    Parameters
    ----------
    described
        Of `describe_network`.
    tensors
        Of `bank_tensors`.
    given
        The network, where its name does not lead to it.

    Returns
    -------
    Backbone
        Cut at the bank's layer.

    Raises
    ------
    StoreError
        If the network has to be given, or its weights are others.
    """
    base = load_described(described) if given is None else given
    network = replace(
        base,
        negatives=described["negatives"],
        pooling=described["pooling"],
        precision=described["precision"],
    )
    if described["probe_layer"] is not None and network.probe is None:
        weight, bias = tensors["probe_weight"], tensors["probe_bias"]
        probe = Probe(layer=described["probe_layer"], weight=weight, bias=bias)
        network = with_probe(network, probe)
    network = network.at(described["layer"])
    if network.weights_sha256 != described["weights_sha256"]:
        raise StoreError(
            f"network {network.name} must have weights of SHA-256 "
            f"{described['weights_sha256']}; got {network.weights_sha256}."
        )
    return network


def load_described(described: dict[str, Any], checkpoint: Path | str | None = None) -> Backbone:
    """Load the network that an artefact rests on, by its name; no probe is put on it.

    Parameters
    ----------
    described
        Of `describe_network`.
    checkpoint
        File of its weights, where its name alone does not lead to them.

    Returns
    -------
    Backbone
        Whose weights are still to be compared.

    Raises
    ------
    StoreError
        If the name does not lead to a network.
    """
    if described["name"] == "module":
        raise StoreError("backbone must be given for a network of the caller's own; got None.")
    transform = Transform(
        size_px=described["transform"]["size_px"],
        mean=tuple(described["transform"]["mean"]),
        std=tuple(described["transform"]["std"]),
    )
    try:
        return load_backbone(
            described["name"],
            layer=described["layer"],
            checkpoint=checkpoint,
            transform=transform,
        )
    except BackboneError as error:
        if checkpoint is not None:
            raise StoreError(
                f"network {described['name']!r} must be loaded from its checkpoint; got "
                f"{checkpoint}: {error} Give the file with --checkpoint."
            ) from error
        raise StoreError(
            f"backbone must be given where the name {described['name']!r} does not lead to it; got "
            f"None. {error}"
        ) from error


def bank_from(
    described: dict[str, Any],
    tensors: dict[str, Tensor],
    backbone: Backbone,
    parent: ConceptBank | None,
) -> ConceptBank:
    """Put a bank together from its parts.

    Parameters
    ----------
    described
        Of `describe_bank`.
    tensors
        Of `bank_tensors`.
    backbone
        Cut at its layer.
    parent
        Of a bank of sub-concepts.

    Returns
    -------
    ConceptBank
        Without source images and children.
    """
    device = backbone.device
    parts = {field: tensors.get(name) for field, name in CODER_TENSORS.items()}
    placed = {field: None if part is None else part.to(device) for field, part in parts.items()}
    names = tuple(concept["name"] for concept in described["concepts"])
    return ConceptBank(
        backbone=backbone,
        class_id=described["class_id"],
        class_name=described["class_name"],
        coder=Coder(W=tensors["W"].to(device), kind=described["coder"], **placed),
        U=tensors["U"].to(device),
        crops=Crops(
            image=tensors["crop_image"],
            boxes=tensors["crop_box"],
            masks=tensors.get("crop_mask"),
        ),
        files=tuple(described["files"]),
        method=described["method"],
        selection=described["selection"],
        names=None if None in names else names,
        importance=_importance(described["importance_method"], tensors),
        number=_number(described["number"]),
        curation=_curation(described["curation"]),
        parent=parent,
        origin=_origin(described["origin"], tensors),
    )


def _describe_concept(bank: ConceptBank, index: int) -> dict[str, Any]:
    concept = bank.concepts[index]
    return {
        "concept": index,
        "name": concept.name if bank.names else None,
        "importance": _rounded(concept.importance),
        "importance_low": _rounded(concept.low),
        "importance_high": _rounded(concept.high),
        "effect": _rounded(concept.effect),
        "share_of_parent": _rounded(concept.share),
        "best_crops": [
            {
                "file": bank.files[int(bank.crops.image[crop])],
                "box": bank.crops.boxes[crop].tolist(),
                "coefficient": round(float(bank.U[crop, index]), 6),
            }
            for crop in bank.best_crops(index, BEST_CROPS)
        ],
    }


def _describe_origin(origin: Origin | None) -> dict[str, Any] | None:
    if origin is None:
        return None
    return {
        "concept": origin.concept,
        "percentile": origin.percentile,
        "threshold": origin.threshold,
        "kind": origin.kind,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 9)


def _importance(method: str | None, tensors: dict[str, Tensor]) -> Importance | None:
    if method is None:
        return None
    figures = {field: tensors.get(name) for field, name in IMPORTANCE_TENSORS.items()}
    return Importance(method=method, **figures)  # type: ignore[arg-type]


def _number(described: dict[str, Any] | None) -> NumberOfConcepts | None:
    if described is None:
        return None
    curves = {name: tuple(described[name]) for name in ("candidates", "errors", "stabilities")}
    return NumberOfConcepts(
        chosen=described["chosen"], least_stability=described["least_stability"], **curves
    )


def _curation(described: dict[str, Any] | None) -> Curation | None:
    if described is None:
        return None
    return Curation(
        members=tuple(tuple(group) for group in described["members"]),
        excluded=tuple(described["excluded"]),
        error_before=described["error_before"],
        error_after=described["error_after"],
    )


def _origin(described: dict[str, Any] | None, tensors: dict[str, Tensor]) -> Origin | None:
    return None if described is None else Origin(rows=tensors["origin_rows"], **described)
