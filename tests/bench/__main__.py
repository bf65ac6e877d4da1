"""Measures the embedded profile on known recordings and prints docs/benchmarks.md.

    python -m tests.bench [accuracy] [speakers] [starts] [speed] [uploads] [load]     (default: all)

Recordings come from the folder that PARLEY_TEST_AUDIO names, or from shared/audio beside the checkout.
"""

from __future__ import annotations

import sys

from tests.bench import accuracy, load, machine, speakers, speed, starts, uploads

PARTS = {
    "accuracy": accuracy,
    "speakers": speakers,
    "starts": starts,
    "speed": speed,
    "uploads": uploads,
    "load": load,
}


def main() -> None:
    wanted = sys.argv[1:] or list(PARTS)
    print(machine.heading())
    for name in wanted:
        print(PARTS[name].report(), flush=True)


if __name__ == "__main__":
    main()
