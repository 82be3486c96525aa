"""Mapping tables: what they make of facts, what they refuse, and that no public one can touch personal data."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from delivery_scene import START, finding

from inspection.errors import PublishError
from inspection.outgoing import KINDS, Announcement
from inspection.publish.adapters import adapter_names, load_adapter
from inspection.publish.body_check import body_faults
from inspection.publish.facts import known_facts
from inspection.publish.mapping import map_record

BATCH = "2026043000001"
FINDING = Announcement(
    seq=1,
    key="k",
    record="finding/1",
    kind="finding",
    action="i",
    payload=finding(1),
    not_before=START,
    announced_at=START,
)


def mapped(adapter: str, announced: Announcement = FINDING, **changed: Any) -> dict[str, Any]:
    payload = {name: value for name, value in {**announced.payload, **changed}.items() if value is not None}
    return map_record(load_adapter(adapter), replace(announced, payload=payload), BATCH)


def test_public_record_has_the_fields_of_the_national_pages() -> None:
    assert mapped("gsxt-public") == {
        "recordId": "finding/1",
        "operation": "i",
        "raninsPlanId": "37082820271001",
        "raninsPlaneName": "2027年度双随机抽查计划",
        "raninsTaskId": "370828202704011001",
        "raninsTaskName": "登记事项检查",
        "raninsTypeName": "不定向",
        "uniscid": "91370828000000001X",
        "insAuth": "市场监督管理局",
        "insDate": "2026-04-06",
        "details": [{"seqno": 1, "raninsItemName": "营业执照", "raninsCheckResName": "未发现问题"}],
    }


def test_supervision_action_keeps_its_rules() -> None:
    body = mapped("supervision-action")
    assert (body["cd_operation"], body["cd_batch"], body["check_form"], body["check_result"]) == ("i", BATCH, "01", "1")
    assert body["check_personnel"] == "张三丰,李四光"
    assert body["submit_time"] == "2026-04-30 09:00:00"


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"officers": [{"name": "张三丰", "certificate": "1"}]}, "至少 2 项，实有 1 项"),
        ({"supervise_code": "123"}, "格式应为 [0-9]{14}"),
        ({"checklist_code": "11370828MB2857283X9"}, "格式应为"),
        ({"check_date": "2026-05-01"}, "submit_time 2026-04-30 09:00:00 早于 check_date 2026-05-01"),
        ({"check_date": "2026-4-6"}, "应为日期"),
        ({"check_form": "surprise"}, "不在字典 check_form 里"),
        ({"firm_name": "长" * 201}, "至多 200 个字符，实有 201 个"),
        ({"act": None}, "检查行为编号：缺少"),
        ({"results": "none"}, "应为列表"),
        ({"categories": "zhejiang"}, "同一代码含义不同"),
        ({"agency_name": ["a"] * 2}, None),
    ],
)
def test_supervision_action_names_what_does_not_fit(changed: dict[str, Any], fault: str | None) -> None:
    if fault is None:
        assert mapped("supervision-action", **changed)["implement_institution"] == ["a", "a"]
        return
    with pytest.raises(PublishError) as refusal:
        mapped("supervision-action", **changed)
    assert fault in refusal.value.text("zh")
    assert refusal.value.text("en")


def test_finding_without_a_result_is_never_sent_as_free_of_problems() -> None:
    for adapter in ("gsxt-public", "supervision-action", "excel-exchange"):
        for results in ([], None, [{"item": "I01", "item_name": "营业执照", "result": ""}]):
            with pytest.raises(PublishError):
                mapped(adapter, results=results)


def test_withdrawal_needs_its_keys_only() -> None:
    withdrawal = replace(FINDING, action="d", payload={"act": "1", "task_number": "370828202704011001"})
    assert mapped("supervision-action", withdrawal)["cd_operation"] == "d"
    assert mapped("gsxt-public", withdrawal)["operation"] == "d"
    with pytest.raises(PublishError, match="taken from act"):
        mapped("supervision-action", withdrawal, act=None)


def test_every_mapped_record_passes_the_receivers_own_check() -> None:
    for name in adapter_names():
        adapter = load_adapter(name)
        if "finding" in adapter.takes:
            assert body_faults(adapter, "finding", "i", mapped(name)) == ()


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"insDate": "gestern"}, "insDate: expected YYYY-MM-DD"),
        ({"raninsPlanId": None}, "raninsPlanId: missing"),
        ({"extra": "1"}, "extra: unknown"),
        (
            {"details": [{"seqno": 1, "raninsItemName": "x", "raninsCheckResName": "正常"}]},
            "not in the dictionary result",
        ),
        ({"details": "none"}, "details: no list of rows"),
        ({"insAuth": 0.5}, "insAuth: expected text"),
    ],
)
def test_receivers_check_names_what_is_wrong(changed: dict[str, Any], fault: str) -> None:
    body = {name: value for name, value in (mapped("gsxt-public") | changed).items() if value is not None}
    assert any(fault in each for each in body_faults(load_adapter("gsxt-public"), "finding", "i", body))


def test_no_public_adapter_reads_a_personal_fact() -> None:
    for name in adapter_names():
        adapter = load_adapter(name)
        if adapter.audience != "public":
            continue
        text = json.dumps(mapped(name), ensure_ascii=False)
        assert not any(word in text for word in ("张三丰", "李四光", "15080001", "王录入")), name


def test_own_table_goes_before_ours_and_a_personal_fact_for_the_public_is_refused(tmp_path: Path) -> None:
    head = 'title_zh = "x"\ntitle_en = "x"\nmedia = "json"\nsource = "x"\naudience = "public"\n'
    table = (
        'name = "gsxt-public"\n' + head + '[kinds.finding]\nkey = ["who"]\nfields = [{ name = "who", from = "%s" }]\n'
    )
    (tmp_path / "gsxt-public.toml").write_text(table % "firm")
    assert load_adapter("gsxt-public", tmp_path).takes == ("finding",)
    for fact, told in (("entered_by", "personal"), ("nonsense", "no fact"), ("$nonsense", "none of")):
        (tmp_path / "gsxt-public.toml").write_text(table % fact)
        with pytest.raises(PublishError, match=told):
            load_adapter("gsxt-public", tmp_path)
    (tmp_path / "gsxt-public.toml").write_text("name = ")
    with pytest.raises(PublishError) as refusal:
        load_adapter("gsxt-public", tmp_path)
    assert refusal.value.code == "publish.adapter.malformed"


@pytest.mark.parametrize("name", ["../policy", "facts", "website", "", "x" * 70])
def test_name_of_no_adapter_is_refused(name: str) -> None:
    with pytest.raises(PublishError) as refusal:
        load_adapter(name)
    assert refusal.value.code == "publish.adapter.unknown"


def test_facts_are_known_for_every_kind_but_reminders() -> None:
    assert set(known_facts()) == set(KINDS) - {"reminder"}
    for kind in known_facts().values():
        assert kind.title in kind.facts
        assert not any(fact.is_public and fact.is_personal for fact in kind.facts.values())


def test_dictionaries_not_found_are_flagged() -> None:
    assert set(load_adapter("supervision-action").unconfirmed) >= {"检查类别", "检查方式", "检查结果"}
