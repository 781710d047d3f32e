"""The main job through a client that was generated from openapi.json, as a script's author would have it."""

import contextlib
import importlib
import os
import pkgutil
import socket
import subprocess
import time

import httpx
import pytest

import l4d2_panel_client as generated
from l4d2_panel_client import AuthenticatedClient, Client, models

PATIENCE_SECONDS = 60
PASSWORD = "correct horse battery"
PROGRAMS = os.environ["L4D2_PROGRAMS"]


def operation(name):
    """The generated module of an operation, whatever its tag."""
    import l4d2_panel_client.api as api

    for module in pkgutil.walk_packages(api.__path__, api.__name__ + "."):
        if module.name.rsplit(".", 1)[1] == name:
            return importlib.import_module(module.name)
    raise AssertionError(f"the generated client has no operation {name}")


def call(client, name, *args, status, **kwargs):
    """Calls an operation and checks both the status and that the answer was understood."""
    answer = operation(name).sync_detailed(*args, client=client, **kwargs)
    assert answer.status_code == status, answer.content
    assert answer.parsed is not None or status == 204, answer.content
    return answer.parsed


def free_port():
    """Free on UDP and TCP, and below those that the kernel gives to connections."""
    for port in range(20000 + os.getpid() % 10000, 32768):
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
            contextlib.suppress(OSError),
        ):
            udp.bind(("0.0.0.0", port))
            tcp.bind(("0.0.0.0", port))
            return port
    raise AssertionError("no port is free")


@pytest.fixture
def panel(tmp_path):
    settings = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(tmp_path / "data"),
        "L4D2_ROOT": str(tmp_path / "l4d2"),
        "BIND": "127.0.0.1:0",
        "SUPERVISOR": "embedded",
        "STEAMCMD": f"{PROGRAMS}/standin-steamcmd",
        "STANDIN_STEAMCMD_MS": "50",
        "LOG_FILTER": "warn",
    }
    process = subprocess.Popen([f"{PROGRAMS}/l4d2-web", "serve"], env=settings, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline().strip()
        assert line.startswith("listening on "), line
        yield line.removeprefix("listening on "), settings
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def finished(client, job):
    """Follows the job's stream to its end; generated clients know no streams, so plain SSE it is."""
    url = f"/api/v1/jobs/{job.id}/stream"
    lines = []
    with client.get_httpx_client().stream("GET", url, timeout=PATIENCE_SECONDS) as stream:
        assert stream.status_code == 200
        for line in stream.iter_lines():
            lines.append(line)
            if line == "event: end":
                break
    assert any(line.startswith("data: ") for line in lines)
    job = call(client, "get_job", job.id, status=200)
    assert job.state == models.JobState.SUCCEEDED, job
    return job


def test_main_job(panel):
    address, settings = panel
    credentials = models.Credentials(username="alice", password=PASSWORD)
    opened = call(Client(base_url=address), "signup", body=credentials, status=201)
    client = AuthenticatedClient(base_url=address, token=opened.token)
    subprocess.run([f"{PROGRAMS}/l4d2-web", "promote-admin", "alice"], env=settings, check=True)
    assert call(client, "get_me", status=200).user.admin

    token = call(client, "create_api_token", body=models.CreateApiToken(name="script"), status=201)
    client = AuthenticatedClient(base_url=address, token=token.token)

    os.makedirs(f"{settings['L4D2_ROOT']}/overlays/maps", exist_ok=True)
    overlay = call(client, "create_overlay", body=models.CreateOverlay(name="Maps", path="maps"), status=201)
    assert overlay.present
    install = models.CreateHostJob(operation=models.HostOperation.INSTALL)
    finished(client, call(client, "create_job", body=install, status=202))

    blueprint = call(
        client,
        "create_blueprint",
        body=models.CreateBlueprint(
            name="coop", arguments=["+map c1m1_hotel"], config=["sv_cheats 0"], overlay_ids=[overlay.id]
        ),
        status=201,
    )
    wanted = models.CreateServer(name="alpha", port=free_port(), blueprint_id=blueprint.id)
    server = call(client, "create_server", body=wanted, status=201)

    def operate(what):
        body = models.CreateServerJob(operation=models.ServerOperation(what))
        finished(client, call(client, "create_server_job", server.id, body=body, status=202))
        return call(client, "get_server", server.id, status=200)

    assert operate("start").actual_state == models.ActualState.RUNNING
    logs = call(client, "list_server_logs", server.id, lines=50, status=200)
    assert logs.items

    change = models.UpdateBlueprint(config=["sv_cheats 1"])
    call(client, "update_blueprint", blueprint.id, body=change, status=200)
    assert call(client, "get_server", server.id, status=200).pending_changes
    assert not operate("restart").pending_changes
    assert operate("stop").actual_state == models.ActualState.STOPPED

    finished(client, call(client, "delete_server", server.id, status=202))
    problem = call(client, "get_server", server.id, status=404)
    assert problem.code == "not_found"


def test_errors_are_understood(panel):
    address, _ = panel
    problem = call(Client(base_url=address), "list_servers", status=401)
    assert problem.code == "unauthorized"
    wrong = models.Credentials(username="no spaces allowed", password="x")
    problem = call(Client(base_url=address), "signup", body=wrong, status=400)
    assert {error.field for error in problem.errors} == {"username", "password"}


def test_the_panel_answers_with_the_published_document(panel):
    address, _ = panel
    with open(os.environ["L4D2_OPENAPI"], encoding="utf-8") as published:
        assert httpx.get(f"{address}/api/v1/openapi.json").text.strip() == published.read().strip()
    assert generated.__name__ == "l4d2_panel_client"
