"""``stepwright completion``: the script by which a shell completes commands, options and files."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

PROGRAM = "stepwright"
VARIABLE = "_STEPWRIGHT_COMPLETE"
"""Set by the script when the shell asks for completions."""


def completion(
    shell: Annotated[Literal["bash", "zsh", "fish"], typer.Argument(help="The shell that is to read it.")],
) -> None:
    """Print the script that makes a shell complete this command.

    bash: source <(stepwright completion bash); zsh: stepwright completion zsh > a folder of $fpath, as _stepwright;
    fish: stepwright completion fish | source
    """
    from typer import completion as shells  # noqa: PLC0415

    script = shells.get_completion_script(  # type: ignore[attr-defined]  # there for its own use
        prog_name=PROGRAM, complete_var=VARIABLE, shell=shell
    )
    typer.echo(script)
