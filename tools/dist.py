"""Build the sdist and the wheel, look into them, and try both in an environment of their own.

python tools/dist.py
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
UV = Path(sys.executable).with_name("uv")
LARGEST = 300_000
"""Bytes that the Python in each of the two may have, compressed."""
BUNDLE = {"widgets/dashboard/static/trials_view.js", "widgets/dashboard/static/trials_view.css"}
"""What the front end is built into."""
PACKAGE = "tune_wandb_nb"
BESIDE = {"README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "PKG-INFO", ".gitignore"}
"""What an sdist has beside the package."""
FIELDS = (
    *("Name", "Version", "Summary", "Author", "License-Expression", "License-File", "Keywords"),
    *("Classifier", "Requires-Python", "Requires-Dist", "Description-Content-Type"),
)


def main() -> None:
    shutil.rmtree(DIST, ignore_errors=True)
    run(UV, "build", "--quiet", "--out-dir", DIST, ROOT)
    [sdist], [wheel] = DIST.glob("*.tar.gz"), DIST.glob("*.whl")
    for archive in (sdist, wheel):
        print(f"{archive.name}: {archive.stat().st_size:,} bytes")
    check_size(wheel)
    check_contents(read_sdist(sdist), read_wheel(wheel))
    run(UV, "tool", "run", "--quiet", "twine", "check", "--strict", sdist, wheel)
    with tempfile.TemporaryDirectory() as folder:
        for archive in (wheel, sdist):
            try_archive(archive, Path(folder))
    print("installed and tried: both")


def check_size(wheel: Path) -> None:
    """See that the wheel has little but the bundle."""
    with zipfile.ZipFile(wheel) as archive:
        sizes = {info.filename: info.compress_size for info in archive.infolist()}
    bundle = sum(sizes.pop(f"{PACKAGE}/{name}") for name in BUNDLE)
    size = sum(size for name, size in sizes.items() if name.endswith(".py"))
    assert size <= LARGEST, f"{size:,} bytes of Python, of which {LARGEST:,} are allowed"
    print(f"of the wheel {size:,} bytes are Python, {bundle:,} the bundle")


def read_sdist(path: Path) -> dict[str, bytes]:
    """Return name -> content, without the folder that everything is in."""
    found = {}
    with tarfile.open(path) as archive:
        for member in archive.getmembers():
            file = archive.extractfile(member)
            assert file is not None, f"{member.name} is no file"
            found[str(PurePosixPath(*PurePosixPath(member.name).parts[1:]))] = file.read()
    return found


def read_wheel(path: Path) -> dict[str, bytes]:
    """Return name -> content."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def check_contents(sdist: dict[str, bytes], wheel: dict[str, bytes]) -> None:
    """Compare the archives with the checkout, and see that their metadata are complete."""
    sources = [*ROOT.joinpath(PACKAGE).rglob("*.py"), ROOT / PACKAGE / "py.typed"]
    sources += [ROOT / PACKAGE / name for name in BUNDLE]
    package = {source.relative_to(ROOT).as_posix() for source in sources}
    assert set(sdist) - package == BESIDE, sorted(set(sdist) ^ package)
    info = {name for name in wheel if name.split("/")[0].endswith(".dist-info")}
    assert set(wheel) - info == package, sorted(set(wheel) - info ^ package)
    [metadata] = (name for name in info if name.endswith("/METADATA"))
    for message in (message_from_bytes(wheel[metadata]), message_from_bytes(sdist["PKG-INFO"])):
        check_metadata(message)


def check_metadata(metadata: Message) -> None:
    """See that everything is said that a page of a package index shows."""
    missing = [field for field in FIELDS if not metadata.get(field)]
    assert not missing, f"the metadata lack {missing}"
    assert "tune_wandb_nb as tw" in str(metadata.get_payload()), "the README is no part of them"


def try_archive(archive: Path, folder: Path) -> None:
    """Install an archive into an environment of its own, and run the smoke test there."""
    environment = folder / f"environment{archive.suffix}"
    work = folder / f"work{archive.suffix}"
    work.mkdir()
    run(UV, "venv", "--quiet", "--python", sys.executable, environment)
    python = environment / "bin" / "python"
    run(UV, "pip", "install", "--quiet", "--python", python, archive)
    # Isolated: the checkout is in no path of it.
    run(python, "-I", ROOT / "tools" / "smoke.py", cwd=work)


def run(*command: object, cwd: Path = ROOT) -> None:
    subprocess.run([str(part) for part in command], check=True, cwd=cwd)  # noqa: S603


if __name__ == "__main__":
    main()
