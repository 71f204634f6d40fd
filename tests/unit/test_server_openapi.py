"""The description of the server's addresses is whole, and valid."""

from typing import Any

from openapi_spec_validator import validate

from dalston_cli.server.access import OPEN_PATHS
from dalston_cli.server.app import make_routes
from dalston_cli.server.job_endpoints import JobEndpoints
from dalston_cli.server.job_pages import JobPages
from dalston_cli.server.once import AudioEndpoints
from dalston_cli.server.openapi import OPERATIONS, document, page
from dalston_cli.server.system import SystemEndpoints

NOTHING: Any = None


def test_every_address_is_described_and_no_other() -> None:
    routes = make_routes(
        AudioEndpoints(NOTHING),
        JobEndpoints(NOTHING, NOTHING, frozenset(), NOTHING),
        SystemEndpoints(NOTHING, NOTHING, 0.0),
        JobPages(NOTHING),
    )
    served = {
        (method.lower(), route.path.replace(":path}", "}"))
        for route in routes
        for method in route.methods or ()
        if method != "HEAD"
    }
    assert served == {(each.method, each.path) for each in OPERATIONS}
    assert {each.path for each in OPERATIONS if each.is_open} == OPEN_PATHS


def test_the_description_is_valid() -> None:
    described = document()
    validate(described)
    body = described["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]["application/json"]
    options = body["schema"]["properties"]["options"]
    assert "language" in options["properties"]
    assert not {"device", "on_finish", "refine"} & options["properties"].keys()


def test_the_page_lists_every_address() -> None:
    shown = page()
    assert shown.count("<tr><td>") == len(OPERATIONS)
    assert "<script" not in shown
