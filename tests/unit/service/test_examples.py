"""The files that are handed to Prefect and to compose say what those understand."""

from pathlib import Path

import pytest
import yaml
from prefect.events.schemas.automations import AutomationCore
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema

from film.request import FilmRequest
from service.worker.prefect_worker import POOL

ROOT = Path(__file__).parents[3]
DEPLOYMENTS = {row["name"]: row for row in yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["deployments"]}


@pytest.mark.parametrize("name", sorted(DEPLOYMENTS))
def test_each_deployment_names_a_flow_and_our_pool(name: str) -> None:
    """The dotted entrypoint loads, its parameters are the flow's own, its pool is the worker's."""
    deployment = DEPLOYMENTS[name]
    flow = load_flow_from_entrypoint(deployment["entrypoint"])
    assert isinstance(flow, Flow)
    given = {*deployment.get("parameters", {})}
    for schedule in deployment.get("schedules", []):
        given |= {*schedule.get("parameters", {})}
    assert given <= {*parameter_schema(flow).properties}
    assert deployment["work_pool"]["name"] == POOL


@pytest.mark.parametrize("flow", ["long_video", "compose_again", "retry_film", "housekeeping"])
def test_the_file_form_of_an_entrypoint_loads(flow: str) -> None:
    """`flows/x.py:x` loads as well: nothing there is relative, no name hides another module."""
    assert load_flow_from_entrypoint(f"{ROOT / 'flows' / flow}.py:{flow}").name == flow.replace("_", "-")


def test_the_form_has_every_field_and_no_secret() -> None:
    """Each field of a request can be filled in, with title, help and bounds; no parameter asks for a key."""
    flow = load_flow_from_entrypoint("flows.long_video.long_video")
    properties = parameter_schema(flow).properties
    assert set(properties) == {*FilmRequest.model_fields} - {"simulated"}
    # A choice whose title is its type's name has it there.
    assert all(("title" in field or "$ref" in field) and field["description"] for field in properties.values())
    assert (properties["duration"]["minimum"], properties["duration"]["maximum"]) == (3, 180)
    assert not [name for name in properties if "key" in name or "secret" in name or "token" in name]


def test_the_example_automation_is_one() -> None:
    """Prefect's own model reads it; it expects the event that a failed film emits."""
    text = (ROOT / "docs/operations/notify_on_failed.yaml").read_text("utf-8")
    (example,) = yaml.safe_load(text)["automations"]
    automation = AutomationCore.model_validate(example)
    assert automation.trigger.expect == {"longvideo.film.failed"}  # type: ignore[union-attr]


def test_the_compose_file_knows_our_commands() -> None:
    """It is YAML, its anchors resolve, and every service has an image."""
    services = yaml.safe_load((ROOT / "docs/operations/compose.yaml").read_text("utf-8"))["services"]
    assert all(service["image"] for service in services.values())
    assert services["worker"]["command"] == "longvideo worker"
