"""The command line's help and its complaints about wrong usage, in the set language.

The texts stand in `cli.py` in English, where typer reads them; they are translated when the command
is put together, before anything is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from typer._click.exceptions import UsageError  # what typer raises; it exports no public name
from typer.core import TyperGroup

from config.language import _, marked, rephrase
from config.validation import SENTENCES

# Typer's own words, most special first.
USAGE: Final = (
    marked("Usage: {command} [OPTIONS] COMMAND [ARGS]..."),
    marked("Usage: {command} [OPTIONS] {arguments}"),
    marked("Usage: {command} [OPTIONS]"),
    marked("No such option: {name}"),
    marked("No such option: {name} (Possible options: {others})"),
    marked("No such command {name}. Did you mean {others}?"),
    marked("No such command {name}."),
    marked("Got unexpected extra argument(s) ({given})"),
    marked("Missing command."),
    marked("Missing argument {name}. Choose from:{choices}"),
    marked("Missing argument {name}."),
    marked("Missing option {name}."),
    marked("Option {name} requires an argument."),
    marked("Option {name} does not take a value."),
    marked("Invalid value for {name}: {problem}"),
    marked("Invalid value: {problem}"),
    marked("Value error, {problem}"),
    marked("{value} is not a valid integer."),
    marked("{value} is not a valid float."),
    marked("{value} is not a valid boolean."),
    marked("{value} is not in the range {range}."),
    marked("{value} does not match the formats {formats}."),
    marked("{value} does not match the format {format}."),
    marked("{value} is not one of {choices}."),
    marked("file {name} does not exist."),
    marked("file {name} is a directory."),
    marked("file {name} is not readable."),
    marked("directory {name} does not exist."),
    marked("directory {name} is a file."),
    marked("path {name} does not exist."),
    *SENTENCES,
)
HELP_OPTION: Final = marked("Show this message and exit.")
# Words that typer keeps as constants of its module for help pages and errors.
WORDS: Final = {
    "DEFAULT_STRING": marked("[default: {}]"),
    "REQUIRED_LONG_STRING": marked("[required]"),
    "ARGUMENTS_PANEL_TITLE": marked("Arguments"),
    "OPTIONS_PANEL_TITLE": marked("Options"),
    "COMMANDS_PANEL_TITLE": marked("Commands"),
    "ERRORS_PANEL_TITLE": marked("Error"),
    "ABORTED_TEXT": marked("Aborted."),
    "RICH_HELP": marked("Try [blue]'{command_path} {help_option}'[/] for help."),
}


def help_texts(command: Any) -> Iterator[tuple[Any, str]]:  # noqa: ANN401 - typer's are private
    """Go through a command and those below it: each holder of a text and its attribute."""
    yield from ((command, name) for name in ("help", "short_help", "rich_help_panel"))
    for parameter in command.params:
        yield from ((parameter, name) for name in ("help", "rich_help_panel"))
    for below in getattr(command, "commands", {}).values():
        yield from help_texts(below)


class SpokenGroup(TyperGroup):
    """The command with everything below it, in the language in use."""

    def __init__(self, **arguments: Any) -> None:  # noqa: ANN401 - passed through
        super().__init__(**arguments)
        for holder, name in help_texts(self):
            if isinstance(text := getattr(holder, name), str):
                setattr(holder, name, _(text))
        for command in _commands(self):
            command.get_usage = _Usage(command)

    def make_context(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401
        """Read the arguments; what is wrong with them is told in the language in use."""
        try:
            return super().make_context(*arguments, **named)
        except UsageError as error:
            raise _told(error) from error

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        """Run the command; what is wrong with its arguments is told in the language in use."""
        try:
            return super().invoke(ctx)
        except UsageError as error:
            raise _told(error) from error


class _Usage:
    """The line on usage, which opens each help page and each complaint."""

    def __init__(self, command: Any) -> None:  # noqa: ANN401
        self._of_command = command.get_usage
        self._help_option = command.get_help_option

    def __call__(self, ctx: Any) -> str:  # noqa: ANN401
        from typer import rich_utils  # a tenth of a second: only where something is shown

        for name, word in WORDS.items():
            setattr(rich_utils, name, _(word))
        if option := self._help_option(ctx):
            option.help = _(HELP_OPTION)
        return rephrase(self._of_command(ctx), USAGE)


def _commands(command: Any) -> Iterator[Any]:  # noqa: ANN401
    yield command
    for below in getattr(command, "commands", {}).values():
        yield from _commands(below)


def _told(error: UsageError) -> UsageError:
    if type(error).__name__ == "NoArgsIsHelpError":  # its message is the help page
        return error
    told = UsageError(rephrase(error.format_message(), USAGE), error.ctx)
    told.exit_code = error.exit_code
    return told
