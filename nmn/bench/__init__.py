"""Speed, as ratios measured in one run: ``nmn bench``."""

from collections.abc import Callable

from nmn.bench.executor import bench_executor
from nmn.bench.figure import Figure
from nmn.bench.generate import bench_generate
from nmn.bench.language import bench_language
from nmn.bench.network import bench_network
from nmn.bench.serve import bench_serve

BENCHES: dict[str, Callable[[], list[Figure]]] = {
    "language": bench_language,
    "executor": bench_executor,
    "generate": bench_generate,
    "network": bench_network,
    "serve": bench_serve,
}
