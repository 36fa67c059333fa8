"""Jobs of this machine, over HTTP: the client, the kept tokens, photos on their way, and how that is shown."""
