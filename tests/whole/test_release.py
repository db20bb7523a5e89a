"""What a release needs: one version everywhere, and files that other programs can read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import tune_wandb_nb as tw

ROOT = Path(tw.__file__).parent.parent
FILES = ("tune_wandb_nb/__init__.py", "CITATION.cff", "CHANGELOG.md")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what `tools/release.py` reads, of version 1.2.3, released."""
    for name in (*FILES, "tools/release.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        text = (ROOT / name).read_text("utf-8").replace(tw.__version__, "1.2.3")
        text = text.replace("## [Unreleased]", "## [1.2.3] - 2026-12-01", 1)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def check(checkout: Path, tag: str) -> tuple[int, str]:
    command = [sys.executable, str(checkout / "tools/release.py"), tag]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_tag_of_this_version_can_be_released(checkout: Path) -> None:
    assert check(checkout, "v1.2.3") == (0, "v1.2.3 can be released\n")


@pytest.mark.parametrize("name", FILES)
def test_a_file_with_another_version_is_named(checkout: Path, name: str) -> None:
    text = (checkout / name).read_text("utf-8").replace("1.2.3", "1.2.2")
    (checkout / name).write_text(text, "utf-8")
    assert check(checkout, "v1.2.3") == (1, f"{name} names 1.2.2, the tag 1.2.3\n")


@pytest.mark.parametrize("tag", ["1.2.3", "v1.2", "v1.2.3rc1", "main"])
def test_a_tag_of_another_form_is_refused(checkout: Path, tag: str) -> None:
    code, said = check(checkout, tag)
    assert (code, said) == (
        1,
        f"the tag is {tag!r}; a release is tagged v<major>.<minor>.<patch>\n",
    )


def test_a_changelog_without_a_release_is_named(checkout: Path) -> None:
    text = (checkout / "CHANGELOG.md").read_text("utf-8").replace("## [1.2.3] - ", "## ")
    (checkout / "CHANGELOG.md").write_text(text, "utf-8")
    code, said = check(checkout, "v1.2.3")
    assert code == 1
    assert said.startswith("CHANGELOG.md has no line with a version")


def test_the_changelog_keeps_its_form() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines()
    heads = [line for line in lines if line.startswith("## ")]
    assert heads[0] == "## [Unreleased]"
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert {line[4:] for line in lines if line.startswith("### ")} <= kinds


def test_only_the_publishing_job_may_ask_the_index_for_a_token() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text("utf-8"))["jobs"]
    allowed = [name for name, job in jobs.items() if "id-token" in job.get("permissions", {})]
    assert allowed == ["publish"]
    assert jobs["publish"]["needs"] == "try"
    assert jobs["try"]["needs"] == "build"


@pytest.mark.parametrize("kind", ["bug", "wish"])
def test_an_issue_asks_for_the_doctors_page(kind: str) -> None:
    form = yaml.safe_load((ROOT / f".github/ISSUE_TEMPLATE/{kind}.yml").read_text("utf-8"))
    fields = {field["id"]: field["attributes"]["label"] for field in form["body"] if "id" in field}
    assert "tw.doctor()" in fields["doctor"]


def test_the_citation_names_what_it_must() -> None:
    found = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert found["version"] == tw.__version__
    assert {"cff-version", "message", "title", "authors"} <= set(found)
