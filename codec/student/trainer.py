"""The trainer `entropic-student`: a student, and the integer tables of its latents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import UsageError
from ncodec.formats import Model
from ncodec.plugin import Context, Option, Trainer

if TYPE_CHECKING:
    from ncodec.student.model import StudentModel
    from ncodec.student.student import Student
    from ncodec.student.teachers import Teacher

__all__ = ["StudentTrainer"]


class StudentTrainer(Trainer):
    """Trains an encoder and a decoder that stand for the first layers of a classifier."""

    name: ClassVar[str] = "entropic-student"
    options: ClassVar[Sequence[Option]] = (
        Option("teacher", str, "efficientnet-lite0", "the classifier; resnet18 to resnet152, too"),
        Option(
            "teacher_weights", Path, None, "the teacher's state_dict, where no package brings it"
        ),
        Option(
            "beta",
            str,
            "0.08,0.2,0.5,1.2,3,8",
            "squared feature error that a bit may cost, one value a rate",
        ),
        Option("epochs", int, 10, "epochs of stage 1, which matches features", minimum=1),
        Option(
            "distil_epochs",
            int,
            10,
            "epochs of stage 2, which matches the teacher's answers",
            minimum=0,
        ),
        Option(
            "recipe",
            str,
            "paper",
            "rates of learning: the paper's, or for short trainings",
            choices=("paper", "short"),
        ),
        Option("crops", int, 1, "random crops of each image in an epoch", minimum=1),
        Option("side", int, 224, "side of a crop, in pixels", minimum=32),
        Option("batch", int, 64, "crops a step", minimum=1),
    )

    def train(self, data: Sequence[str], options: Mapping[str, Any], context: Context) -> Model:
        """Learns from files, globs and folders of images; a folder of folders has labels.

        Raises:
            UsageError: the betas are no numbers.
            MissingDependency: CompressAI or the teacher is not installed.
            TargetUnreachable: a rate has collapsed: its beta is too large.
        """
        import torch

        from ncodec.device import resolve_device, threads
        from ncodec.student.crops import Photographs
        from ncodec.student.learn import Recipe, learn
        from ncodec.student.model import FAMILY, VERSION
        from ncodec.student.student import Student
        from ncodec.student.teachers import load_teacher

        betas = _betas(options["beta"])
        place = resolve_device(context.device).place
        photographs = Photographs(data)
        teacher = load_teacher(options["teacher"], options["teacher_weights"]).to(place)
        recipe = Recipe(
            betas,
            (options["epochs"], options["distil_epochs"]),
            options["crops"],
            options["batch"],
            options["side"],
            options["recipe"] == "short",
        )
        with threads(context.threads), torch.random.fork_rng(devices=[]):
            torch.manual_seed(context.seed)
            student = Student(teacher.architecture, len(betas))
            student.to(place, memory_format=torch.channels_last)  # type: ignore[call-overload]
            figures = learn(student, teacher, photographs, recipe, context, place)
            sample = photographs.sample(
                _SAMPLE, teacher.preparation.side, context.seed, context.threads
            )
            model = model_of(student, teacher, betas, sample)
        kept = {name: value for name, value in options.items() if not isinstance(value, Path)}
        tags: dict[str, Any] = {"options": kept, "images": len(photographs)}
        for name, values in figures.items():
            tags[name] = [round(value, 3) for value in values]
        return Model(FAMILY, VERSION, model.pack(), tags)


_SAMPLE = 256
"""The number of crops that the tables are counted on."""


def model_of(
    student: Student, teacher: Teacher, betas: Sequence[float], sample: NDArray[np.uint8]
) -> StudentModel:
    """The model that is kept of a trained student.

    Args:
        student: the trained student.
        teacher: the teacher that it imitates.
        betas: its rates' betas.
        sample: prepared images that the tables are counted on, uint8 [n, height, width, 3].
    """
    from ncodec.student.model import Rate, StudentModel
    from ncodec.student.network import to_arrays
    from ncodec.student.prior_tables import learn_prior

    gains = student.gain.detach().exp().cpu().numpy()
    inverses = student.inverse.detach().exp().cpu().numpy()
    latents = student.encoded(sample, teacher.preparation)
    rates = []
    for beta, gain, inverse, masses, medians in zip(
        betas, gains, inverses, *student.masses(), strict=True
    ):
        scaled = latents * gain[:, None, None] - medians[:, None, None]
        values = np.rint(scaled).astype(np.int32)
        rates.append(Rate(beta, gain, inverse, learn_prior(values, masses, medians)))
    return StudentModel(
        teacher.architecture,
        teacher.name,
        teacher.weights,
        teacher.preparation,
        to_arrays(student.encoder),
        to_arrays(student.decoder),
        rates,
    )


def _betas(text: str) -> tuple[float, ...]:
    try:
        values = tuple(sorted(float(part) for part in text.split(",")))
    except ValueError:
        values = ()
    if not values or len(values) > 64 or not all(0 < value < 1e6 for value in values):
        raise UsageError(f"beta is {text!r} but must be up to 64 positive numbers like 0.5,2,8")
    return values
