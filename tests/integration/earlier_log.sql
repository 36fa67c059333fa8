-- The event log as it was until December 2026, with the views that stood on it.
CREATE TABLE event_log (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    upload_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    name text NOT NULL,
    state jsonb NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    event_id uuid NOT NULL GENERATED ALWAYS AS ((state ->> 'event_id')::uuid) STORED,
    actor text NOT NULL GENERATED ALWAYS AS (state ->> 'actor') STORED,
    correlation_id text NOT NULL GENERATED ALWAYS AS (state ->> 'correlation_id') STORED,
    CONSTRAINT event_log_version_key UNIQUE (upload_id, version)
);
CREATE INDEX event_log_name_idx ON event_log (name, position);
CREATE INDEX event_log_staff_idx ON event_log (recorded_at) WHERE actor LIKE 'staff:%';
CREATE FUNCTION refuse_change_of_event_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The event log is append-only: % is refused.', TG_OP;
END $$;
CREATE TRIGGER event_log_is_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON event_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_event_log();
CREATE VIEW timeline AS
SELECT upload_id, version, position, recorded_at,
       recorded_at - lag(recorded_at) OVER (PARTITION BY upload_id ORDER BY version) AS took,
       name, actor,
       (state ->> 'attempt')::integer AS attempt,
       state ->> 'stage' AS stage,
       (state ->> 'progress')::integer AS progress,
       state ->> 'code' AS code,
       state
FROM event_log;
CREATE VIEW event_history AS SELECT position, upload_id, version, name, recorded_at FROM event_log;
CREATE VIEW attempts AS SELECT upload_id FROM event_history;
