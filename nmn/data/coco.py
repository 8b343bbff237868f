"""COCO's captions (Chen et al. 2015), in which anyone can describe images of their own.

::

    {"images": [{"id": 9, "file_name": "000000000009.jpg"}],
     "annotations": [{"image_id": 9, "caption": "A red ball lies left of a box."}]}
"""

from pathlib import Path

from nmn.data.example import ImageExample
from nmn.data.json_file import ImageFolder, array, field, read_json
from nmn.errors import DataError

FAMILY, TRUE = "caption", "true"


def read_coco_captions(captions: str | Path, images: str | Path) -> list[ImageExample]:
    """Read each caption as a statement that is true of its image, in the order of the annotations.

    Raises DataError naming the file and the entry at fault, also for an image that is not in the folder.
    """
    path, folder = Path(captions), ImageFolder(images)
    data = read_json(path)
    names: dict[int, str] = {}
    for number, entry in enumerate(array(path, data, "images")):
        place = f"{path}: images[{number}]"
        image_id, name = field(place, entry, "id", int), field(place, entry, "file_name", str)
        if names.setdefault(image_id, name) != name:
            raise DataError(f"{place}: id {image_id} is that of {names[image_id]} already")
    examples = []
    for number, entry in enumerate(array(path, data, "annotations")):
        place = f"{path}: annotations[{number}]"
        text, image_id = field(place, entry, "caption", str).strip(), field(place, entry, "image_id", int)
        if image_id not in names:
            raise DataError(f"{place}: image_id {image_id} is none of the images")
        examples.append(ImageExample(text, folder.path(place, names[image_id]), TRUE, FAMILY))
    return examples
