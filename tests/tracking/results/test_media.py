"""Media: arrays become W&B's types, and files made in a trial outlive its process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wandb

from tune_wandb_nb.tracking.results.media import MediaFolder, is_number, to_wandb
from tune_wandb_nb.tracking.results.payload import Media

IMAGE = np.zeros((4, 6, 3), np.uint8)


@pytest.mark.parametrize("value", [1, 0.5, True, np.float64(2.0)])
def test_a_number_is_a_number(value: object) -> None:
    assert is_number(value)


@pytest.mark.parametrize("value", ["1", None, [1], 1j, IMAGE])
def test_anything_else_is_none(value: object) -> None:
    assert not is_number(value)


def converted(value: Any, **image_kwargs: Any) -> Any:
    return to_wandb(value, image_kwargs=image_kwargs, video_kwargs={})


def test_an_image_is_made_with_the_users_arguments() -> None:
    image = converted(Media("image", IMAGE), caption="mine")
    assert isinstance(image, wandb.Image)
    assert (image.image.size, image._caption) == ((6, 4), "mine")


def test_each_image_of_an_array_is_one() -> None:
    images = converted(Media("images", np.stack([IMAGE] * 3)))
    assert [type(image) for image in images] == [wandb.Image] * 3


def test_videos_are_made_with_their_own_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[Any, dict[str, Any]]] = []
    # A real one needs moviepy.
    monkeypatch.setattr(wandb, "Video", lambda array, **kwargs: made.append((array, kwargs)))
    clips = np.zeros((2, 5, 3, 4, 4), np.uint8)
    to_wandb(Media("videos", clips), image_kwargs={"caption": "no"}, video_kwargs={"fps": 4})
    assert [(array.shape, kwargs) for array, kwargs in made] == [
        ((5, 3, 4, 4), {"format": "gif", "fps": 4})
    ] * 2


@pytest.mark.parametrize("value", [0.5, "text", [1, 2], {"a": 1}])
def test_other_values_stay_as_they_are(value: Any) -> None:
    assert converted(value) is value


@pytest.fixture
def folder() -> Any:
    media = MediaFolder()
    yield media
    media.delete()


def temporary_image() -> Any:
    """Return an image as a trial makes it, and the temporary file that it is."""
    image = wandb.Image(IMAGE)
    assert Path(image._path).is_file()
    return image


@pytest.mark.parametrize(
    "nest",
    [
        pytest.param(lambda image: {"image": image}, id="top"),
        pytest.param(lambda image: {"eval": {"deep": {"image": image}}}, id="nested"),
        pytest.param(lambda image: {"images": [image, 1]}, id="list"),
        pytest.param(lambda image: {"images": (image,)}, id="tuple"),
    ],
)
def test_a_kept_file_outlives_its_original(folder: MediaFolder, nest: Any) -> None:
    image = temporary_image()
    original = Path(image._path)
    content = original.read_bytes()
    folder.keep(nest(image))
    original.unlink()
    assert Path(image._path) != original
    assert Path(image._path).read_bytes() == content


def test_files_of_one_name_do_not_replace_each_other(folder: MediaFolder, tmp_path: Path) -> None:
    images = [temporary_image() for _ in range(2)]
    for number, image in enumerate(images):
        place = tmp_path / str(number)
        place.mkdir()
        image._path = str(place / "same.png")
        Path(image._path).write_text(str(number))
    folder.keep({"images": images})
    assert [Path(image._path).read_text() for image in images] == ["0", "1"]


def test_a_file_on_another_file_system_is_copied(
    folder: MediaFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("os.link", refuse)
    image = temporary_image()
    original = Path(image._path)
    folder.keep({"image": image})
    original.unlink()
    assert Path(image._path).is_file()


def test_a_file_of_another_machine_is_left_to_be_reported(folder: MediaFolder) -> None:
    image = temporary_image()
    image._path = "/no/such/file.png"
    folder.keep({"image": image})
    assert image._path == "/no/such/file.png"


def test_a_users_own_file_is_left_alone(folder: MediaFolder, tmp_path: Path) -> None:
    temporary = temporary_image()
    own = tmp_path / "own.png"
    own.write_bytes(Path(temporary._path).read_bytes())
    image = wandb.Image(str(own))
    folder.keep({"image": image})
    assert image._path == str(own)


def test_what_was_kept_is_deleted_at_the_end() -> None:
    media = MediaFolder()
    media.delete()
    image = temporary_image()
    media.keep({"image": image})
    media.delete()
    assert not Path(image._path).parent.exists()
    media.delete()


def test_without_room_for_temporary_files_a_result_is_kept_as_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    image = wandb.Image(IMAGE)
    file = image._path
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    media = MediaFolder()
    media.keep({"image": image})
    assert image._path == file
    media.delete()
