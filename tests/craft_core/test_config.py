from pathlib import Path

import pytest

from craft_core.config import read_config
from craft_core.errors import ConfigError


def write(tmp_path, text):
    (tmp_path / "c.toml").write_text(text)
    return tmp_path / "c.toml"


SCENARIOS = ("husky_wolf", "leaves", "foxes")


@pytest.mark.parametrize("name", [*SCENARIOS, *(f"{name}_ace" for name in SCENARIOS)])
def test_shipped_configurations_are_valid(name):
    config = read_config(Path("configs") / f"{name}.toml")
    assert sorted(config.classes.values()) == [0, 1]
    assert config.concepts.method == ("ace" if name.endswith("_ace") else "craft")


def test_defaults_are_filled_in(tmp_path):
    config = read_config(write(tmp_path, "seed = 3"))
    assert (config.seed, config.concepts.number, config.probe) == (3, 8, None)


def test_unknown_key_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match=r"crops.sise_px in .* must be right .*; got 80"):
        read_config(write(tmp_path, "[crops]\nsise_px = 80"))


@pytest.mark.parametrize("value", ["0", "[4, 0]", "[]"])
def test_numbers_of_concepts_start_at_one(tmp_path, value):
    with pytest.raises(ConfigError, match=r"concepts.number in .* start at 1.* got "):
        read_config(write(tmp_path, f"[concepts]\nnumber = {value}"))


def test_numbers_of_concepts_can_be_listed(tmp_path):
    config = read_config(write(tmp_path, "[concepts]\nnumber = [5, 10]"))
    assert config.concepts.number == [5, 10]


def test_wrong_type_of_a_number_of_concepts_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"concepts.number in .* got 'many'"):
        read_config(write(tmp_path, '[concepts]\nnumber = "many"'))


def test_wrong_value_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"concepts.number in .* got 0"):
        read_config(write(tmp_path, "[concepts]\nnumber = 0"))


def test_file_in_another_encoding_is_named(tmp_path):
    (tmp_path / "c.toml").write_bytes("# für\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"c\.toml must be text in UTF-8; got 'utf-8' codec"):
        read_config(tmp_path / "c.toml")


def test_byte_order_mark_is_passed_over(tmp_path):
    (tmp_path / "c.toml").write_text("seed = 3", encoding="utf-8-sig")
    assert read_config(tmp_path / "c.toml").seed == 3


def test_broken_toml_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"must be TOML; got Invalid value"):
        read_config(write(tmp_path, "seed = "))


def test_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"must be a readable file; got .*none.toml"):
        read_config(tmp_path / "none.toml")
