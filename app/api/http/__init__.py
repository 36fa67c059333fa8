"""What every resource shares: errors, replies, headers, correlation ids, client addresses and request slots."""
