"""Void, replace, substitute, close: two people each time, in the log, in the protocol's order, counted and flagged."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date

import pytest
from midyear_office import JOINT, SINGLE, ceremony, verified, with_reserve

from inspection import service
from inspection.beacon.ceremony import AttendedCeremony
from inspection.changes import change_steps
from inspection.changes.change_concerns import concerns
from inspection.changes.change_report import count_changes, flags
from inspection.changes.successors import tickets_of
from inspection.draw.afterwards import next_reserve
from inspection.draw.reveal import party_commitment
from inspection.errors import BeaconError, DrawError, InputError, StoreError
from inspection.rules.past import Past
from inspection.rules.reasons import reasons
from inspection.steps.standing import find_visit
from inspection.store.changes import change as change_of
from inspection.store.changes import changes
from inspection.store.draws import draws


def entries(made):
    return [json.loads(line) for line in made.line().workspace.log.lines()]


def records(made):
    with made.line().workspace.store.reading() as connection:
        return {draw.folder: draw for draw in draws(connection, made.line().name)}


def do(made, wish, by="张三", approved_by="李四"):
    """Ask and approve."""
    line = made.line()
    return change_steps.approve(line, change_steps.request(line, wish, by).number, approved_by)


def committed(made):
    """The firm draw is committed and waits for its reveal."""
    line = made.start()
    parties = line.given.policy.ceremony.parties
    for kind in ("firms", "inspectors"):
        name = f"{line.name}/{'1-firms' if kind == 'firms' else '2-inspectors'}"
        given = {party: party_commitment("sha256", name, party, f"secret of {party}") for party in parties}
        service.hand_in(line, kind, given)
    with pytest.raises(BeaconError) as waiting:
        service.plan_year(line, AttendedCeremony())
    assert waiting.value.code == "beacon.reveal.waiting"
    return line


def test_a_void_draw_stays_in_the_log_and_a_new_one_is_made(copy, undrawn):
    made = copy(undrawn)
    line = committed(made)
    do(made, change_steps.void_wish(line, "1-firms", "party-absent"))
    told = entries(made)[-1]
    assert (told["type"], told["reason"], told["actor"], told["approved_by"]) == (
        "void",
        "party-absent",
        "张三",
        "李四",
    )
    line = made.start()
    service.plan_year(line, ceremony(line))
    # The inspectors announced for visits never drawn are given up too, unlogged because never committed.
    assert [folder for folder, draw in records(made).items() if draw.void] == ["1-firms", "2-inspectors"]
    code, text = verified(made.bundle())
    assert code == 0 and "1 void" in text, text
    names = json.loads((made.scratch / "bundle/bundle.json").read_text())["draws"]
    assert names == ["1-firms", "3-firms", "4-inspectors"]


def test_a_void_without_its_reason_fails_the_check(copy, undrawn, monkeypatch):
    made = copy(undrawn)
    line = committed(made)
    wish = change_steps.void_wish(line, "1-firms", "technical")
    monkeypatch.setattr("inspection.store.log.NEEDED", {})
    monkeypatch.setattr("inspection.changes.change_steps._particulars", lambda change: {"reason": ""})
    do(made, wish)
    line = made.start()
    service.plan_year(line, ceremony(line))
    code, text = verified(made.bundle())
    assert code == 1 and "void without reason" in text


def test_after_a_void_the_plan_follows_new_registers(copy, undrawn):
    made = copy(undrawn)
    line = committed(made)
    old = line.plan.snapshot
    made.import_tasks(SINGLE)
    with pytest.raises(StoreError) as refused:
        service.renew_plan(made.office.workspace, made.office.policy(), made.office.snapshot(), made.clock())
    assert refused.value.code == "store.plan.logged"
    do(made, change_steps.void_wish(line, "1-firms", "register-error"))
    line = made.start()
    assert line.plan.snapshot != old and SINGLE[0] in {task.task for task in line.given.tasks}
    service.plan_year(line, ceremony(line))
    assert verified(made.bundle())[0] == 0


def test_a_draw_not_committed_is_given_up_without_the_log(copy, undrawn):
    made = copy(undrawn)
    line = made.start()
    parties = line.given.policy.ceremony.parties
    service.hand_in(line, "firms", dict.fromkeys(parties, "0" * 64))
    do(made, change_steps.void_wish(line, "1-firms", "secret-lost"))
    assert entries(made) == []
    line = made.start()
    assert service.hand_in(line, "firms", dict.fromkeys(parties, "1" * 64)).endswith("/2-firms")


def test_a_draw_with_a_result_is_never_void(copy, drawn_twice):
    made = copy(drawn_twice)
    for folder in ("1-firms", "2-inspectors"):
        with pytest.raises(StoreError) as refused:
            change_steps.void_wish(made.line(), folder, "technical")
        assert refused.value.code == "store.draw.finished"


def test_a_draw_revealed_is_carried_through(copy, undrawn, monkeypatch):
    made = copy(undrawn)
    line = made.start()
    with monkeypatch.context() as patched:
        patched.setattr("inspection.steps.firm_steps.draw_firms", None)
        with pytest.raises(TypeError):
            service.plan_year(line, ceremony(line))
    with pytest.raises(DrawError) as refused:
        change_steps.void_wish(line, "1-firms", "procedure")
    assert refused.value.code == "change.void.revealed"


def test_a_void_supplement_leaves_the_year_and_is_made_anew(copy, drawn_twice):
    made = copy(drawn_twice)
    made.import_tasks(JOINT)
    line = made.supplement()
    parties = line.given.policy.ceremony.parties
    service.hand_in(
        line, "firms", {p: party_commitment("sha256", f"{line.name}/3-firms", p, "x" * 40) for p in parties}
    )
    with pytest.raises(BeaconError):
        service.plan_year(line, AttendedCeremony())
    do(made, change_steps.void_wish(made.line(), "3-firms", "secret-leaked"))
    made.import_tasks(JOINT, SINGLE)
    line = made.supplement()
    added = service.plan_year(line, ceremony(line))
    assert added.drawn.firm_draw == "4-firms" and len(added.plan.visits) == 21
    code, text = verified(made.bundle())
    assert code == 0 and "1 void" in text, text


@pytest.mark.parametrize("second", ["张三", " 张 三", "张三 "])
def test_the_same_person_cannot_approve(copy, drawn_twice, second):
    made = copy(drawn_twice)
    line = made.line()
    asked = change_steps.request(line, change_steps.replace_wish(line, "V0001", "moved"), "张三")
    with pytest.raises(StoreError) as refused:
        change_steps.approve(line, asked.number, second)
    assert refused.value.code == "store.change.same_person"
    with pytest.raises(StoreError):
        change_steps.refuse(line, asked.number, second)


def test_names_that_differ_only_in_width_and_case_are_one_person(copy, drawn_twice):
    made = copy(drawn_twice)
    line = made.line()
    asked = change_steps.request(line, change_steps.replace_wish(line, "V0001", "moved"), "staff-A7")
    with pytest.raises(StoreError):
        change_steps.approve(line, asked.number, "Ｓtaff-a7")


def test_a_request_is_decided_once_and_asked_for_once(copy, drawn_twice):
    made = copy(drawn_twice)
    line = made.line()
    wish = change_steps.replace_wish(line, "V0001", "moved")
    asked = change_steps.request(line, wish, "张三")
    with pytest.raises(StoreError) as again:
        change_steps.request(line, wish, "王五")
    assert again.value.code == "store.change.pending"
    assert change_steps.refuse(line, asked.number, "李四").state == "refused"
    with pytest.raises(StoreError) as decided:
        change_steps.approve(line, asked.number, "李四")
    assert decided.value.code == "store.change.decided"
    assert len(entries(made)) == 4


def test_an_approval_stopped_before_the_log_changes_nothing(copy, drawn_twice, monkeypatch):
    made = copy(drawn_twice)
    line = made.line()
    label = with_reserve(made)[0]
    before = find_visit(change_steps.standing(line), label)
    asked = change_steps.request(line, change_steps.replace_wish(line, label, "moved"), "张三")
    with monkeypatch.context() as patched:
        patched.setattr(type(line.workspace.log), "append", None)
        with pytest.raises(TypeError):
            change_steps.approve(line, asked.number, "李四")
    with line.workspace.store.reading() as connection:
        assert change_of(connection, line.name, asked.number).state == "pending"
    assert find_visit(change_steps.standing(line), label) == before
    assert change_steps.approve(line, asked.number, "李四").successor


def test_replacements_take_the_reserve_in_ticket_order_and_verify(copy, drawn_twice):
    made = copy(drawn_twice)
    line, label = made.line(), with_reserve(made)[0]
    first = do(made, change_steps.replace_wish(line, label, "unreachable"))
    second = do(made, change_steps.replace_wish(line, label, "deregistered"))
    assert second.wish.subject == first.successor and second.successor != first.successor
    record = records(made)["1-firms"]
    rows = [row.split(",") for row in line.read(record.files["firms.csv"]).decode().splitlines()[1:]]
    pool_of = {row[0]: row[1] for row in rows}
    drawn = [row.split(",")[1] for row in line.read(record.files["visits.csv"]).decode().splitlines()[1:]]
    pool = pool_of[first.wish.subject]
    taken = Counter(pool_of[firm] for firm in drawn)[pool]
    members = [firm for firm, of in pool_of.items() if of == pool]
    order = [next_reserve(tickets_of(line, record), pool, members, taken, k) for k in (0, 1)]
    assert [first.successor, second.successor] == order
    visit = find_visit(change_steps.standing(line), label)
    assert visit.firm == second.successor and visit.called == (first.wish.subject, first.successor)
    told = entries(made)[-1]
    assert told["type"] == "replace" and told["firm"] == second.successor and told["visit"] == label
    assert told["digest"] == record.root
    code, text = verified(made.bundle())
    assert code == 0 and "2 replace" in text, text


def test_a_reserve_firm_out_of_order_fails_the_check(copy, drawn_twice, monkeypatch):
    made = copy(drawn_twice)
    # The firm after the one whose turn it is.
    name = "inspection.changes.successors.next_reserve"
    monkeypatch.setattr(name, lambda *given: next_reserve(*given[:-1], given[-1] + 1))
    label = with_reserve(made)[0]
    do(made, change_steps.replace_wish(made.line(), label, "unreachable"))
    code, text = verified(made.bundle())
    assert code == 1 and f"replace in {label} must be by" in text


def test_a_substitute_is_the_eligible_inspector_of_lowest_ticket(copy, drawn_twice):
    made = copy(drawn_twice)
    line = made.line()
    visit = change_steps.standing(line)[0]
    agency, officer = visit.team[0]
    done = do(made, change_steps.substitute_wish(line, "V0001", (agency, officer), "sick"))
    after = find_visit(change_steps.standing(line), "V0001")
    assert (agency, done.successor) in after.team and (agency, officer) not in after.team
    assert len(after.team) == len(visit.team)
    again = do(made, change_steps.substitute_wish(line, "V0001", (agency, done.successor), "recusal"))
    assert again.successor not in {officer, done.successor}
    told = entries(made)[-1]
    assert (told["type"], told["agency"], told["inspector"]) == ("substitute", agency, again.successor)
    assert told["draw"].endswith("2-inspectors") and told["replaces"] == done.successor
    code, text = verified(made.bundle())
    assert code == 0 and "2 substitute" in text, text


def test_a_chosen_substitute_fails_the_check(copy, drawn_twice, monkeypatch):
    made = copy(drawn_twice)
    line = made.line()
    visit = next(visit for visit in change_steps.standing(line) if visit.team)
    monkeypatch.setattr(
        "inspection.changes.successors.substitute",
        lambda tickets, visit, agency, k, able: tickets.order(f"substitute/{visit}/{agency}/{k}", able)[-1],
    )
    do(made, change_steps.substitute_wish(line, visit.visit, visit.team[0], "sick"))
    code, text = verified(made.bundle())
    assert code == 1 and "must be by" in text


def test_an_inspector_who_leaves_is_substituted_in_all_later_visits(copy, drawn_twice):
    made = copy(drawn_twice)
    made.set_day(date(2027, 6, 15))
    line = made.line()
    officer = Counter(person for visit in change_steps.standing(line) for _, person in visit.team).most_common(1)[0][0]
    wishes = change_steps.absence_wishes(line, officer, "left")
    for wish in wishes:
        do(made, wish)
    left = [visit for visit in change_steps.standing(line) if officer in {person for _, person in visit.team}]
    assert wishes and all(visit.day and visit.day < date(2027, 6, 15) for visit in left)
    assert verified(made.bundle())[0] == 0


def test_a_closed_visit_is_in_no_log_and_changes_no_more(copy, drawn_twice):
    made = copy(drawn_twice)
    line = made.line()
    known = len(entries(made))
    do(made, change_steps.close_wish(line, "V0003", "deregistered"))
    assert len(entries(made)) == known
    assert find_visit(change_steps.standing(line), "V0003").outcome == "deregistered"
    for wish in (
        lambda: change_steps.replace_wish(line, "V0003", "moved"),
        lambda: change_steps.close_wish(line, "V0003", "moved"),
    ):
        with pytest.raises(InputError) as refused:
            wish()
        assert refused.value.code == "change.closed"
    shown = service.plan_rows(line, service.plan_year(line, ceremony(line)))
    assert "V0003" not in {row.visit for row in shown}


def test_a_request_overtaken_by_another_is_not_carried_out(copy, drawn_twice):
    made = copy(drawn_twice)
    line = made.line()
    asked = change_steps.request(line, change_steps.replace_wish(line, "V0003", "moved"), "张三")
    do(made, change_steps.close_wish(line, "V0003", "deregistered"))
    with pytest.raises(DrawError) as refused:
        change_steps.approve(line, asked.number, "李四")
    assert refused.value.code == "change.overtaken"


def test_where_the_rules_say_close_nothing_is_replaced(copy, drawn_once):
    made = copy(drawn_once)
    with pytest.raises(DrawError) as refused:
        change_steps.replace_wish(made.line(), "V0001", "moved")
    assert refused.value.code == "change.replace.rules"


def test_a_reserve_firm_at_its_cap_since_another_draw_is_not_called(copy, drawn_twice, monkeypatch):
    made = copy(drawn_twice)
    line = made.line()
    other = change_steps.standing(line)[5].firm
    monkeypatch.setattr("inspection.changes.successors.next_reserve", lambda *given: other)
    monkeypatch.setattr(Past, "times", lambda past, firm: 2 if firm == other else 0)  # the cap of any tier
    with pytest.raises(DrawError) as refused:
        do(made, change_steps.replace_wish(line, "V0001", "moved"))
    assert refused.value.code == "change.reserve.capped"


def test_visits_of_a_supplement_are_changed_by_their_own_label(copy, drawn_twice):
    made = copy(drawn_twice)
    made.import_tasks(JOINT, SINGLE)
    line = made.supplement()
    service.plan_year(line, ceremony(line))
    line = made.line()
    before = find_visit(change_steps.standing(line), "V0002")
    done = do(made, change_steps.replace_wish(line, "3-V0002", "moved"))
    assert done.wish.draw.endswith("/3-firms")
    assert find_visit(change_steps.standing(line), "V0002") == before
    visit = find_visit(change_steps.standing(line), "3-firms/V0002")
    do(made, change_steps.substitute_wish(line, "3-V0002", visit.team[0], "leave"))
    code, text = verified(made.bundle())
    assert code == 0 and "1 replace" in text and "1 substitute" in text, text


def test_everything_is_counted_and_thresholds_are_flagged(copy, drawn_twice):
    made = copy(drawn_twice)
    line = made.line()
    labels = [visit.visit for visit in change_steps.standing(line)]
    several = len(labels) // 20 + 1
    for label in with_reserve(made)[:several]:
        do(made, change_steps.replace_wish(line, label, "unreachable"))
    change_steps.request(line, change_steps.close_wish(line, labels[-1], "moved"), "张三")
    with line.workspace.store.reading() as connection:
        counts = count_changes(change_steps.standing(line), changes(connection, line.name))
    assert (counts.replaced, counts.replacements, counts.pending) == (several, several, 1)
    flagged = flags(counts, line.given.policy, "en")
    assert len(flagged) == 1 and "5%" in flagged[0]
    warnings = service.summary(line, service.plan_year(line, ceremony(line)), "en").warnings
    assert flagged[0] in warnings and any(f"{several} reserve firms" in warning for warning in warnings)


def test_a_new_firm_that_an_officer_is_recused_from_is_told(copy, drawn_twice):
    made = copy(drawn_twice)
    line = made.line()
    label = with_reserve(made)[0]
    done = do(made, change_steps.replace_wish(line, label, "moved"))
    visit = find_visit(change_steps.standing(line), label)
    agency, officer = visit.team[0]
    record = records(made)["2-inspectors"]
    with line.workspace.store.writing() as connection:
        table = line.read(record.files["recusals.csv"]).decode() + f"{officer},{visit.firm},kin\n"
        from sqlalchemy import update

        from inspection.draw.canonical import canonical_json
        from inspection.store import tables

        files = {**record.files, "recusals.csv": line.keep(table.encode())}
        stored = update(tables.draws).filter_by(draw=record.draw).values(files=canonical_json(files).decode())
        connection.execute(stored)
    assert any(officer in text and agency in text for text in concerns(line, done, "en"))


@pytest.mark.parametrize("kind", ["void", "replace", "substitute", "close"])
def test_every_reason_has_words_in_both_languages(kind):
    assert reasons()[kind] and all(
        words.keys() == {"zh", "en"} and all(words.values()) for words in reasons()[kind].values()
    )


def test_an_unknown_reason_lists_the_known_ones(copy, drawn_twice):
    made = copy(drawn_twice)
    with pytest.raises(InputError) as refused:
        change_steps.replace_wish(made.line(), "V0001", "?")
    assert "unreachable" in refused.value.text("zh") and "无法联系" in refused.value.text("zh")


@pytest.mark.parametrize("label", ["V9999", "9-V0001", "", "V0001; DROP"])
def test_a_visit_that_is_none_is_refused(copy, drawn_twice, label):
    made = copy(drawn_twice)
    with pytest.raises(InputError) as refused:
        change_steps.close_wish(made.line(), label, "moved")
    assert refused.value.code == "change.visit"


@pytest.mark.parametrize("name", ["", "  ", "a\x00b"])
def test_a_person_without_a_name_is_refused(copy, drawn_twice, name):
    made = copy(drawn_twice)
    line = made.line()
    with pytest.raises(InputError) as refused:
        change_steps.request(line, change_steps.close_wish(line, "V0001", "moved"), name)
    assert refused.value.code == "change.person"
