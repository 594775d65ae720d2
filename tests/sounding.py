"""Films with all that stands around the picture, made with PyAV."""

from fractions import Fraction

import av
import numpy as np

CHAPTERS = [
    {
        "id": i,
        "start": 400 * i,
        "end": 400 * (i + 1),
        "time_base": Fraction(1, 1000),
        "metadata": {"title": title},
    }
    for i, title in enumerate(["One", "Two"])
]
ASS = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, BackColour, Bold, Italic, Underline, Alignment
Style: Default,Arial,16,&Hffffff,&H0,0,0,0,2

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
TEXTS = {
    "subrip": b"Hello <i>you</i>",
    "ass": b"0,0,Default,,0,0,0,,Hello",
    "mov_text": b"\0\5Hello",
}


def sounding(
    path,
    audio=("aac",),
    subtitles=(),
    *,
    video_from=0,
    audio_from=0,
    chapters=False,
    attachments=(),
    tags=None,
    rate=48000,
    layout="mono",
    frames=20,
):
    """Writes a film of 64x48, 25 frames a second; returns the path.

    Args:
        path: its extension picks the container.
        audio, subtitles: FFmpeg's names of encoders, a track each.
        video_from, audio_from: seconds at which they start.
        chapters: whether it has `CHAPTERS`.
        attachments: (name, MIME type, data) of each.
        tags: of the file.
        rate, layout: samples a second and channels of the sound.
        frames: how many pictures there are.
    """
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sounds = [container.add_stream(name, rate=rate) for name in audio]
        for number, track in enumerate(sounds):
            track.layout = layout
            track.metadata["language"] = ("deu", "fra")[number % 2]
        texts = [container.add_stream(name) for name in subtitles]
        for track in texts:
            track.codec_context.subtitle_header = ASS
            track.time_base = Fraction(1, 1000)
        for attachment in attachments:
            container.add_attachment(*attachment)
        if chapters:
            container.set_chapters(CHAPTERS)
        container.metadata.update(tags or {})
        container.start_encoding()
        for track, name in zip(texts, subtitles, strict=True):
            packet = av.Packet(TEXTS[name])
            packet.stream, packet.time_base = track, Fraction(1, 1000)
            packet.pts = packet.dts = 200
            packet.duration = 400
            container.mux(packet)
        for index in range(frames):
            grey = np.add.outer(np.arange(48), np.arange(64) + 3 * index).astype(np.uint8)
            picture = av.VideoFrame.from_ndarray(grey, "gray").reformat(format="yuv420p")
            picture.pts = index + round(25 * video_from)
            picture.time_base = Fraction(1, 25)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        for track in sounds:
            _sing(container, track, rate, audio_from, frames / 25)
    return path


def _sing(container, track, rate, start, seconds):
    layout, channels = track.codec_context.format.name, track.codec_context.channels
    size = track.codec_context.frame_size or 1024
    for index in range(int(seconds * rate) // size):
        wave = np.sin((np.arange(size) + index * size) / 20)[None] * 0.3
        packed = {"s16": np.int16, "s16p": np.int16, "s32": np.int32, "s32p": np.int32}
        if layout in packed:
            wave = (wave * np.iinfo(packed[layout]).max).astype(packed[layout])
        wave = wave.repeat(channels, axis=0 if layout.endswith("p") else 1)
        frame = av.AudioFrame.from_ndarray(
            wave.astype(packed.get(layout, np.float32)), layout, track.codec_context.layout.name
        )
        frame.sample_rate, frame.pts = rate, index * size + round(start * rate)
        frame.time_base = Fraction(1, rate)
        container.mux(track.encode(frame))
    container.mux(track.encode(None))


def packets(path, kinds=("audio", "subtitle")):
    """The packets of each track: {index among them: [(seconds, bytes)]}."""
    found = {}
    with av.open(str(path)) as container:
        for packet in container.demux():
            if packet.size and packet.stream.type in kinds:
                when = packet.pts * packet.time_base
                found.setdefault(packet.stream.index, []).append((when, bytes(packet)))
    return [found[index] for index in sorted(found)]


def first_times(path):
    """When the first packets of video and sound are shown, in seconds, the earlier one at 0."""
    times = {"video": [], "audio": []}
    with av.open(str(path)) as container:
        for packet in container.demux():
            if packet.size and packet.stream.type in times:
                times[packet.stream.type].append(packet.pts * packet.time_base)
    firsts = {kind: float(min(found)) for kind, found in times.items()}
    return {kind: first - min(firsts.values()) for kind, first in firsts.items()}
