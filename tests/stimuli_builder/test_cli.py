import os
import signal
import subprocess
import sys
import time

import pytest

from stimuli_builder.cli import main

SMALL = ["--fit-per-class", "1", "--study-per-cell", "1"]


def test_draw_writes_the_folder_and_says_nothing(tmp_path, capsys):
    assert main(["draw", "husky_wolf", str(tmp_path / "new" / "images"), *SMALL]) == 0
    assert (tmp_path / "new" / "images" / "images.csv").exists()
    assert capsys.readouterr() == ("", "")


def test_progress_is_shown_on_a_terminal(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    main(["draw", "husky_wolf", str(tmp_path / "images"), *SMALL])
    assert capsys.readouterr().err.endswith("drawn 6 of 6 images\n")


def test_full_folder_is_one_line_and_exit_code_1(tmp_path, capsys):
    (tmp_path / "mine.txt").touch()
    assert main(["draw", "husky_wolf", str(tmp_path), *SMALL]) == 1
    assert capsys.readouterr().err == (
        f"craft-stimuli: folder must be new or empty; got {tmp_path}.\n"
    )


def test_interrupt_is_one_line_and_leaves_nothing(tmp_path, capsys, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("stimuli_builder.scenarios.husky_wolf.compose", interrupt)
    assert main(["draw", "husky_wolf", str(tmp_path / "images"), *SMALL, "--workers", "1"]) == 1
    assert capsys.readouterr().err == "craft-stimuli: interrupted; nothing was written.\n"
    assert list(tmp_path.iterdir()) == []


def start_drawing(folder, *options):
    """Start the command as a terminal does, in a group that gets signals together."""
    command = [sys.executable, "-c", "from stimuli_builder.cli import main; exit(main())"]
    return subprocess.Popen(
        [*command, "draw", "husky_wolf", str(folder / "images"), "--workers", "2", *options],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # nohup ignores it
    )


def wait_until(is_so, *, limit_s=60):
    end = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("awaited", [".images.draft-*", ".images.draft-*/*/*.png"])
def test_interrupt_of_all_processes_is_one_line_and_leaves_nothing(tmp_path, awaited):
    process = start_drawing(tmp_path)
    wait_until(lambda: any(tmp_path.glob(awaited)))
    os.killpg(process.pid, signal.SIGINT)
    assert (
        process.communicate(timeout=60)[1] == "craft-stimuli: interrupted; nothing was written.\n"
    )
    assert process.returncode == 1
    assert list(tmp_path.iterdir()) == []


def test_workers_end_when_the_command_is_killed(tmp_path):
    process = start_drawing(tmp_path)
    wait_until(lambda: any(tmp_path.glob(".images.draft-*/*/*.png")))
    process.kill()
    process.communicate(timeout=60)  # returns once no worker holds the pipe any more


def test_draw_does_not_load_torch(tmp_path):
    command = (
        "import sys; from stimuli_builder.cli import main; main(); exit('torch' in sys.modules)"
    )
    arguments = ["draw", "husky_wolf", str(tmp_path / "images"), *SMALL]
    assert subprocess.run([sys.executable, "-c", command, *arguments], check=False).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["draw", "cats", "x"],
            r"scenario must be one of ['husky_wolf', 'leaves', 'foxes']; got 'cats'.",
        ),
        (["draw", "husky_wolf"], "the following arguments are required: FOLDER"),
        (
            ["draw", "husky_wolf", "x", "--fit-per-class", "0"],
            "value must be a whole number of at least 1; got '0'.",
        ),
        (
            ["draw", "husky_wolf", "x", "--study-per-cell", "many"],
            "value must be a whole number of at least 1; got 'many'.",
        ),
        (
            ["draw", "husky_wolf", "x", "--seed", "-1"],
            "value must be a whole number of at least 0; got '-1'.",
        ),
        (
            ["draw", "husky_wolf", "x", "--workers", "0"],
            "value must be a whole number of at least 1; got '0'.",
        ),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_wrong_usage_exits_with_2(arguments, message, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["draw", "--help"])
    assert stop.value.code == 0
    assert "craft-stimuli draw husky_wolf" in capsys.readouterr().out


def test_reader_that_has_seen_enough_is_no_error(bundle_path):
    source = "import sys; from stimuli_builder.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", source, "check", str(bundle_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
