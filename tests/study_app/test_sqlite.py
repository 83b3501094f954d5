"""Writers wait in turn, across connections, and an acknowledged row is on disk."""

import threading

from sqlalchemy import create_engine

from study_app.sqlite import BEGIN_OPTION, QUEUE_ENDING, configure_sqlite, in_turn


def test_connections_sync_every_commit(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 's.sqlite'}")
    configure_sqlite(engine)
    with engine.connect() as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys")
        values = [connection.exec_driver_sql(f"PRAGMA {each}").scalar() for each in pragmas]
    assert values == ["wal", 2, 1]  # 2 is FULL


def test_next_writer_goes_on_when_the_one_before_is_through(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 's.sqlite'}")
    configure_sqlite(engine)
    order = []

    def write():
        with in_turn(engine), engine.connect() as connection:
            immediate = connection.execution_options(**{BEGIN_OPTION: "IMMEDIATE"})
            with immediate.begin():
                order.append("second")

    second = threading.Thread(target=write)
    with in_turn(engine):
        second.start()
        second.join(0.2)
        assert second.is_alive()
        order.append("first")
    second.join(10)
    assert order == ["first", "second"]
    assert (tmp_path / f"s.sqlite{QUEUE_ENDING}").exists()


def test_nobody_waits_where_there_is_no_file(tmp_path):
    engine = create_engine("sqlite://")
    with in_turn(engine), in_turn(engine):
        assert list(tmp_path.iterdir()) == []
