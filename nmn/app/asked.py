"""What the page may send: the bodies of requests, checked before anything else sees them."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from nmn.app.limits import Limits
from nmn.app.scenes import MAX_SEED

LIMITS = Limits()
Name = Annotated[str, Field(max_length=200)]
Question = Annotated[str, Field(max_length=LIMITS.question_characters, description="The question, in English.")]
Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]


class Body(BaseModel):
    """A request's body; a field that is not known is an error."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Scene(Body):
    """A scene to paint: one of a preset and a seed, or one that is given, in the preset's style if one is named."""

    preset: Name | None = None
    seed: Seed = 0
    scene: dict[str, Any] | None = Field(default=None, description="A scene's JSON, as this API gives it.")

    @model_validator(mode="after")
    def _some(self) -> "Scene":
        if self.preset is None and self.scene is None:
            raise ValueError("give a preset, a scene or both")
        return self


class Picture(Body):
    """What is asked about, one of four: a bundled picture, an upload, a scene, an example of the dataset."""

    bundled: Name | None = None
    upload: str | None = Field(default=None, description="The bytes of one picture file, in base64.")
    scene: Scene | None = None
    example: Annotated[int, Field(ge=0, le=2**31)] | None = None

    @model_validator(mode="after")
    def _one(self) -> "Picture":
        given = [one for one in (self.bundled, self.upload, self.scene, self.example) if one is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of bundled, upload, scene and example")
        return self


class Ask(Body):
    """A question about a picture, to one run."""

    question: Question
    picture: Picture
    run: Name | None = Field(
        default=None, description="A run's name from /api/models; by default what suits the picture."
    )
    repair: bool = Field(default=True, description="Read misspelt words as the nearest known ones.")


class Describe(Body):
    """A picture to be described by a run that answers no questions, and a text to compare it with."""

    text: Question
    picture: Picture
    run: Name


class Parse(Body):
    """A question that is being typed."""

    question: Question
    run: Name | None = Field(
        default=None, description="Read in this run's language, and mark completions with words that it never learned."
    )
    grammar: Name | None = Field(
        default=None, description="Read in this language instead; world where neither is said."
    )
