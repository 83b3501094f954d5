"""A linear probe: a small classifier on a network's pooled activations.

Letters: n images, p channels of the layer the probe reads.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from craft_core import graph
from craft_core.activations import pooled_activations
from craft_core.backbones import Backbone, Probe
from craft_core.errors import ClassError
from craft_core.images import batches_for, progress
from craft_core.layouts import Layout, Pooling
from craft_core.modules import evaluating


def fit_probe(
    backbone: Backbone,
    files: Sequence[Path],
    labels: Sequence[int],
    *,
    n_classes: int,
    inverse_penalty: float = 1.0,
) -> Probe:
    """Fit a logistic regression (scikit-learn's) on pooled activations, negative ones included.

    Parameters
    ----------
    backbone
        Cut at the layer that the probe reads.
    files
        Pictures.
    labels
        Class of each, in [0, n_classes).
    n_classes
        At least 2.
    inverse_penalty
        scikit-learn's ``C``.

    Returns
    -------
    Probe
        With one row a class; of two classes, half the logistic margin each, so that the softmax
        of the logits is the regression's probability.

    Raises
    ------
    ClassError
        If a class has no picture.
    """
    from sklearn.linear_model import LogisticRegression  # loads for seconds

    counts = np.bincount(np.asarray(labels, dtype=int), minlength=n_classes)
    if counts.min() == 0:
        raise ClassError(f"classes must have pictures to fit a probe; got {counts.tolist()}.")
    signed = replace(backbone, negatives="refuse")
    loop = progress(batches_for(signed, files), len(files), "probe")
    features = pooled_activations(signed, loop, signed=True).cpu().numpy()  # (n, p)
    regression = LogisticRegression(C=inverse_penalty, max_iter=5000).fit(features, labels)
    weight = torch.from_numpy(regression.coef_).float()
    bias = torch.from_numpy(regression.intercept_).float()
    if n_classes == 2:
        weight, bias = torch.cat([-weight, weight]) / 2, torch.cat([-bias, bias]) / 2
    return Probe(layer=backbone.layer, weight=weight, bias=bias)


def with_probe(backbone: Backbone, probe: Probe) -> Backbone:
    """Put a probe in the place of a network's own head.

    Parameters
    ----------
    backbone
        The network; it is left as it was.
    probe
        Of `fit_probe`.

    Returns
    -------
    Backbone
        Whose logits are the probe's, cut at the layer the probe reads.
    """
    read = replace(backbone, layer=probe.layer)
    head = _PooledLinear(read.layout, read.pooling, probe).to(backbone.device).eval()
    with evaluating(backbone.module):
        module = graph.with_head(backbone.module, probe.layer, head)
    return replace(read, module=module, probe=probe)


class _PooledLinear(nn.Module):
    """A linear layer on pooled activations."""

    def __init__(self, layout: Layout, pooling: Pooling, probe: Probe) -> None:
        super().__init__()
        self.layout, self.pooling = layout, pooling
        classes, features = probe.weight.shape
        self.linear = nn.Linear(features, classes)
        with torch.no_grad():
            self.linear.weight.copy_(probe.weight)
            self.linear.bias.copy_(probe.bias)

    def forward(self, activations: Tensor) -> Tensor:
        logits: Tensor = self.linear(self.layout.pool(activations, self.pooling))
        return logits


def accuracy_by_tie(
    predictions: Sequence[int], labels: Sequence[int], ties: Sequence[str]
) -> dict[str, float]:
    """Measure accuracy where a tie is kept and where it is broken.

    Parameters
    ----------
    predictions
        Predicted class of each image.
    labels
        Its folder's class.
    ties
        ``kept``, ``broken``, or empty.

    Returns
    -------
    dict[str, float]
        ``accuracy`` over all images, and ``accuracy_tie_kept`` and ``accuracy_tie_broken`` where
        there are such images; shares in [0, 1].

    Examples
    --------
    >>> accuracy_by_tie([0, 1], [0, 0], ["kept", "broken"])
    {'accuracy': 0.5, 'accuracy_tie_kept': 1.0, 'accuracy_tie_broken': 0.0}
    """
    is_right = np.asarray(predictions) == np.asarray(labels)
    shares = {"accuracy": is_right} | {
        f"accuracy_tie_{tie}": is_right[np.asarray(ties) == tie] for tie in ("kept", "broken")
    }
    return {name: float(values.mean()) for name, values in shares.items() if len(values)}
