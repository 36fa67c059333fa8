"""Traces: one for each upload, from POST to its end, over every process that works on it. Off without a collector.

    POST /api/uploads                   serve; the root
    ├── storage put                     serve
    ├── append                          serve
    ├── dispatch                        dispatch
    └── attempt                         work; one for each
        ├── append
        ├── validating                  a span for each stage
        ├── generating
        │   ├── image model
        │   ├── storage put
        │   └── append
        ...

No context travels through the queue or the log. The trace's id is the upload's, and the root's is a part of it: the
upload's id tells both.
"""
