"""Check what users install: build the wheel, install it alone, use it away from the source tree.

Run as `python tests/packaging/check.py` with the dev group installed; exits non-zero at the first thing that is wrong.
"""

import ast
import os
import re
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
    required = {f"{package}/py.typed" for package in PACKAGES} | {
        "revy/contrib/django/migrations/0001_initial.py",
        "revy/contrib/django/static/revy/admin/history.css",
        "revy/contrib/django/templates/revy/admin/timeline.html",
    }
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
    check_types(python, workspace)


def check_types(python: Path, workspace: Path) -> None:
    """Check a project that uses every public name with `mypy --strict`, and that it finds what is called wrongly."""
    project = workspace / "typed"
    if unused := public_names() - set(re.findall(r"\w+", read_sources(Path(__file__).parent / "typed"))):
        sys.exit(f"The typed project does not use {sorted(unused)}.")
    shutil.copytree(Path(__file__).parent / "typed", project, ignore=shutil.ignore_patterns("__pycache__"))
    tools = [requirement for requirement in group("dev") if requirement.startswith(("mypy", "django-stubs"))]
    run(python, "-m", "pip", "install", "--quiet", *tools, cwd=workspace)
    run(python, "-m", "mypy", "settings.py", "shop", cwd=project, PYTHONPATH=str(project))
    # What is typed must be true, too.
    settings = {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(project)}
    run(python, "-m", "django", "check", cwd=project, **settings)
    run(python, "-c", "import django; django.setup(); import shop.schema, shop.reading", cwd=project, **settings)


def public_names() -> set[str]:
    """Return the names in `__all__` of what projects import from."""
    modules = (
        "revy/__init__.py",
        "revy/contrib/django/__init__.py",
        "revy/contrib/django/admin/__init__.py",
        "revy/contrib/django/models.py",
        "revy_graphql/__init__.py",
    )
    found = set()
    for module in modules:
        for node in ast.parse((ROOT / module).read_text()).body:
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.targets[0], ast.Name)
                and node.targets[0].id == "__all__"
            ):
                found.update(ast.literal_eval(node.value))
    return found


def read_sources(folder: Path) -> str:
    return "\n".join(path.read_text() for path in folder.rglob("*.py"))


def group(name: str) -> list[str]:
    """Return the requirements of a dependency group, without the groups that it includes."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"][name]
    return [requirement for requirement in declared if isinstance(requirement, str)]


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
