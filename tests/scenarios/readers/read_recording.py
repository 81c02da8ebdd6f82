"""Reads a recording by the readers of the benchmarks themselves: python read_recording.py <folder>"""

import asyncio
import json
import sys
from pathlib import Path

from RCAEval.benchmark.evaluation import Evaluator
from RCAEval.classes.graph import Node
from RCAEval.e2e import baro
from RCAEval.utility import read_data, read_logs, read_metrics, read_traces
from rcabench_platform.v2.sources.rcaeval import RcaevalDatasetLoader
from rcabench_platform.v3.sdk.evaluation.causal_graph import CausalGraph
from rcabench_platform.v3.sdk.evaluation.v2 import evaluate_v2, extract_gt_faults


def rcaeval(folder: Path, service: str) -> None:
    (case,) = folder.glob("rcaeval/RE-Orrery/*/*")
    inject_time = int((case / "inject_time.txt").read_text())
    metrics = read_metrics(case)
    assert metrics.columns[0] == "time" and (metrics["time"].diff().dropna() == 1).all()
    assert (metrics["time"] < inject_time).any() and (metrics["time"] >= inject_time).any()
    assert service in set(read_logs(case.as_posix())["container_name"])
    traces = read_traces(case.as_posix())
    assert service in set(traces["serviceName"]) and traces["statusCode"].astype(int).max() >= 400
    data = read_data(case / "data.csv")
    assert not data.isna().any().any()
    ranks = baro(data, inject_time, dataset="re2-ob")["ranks"]
    nodes = [Node(*rank.split("_", 1)) for rank in ranks]
    evaluator = Evaluator()
    evaluator.add_case(ranks=nodes, answer=Node(service, "error"))
    entities = list(dict.fromkeys(node.entity for node in nodes))
    print(
        f"RCAEval: {len(metrics)} seconds, {len(metrics.columns) - 1} columns, {len(traces)} spans;"
        f" BARO ranks {service} {entities.index(service) + 1} of {len(entities)} services,"
        f" Avg@5 {evaluator.average_service(5):.2f}"
    )


def rcabench_rcaeval(folder: Path, service: str) -> None:
    loader = RcaevalDatasetLoader(folder / "rcaeval/RE-Orrery", "RE-Orrery")
    assert len(loader) == 1
    datapack = loader[0]
    datapack.validate_datapack()
    assert [label.name for label in datapack.labels()] == [service]
    frames = {name: part.collect() for name, part in datapack.data().items() if hasattr(part, "collect")}
    assert all(frame.height > 0 for frame in frames.values())
    print("rcabench-platform, RCAEval: " + ", ".join(f"{name} {frame.height} rows" for name, frame in frames.items()))


async def openrca2(folder: Path, service: str) -> None:
    (case,) = folder.glob("openrca2/*")
    injection = json.loads((case / "injection.json").read_text())
    graph = CausalGraph.from_dict(json.loads((case / "causal_graph.json").read_text()))
    faults = extract_gt_faults(injection).faults
    assert [fault.service for fault in faults] == [service]
    assert graph.get_root_cause_services() == {service} and graph.alarm_nodes
    evidence = [
        {
            "kind": kind,
            "sql": f"select * from abnormal_{table} where service_name = '{service}'",
            "claim": f"{service} was seen while the fault lasted",
        }
        for kind, table in [("trace", "traces"), ("log", "logs"), ("metric", "metrics_histogram")]
    ]
    answer = {
        "root_causes": [{"service": service, "fault_kind": faults[0].fault_kind.value, "evidence": evidence}],
        "propagation": [
            {"from": source, "to": target, "evidence": []} for source, target in sorted(graph.get_service_edges())
        ],
    }
    result = await evaluate_v2(answer, injection, case.absolute(), gt_graph=graph)
    assert result.parse_error is None, result.parse_error
    assert result.exact_match and result.f1 == 1 and result.sql_executable_rate == 1, result
    assert result.path_reachability and result.edge_f1 == 1, result
    wrong = {"root_causes": [{**answer["root_causes"][0], "service": "ad"}], "propagation": []}
    missed = await evaluate_v2(wrong, injection, case.absolute(), gt_graph=graph)
    assert missed.f1 == 0 and not missed.any_service_hit, missed
    print(
        f"rcabench-platform, OpenRCA 2.0: {faults[0].fault_kind.value} in {service}, {len(graph.alarm_nodes)} alarms;"
        f" the right answer has f1 {result.f1}, node f1 {result.node_f1}, edge f1 {result.edge_f1}"
    )


def main() -> None:
    folder = Path(sys.argv[1])
    (service,) = {cause["entity"] for cause in json.loads((folder / "truth.json").read_text())["rootCauses"]}
    rcaeval(folder, service)
    rcabench_rcaeval(folder, service)
    asyncio.run(openrca2(folder, service))


main()
