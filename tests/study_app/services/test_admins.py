import pytest
from sqlalchemy import select

from study_app.errors import ConflictError, NotFoundError, SetupError
from study_app.extensions import db
from study_app.models import Admin
from study_app.services.admins import (
    add_admin,
    add_first_admin,
    check_password,
    last_actions,
    list_admins,
    remove_admin,
)


def test_first_owner_is_added_once_and_the_password_kept_as_a_hash(context):
    password = add_first_admin()
    assert add_first_admin() is None
    assert check_password("admin", password).role == "owner"
    assert check_password("admin", password + "x") is None
    assert check_password("nobody", password) is None
    assert password not in db.session.scalars(select(Admin.password_hash)).one()


def test_new_password_replaces_the_old_one_and_takes_a_new_number(context):
    add_first_admin()
    first = add_admin("mira", "viewer")
    number = check_password("mira", first).id
    second = add_admin("mira", "researcher")
    assert check_password("mira", first) is None
    assert check_password("mira", second).role == "researcher"
    assert check_password("mira", second).id > number
    assert [each.name for each in list_admins()] == ["admin", "mira"]


def test_numbers_of_removed_admins_are_not_given_again(context):
    add_first_admin()
    number = check_password("mira", add_admin("mira", "viewer")).id
    remove_admin("mira")
    assert check_password("vera", add_admin("vera", "viewer")).id > number


def test_last_owner_stays(context):
    add_first_admin()
    with pytest.raises(ConflictError, match="a study must keep an owner; got admin, the last one"):
        remove_admin("admin")
    with pytest.raises(ConflictError, match="a study must keep an owner"):
        add_admin("admin", "viewer")
    add_admin("olga", "owner")
    remove_admin("admin")
    assert [each.name for each in list_admins()] == ["olga"]


@pytest.mark.parametrize("name", ["", "A", "mi ra", "x" * 41, "é", "-x"])
def test_names_that_are_none_are_refused(context, name):
    with pytest.raises(SetupError, match="admin's name must be small letters"):
        add_admin(name, "viewer")


def test_roles_that_are_none_are_refused(context):
    with pytest.raises(SetupError, match="role must be one of viewer, researcher, owner; got 'x'"):
        add_admin("mira", "x")


def test_nobody_is_removed_by_a_wrong_name(context):
    add_first_admin()
    with pytest.raises(NotFoundError, match="admin must be one of admin; got 'mira'"):
        remove_admin("mira")


def test_additions_and_removals_are_on_record(context):
    add_first_admin()
    add_admin("mira", "viewer", by="admin")
    remove_admin("mira")
    assert [(each.admin, each.name, each.detail) for each in last_actions(5)] == [
        ("command line", "admin_removed", "mira"),
        ("admin", "admin_added", "mira, viewer"),
    ]
