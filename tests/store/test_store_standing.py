"""What stands of a kind, page by page and counted, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from inspection.store.outbox import News, announce_all, standing, standing_count, standing_page
from inspection.store.plans import Store

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)


def _news(number: int, *, version: int = 0, action: str = "i", days: int = 0, name: str = "商行") -> News:
    return News(
        key=f"P/1-firms/V{number:03}/{version}",
        record=f"P/1-firms/V{number:03}",
        kind="visit",
        action=action,  # type: ignore[arg-type]  # one of three letters
        payload={"firm_name": f"缗城{name}{number}_100%"},
        not_before=NOW + timedelta(days=days),
    )


def test_pages_of_what_stands_come_to_the_whole_and_leave_out_what_does_not(store: Store) -> None:
    news = [_news(number) for number in range(20)]
    news += [_news(3, version=1, action="d"), _news(20, days=5), _news(4, version=1, action="u", name="药店")]
    with store.writing() as connection:
        announce_all(connection, news, now=NOW)
    with store.reading() as connection:
        whole = list(standing(connection, "visit", NOW))
        pages, after = [], ""
        while some := standing_page(connection, "visit", NOW, after=after, limit=7):
            pages += some
            after = some[-1].record
        assert pages == whole and len(whole) == standing_count(connection, "visit", NOW) == 19
        assert standing_count(connection, "visit", NOW + timedelta(days=6)) == 20
        assert standing_count(connection, "finding", NOW) == 0


def test_words_are_looked_for_as_they_stand(store: Store) -> None:
    with store.writing() as connection:
        announce_all(connection, [_news(1), _news(2, name="药店")], now=NOW)
    with store.reading() as connection:
        for words, count in (("药店", 1), ("1_100%", 1), ("100%", 2), ("1%100", 0), ("2x100", 0), ("", 2)):
            assert len(standing_page(connection, "visit", NOW, words=words)) == count, words
