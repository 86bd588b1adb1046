"""What task pods may do, and the other fields of taskDefaults that every pod gets."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.tasks.job import settings
from stepwright.tasks.job.pace import MOST
from tests.tasks.job.running import task
from tests.tasks.job.test_job_driver import Scene, image
from tests.tasks.job.test_job_manifest import build, pod

CONFINED: dict[str, Any] = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def containers(*given: dict[str, Any], **spec: Any) -> dict[str, Any]:
    main, *others = given
    return {"podTemplate": {"spec": {**spec, "containers": [{"image": "x", **main}, *others]}}}


def test_pods_get_no_rights_that_nobody_asked_for() -> None:
    made = pod(task({"image": "x"}))

    assert made["securityContext"] == {"seccompProfile": {"type": "RuntimeDefault"}}
    assert made["containers"][0]["securityContext"] == CONFINED


def test_all_containers_of_a_pod_template_are_confined() -> None:
    init = [{"name": "first", "image": "y"}]
    made = pod(task(containers({"name": "main"}, {"name": "beside", "image": "z"}, initContainers=init)))

    assert [c["securityContext"] for c in made["containers"]] == [CONFINED, CONFINED]
    assert made["initContainers"][0]["securityContext"] == CONFINED


def test_restricted_adds_that_nothing_runs_as_root() -> None:
    made = pod(task({"image": "x"}), taskDefaults={"podSecurity": "restricted"})

    assert made["securityContext"] == {"seccompProfile": {"type": "RuntimeDefault"}, "runAsNonRoot": True}
    assert made["containers"][0]["securityContext"] == CONFINED


def test_privileged_sets_nothing() -> None:
    made = pod(task({"image": "x"}), taskDefaults={"podSecurity": "privileged"})

    assert "securityContext" not in made
    assert "securityContext" not in made["containers"][0]


def test_whoever_installs_says_what_holds_where_a_state_machine_says_nothing() -> None:
    assert settings.read({}, "restricted").pod_security == "restricted"
    assert (
        settings.read({"taskDefaults": {"podSecurity": "baseline"}}, "restricted").pod_security == "baseline"
    )


def test_what_a_task_says_wins_field_by_field() -> None:
    own = {"capabilities": {"add": ["NET_BIND_SERVICE"]}, "runAsUser": 7}
    given = containers({"securityContext": own}, securityContext={"seccompProfile": {"type": "Unconfined"}})
    defaults = {
        "securityContext": {"runAsUser": 5, "readOnlyRootFilesystem": True},
        "podSecurityContext": {"fsGroup": 3},
    }
    made = pod(task(given), taskDefaults=defaults)

    assert made["securityContext"] == {"fsGroup": 3, "seccompProfile": {"type": "Unconfined"}}
    assert made["containers"][0]["securityContext"] == {
        "runAsUser": 7,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
        "allowPrivilegeEscalation": False,
    }


@pytest.mark.parametrize(
    ("own", "made"),
    [
        ({"privileged": True}, {"privileged": True}),
        (
            {"capabilities": {"add": ["SYS_ADMIN"]}},
            {"capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}},
        ),
        (
            {"allowPrivilegeEscalation": True},
            {"allowPrivilegeEscalation": True, "capabilities": {"drop": ["ALL"]}},
        ),
    ],
    ids=["privileged", "mounts and more", "setuid programs"],
)
def test_what_would_contradict_a_containers_own_rights_is_left_out(own: Any, made: Any) -> None:
    """The API server refuses privileged containers that may not gain rights."""
    assert pod(task(containers({"securityContext": own})))["containers"][0]["securityContext"] == made


def test_pods_for_windows_are_left_as_they_are() -> None:
    made = pod(task(containers({}, os={"name": "windows"})))

    assert "securityContext" not in made
    assert "securityContext" not in made["containers"][0]


def test_defaults_of_the_pod_stand_below_what_its_template_says() -> None:
    spread = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}
    defaults = {
        "hostUsers": False,
        "runtimeClassName": "gvisor",
        "priorityClassName": "low",
        "enableServiceLinks": False,
        "affinity": {"nodeAffinity": {}},
        "topologySpreadConstraints": [spread],
        "activeDeadlineSeconds": 60,
        "emptyDirSizeLimit": "64Mi",
    }
    volumes = [
        {"name": "a", "emptyDir": {}},
        {"name": "b", "emptyDir": {"sizeLimit": "1Gi"}},
        {"name": "c", "configMap": {"name": "c"}},
    ]
    given = containers({}, priorityClassName="high", volumes=volumes)
    job = build(task(given), taskDefaults=defaults).job["spec"]
    made = job["template"]["spec"]

    assert job["activeDeadlineSeconds"] == 60
    assert made["priorityClassName"] == "high"
    for name in (
        "hostUsers",
        "runtimeClassName",
        "enableServiceLinks",
        "affinity",
        "topologySpreadConstraints",
    ):
        assert made[name] == defaults[name]
    assert [volume.get("emptyDir") for volume in made["volumes"]] == [
        {"sizeLimit": "64Mi"},
        {"sizeLimit": "1Gi"},
        None,
        None,
    ]


def test_a_pods_own_user_namespace_is_asked_for_only_where_somebody_says_so() -> None:
    assert "hostUsers" not in pod(task({"image": "x"}), taskDefaults={"podSecurity": "restricted"})


# --- What a namespace does not let run --------------------------------------------------------------------------------

VIOLATION = (
    'Error creating: pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true (pod or '
    'container "main" must set securityContext.runAsNonRoot=true)'
)


def told(scene: Scene, this: Any, message: str) -> None:
    scene.server.events = [
        {"involvedObject": {"uid": scene.job(this)["metadata"]["uid"]}, "message": message}
    ]


async def test_a_pod_that_the_namespace_forbids_fails_its_task_at_once() -> None:
    """It failed with Job.NoPod, after 300 s."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        told(scene, this, VIOLATION)
        await scene.clock.forward(5)
        end = scene.end()
        await driver.release(scene.ref, this.task)

    assert scene.error() == "Job.Refused"
    assert VIOLATION in getattr(end, "cause", "")
    assert "taskDefaults.podSecurity: restricted" in getattr(end, "cause", "")
    assert scene.server.named("jobs") == []


