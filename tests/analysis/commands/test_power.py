import pandas as pd

from analysis.cli import main

ASKED = ["power", "--reference", "0.6", "--accuracy", "0.9", "--per-arm", "8", "16",
         "--studies", "100", "--pay", "1.5"]  # fmt: skip


def test_sizes_are_listed_with_power_and_cost(capsys):
    assert main(ASKED) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[-1] == "cost" and len(lines) == 4
    assert lines[2].split()[-1] == "43.20"  # 32 recruited, a tenth leaves, 1.5 each
    assert lines[3] == "Enough for a power of 80\u00a0%: 8 in an arm"


def test_curve_figure_and_preregistration_are_written(export_folder, tmp_path, capsys):
    plan = tmp_path / "plan.toml"
    plan.write_text('[primary]\ncondition = "craft"\n', encoding="utf-8")
    out = tmp_path / "power"
    more = ["--out", str(out), "--study", str(export_folder), "--plan", str(plan)]
    assert main([*ASKED, *more]) == 0
    assert sorted(file.name for file in out.iterdir()) == [
        "power.csv", "power.svg", "preregistration.md",
    ]  # fmt: skip
    assert list(pd.read_csv(out / "power.csv")["per_arm"]) == [8, 16]
    text = (out / "preregistration.md").read_text("utf-8")
    assert "CRAFT against Baseline, by the marginal odds ratio" in text
    assert "We will recruit 8 participants in each condition, 16 in all" in text
    assert "1. catch: whoever failed the catch trials" in text and "catch_min_correct = 2" in text
    assert "| 16 | " in text and "1a" * 32 in text


def test_what_is_open_is_marked(export_folder):
    from analysis.plan import Plan
    from analysis.preregistration import preregistration
    from analysis.study_file import read_study

    text = preregistration(read_study(export_folder)[0], Plan())
    assert "Primary comparison: [TO BE FILLED IN]" in text
    assert "Power: [TO BE FILLED IN] (craft-analysis power)" in text


def test_preregistration_needs_a_place(export_folder, capsys):
    assert main([*ASKED, "--study", str(export_folder)]) == 1
    assert "out must be given where study is; got none." in capsys.readouterr().err


def test_tiny_studies_of_participants_alike_have_a_power(capsys):
    arguments = "power --reference 0.5 --accuracy 0.6 --per-arm 3 --items 2 --studies 100"
    assert main(arguments.split()) == 0
    assert "Enough for a power" in capsys.readouterr().out
