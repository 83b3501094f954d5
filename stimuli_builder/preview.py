"""Every trial of every condition on one static page: for co-authors and the ethics board."""

import shutil
import tempfile
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from stimuli_builder.bundle import Bundle
from stimuli_builder.errors import StimuliError

PAGE = "index.html"


def write_preview(bundle: Bundle, out: Path) -> Path:
    """Write a page with all that participants see, and what is right, which they don't.

    Parameters
    ----------
    bundle
        Any bundle.
    out
        New or empty folder; pictures are copied into it.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    StimuliError
        If the folder holds something, or the bundle has no pictures.
    """
    if not (bundle.path / "media").is_dir():
        raise StimuliError(f"bundle {bundle.path} must have a folder media; got none.")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise StimuliError(f"folder must be new or empty; got {out}.")
    environment = Environment(
        loader=PackageLoader("stimuli_builder"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("preview.html").render(
        study=bundle.manifest, answers=bundle.answers.trials, quiz=bundle.answers.quiz
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as scratch:
        unfinished = Path(scratch) / out.name
        shutil.copytree(bundle.path / "media", unfinished / "media")
        (unfinished / PAGE).write_text(page, encoding="utf-8")
        if out.exists():
            out.rmdir()
        unfinished.rename(out)
    return out / PAGE
