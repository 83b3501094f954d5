"""Panels of attribution methods: one map of what the predicted class's logit comes from."""

from collections.abc import Mapping
from functools import partial

from stimuli_builder.bundle import Group
from stimuli_builder.conditions.condition import Condition, PanelMaker, Shown
from stimuli_builder.overlays import draw_heat

TITLES: Mapping[str, str] = {
    "saliency": "Saliency",
    "gradient_input": "Gradient × Input",
    "integrated_gradients": "Integrated Gradients",
    "smoothgrad": "SmoothGrad",
    "grad_cam": "Grad-CAM",
    "occlusion": "Occlusion",
    "rise": "RISE",
    "sobol": "Sobol",
    "hsic": "HSIC",
    "lime": "LIME",
    "kernel_shap": "KernelSHAP",
}
MAP_TITLE = "Important for the model's answer"


def attribution_panel(maker: PanelMaker, shown: Shown, *, method: str) -> tuple[Group, ...]:
    """Show one map over the image.

    Parameters
    ----------
    maker
        Maps, and the banks whose network is explained.
    shown
        The training image.
    method
        One of `craft_core.attribution.METHODS`.

    Returns
    -------
    tuple[Group, ...]
        One group.

    Raises
    ------
    StimuliError
        If the method fails on the image.
    """
    heat = maker.heats.of_class(method, shown.prediction, shown.file)
    drawn = maker.media.draw(draw_heat, shown.square, heat, width_px=maker.image_px)
    return (Group(title=MAP_TITLE, color="", importance=None, crops=(), map=drawn),)


ATTRIBUTIONS: Mapping[str, Condition] = {
    method: Condition(title=title, panel=partial(attribution_panel, method=method))
    for method, title in TITLES.items()
}
