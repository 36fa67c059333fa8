"""The page in a real browser against the real service, and what else needs Node or Chromium: run by .ci/run."""
