"""`python -m parley.workers` is a worker; its parent speaks to it through the standard streams."""

from parley.workers.pipe import Pipe


def main() -> None:
    """Take the pipe before anything else can print into it, then work."""
    pipe = Pipe.take()

    from parley.workers import lifeline

    lifeline.leave_interrupts_to_parent()
    lifeline.tie_to_parent()
    lifeline.hold_environment()
    lifeline.show_stacks_on_request()

    from parley.telemetry.log import configure
    from parley.workers.loop import WorkerLoop

    configure()
    WorkerLoop(pipe).run()


if __name__ == "__main__":
    main()
