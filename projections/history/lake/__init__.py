"""The lake: exported events in Parquet files by day, which the next export appends to."""
