"""The report's tables as LaTeX, for papers that use the packages array and booktabs.

A cell that is long wraps; a table that is wide is set smaller; one of many rows breaks over pages
and needs the package longtable, too. Texts are those of people, so that every letter is either one
that pdflatex has, spelled out, or given as its Unicode number.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from analysis.page import Part

SPECIAL: Final[Mapping[str, str]] = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$",
    "#": r"\#", "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"$<$", ">": r"$>$", "|": r"$|$", '"': "''", "×": r"$\times$",
    "−": r"$-$", "∞": r"$\infty$", "±": r"$\pm$", "≤": r"$\leq$", "≥": r"$\geq$", "–": "--",
    "—": "---", "†": r"$\dagger$", "η": r"$\eta$", "ω": r"$\omega$", "²": r"$^2$", "‘": "`",
    "’": "'", "“": "``", "”": "''", "\u00a0": "~", "…": r"\ldots{}", "•": r"\textbullet{}",
    "«": r"$\ll$", "»": r"$\gg$", "μ": r"$\mu$",
    "€": r"\texteuro{}",
}  # fmt: skip
LACKING: Final = "ÐÞðþĄąĐđĘęĦħĮįĸĿŀŉŊŋŦŧŲų"  # what pdflatex's default fonts can't set
KNOWN: Final = frozenset(map(chr, range(0xC0, 0x17F))).difference(LACKING).union("¡¿§£°")
PLAIN: Final = re.compile(r"[A-Za-z0-9.,:;()+/=-]*")
LONG_CELL: Final = 26  # letters beyond which a cell wraps
WIDE: Final = 80  # letters of a row beyond which a table is set smaller
MANY_ROWS: Final = 40  # beyond which it breaks over pages
LINE: Final = 95  # letters on a line of 17 cm
BETWEEN: Final = 2  # letters that the space between two columns takes
NARROWEST: Final = 0.1  # of a line, a wrapped column


def latex_text(text: str) -> str:
    r"""Escape what LaTeX would take for a command, and spell what it may not have a letter for.

    Parameters
    ----------
    text
        Any; line breaks become spaces.

    Returns
    -------
    str
        For the body of a document.

    Examples
    --------
    >>> latex_text("95 % of p_1 < .05")
    '95 \\% of p\\_1 $<$ .05'
    """
    if PLAIN.fullmatch(text):
        return text
    return "".join(map(_letter, re.sub(r"[ \t\r\n\f\v]+", " ", text)))


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
        A ``table`` environment, or a ``longtable`` where there are many rows, with ``\toprule`` and
        its kin; the best value of a column in bold and the second best underlined where the part
        marks them. The first line says which packages it needs.
    """
    columns, n_letters = _columns(part)
    header = [r"\toprule", *_groups(part), _line(map(latex_text, part.header)), r"\midrule"]
    caption = rf"\caption{{{latex_text(part.caption)}}}"
    body = [
        _line(_cell(text, part.marks.get((i, j), "")) for j, text in enumerate(row))
        for i, row in enumerate(part.rows)
    ]
    size = [r"\footnotesize", r"\setlength{\tabcolsep}{3pt}"] if n_letters > WIDE else []
    if len(part.rows) > MANY_ROWS:
        head = rf"{caption}\label{{tab:{label}}}\\"
        lines = ["% needs the packages array, booktabs and longtable", r"\begingroup", *size]
        lines += [rf"\begin{{longtable}}{{{columns}}}", head, *header, r"\endfirsthead", *header]
        lines += [r"\endhead", *body, r"\bottomrule", r"\end{longtable}", r"\endgroup"]
    else:
        lines = [
            "% needs the packages array and booktabs",
            r"\begin{table}",
            r"\centering",
            caption,
        ]
        lines += [rf"\label{{tab:{label}}}", *size, rf"\begin{{tabular}}{{{columns}}}", *header]
        lines += [*body, r"\bottomrule", r"\end{tabular}", r"\end{table}"]
    return "\n".join(lines) + "\n"


def _letter(letter: str) -> str:
    if letter in SPECIAL:
        return SPECIAL[letter]
    is_plain = letter.isascii() and letter.isprintable()
    return letter if is_plain or letter in KNOWN else rf"\texttt{{U+{ord(letter):04X}}}"


def _columns(part: Part) -> tuple[str, int]:
    """Return the columns' kinds, and how many letters the longest row may have."""
    lengths = [
        max([len(name), *(len(row[j]) for row in part.rows)]) for j, name in enumerate(part.header)
    ]
    n_long = sum(length > LONG_CELL for length in lengths)
    short = sum(length for length in lengths if length <= LONG_CELL)
    left = (LINE - short - BETWEEN * len(lengths)) / LINE
    share = max(NARROWEST, left / max(n_long, 1))
    wrapped = rf">{{\raggedright\arraybackslash}}p{{{share:.2f}\linewidth}}"
    kinds = [
        wrapped if length > LONG_CELL else ("l" if j in part.text_columns else "r")
        for j, length in enumerate(lengths)
    ]
    return "".join(kinds), short + n_long * LONG_CELL


def _groups(part: Part) -> list[str]:
    """Set the names above the header, with a rule below each."""
    if not part.groups:
        return []
    cells = [rf"\multicolumn{{{span}}}{{c}}{{{latex_text(name)}}}" for name, span in part.groups]
    rules, first = [], 1
    for name, span in part.groups:
        if name:
            rules.append(rf"\cmidrule(lr){{{first}-{first + span - 1}}}")
        first += span
    return [_line(cells), "".join(rules)]


def _line(cells: Iterable[str]) -> str:
    return " & ".join(cells) + r" \\"


def _cell(text: str, mark: str) -> str:
    escaped = latex_text(text)
    if escaped.startswith(("[", "*")):
        escaped = f"{{{escaped}}}"  # after \\, these would be taken for a length or a star
    match mark:
        case "best":
            return rf"\textbf{{{escaped}}}"
        case "second":
            return rf"\underline{{{escaped}}}"
    return escaped
