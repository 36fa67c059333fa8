"""Checks the invariants of Darkroom over the log, the tables and the object storage. It repairs nothing.

The invariants by number:

1  every upload has exactly one stream, which begins with its submission; no other upload has a row
2  every upload ends without help, and only a retry or an erasure follows the end
3  versions are contiguous, a stage never goes back, progress never falls and stays in the band of its stage
4  `uploads` and `results` equal the fold of the log, row for row; so do the groups of failures, count for count
5  a picture is paid for once: a stream records one result (the ledger of the image model shows more)
6  a recorded picture exists and matches its SHA-256 and size; a complete upload has both pictures
8  no event and no table contains a secret or a filename
10 the audit log is whole: its numbers have no gap, and no row was changed or taken away before its last one

7 (a client never reads an older state) and 9 (processes keep running) cannot be checked afterwards.
"""
