"""--cluster and its certificates: one option sends the counties to other machines, the rest as on this one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from inspection.steps.workers import Crew


def cluster_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command takes --cluster ADDRESS with --cluster-ca, -cert, -key, and is called with ``cluster``."""

    @functools.wraps(command)
    def called(
        *args: Any,
        cluster: str | None,
        cluster_ca: Path | None,
        cluster_cert: Path | None,
        cluster_key: Path | None,
        **options: Any,
    ) -> Any:
        crew = _crew(cluster, cluster_ca, cluster_cert, cluster_key) if cluster else None
        return command(*args, cluster=crew, **options)

    file = click.Path(path_type=Path, dir_okay=False)
    taking: Callable[..., Any] = called
    for name, told in (
        ("key", "本机私钥 our key"),
        ("cert", "本机证书 our certificate"),
        ("ca", "签发机构证书 authority"),
    ):
        taking = _option(f"--cluster-{name}", told, type=file, metavar="FILE")(taking)
    told = "Dask 调度器地址，各区县分给多台机器计算 a scheduler whose workers solve the counties"
    return _option("--cluster", told, metavar="ADDRESS")(taking)


def _option(name: str, told: str, **more: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    variable = "INSPECTION_" + name[2:].replace("-", "_").upper()
    return click.option(name, envvar=variable, default=None, help=f"{told}; {variable}.", **more)


def _crew(address: str, ca: Path | None, certificate: Path | None, key: Path | None) -> Crew:
    from inspection.steps.cluster import Cluster, ClusterCrew

    return ClusterCrew(Cluster(address=address, ca=ca, certificate=certificate, key=key))
