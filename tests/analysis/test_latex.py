from analysis.latex import latex_table, latex_text
from analysis.page import Part

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
    assert [lines.index(rf"\{name}") for name in ("toprule", "midrule", "bottomrule")] == [5, 7, 11]


def test_no_character_is_left_that_latex_takes_for_a_command():
    text = latex_text("a_b & 5 % of {x} ~ ^ # $ \\ <p> η² 95\u00a0%")
    for letter in "_&%#$":
        assert f"\\{letter}" in text
    assert "²" not in text and "\u00a0" not in text and "$<$p$>$" in text
