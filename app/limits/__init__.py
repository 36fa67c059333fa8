"""Limits on what one client may ask for, counted over all processes in Redis.

`policies` says what is limited, and by what: the address, its network, the session. `counts` is the algorithm, in
Redis (`shared`) or, while Redis is away, in the process (`local`). `limits` counts a request exactly, `purses` counts
polls without a round trip for each, and `semaphores` limits how many requests may wait at the same time.
"""
