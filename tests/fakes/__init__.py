"""Services of others, as fakes that speak their protocols over HTTP."""
