"""Packages meet at files: what each may import, read from the source and tried for real."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

MAY_IMPORT = {
    "craft_core": set(),
    "stimuli_builder": {"craft_core"},
    "study_app": {"stimuli_builder.bundle"},
    "analysis": {"study_app.columns"},
}
ROOT = Path(__file__).parent.parent


def imported_names(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}


def is_allowed(name, package):
    if name.split(".")[0] not in MAY_IMPORT or name.split(".")[0] == package:
        return True
    allowed = MAY_IMPORT[package]
    return any(name == part or name.startswith(f"{part}.") for part in allowed)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_package_imports_only_what_it_may(package):
    found = {
        (file.relative_to(ROOT).as_posix(), name)
        for file in (ROOT / package).rglob("*.py")
        for name in imported_names(file)
        if not is_allowed(name, package)
        and not any(part.startswith(f"{name}.") for part in MAY_IMPORT[package])
    }
    assert found == set()


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("study_app.app", ["torch", "craft_core", "pandas", "matplotlib"]),
        ("study_app.cli", ["torch", "craft_core"]),
        ("stimuli_builder.bundle", ["torch", "flask", "craft_core"]),
        ("analysis.cli", ["torch", "flask", "stimuli_builder"]),
        ("analysis.accuracy", ["torch", "flask", "sqlalchemy"]),
        ("craft_core.cli", ["flask", "sqlalchemy"]),
    ],
)
def test_module_loads_without(module, absent):
    code = f"import sys, {module}; print([name for name in {absent} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_only_craft_core_exports_names_from_its_init():
    for package in set(MAY_IMPORT) - {"craft_core"}:
        tree = ast.parse((ROOT / package / "__init__.py").read_text())
        assert [type(node) for node in tree.body] == [ast.Expr]


def test_public_names_are_exactly_those_listed():
    import craft_core

    assert sorted(craft_core.__all__) == craft_core.__all__
    assert all(hasattr(craft_core, name) for name in craft_core.__all__)
