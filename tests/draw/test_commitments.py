from __future__ import annotations

import dataclasses
import json

import pytest
from draw_samples import golden_draw
from hypothesis import given
from hypothesis import strategies as st

from inspection.draw.canonical import canonical_json
from inspection.draw.commitment import Commitment, Party
from inspection.draw.public_source import PublicSource
from inspection.draw.refusal import DrawRefusal
from inspection.draw.reveal import Reveal, check_reveal, party_commitment, seal_commitment, seed

SECRETS = {"market": "m" * 20, "notary": "公证处的密值，请勿外传，二〇二七年一月"}
DICE = PublicSource(kind="dice", fields={"digits": 4}, not_before="2027-01-05T09:30:00+08:00")


def make(*, secrets=SECRETS, public=DICE, seal="s" * 20, **changes):
    """A commitment to secrets and the reveal that opens it."""
    algorithm, draw = changes.get("digest", "sha256"), changes.get("draw", "p/1-firms")
    parties = tuple(
        Party(name=name, commitment=party_commitment(algorithm, draw, name, text)) for name, text in secrets.items()
    )
    fields = {
        "digest": algorithm,
        "plan": draw.partition("/")[0],
        "draw": draw,
        "kind": "firms",
        "previous": None,
        "inputs": dict.fromkeys(["rules.json", "firms.csv", "pools.csv", "flow.csv", "months.csv"], "0" * 64),
        "parties": parties,
        "public": public,
        "seal": seal and seal_commitment(algorithm, draw, seal),
    }
    value = None if public is None else {"dice": "0123", "drand": "ab" * 32, "lottery": "07 11 23"}[public.kind]
    return Commitment(**(fields | changes)), Reveal(parties=secrets, public=value, seal=seal)


def changed_commitments():
    """One change per field that keeps the reveal valid or brings its own."""
    drand = PublicSource(kind="drand", fields={"chain": "c", "round": 7}, not_before=DICE.not_before)
    later = dataclasses.replace(DICE, not_before="2027-01-05T09:30:01+08:00")
    base = make()[0]
    yield "digest", make(digest="sm3")
    yield "plan", make(draw="q/1-firms")
    yield "draw", make(draw="p/3-firms")
    yield "previous", make(previous="1" * 64)
    for file in base.inputs:
        yield file, make(inputs={**base.inputs, file: "1" * 64})
    yield "another input", make(inputs={**base.inputs, "more.csv": "1" * 64})
    yield "order of parties", make(secrets=dict(reversed(SECRETS.items())))
    yield "a party's secret", make(secrets=SECRETS | {"notary": "another secret of theirs"})
    yield "a party's name", make(secrets={"market": SECRETS["market"], "office": SECRETS["notary"]})
    yield "another party", make(secrets=SECRETS | {"firm": "a firm's own secret"})
    yield "kind of public", make(public=drand)
    yield "not_before", make(public=later)
    yield "no public", make(public=None)
    yield "seal", make(seal="t" * 20)
    yield "no seal", make(seal=None)


def test_every_field_changes_the_seed():
    named = {"nothing": seed(*make()), **{name: seed(*pair) for name, pair in changed_commitments()}}
    assert len(set(named.values())) == len(named), named


def test_kind_changes_the_seed():
    golden = golden_draw("county-small", "2-inspectors")
    inputs = golden.commitment.inputs | dict.fromkeys(make()[0].inputs, "0" * 64)
    pair = [dataclasses.replace(golden.commitment, kind=kind, inputs=inputs) for kind in ("firms", "inspectors")]
    assert seed(pair[0], golden.reveal) != seed(pair[1], golden.reveal)


def test_every_revealed_value_changes_the_seed():
    commitment, reveal = make()
    assert seed(commitment, dataclasses.replace(reveal, public="0124")) != seed(commitment, reveal)


def test_order_of_inputs_and_secrets_leaves_the_seed_alone():
    commitment, reveal = make()
    turned = dataclasses.replace(commitment, inputs=dict(reversed(commitment.inputs.items())))
    assert seed(turned, Reveal(parties=dict(reversed(reveal.parties.items())), public="0123", seal="s" * 20)) == seed(
        commitment, reveal
    )


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=16), max_size=3))
def test_commitment_and_reveal_read_back_from_their_bytes(texts):
    commitment, reveal = make(secrets={f"p{i}": text for i, text in enumerate(texts)} or SECRETS)
    assert Commitment.parse(commitment.canonical) == commitment
    assert Reveal.parse(reveal.canonical) == reveal
    check_reveal(commitment, reveal)


REVEALS = {
    "missing": {"parties": {"market": SECRETS["market"]}},
    "unknown": {"parties": SECRETS | {"stranger": "x" * 20}},
    "secret": {"parties": dict.fromkeys(SECRETS, "x" * 20)},
    "public_missing": {"public": None},
    "seal_missing": {"seal": None},
    "seal": {"seal": "x" * 20},
}


@pytest.mark.parametrize("code", REVEALS)
def test_reveal_that_does_not_open_the_commitment_is_refused(code):
    commitment, reveal = make()
    with pytest.raises(DrawRefusal) as refusal:
        seed(commitment, dataclasses.replace(reveal, **REVEALS[code]))
    assert refusal.value.code == f"draw.reveal.{code}"


