"""A virtual environment for each library, under .cache/benchmarks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from benchmarks.libraries import COMMON, LIBRARIES

ROOT: Final = Path(__file__).resolve().parents[1]
CACHE: Final = ROOT / ".cache" / "benchmarks"
DATABASES: Final = CACHE / "databases"


def python_of(name: str) -> Path:
    """Return the interpreter of a library's environment, which is installed if it is missing or out of date."""
    return _installed(name, (*COMMON, *LIBRARIES[name].requirements))


def python_for_plots() -> Path:
    return _installed("plot", ("matplotlib>=3.9",))


def _installed(name: str, requirements: tuple[str, ...]) -> Path:
    folder = CACHE / "environments" / name
    python, stamp = folder / "bin" / "python", folder / "requirements"
    if not stamp.exists() or stamp.read_text() != "\n".join(requirements):
        print(f"Installing {' '.join(requirements)}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, *requirements], check=True, cwd=ROOT)
        stamp.write_text("\n".join(requirements))
    return python
