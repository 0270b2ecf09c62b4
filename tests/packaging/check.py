"""Check what users install: build the wheel, install it alone, use it away from the source tree.

Run as `python tests/packaging/check.py` with the dev group installed; exits non-zero at the first thing that is wrong.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("revy", "revy_graphql")


def run(*command: str | Path, cwd: Path, **environ: str) -> None:
    print("+", *command, flush=True)
    # Neither PYTHONPATH nor the settings of whoever calls this may reach the clean environment.
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "DJANGO_"))}
    subprocess.run([str(part) for part in command], cwd=cwd, env={**clean, **environ}, check=True)


def source_files() -> set[str]:
    return {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def check_wheel(wheel: Path, version: str) -> None:
    """Exit unless the wheel holds exactly the files of the packages, and its metadata."""
    names = set(zipfile.ZipFile(wheel).namelist())
    packed = {name for name in names if not name.startswith(f"revy-{version}.dist-info/")}
    expected = source_files()
    if packed != expected:
        sys.exit(f"Missing in the wheel: {sorted(expected - packed)}; too much in it: {sorted(packed - expected)}.")
    required = {f"{package}/py.typed" for package in PACKAGES} | {"revy/contrib/django/migrations/0001_initial.py"}
    if missing := required - packed:
        sys.exit(f"Neither in the source tree nor in the wheel: {sorted(missing)}.")
    if not any(name.endswith("licenses/LICENSE") for name in names):
        sys.exit("The wheel has no LICENSE.")


def check_use(wheel: Path, workspace: Path) -> None:
    """Use the wheel in an environment of its own, first without the extra, then with it."""
    subprocess.run([sys.executable, "-m", "venv", workspace / "venv"], check=True)
    python = workspace / "venv" / "bin" / "python"
    project = workspace / "project"
    shutil.copytree(Path(__file__).parent / "project", project, ignore=shutil.ignore_patterns("__pycache__"))
    settings = {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(project)}

    run(python, "-m", "pip", "install", "--quiet", wheel, cwd=workspace)
    run(python, "-c", "import revy, sys; assert 'django' not in sys.modules", cwd=workspace)
    run(python, "-m", "django", "check", "--fail-level", "WARNING", cwd=project, **settings)
    run(python, "-m", "django", "makemigrations", "--check", "--dry-run", "revy", cwd=project, **settings)
    run(python, "-m", "django", "migrate", "--run-syncdb", "--verbosity", "0", cwd=project, **settings)
    run(python, "-W", "error", "use_revy.py", cwd=project, **settings)

    run(python, "-m", "pip", "install", "--quiet", f"{wheel}[graphql]", cwd=workspace)
    run(python, "-m", "pip", "check", cwd=workspace)
    run(python, "-c", "import django; django.setup(); import revy_graphql", cwd=project, **settings)


def main() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    with tempfile.TemporaryDirectory() as directory:
        workspace = Path(directory)
        run(sys.executable, "-m", "build", "--wheel", "--outdir", workspace, ROOT, cwd=workspace)
        wheels = list(workspace.glob("*.whl"))
        if [wheel.name for wheel in wheels] != [f"revy-{version}-py3-none-any.whl"]:
            sys.exit(f"Expected one wheel of revy {version}, got {wheels}.")
        check_wheel(wheels[0], version)
        check_use(wheels[0], workspace)
    print("The wheel is complete, and works alone.")


if __name__ == "__main__":
    main()
