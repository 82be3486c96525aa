"""The house keeps its own rules: packages listed, messages complete, nothing of this machine in the files."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from inspection.errors import catalogue

ROOT = Path(__file__).parents[1]
FOLDERS = ("inspection", "scheduler", "solver")
SOURCES = [*sorted(path for folder in FOLDERS for path in ROOT.glob(f"{folder}/**/*.py")), ROOT / "cli.py"]


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.splitlines() if (ROOT / name).is_file()]


def test_every_package_on_disk_is_installed():
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    found = {
        ".".join(init.parent.relative_to(ROOT).parts)
        for folder in FOLDERS
        for init in ROOT.glob(f"{folder}/**/__init__.py")
    }
    assert listed == found | {"inspection_data"}


def test_lock_files_hold_hashes_and_no_address():
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text()
        assert "://" not in text and "--index-url" not in text and "--find-links" not in text
        requirements = re.findall(r"^[a-z0-9].*==.*$", text, re.MULTILINE)
        assert requirements and all(line.endswith("\\") for line in requirements)


def test_every_message_exists_in_both_languages_with_the_same_parameters():
    for code, texts in catalogue().items():
        assert set(texts) == {"zh", "en"}, code
        fields = [{re.sub("_(zh|en)$", "", name) for name in re.findall(r"{(\w+)", text)} for text in texts.values()]
        assert fields[0] == fields[1], code


def test_every_error_code_raised_has_a_message():
    raising = re.compile(r"(Inspection|Input|Rule|Draw|Beacon|Plan|Store|Publish)Error$|DrawRefusal$")
    missing = []
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and raising.match(node.func.id):
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and first.value not in catalogue():
                    missing.append((source.name, first.value))
    assert not missing


def test_no_file_is_longer_than_four_hundred_lines():
    long = {path.name: count for path in SOURCES if (count := len(path.read_text(encoding="utf-8").splitlines())) > 400}
    assert not long


def test_no_module_has_the_name_of_a_standard_one():
    import sys

    names = {path.stem for path in SOURCES if path.stem != "__init__" and path.parent.parent == ROOT}
    assert not names & sys.stdlib_module_names


@pytest.mark.parametrize("needle", [f"{ROOT}/", f"{Path.home()}/"])
def test_no_tracked_file_names_a_path_of_this_machine(needle):
    named = [
        path.name
        for path in tracked()
        if path != Path(__file__) and needle.encode() in path.read_bytes() and path.suffix != ".lock"
    ]
    assert not named