async def test_one_list_tells_why_for_all_jobs_of_a_namespace() -> None:
    """A list of events is dear: many Jobs without pods are many events."""
    scene = Scene()
    async with scene.driver() as driver:
        for _ in range(MOST):
            await driver.start(scene.ref, image(), again=False)
        await scene.clock.forward(40)

    lists = [path for verb, path, _ in scene.server.requests if verb == "get" and path.endswith("/events")]
    assert len(lists) in (2, 3)


async def test_a_quota_is_waited_for_all_the_same() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        told(scene, this, 'Error creating: pods "x" is forbidden: exceeded quota: q')
        await scene.clock.forward(250)
        assert len(scene.heard) == 2
        await scene.clock.forward(60)

    assert scene.error() == "Job.QuotaExceeded"


async def test_a_failures_cause_has_no_log_where_the_state_machine_says_so() -> None:
    scene, this = Scene(taskDefaults={"logInCause": False}), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        name = await scene.pod(this, {"terminated": {"exitCode": 3}}, phase="Failed")
        scene.server.logs[name] = b"password=secret\n"
        await scene.conclude(this, "Failed")

    end = scene.end()
    assert getattr(end, "cause", "") == f"Container main of pod {name} ended with exit code 3."
    assert "log" not in {verb for verb, _, _ in scene.server.requests}


async def test_a_job_made_under_another_default_is_known_again() -> None:
    """By the version before, which set nothing, or before whoever installs Stepwright said otherwise."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
    scene.heard.clear()
    template = scene.job(this)["spec"]["template"]["spec"]
    del template["securityContext"], template["containers"][0]["securityContext"]
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=True)

    assert len(scene.heard) == 2
