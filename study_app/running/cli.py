"""``craft-study status``, ``state`` and ``admin``: how a study stands, and who may steer it."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Final

from flask import Flask

from study_app.columns import ROLES
from study_app.database_options import add_bundle, add_database
from study_app.services.admins import add_admin, list_admins, remove_admin
from study_app.services.counts import Arm, count_arms
from study_app.services.progress import read_funnel, warnings_of
from study_app.services.running import STATE_OF, change_state
from study_app.services.study import read_study

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]
OpenExisting = Callable[[argparse.Namespace], Flask]

ARM_COUNTS: Final = tuple(each.name for each in fields(Arm))[2:]
ACTION_OF: Final = {"pause": "paused", "resume": "resumed", "close": "closed"}


def add_running(commands: "Commands", open_existing: OpenExisting) -> None:
    """Add the commands to those of ``craft-study``.

    Parameters
    ----------
    commands
        Of its parser.
    open_existing
        Returns the application of a database that was served.
    """
    status = commands.add_parser(
        "status",
        help="count who came and who left, by condition",
        description="Count who came and who left, by condition, and say what asks for an eye.",
        epilog="example: craft-study status --database runs/demo/study.sqlite",
    )
    status.set_defaults(run=lambda arguments: _status(open_existing(arguments)))
    state = commands.add_parser(
        "state",
        help="pause, resume or close a study",
        description="Pause, resume or close a study; who takes part already goes on.",
        epilog="example: craft-study state pause --database study.sqlite",
    )
    state.add_argument("action", choices=ACTION_OF, help="closing is final, and opens the results")
    state.set_defaults(run=lambda arguments: _state(open_existing(arguments), arguments.action))
    for command in (status, state):
        add_database(command)
        add_bundle(command)
    _add_admin(commands, open_existing)


def _add_admin(commands: "Commands", open_existing: OpenExisting) -> None:
    admin = commands.add_parser(
        "admin",
        help="add, list or remove researchers who can log in",
        description="Add, list or remove researchers who can log in.",
        epilog="example: craft-study admin add mira --role researcher --database study.sqlite",
    )
    kinds = admin.add_subparsers(metavar="ACTION", required=True)
    add = kinds.add_parser("add", help="add one, or give one a new password")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--role", choices=ROLES, default="researcher", help="(%(default)s)")
    add.set_defaults(run=lambda args: _admin_add(open_existing(args), args.name, args.role))
    listed = kinds.add_parser("list", help="list them with their roles")
    listed.set_defaults(run=lambda args: _admin_list(open_existing(args)))
    remove = kinds.add_parser("remove", help="remove one; their logins end")
    remove.add_argument("name", metavar="NAME")
    remove.set_defaults(run=lambda args: _admin_remove(open_existing(args), args.name))
    for command in (add, listed, remove):
        add_database(command)
        add_bundle(command)


def _status(app: Flask) -> None:
    study = app.extensions["study_bundle"].manifest
    with app.app_context():
        row, arms = read_study(), count_arms(study)
        funnel, warnings = read_funnel(study), warnings_of(study)
    print(f"{study.title}: {row.state}")
    print(f"{'who':<11}{'condition':<16}" + "".join(f"{name:>13}" for name in ARM_COUNTS))
    for arm in arms:
        who = "simulated" if arm.is_simulated else "people"
        numbers = "".join(f"{getattr(arm, name):>13}" for name in ARM_COUNTS)
        print(f"{who:<11}{arm.condition or 'not assigned':<16}{numbers}")
    print(f"{'all':<27}" + "".join(f"{_total(arms, name):>13}" for name in ARM_COUNTS))
    if funnel[0].n:
        print("people reached: " + ", ".join(f"{stage.name} {stage.n}" for stage in funnel))
    for warning in warnings:
        print(f"look: {warning}")


def _total(arms: Sequence[Arm], name: str) -> int:
    return sum(getattr(arm, name) for arm in arms)


def _state(app: Flask, wished: str) -> None:
    action = ACTION_OF[wished]
    with app.app_context():
        change = change_state(action)
    already = "" if change.is_new else f" already, by {change.by or 'nobody'}"
    print(f"state: {STATE_OF[action]}{already}")


def _admin_add(app: Flask, name: str, role: str) -> None:
    with app.app_context():
        password = add_admin(name, role)
    print(f"{name}: {role}")
    print(f"password, printed only now: {password}")


def _admin_list(app: Flask) -> None:
    with app.app_context():
        for each in list_admins():
            print(f"{each.name:<41}{each.role}")


def _admin_remove(app: Flask, name: str) -> None:
    with app.app_context():
        remove_admin(name)
    print(f"{name}: removed")
