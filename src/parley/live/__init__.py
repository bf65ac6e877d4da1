"""A microphone becomes partials and finals.

What becomes of a session's audio, file by file::

    write --> inlet         takes it in (ear), and keeps it by sample numbers (ring)
              actor         listens on, as far as there is audio, and follows what happens
                listening     where there is speech: a VAD stream in a worker
                (signal.endpointing)  which utterances that makes; judging: how long a pause may last
                hearing       partial texts (streaming | redecoding), and the last word (recognising)
    listen <- outbox        what was said of utterances (telling), until somebody takes it

`room` has the sessions: `plans` says which engines fulfil a wish, `admission` who is refused, `line` is what
a door holds of a session. `session` is one from its begin to its end; `works` puts its parts together.

What workers have to do goes from a session's place (`berth`) to the processes it shares (`seat`), and there
stands in line (`lane`, of `errands`) until it goes to the fleet, alone or with others (`grouping`,
`suspects`). A `worker_stream` may be gone any time; `rescue` says what is done then.

Imports go from `room` to `session` to `works` to `actor`, to its parts, to `berth`, and down to `errands`,
`utterances`, `outbox` and the nouns: `options`, `contract`. None goes up.
"""
