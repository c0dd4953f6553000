"""An AWS account in memory, with the real engine on it: for tests of the engine as a whole.

- `faults`: where a task dies, is answered twice, is throttled, or others run in between
- `objects`, `dynamo`, `kvs`, `pipelines`, `clock`: the stand-ins, at the gateways or just below
- `account`: the stand-ins with the real stages on them, made in one place
- `driver`: the state machine of each deployment, task by task
- `viewer`: what a browser gets, by the shipped router
- `sites`, `seen`, `model`: generated sites, what is kept, and what must hold of it
"""
