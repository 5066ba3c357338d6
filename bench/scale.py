"""How much is measured: for figures that count, and for a look whether the benchmark works.

Knows numbers only.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Rounds and sizes of a run."""

    rounds: int = 5
    storm_s: float = 4.0
    """Of tunnels or denials, each peer in each round."""
    warm_s: float = 0.5
    """Not counted, once before the first round."""
    concurrency: int = 64
    request_concurrency: int = 16
    inspected_concurrency: int = 8
    echo_s: float = 3.0
    bulk_octets: int = 1_000_000_000
    idle: int = 10_000
    page_s: float = 30.0
    """Of tunnels beside a live page, and without."""
    host_rules: int = 1_000_000
    network_rules: int = 100_000
    log_lines: int = 10_000_000
    log_rounds: int = 3

    def __str__(self) -> str:
        return (
            f"{self.rounds} rounds, {self.storm_s:g} s a storm at concurrency {self.concurrency}, "
            f"{self.echo_s:g} s of echo, {self.bulk_octets / 1e9:g} GB bulk, {self.idle} idle, "
            f"{self.host_rules:,} hosts, {self.network_rules:,} networks, {self.log_lines:,} lines of a log"
        )


QUICK = Scale(
    rounds=2,
    storm_s=0.7,
    warm_s=0.2,
    echo_s=0.3,
    bulk_octets=100_000_000,
    idle=200,
    page_s=2.0,
    host_rules=20_000,
    network_rules=2_000,
    log_lines=200_000,
    log_rounds=1,
)
