from __future__ import annotations

import pytest

from inspection.errors import InputError
from inspection.history.foreign import people, read_list, read_register, read_visits

HEAD = ["统一社会信用代码", "企业名称", "检查日期", "部门", "执法人员"]
FIRST = ["A1", "甲店", "2021年5月6日", "公安局", "张三、李四"]


def test_a_list_of_an_older_system_is_read_in_its_own_encoding(write_csv):
    rows = [["2021年抽查结果"], HEAD, FIRST, ["A2", "乙店", "2022/5/6", "公安局", "王五 张三"]]
    path = write_csv("往年.csv", rows, "gb18030")
    first, second = read_visits(path)
    assert (first.firm, first.year, first.agency, first.inspectors) == ("A1", 2021, "公安局", ("张三", "李四"))
    assert (second.year, second.inspectors) == (2022, ("王五", "张三"))


def test_one_row_per_inspector_is_one_visit(write_csv):
    rows = [["firm", "year", "inspector", "agency"], *(["A1", 2021, name, "fire"] for name in ("Ann", "Bob", "Ann"))]
    (visit,) = read_visits(write_csv("list.csv", rows))
    assert visit.inspectors == ("Ann", "Bob")


def test_a_spreadsheet_is_read_like_a_csv(tmp_path):
    import xlsxwriter

    path = tmp_path / "list.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for row, cells in enumerate([HEAD, FIRST]):
            sheet.write_row(row, 0, cells)
    (visit,) = read_visits(path)
    assert (visit.firm, visit.year) == ("A1", 2021)


def test_rows_without_firm_or_year_are_named_all_at_once(write_csv):
    rows = [HEAD, FIRST, ["", "", "2021-05-06", "", ""], ["A3", "丙店", "去年", "", ""]]
    with pytest.raises(InputError) as caught:
        read_visits(write_csv("list.csv", rows))
    told = caught.value.text("zh")
    assert caught.value.code == "audit.list.rows" and "list.csv:3" in told and "list.csv:4" in told and "2 行" in told


def test_broken_lines_are_named(write_csv):
    path = write_csv("list.csv", [HEAD, FIRST])
    path.write_text(path.read_text(encoding="utf-8") + 'A2,"乙店,2021,公安局,张三\nA3,x\n', encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_visits(path)
    assert caught.value.code == "audit.list.broken"


def test_a_list_without_rows_is_refused(write_csv):
    with pytest.raises(InputError):
        read_visits(write_csv("list.csv", [HEAD]))


def test_a_file_of_other_columns_is_refused(write_csv):
    with pytest.raises(InputError) as caught:
        read_visits(write_csv("list.csv", [["a", "b"], ["1", "2"]]))
    assert caught.value.code == "registers.file.header"


def test_names_in_a_cell_are_taken_apart():
    assert people("张三,李四；王五/赵六") == ["张三", "李四", "王五", "赵六"]
    assert people("Ann Lee") == ["Ann Lee"] and people("") == []


def test_everybody_of_the_agency_in_the_year_is_as_likely(write_csv):
    rows = [["firm", "year", "inspectors", "agency", "town"]]
    rows += [[f"A{n}", 2021, f"p{n % 4};p{(n + 1) % 4}", "fire", "north"] for n in range(6)]
    rows += [["A1", 2021, "p0", "health", "north"]]
    history = read_list(write_csv("list.csv", rows), {})
    (seats,) = history.seats
    fire, health = seats.chance[seats.need_agency[seats.way_need] == 0], seats.chance[-1:]
    assert set(fire) == {0.5} and health == 1
    assert "p0（fire）" in seats.inspectors and "p0（health）" in seats.inspectors and "p1" in seats.inspectors
    assert set(seats.visit_town) == {"north"}
    assert [code for code, _ in history.notes] == ["audit.note.register"]


def test_the_register_gives_places_tiers_and_towns(write_csv):
    register = write_csv("r.csv", [["firm", "tier", "town"], *([f"A{n}", "AB"[n % 2], "n"] for n in range(8))])
    path = write_csv("list.csv", [["firm", "year"], ["A3", 2021], ["A1", 2021], ["A4", 2022]])
    history = read_list(path, {None: register})
    first, second = history.draws
    assert first.drawn.tolist() == [1, 3] and second.drawn.tolist() == [4]
    assert list(first.tiers) == ["A", "B"] and first.expected.tolist() == [0, 2] and not first.is_published
    assert [code for code, _ in history.notes] == ["audit.note.unseated"] * 2 and not history.seats


def test_each_year_may_have_its_own_register(write_csv):
    registers = {
        year: write_csv(f"{year}.csv", [["firm"], *([f"A{n}"] for n in range(year - 2015))]) for year in (2021, 2022)
    }
    history = read_list(write_csv("list.csv", [["firm", "year"], ["A1", 2021], ["A1", 2022]]), dict(registers))
    assert [len(past.firms) for past in history.draws] == [6, 7]


def test_firms_twice_in_a_register_or_not_in_it_are_told(write_csv):
    register = write_csv("r.csv", [["firm"], ["A1"], ["A2"], ["A1"]])
    assert len(read_register(register)) == 3
    history = read_list(write_csv("list.csv", [["firm", "year"], ["A2", 2021], ["Z9", 2021]]), {None: register})
    notes = dict(history.notes)
    assert notes["audit.note.twice"]["firms"] == "A1" and notes["audit.note.strange"]["firms"] == "Z9"
    assert history.draws[0].drawn.tolist() == [1]
