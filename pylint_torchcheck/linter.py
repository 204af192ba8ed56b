"""Pylint's linter, narrowed to our messages."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

from astroid import MANAGER, AstroidSyntaxError, nodes
from pylint.exceptions import DeletedMessageError, MessageBecameExtensionError, UnknownMessageError
from pylint.interfaces import HIGH
from pylint.lint import PyLinter
from pylint.typing import FileItem

from pylint_torchcheck.targets import BadTargetError, EmptyFolderError, module_name, python_files
from pylint_torchcheck.unreadable import Complaint, complaint

CHECKER = "torchcheck"

# What Pylint says of plugins and of options that belong to them: of no use where only our checker runs.
ABOUT_OTHER_PLUGINS = ("bad-plugin-value", "unrecognized-option", "unknown-option-value")
ABOUT_OTHER_COMMENTS = ("unknown-option-value", "useless-option-value")


class UsageError(Exception):
    """Wrong arguments; its text is the line that the user reads."""


class PitfallLinter(PyLinter):
    """Pylint's linter with only our messages on, and with words for files that it cannot read.

    A configuration file that names one of our messages is obeyed. One that switches off ``all`` or ``W`` was
    written for Pylint's own checks: whoever runs ``torchcheck`` asks for ours.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.met_empty_folder = False
        self._configured: dict[str, bool] | None = {}  # message -> enabled?; None: the command line has begun
        super().__init__(*args, **kwargs)
        self._arg_parser.prog = "torchcheck"

    def enable(self, msgid: str, scope: str = "package", line: int | None = None, ignore_unknown: bool = False) -> None:
        with self._suggesting(msgid, scope):
            super().enable(msgid, scope, line, ignore_unknown)
        self._remember(msgid, True)

    def disable(
        self, msgid: str, scope: str = "package", line: int | None = None, ignore_unknown: bool = False
    ) -> None:
        with self._suggesting(msgid, scope):
            super().disable(msgid, scope, line, ignore_unknown)
        self._remember(msgid, False)

    @contextmanager
    def _suggesting(self, msgid: str, scope: str) -> Iterator[None]:
        """Turn a misspelt message on the command line into a usage error; elsewhere Pylint has its own ways."""
        try:
            yield
        except (DeletedMessageError, MessageBecameExtensionError):
            raise
        except UnknownMessageError as error:
            if self._configured is not None or scope != "package":
                raise
            near = get_close_matches(msgid, [message.symbol for message in self.msgs_store.messages], n=1)
            hint = f"did you mean {near[0]}?" if near else "torchcheck --list names the pitfalls"
            raise UsageError(f"there is no message {msgid}; {hint}") from error

    def _remember(self, msgid: str, enabled: bool) -> None:
        if self._configured is not None:
            self._configured[msgid] = enabled

    def _parse_command_line_configuration(self, arguments: Sequence[str] | None = None) -> list[str]:
        # The configuration file has been read, the command line not yet: the one moment to clear the table.
        self._enable_only_pitfalls()
        return super()._parse_command_line_configuration(arguments)

    def _enable_only_pitfalls(self) -> None:
        configured, self._configured = self._configured or {}, None
        self.disable("all")
        self.enable(CHECKER)
        messages = [
            message for checker in self.get_checkers() if checker.name == CHECKER for message in checker.messages
        ]
        for message in messages:
            if not message.default_enabled:
                self.disable(message.msgid)
        ours = {message.msgid for message in messages}
        for name, enabled in configured.items():
            if self._ids(name) & ours:
                (self.enable if enabled else self.disable)(name)
        if any(isinstance(plugin, ModuleNotFoundError) for plugin in self._dynamic_plugins.values()):
            for symbol in ABOUT_OTHER_PLUGINS:
                self.disable(symbol)

    def _ids(self, name: str) -> set[str]:
        try:
            return {message.msgid for message in self.msgs_store.get_message_definitions(name)}
        except UnknownMessageError:  # "all", a category, or a checker
            return set()

    def load_plugin_configuration(self) -> None:
        super().load_plugin_configuration()
        for symbol in ABOUT_OTHER_COMMENTS:
            self.disable(symbol)

    def _iterate_file_descrs(
        self, files_or_modules: Sequence[str], extra_packages_paths: Sequence[str] = ()
    ) -> Iterator[FileItem]:
        # Pylint's own way loses a file whose name is also that of a folder in the working directory, loses
        # scripts in a package's subfolder, reads a whole package for its __init__.py, and enters .venv.
        ignored: set[str] = set()
        seen: set[str] = set()
        for target in files_or_modules:
            for path in self._files(target):
                if path in seen:
                    continue
                seen.add(path)
                if self._is_ignored(path):
                    ignored.add(path)
                else:
                    name = module_name(path)
                    yield FileItem(name, path, name)
        self.stats.skipped += len(ignored)
        if ignored and ignored == seen:
            print(
                "torchcheck: nothing was checked, since the configuration ignores all that was named", file=sys.stderr
            )

    def _files(self, target: str) -> Iterator[str]:
        try:
            yield from python_files(target, self._report_unlisted_folder)
        except EmptyFolderError as error:
            self.met_empty_folder = True
            print(f"torchcheck: {error}", file=sys.stderr)
        except BadTargetError as error:
            self._report_unread(target, str(error))

    def _report_unlisted_folder(self, error: OSError) -> None:
        self._report_unread(error.filename, f"the folder cannot be listed ({error.strerror}); check its permissions")

    def _report_unread(self, path: str, reason: str) -> None:
        self.set_current_module(path)
        self._report(Complaint(reason, symbol="fatal"))

    def _is_ignored(self, path: str) -> bool:
        names = os.path.relpath(path).split(os.sep)
        if names[0] == os.pardir:  # folders above the project have names that are none of its business
            names = names[-1:]
        return (
            any(name in self.config.ignore for name in names)
            or any(pattern.match(name) for pattern in self.config.ignore_patterns for name in names)
            or any(pattern.match(path) for pattern in self.config.ignore_paths)
        )

    def get_ast(self, filepath: str, modname: str, data: str | None = None) -> nodes.Module | None:
        if data is not None:
            return super().get_ast(filepath, modname, data)
        try:
            return MANAGER.ast_from_file(filepath, modname, source=True)
        except AstroidSyntaxError as error:
            self._report(complaint(filepath, error.error))
        # With several jobs, an exception here would end the run for all files.
        except Exception as error:  # pylint: disable=broad-exception-caught
            self._report(complaint(filepath, error))
        return None

    def _report(self, found: Complaint) -> None:
        self.add_message(found.symbol, line=found.line, col_offset=found.column, args=found.words, confidence=HIGH)
