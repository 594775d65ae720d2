from pathlib import Path

import av
import numpy as np
import pytest
from clips import clip, write

from ncodec.media import Frame


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A lossless 16x16 clip of 12 frames, with a cut at frame 6."""
    info, (bright, *_) = clip(frames=12)
    dark = tuple(plane // 8 for plane in bright.planes)
    path = tmp_path / "film.mkv"
    write(path, info, [Frame(dark if i < 6 else bright.planes, i) for i in range(12)])
    return path


@pytest.fixture
def remuxed(tmp_path):
    """A function: 30 H.264 frames of noise in a container of PyAV's, with its options."""

    def make(name, options):
        info, frames = clip(size=(64, 48), frames=30)
        write(tmp_path / "plain.mp4", info, frames)
        with (
            av.open(str(tmp_path / "plain.mp4")) as source,
            av.open(str(tmp_path / name), "w", container_options=options) as target,
        ):
            film = source.streams.video[0]
            copy = target.add_stream_from_template(film)
            for packet in source.demux(film):
                if packet.dts is not None:
                    packet.stream = copy
                    target.mux(packet)
        return tmp_path / name

    return make


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A tenth of a second of silence."""
    path = tmp_path / "silence.wav"
    with av.open(str(path), "w") as container:
        track = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1600), np.int16), "s16", "stereo")
        frame.sample_rate = 8000
        container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return path
