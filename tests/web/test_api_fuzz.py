"""The API under requests nobody would send: schemathesis makes them from our own OpenAPI."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

if TYPE_CHECKING:
    from web_house import House

pytestmark = pytest.mark.filterwarnings("ignore")

EXAMPLES = 3
"""Of each operation, as it wants them and otherwise; more by hand: set it to 200."""


CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "ignored_auth",
)


def _key_of_everybody(house: House) -> str:
    from inspection.store.accounts import Account, Grant
    from inspection.web.accounts import new_account, new_key

    roles = ("planner", "reviewer", "auditor", "admin")
    grants = (*(Grant(role=role) for role in roles), Grant(role="clerk", agency=house.agency))
    store = house.office.workspace.store
    new_account(store, Account(account="zz-everybody", name="all", created_at=house.clock(), grants=grants))
    return new_key(store, "zz-everybody", house.clock())


@pytest.mark.slow
def test_no_request_makes_the_api_fail_or_answer_otherwise_than_it_says(house: House, monkeypatch: Any):
    import schemathesis
    from schemathesis import checks

    from inspection.web import errands

    monkeypatch.setattr(errands.subprocess, "Popen", lambda *_, **__: None)
    headers = {"Authorization": f"Bearer {_key_of_everybody(house)}"}
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", house.client.app)
    checks.load_all_checks()
    wanted = checks.CHECKS.get_by_names(CHECKED)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 50
    failed = {}
    for operation in operations:
        for mode in schemathesis.GenerationMode:
            try:
                _fuzz(operation.as_strategy(generation_mode=mode), wanted, headers)
            except Unsatisfiable:
                continue  # there is nothing wrong to send where nothing is asked for
            except (Exception, BaseExceptionGroup) as error:
                failed[f"{operation.label} {mode.value}"] = "\n".join([repr(error), *map(str, _parts(error))])[:1500]
    assert not failed, "\n\n".join(f"{name}: {text}" for name, text in failed.items())


def _parts(error: BaseException) -> tuple[BaseException, ...]:
    return error.exceptions if isinstance(error, BaseExceptionGroup) else ()


def _fuzz(cases: Any, wanted: Any, headers: dict[str, str]) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def attempt(case: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            case.validate_response(case.call(headers=headers), checks=wanted)

    attempt()


@pytest.mark.slow
def test_fuzzing_finds_a_handler_that_fails(bare: House, monkeypatch: Any):
    import schemathesis
    from schemathesis import checks

    from inspection.web.api import log

    monkeypatch.setattr(log, "_copy", lambda request: 1 / 0)
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", bare.client.app)
    checks.load_all_checks()
    operation = next(found.ok() for found in schema.get_all_operations() if found.ok().label == "GET /api/v1/log")
    with pytest.raises(BaseException, match="division by zero"):
        _fuzz(operation.as_strategy(), checks.CHECKS.get_by_names(CHECKED), {})


def test_every_operation_says_what_it_needs_and_may_answer(bare: House):
    paths = bare.client.get("/api/openapi.json").json()["paths"]
    for path, operations in paths.items():
        for method, operation in operations.items():
            assert operation["summary"] and operation["description"], (method, path)
            assert {"401", "403", "409", "422", "429"} <= operation["responses"].keys(), (method, path)
            is_public = path == "/api/v1/" or path.startswith("/api/v1/log")
            assert ("security" in operation) != is_public, (method, path)
