"""See that a tag, the package, CITATION.cff and CHANGELOG.md name one version.

python tools/release.py v0.1.0
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACES = {
    "tune_wandb_nb/__init__.py": r'^__version__ = "(.+)"$',
    "CITATION.cff": r"^version: (.+)$",
    "CHANGELOG.md": r"^## \[(\d.*)\] - \d{4}-\d{2}-\d{2}$",
}
"""Files with the version, and the line that has it; in the changelog the newest one with a date."""


def main() -> None:
    if len(sys.argv) != 2:  # noqa: PLR2004 - the script and the tag
        raise SystemExit("usage: python tools/release.py v0.1.0")
    problems = find_problems(sys.argv[1], ROOT)
    if problems:
        raise SystemExit("\n".join(problems))
    print(f"{sys.argv[1]} can be released")


def find_problems(tag: str, root: Path) -> list[str]:
    """Return what speaks against releasing a tag, in words."""
    if not re.fullmatch(r"v\d+\.\d+\.\d+", tag):
        return [f"the tag is {tag!r}; a release is tagged v<major>.<minor>.<patch>"]
    problems = []
    for name, line in PLACES.items():
        found = re.search(line, (root / name).read_text("utf-8"), re.MULTILINE)
        if found is None:
            problems.append(f"{name} has no line with a version of the form {line}")
        elif found[1] != tag[1:]:
            problems.append(f"{name} names {found[1]}, the tag {tag[1:]}")
    return problems


if __name__ == "__main__":
    main()
