import re
import shutil
import subprocess

import pytest

from analysis.latex import MANY_ROWS, latex_table, latex_text
from analysis.page import Part
from analysis.report import write_results
from analysis.sections import sections

PART = Part(
    caption="Share in %", header=("Arm", "Utility"), text_columns=(0,),
    rows=(("grad_cam", "1.34"), ("CRAFT", "1.53"), ("[odd]", "−0.10")),
    marks={(0, 1): "second", (1, 1): "best"},
)  # fmt: skip


def test_table_is_set_with_rules_and_marks():
    text = latex_table(PART, "utility-1")
    assert r"\begin{tabular}{lr}" in text and r"\label{tab:utility-1}" in text
    assert r"grad\_cam & \underline{1.34} \\" in text and r"CRAFT & \textbf{1.53} \\" in text
    assert r"{[odd]} & $-$0.10 \\" in text  # a bare bracket would be the length of \\
    assert r"\caption{Share in \%}" in text
    lines = text.splitlines()
    assert [lines.index(rf"\{name}") for name in ("toprule", "midrule", "bottomrule")] == [6, 8, 12]
    assert lines[0] == "% needs the packages array and booktabs"


def test_no_character_is_left_that_latex_takes_for_a_command():
    text = latex_text("a_b & 5 % of {x} ~ ^ # $ \\ <p> η² 95\u00a0%")
    for letter in "_&%#$":
        assert f"\\{letter}" in text
    assert "²" not in text and "\u00a0" not in text and "$<$p$>$" in text


ODD = (
    "a\nb\n\nc", "*star*", "[x]", "50 % & #1_{a} ~^\\ $5", "Füße ça Łódź İ ĳ Ÿ ¿?", "日本 🐺 ą đ þ",
    "“so” ‘it’ is — fine… «ok» \"q\" <p> | ± ≤ ≥ μ € •", "-" * 90,
)  # fmt: skip
WRAPPER = r"""\documentclass{article}
\usepackage[utf8]{inputenc}
\usepackage{array,booktabs,longtable}
\usepackage[margin=2cm]{geometry}
\begin{document}
%s
\end{document}
"""


@pytest.fixture
def odd_part():
    """A table of free text, as people may write it, with groups and more rows than a page has."""
    rows = tuple(
        (f"p{i}", ODD[i % len(ODD)], "0.10", "[0.05, 0.20]") for i in range(MANY_ROWS + 10)
    )
    return Part(
        caption="What they wrote, 100 %", header=("Who", "Text", "Share", "Interval"), rows=rows,
        text_columns=(0, 1), groups=(("", 2), ("Result & more", 2)), marks={(0, 2): "best"},
    )  # fmt: skip


@pytest.fixture
def tables(rehearsed, odd_part):
    """Every table of a report, and one of odd text, as LaTeX by name."""
    found = {
        f"{section.id}-{i}": latex_table(part, f"{section.id}-{i}")
        for section in sections(rehearsed)
        for i, part in enumerate(section.tables)
    }
    return found | {"odd-1": latex_table(odd_part, "odd-1")}


def test_every_table_of_a_report_is_sound(tables):
    for name, text in tables.items():
        bare = re.sub(r"\\.", "", text.replace(r"\\", "\n"))
        assert bare.count("{") == bare.count("}"), name
        begun, ended = (re.findall(rf"\\{word}{{(\w+)}}", text) for word in ("begin", "end"))
        assert sorted(begun) == sorted(ended), name
        preamble = re.search(r"\\begin{(?:tabular|longtable)}{(.*)}\n", text)[1]
        kinds = re.sub(r">{[^}]*}p{[^}]*}", "p", preamble)
        rows = re.findall(r"^(?!\\multicolumn|\\caption)(.* & .*) \\\\$", text, re.M)
        assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {len(kinds) - 1}, name
        assert not re.search(r"[^\x00-\x7f\xc0-\u017e¡¿§£°]", text), name


def test_long_cells_wrap_and_long_tables_break(odd_part):
    text = latex_table(odd_part, "odd-1")
    assert r"\begin{longtable}" in text and text.count(r"\toprule") == 2
    assert re.search(r"p{0\.\d\d\\linewidth}", text) and r"\cmidrule(lr){3-4}" in text
    assert "a b c" in text and r"\texttt{U+1F43A}" in text
    assert text.startswith("% needs the packages array, booktabs and longtable\n")


def test_star_after_a_line_s_end_is_kept_apart():
    assert r"{*}" in latex_table(Part(caption="", header=("a",), rows=(("*",),)), "star")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_every_table_of_a_report_compiles_and_fits(tables, rehearsed, tmp_path):
    write_results(rehearsed, tmp_path / "results")
    files = sorted((tmp_path / "results" / "latex").iterdir())
    body = [file.read_text("utf-8") for file in files] + [tables["odd-1"]]
    document = tmp_path / "all.tex"
    document.write_text(WRAPPER % "\\clearpage\n".join(body), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", document.name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120, check=False)
    log = done.stdout.decode("latin-1")
    assert done.returncode == 0, log[-1500:]
    assert "Overfull" not in log and "Float too large" not in log