def test_all_parties_with_a_wrong_secret_are_named_at_once():
    commitment, reveal = make()
    with pytest.raises(DrawRefusal) as refusal:
        seed(commitment, dataclasses.replace(reveal, **REVEALS["secret"]))
    assert refusal.value.params["parties"] == "market, notary"


@pytest.mark.parametrize(("code", "field"), [("public_unknown", "public"), ("seal_unknown", "seal")])
def test_value_nobody_committed_to_is_refused(code, field):
    commitment, reveal = make(**{field: None})
    with pytest.raises(DrawRefusal, match=rf"draw\.reveal\.{code}"):
        seed(commitment, dataclasses.replace(reveal, **{field: "x" * 20}))


@pytest.mark.parametrize("value", ["", "012", "01234", "012a", "０１２３", "012 "])
def test_dice_with_other_digits_are_refused(value):
    commitment, reveal = make()
    with pytest.raises(DrawRefusal) as refusal:
        seed(commitment, dataclasses.replace(reveal, public=value))
    assert (refusal.value.code, refusal.value.params["expected"]) == ("draw.public.dice", 4)


def lone(kind, **fields):
    return {"secrets": {}, "public": PublicSource(kind=kind, fields=fields, not_before=DICE.not_before)}


def test_public_source_alone_may_carry_the_draw_with_128_bits():
    assert make(**lone("drand", chain="c", round=1))[0].public
    assert make(**lone("dice", digits=40))[0].public


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("no_source", {"secrets": {}, "public": None}),
        ("few_dice", lone("dice", digits=39)),
        ("lone_lottery", lone("lottery", source="s", issue="i")),
        ("name", {"draw": "p/1-firms", "plan": "q"}),
        ("name", {"draw": "p/a:b"}),
        ("name", {"draw": "p"}),
        ("previous", {"kind": "inspectors"}),
        ("kind", {"kind": "other"}),
        ("inputs", {"inputs": {"firms.csv": "0" * 64}}),
        ("hex", {"previous": "A" * 64}),
        ("hex", {"inputs": {"firms.csv": "00"}}),
        ("party_twice", {"parties": (Party(name="a", commitment="0" * 64),) * 2}),
        ("input_name", {"inputs": make()[0].inputs | {"visits.csv": "0" * 64}}),
        ("input_name", {"inputs": make()[0].inputs | {"../x.csv": "0" * 64}}),
    ],
)
def test_commitment_against_the_protocol_is_refused(code, changes):
    with pytest.raises(DrawRefusal) as refusal:
        make(**changes)
    assert refusal.value.code == f"draw.commitment.{code}"


@pytest.mark.parametrize("name", ["", "a:b", "a b", "a\n", "public", "seal", "a/b"])
def test_party_name_that_could_be_read_two_ways_is_refused(name):
    with pytest.raises(DrawRefusal, match=r"draw\.commitment\.party_name"):
        Party(name=name, commitment="0" * 64)


@pytest.mark.parametrize("secret", ["short", "long enough but\nin two lines"])
def test_secret_that_binds_badly_is_refused(secret):
    with pytest.raises(DrawRefusal, match=r"draw\.secret\."):
        party_commitment("sha256", "p/1-firms", "notary", secret)


@pytest.mark.parametrize(
    ("kind", "fields", "not_before", "code"),
    [
        ("dice", {"digits": 20}, "2027-01-05T09:30:00", "draw.time"),
        ("dice", {"digits": 20}, "2027-13-05T09:30:00Z", "draw.time"),
        ("dice", {}, DICE.not_before, "draw.public.fields"),
        ("dice", {"digits": 0}, DICE.not_before, "draw.public.field"),
        ("dice", {"digits": True}, DICE.not_before, "draw.public.field"),
        ("drand", {"chain": "c", "round": "7"}, DICE.not_before, "draw.public.field"),
        ("coin", {}, DICE.not_before, "draw.public.kind"),
    ],
)
def test_public_source_against_the_protocol_is_refused(kind, fields, not_before, code):
    with pytest.raises(DrawRefusal) as refusal:
        PublicSource(kind=kind, fields=fields, not_before=not_before)
    assert refusal.value.code == code


def test_any_member_missing_or_of_another_type_is_refused():
    value = json.loads(make()[0].canonical)
    for name in value:
        for changed in ({k: v for k, v in value.items() if k != name}, value | {name: 7}, value | {name + "x": 7}):
            with pytest.raises(DrawRefusal):
                Commitment.parse(canonical_json(changed))


@pytest.mark.parametrize(
    "change",
    [{"parties": [7]}, {"parties": [{"name": "a"}]}, {"inputs": {"firms.csv": 7}}, {"public": {}}, {"protocol": "x"}],
)
def test_malformed_parts_are_refused(change):
    value = json.loads(make()[0].canonical)
    with pytest.raises(DrawRefusal):
        Commitment.parse(canonical_json(value | change))


def test_secrets_stay_out_of_the_representation():
    assert "m" * 20 not in repr(make()[1])
