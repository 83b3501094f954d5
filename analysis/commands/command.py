"""What a subcommand is: its words, its options, and what it does."""

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Command:
    """A subcommand.

    Attributes
    ----------
    summary
        One line for the list of subcommands.
    example
        Shown below the options.
    add_arguments
        Declares what it takes.
    run
        Does it, and yields the lines to print.
    """

    summary: str
    example: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], Iterable[str]]
