"""The report's tables as LaTeX, for papers that use the package booktabs."""

from collections.abc import Mapping
from typing import Final

from analysis.page import Part

SPECIAL: Final[Mapping[str, str]] = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$",
    "#": r"\#", "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"$<$", ">": r"$>$", "×": r"$\times$", "−": r"$-$", "∞": r"$\infty$", "–": "--",
    "†": r"$\dagger$", "η": r"$\eta$", "ω": r"$\omega$", "²": r"$^2$", "’": "'", "\u00a0": "~",
    "…": r"\ldots{}",
}  # fmt: skip


def latex_text(text: str) -> str:
    r"""Escape what LaTeX would take for a command, and spell what it may not have a letter for.

    Parameters
    ----------
    text
        Any.

    Returns
    -------
    str
        For the body of a document.

    Examples
    --------
    >>> latex_text("95 % of p_1 < .05")
    '95 \\% of p\\_1 $<$ .05'
    """
    return "".join(SPECIAL.get(letter, letter) for letter in text)


def latex_table(part: Part, label: str) -> str:
    r"""Set a printed table.

    Parameters
    ----------
    part
        As in the report.
    label
        Of the table, for ``\ref``.

    Returns
    -------
    str
        A ``table`` environment with ``\toprule`` and its kin; the best value of a column in bold
        and the second best underlined where the part marks them.
    """
    columns = "".join("l" if i in part.text_columns else "r" for i in range(len(part.header)))
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{latex_text(part.caption)}}}",
        rf"\label{{tab:{label}}}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        *_groups(part),
        " & ".join(map(latex_text, part.header)) + r" \\",
        r"\midrule",
    ]
    for i, row in enumerate(part.rows):
        cells = [_cell(text, part.marks.get((i, j), "")) for j, text in enumerate(row)]
        lines.append(" & ".join(cells) + r" \\")
    lines += [r"\bottomrule", r"\end{tabular}", r"\end{table}"]
    return "\n".join(lines) + "\n"


def _groups(part: Part) -> list[str]:
    """Set the names above the header."""
    cells = [rf"\multicolumn{{{span}}}{{c}}{{{latex_text(name)}}}" for name, span in part.groups]
    return [" & ".join(cells) + r" \\"] if cells else []


def _cell(text: str, mark: str) -> str:
    escaped = latex_text(text)
    if escaped.startswith("["):
        escaped = f"{{{escaped}}}"  # after \\, a bracket would be taken for a length
    match mark:
        case "best":
            return rf"\textbf{{{escaped}}}"
        case "second":
            return rf"\underline{{{escaped}}}"
    return escaped
