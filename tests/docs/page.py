"""A page of the documentation, whose blocks run from top to bottom in one namespace. Knows no library but Django."""

from __future__ import annotations

import io
import json
import shlex
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

from django.core.management import call_command

from tests.docs.blocks import ROOT, Block, blocks_of

# What `python manage.py migrate` would do to the database of the tests, they have done.
_OPTIONS = {"migrate": ("--check",), "makemigrations": ("--check", "--dry-run")}


class Page:
    """The blocks of one page; with `mark`, those that run beside that library, else those that run beside none."""

    def __init__(
        self,
        path: str,
        names: dict[str, Any],
        *,
        mark: str | None = None,
        labels: str = "blog",
        check_settings: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self.names: dict[str, Any] = {"__name__": "documentation", **names}
        self.output = ""
        self.answer: Any = None
        self._labels = labels
        self._check_settings = check_settings
        # Those that are called models are a module of the project already.
        self._waiting = [
            block for block in self._chosen(blocks_of(path), mark) if block.language and "models" not in block.marks
        ]

    def run(self, marker: str | None = None) -> str:
        """Run what follows, up to the block that contains the marker, or to the end; return what that block printed."""
        while self._waiting:
            block = self._waiting.pop(0)
            self._run(block)
            if marker is not None and marker in block.code:
                return self.output
        if marker is not None:
            raise ValueError(f"No block that is left contains {marker!r}.")
        return self.output

    def _chosen(self, blocks: list[Block], mark: str | None) -> list[Block]:
        """Return the blocks of the mark, each with the output that is shown below it."""
        chosen: list[Block] = []
        is_chosen = True
        for block in blocks:
            if block.language not in ("text", "json"):
                libraries = set(block.marks) - {"settings", "models"}
                is_chosen = mark in libraries or (mark is None and not libraries)
            if is_chosen:
                chosen.append(block)
        return chosen

    def _run(self, block: Block) -> None:
        steps: dict[tuple[str, bool], Callable[[Block], None]] = {
            ("python", False): self._execute,
            ("python", True): self._settings,
            ("graphql", False): self._ask,
            ("sh", False): self._command,
            ("text", False): self._compare_output,
            ("json", False): self._compare_answer,
        }
        steps[block.language, "settings" in block.marks](block)

    def _execute(self, block: Block) -> None:
        with redirect_stdout(io.StringIO()) as printed:
            exec(block.compiled(), self.names)
        self.output = printed.getvalue()

    def _settings(self, block: Block) -> None:
        values: dict[str, Any] = {}
        exec(block.compiled(self._labelled(block.code)), values)
        if self._check_settings is not None:
            self._check_settings({name: value for name, value in values.items() if name.isupper()})

    def _ask(self, block: Block) -> None:
        result = self.names["schema"].execute(
            self._labelled(block.code),
            variable_values=self.names.get("variables"),
            context_value=self.names["request"],
        )
        assert result.errors is None, f"{block}: {result.errors}"
        self.answer = result.data

    def _command(self, block: Block) -> None:
        with redirect_stdout(io.StringIO()) as printed:
            for line in block.code.splitlines():
                words = shlex.split(self._labelled(line), comments=True)
                if words[:2] == ["python", "manage.py"]:
                    call_command(*words[2:], *_OPTIONS.get(words[2], ()))
                elif words:
                    assert words[0] == "make" and f"\n{words[1]}: " in (ROOT / "Makefile").read_text(), (
                        f"{block}: {line}"
                    )
        self.output = printed.getvalue()

    def _compare_output(self, block: Block) -> None:
        printed = [line.rstrip() for line in self.output.splitlines()]
        assert printed == block.code.splitlines(), f"{block}:\n{self.output}"

    def _compare_answer(self, block: Block) -> None:
        assert self.answer == json.loads(block.code), f"{block}:\n{json.dumps(self.answer, indent=2)}"

    def _labelled(self, code: str) -> str:
        """Have the labels of the pages' own app name the app that stands for it."""
        return (
            code
            if self._labels == "blog"
            else code.replace('"blog', f'"{self._labels}').replace(" blog", f" {self._labels}")
        )
