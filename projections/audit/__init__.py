"""What must hold whatever happens, checked over the log, the tables and the object storage. It repairs nothing.

The numbers are those of the invariants that Darkroom promises:

1  every upload has exactly one stream, which begins with its submission; nothing else has a row
2  every upload ends, by itself, and nothing follows the end but a retry that was asked for
3  versions are contiguous, stages never go back, progress never falls and stays in its stage's band
4  `uploads` and `results` equal the fold of the log, row for row
5  a picture is paid for once: a stream records one result (the image model's own ledger tells more)
6  a recorded picture exists and matches its SHA-256 and size; whatever is complete has both pictures
8  no secret and no filename is in an event or a table

7 (what a client reads only moves forward) and 9 (processes live on) cannot be seen afterwards.
"""
