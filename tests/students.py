"""A student of the real teacher that nothing was learned into: what is tested is the path."""

import numpy as np
import torch

from ncodec.formats import Model
from ncodec.student import teachers
from ncodec.student.model import FAMILY, VERSION, Rate, StudentModel
from ncodec.student.network import build_decoder, build_encoder, to_arrays
from ncodec.student.prior_tables import learn_prior
from ncodec.student.shape import Architecture, Layer
from ncodec.student.transform import begin_as_transform

SMALL = Architecture(
    (Layer(48, 9, 4, 4), Layer(8, 4, 2, 1), Layer(8, 3, 1, 1)),
    (Layer(8, 3, 1, 1), Layer(48, 3, 1, 1, 2), Layer(3, 3, 1, 1, 4)),
    bias=True,
    picture=True,
)


def untrained():
    """A model file's content: two rates."""
    torch.manual_seed(1)
    teacher = teachers.load_teacher("efficientnet-lite0")
    k = np.arange(-30, 31)
    rates = []
    for beta, gain in ((0.001, 20.0), (0.01, 4.0)):
        mass = np.exp(-np.abs(k) / gain)
        medians = np.linspace(-0.4, 0.4, SMALL.latents, dtype=np.float32)
        seen = np.rint(np.random.default_rng(0).laplace(0, gain, (4, SMALL.latents, 28, 28)))
        masses = np.tile(mass / mass.sum(), (SMALL.latents, 1))
        prior = learn_prior(seen.astype(np.int32), masses, medians)
        scale = np.full(SMALL.latents, gain, np.float32)
        rates.append(Rate(beta, scale, 1 / scale, prior))
    encoder, decoder = build_encoder(SMALL), build_decoder(SMALL)
    begin_as_transform(encoder, decoder)
    student = StudentModel(
        SMALL,
        teacher.name,
        teacher.weights,
        teacher.preparation,
        to_arrays(encoder),
        to_arrays(decoder),
        rates,
    )
    return Model(FAMILY, VERSION, student.pack())
