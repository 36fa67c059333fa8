-- Every table, view, index and constraint of Darkroom, and what each one means: the data dictionary.
--
-- `darkroom migrate` applies this file in one transaction. It is idempotent: on an empty database, on today's and on an
-- older one it ends in the same structure, so every column is added by itself and every constraint is laid anew.

-- ---------------------------------------------------------------------------------------------------------------------
-- The event log: the only truth. Ordered by position, appended to and never changed.
-- ---------------------------------------------------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS event_log (
    -- The place in the order that readers follow. Taken under a shared advisory lock (projections/log/event_log.py), so that a
    -- reader can tell a position that is still being written from one that was rolled back.
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    upload_id uuid NOT NULL,
    -- Counts the events of one upload, from 1, without a gap.
    version integer NOT NULL CHECK (version > 0),
    -- The event's name, upload.stage-advanced for one; a format for ever.
    name text NOT NULL,
    -- The event's facts, with schema_version, event_id, actor and correlation_id.
    state jsonb NOT NULL,
    -- By PostgreSQL's clock, which is the one that durations are measured by.
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    event_id uuid NOT NULL GENERATED ALWAYS AS ((state ->> 'event_id')::uuid) STORED,
    -- Who caused it: session:<hash>, worker:<name>, reconciler, staff:<name>.
    actor text NOT NULL GENERATED ALWAYS AS (state ->> 'actor') STORED,
    correlation_id text NOT NULL GENERATED ALWAYS AS (state ->> 'correlation_id') STORED,
    -- Two writers cannot both append version n: this is the optimistic lock.
    CONSTRAINT event_log_version_key UNIQUE (upload_id, version)
);

CREATE INDEX IF NOT EXISTS event_log_name_idx ON event_log (name, position);

CREATE OR REPLACE FUNCTION refuse_change_of_event_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The event log is append-only: % is refused.', TG_OP;
END $$;

CREATE OR REPLACE TRIGGER event_log_is_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON event_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_event_log();

-- How far each reader of the log has come.
CREATE TABLE IF NOT EXISTS positions (
    -- projector, dispatcher, analytics
    reader text PRIMARY KEY,
    -- The last position that is done with.
    position bigint NOT NULL DEFAULT 0 CHECK (position >= 0),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Uploads whose row has stopped, because an event of theirs could not be applied.
CREATE TABLE IF NOT EXISTS quarantine (
    upload_id uuid PRIMARY KEY,
    -- The event that could not be applied.
    position bigint NOT NULL,
    error text NOT NULL,
    quarantined_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- ---------------------------------------------------------------------------------------------------------------------
-- The read model: projections of the log, written by the projector alone; may be emptied and rebuilt at any time.
-- ---------------------------------------------------------------------------------------------------------------------

-- An older `uploads` called its key `id`.
DO $$
BEGIN
    IF EXISTS (SELECT FROM information_schema.columns
               WHERE table_schema = current_schema AND table_name = 'uploads' AND column_name = 'id') THEN
        ALTER TABLE uploads RENAME COLUMN id TO upload_id;
        ALTER TABLE uploads RENAME CONSTRAINT uploads_id_not_null TO uploads_upload_id_not_null;
    END IF;
END $$;

-- One row an upload: where it is now.
CREATE TABLE IF NOT EXISTS uploads (upload_id uuid PRIMARY KEY);

ALTER TABLE uploads
    ADD COLUMN IF NOT EXISTS status text NOT NULL DEFAULT 'pending',
    ADD COLUMN IF NOT EXISTS result_id uuid,
    ADD COLUMN IF NOT EXISTS error_message text,
    ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN IF NOT EXISTS updated_at timestamptz NOT NULL DEFAULT clock_timestamp();

-- An older `uploads` knew the status alone; what it says of its rows is carried over once.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM information_schema.columns
                   WHERE table_schema = current_schema AND table_name = 'uploads' AND column_name = 'stage') THEN
        ALTER TABLE uploads ADD COLUMN stage text, ADD COLUMN progress smallint NOT NULL DEFAULT 0;
        UPDATE uploads SET stage = 'complete', progress = 100 WHERE status = 'completed';
        UPDATE uploads SET stage = 'failed' WHERE status = 'failed';
        UPDATE uploads SET status = 'pending' WHERE status IS NULL OR status NOT IN ('completed', 'failed');
        UPDATE uploads SET created_at = coalesce(created_at, clock_timestamp()),
                           updated_at = coalesce(updated_at, created_at, clock_timestamp());
        ALTER TABLE uploads
            ALTER COLUMN status SET DEFAULT 'pending', ALTER COLUMN status SET NOT NULL,
            ALTER COLUMN created_at SET DEFAULT clock_timestamp(), ALTER COLUMN created_at SET NOT NULL,
            ALTER COLUMN updated_at SET DEFAULT clock_timestamp(), ALTER COLUMN updated_at SET NOT NULL;
    END IF;
END $$;

ALTER TABLE uploads
    -- The version of the upload's last event that this row holds; a write never goes back to an older one.
    ADD COLUMN IF NOT EXISTS version integer NOT NULL DEFAULT 0,
    -- SHA-256 of the id of the session that owns the upload.
    ADD COLUMN IF NOT EXISTS session_hash text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS correlation_id text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS original_sha256 text NOT NULL DEFAULT '',
    -- In bytes.
    ADD COLUMN IF NOT EXISTS original_size bigint NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS prompt_version integer NOT NULL DEFAULT 1,
    -- The last stage of the pipeline that was reached; unlike `stage` it outlives a failure.
    ADD COLUMN IF NOT EXISTS reached text,
    -- Counts the runs that began; 0 before the first one.
    ADD COLUMN IF NOT EXISTS attempt integer NOT NULL DEFAULT 0,
    -- How many more may fail before the upload does; the one under way is taken off already.
    ADD COLUMN IF NOT EXISTS attempts_left integer NOT NULL DEFAULT 3,
    -- Attempts in a row that never came back, while no new stage was reached; three end the upload with WORKER_LOST.
    ADD COLUMN IF NOT EXISTS lost integer NOT NULL DEFAULT 0,
    -- Whether an attempt has begun and not ended. Its lease tells whether it lives.
    ADD COLUMN IF NOT EXISTS running boolean NOT NULL DEFAULT false,
    -- Not before then may the next attempt begin; null: at once.
    ADD COLUMN IF NOT EXISTS retry_at timestamptz,
    -- Why no attempt is under way: a code of domain/failures.py; null while one is, or when nothing is in the way.
    ADD COLUMN IF NOT EXISTS waiting_for text,
    -- Where the upload failed; null for a failure before the first stage.
    ADD COLUMN IF NOT EXISTS failed_stage text,
    -- One of domain/failures.py; set if and only if the stage is `failed`.
    ADD COLUMN IF NOT EXISTS error_code text;

-- Since when the upload is in its stage, by the attempt that it is in; rows without it learn it from the log.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM information_schema.columns
                   WHERE table_schema = current_schema AND table_name = 'uploads' AND column_name = 'stage_since') THEN
        ALTER TABLE uploads ADD COLUMN stage_since timestamptz NOT NULL DEFAULT clock_timestamp();
        UPDATE uploads SET stage_since = turns.last FROM (
            SELECT upload_id, max(at) AS last FROM (
                SELECT u.upload_id, min(e.recorded_at) AS at FROM uploads u JOIN event_log e USING (upload_id)
                WHERE e.version <= u.version AND e.name = 'upload.stage-advanced'
                GROUP BY u.upload_id, e.state ->> 'stage'
                UNION ALL
                SELECT u.upload_id, e.recorded_at FROM uploads u JOIN event_log e USING (upload_id)
                WHERE e.version <= u.version
                  AND e.name IN ('upload.submitted', 'upload.attempt-started', 'upload.failed', 'upload.retried')
            ) AS turns GROUP BY upload_id
        ) AS turns WHERE turns.upload_id = uploads.upload_id;
    END IF;
END $$;

-- What a row may be. NOT VALID: rows carried over from an older database are not judged, every write is.
ALTER TABLE uploads
    DROP CONSTRAINT IF EXISTS uploads_stage_check,
    DROP CONSTRAINT IF EXISTS uploads_status_check,
    DROP CONSTRAINT IF EXISTS uploads_progress_check,
    DROP CONSTRAINT IF EXISTS uploads_error_check,
    DROP CONSTRAINT IF EXISTS uploads_result_check,
    ADD CONSTRAINT uploads_stage_check CHECK (
        stage IN ('validating', 'generating', 'storing', 'watermarking', 'complete', 'failed')) NOT VALID,
    ADD CONSTRAINT uploads_status_check CHECK (
        status = CASE WHEN stage IS NULL THEN 'pending' WHEN stage = 'complete' THEN 'completed'
                      WHEN stage = 'failed' THEN 'failed' ELSE 'processing' END) NOT VALID,
    ADD CONSTRAINT uploads_progress_check CHECK (
        CASE stage WHEN 'validating' THEN progress = 10 WHEN 'generating' THEN progress BETWEEN 30 AND 70
                   WHEN 'storing' THEN progress = 80 WHEN 'watermarking' THEN progress = 90
                   WHEN 'complete' THEN progress = 100 WHEN 'failed' THEN progress BETWEEN 0 AND 99
                   ELSE progress = 0 END) NOT VALID,
    ADD CONSTRAINT uploads_error_check CHECK (
        (error_code IS NOT NULL) = (stage IS NOT DISTINCT FROM 'failed')
        AND (error_message IS NOT NULL) = (error_code IS NOT NULL)) NOT VALID,
    ADD CONSTRAINT uploads_result_check CHECK (
        (result_id IS NOT NULL) = (stage IS NOT DISTINCT FROM 'complete')) NOT VALID;

-- When it was completed; null for all others, and for rows carried over from an older database.
ALTER TABLE uploads ADD COLUMN IF NOT EXISTS completed_at timestamptz
    GENERATED ALWAYS AS (CASE WHEN status = 'completed' AND version > 0 THEN updated_at END) STORED;

-- A row is written some eight times, and then never again. A write that changes nothing that an index looks at, in its
-- columns or in its WHERE, stays in its page and touches no index (PostgreSQL calls it HOT). So no index looks at
-- `updated_at` or `version`, which every write changes; those that did are dropped.
DROP INDEX IF EXISTS uploads_open_idx, uploads_pending_idx, uploads_completed_idx;
-- The reconciler's question: what has not ended?
CREATE INDEX IF NOT EXISTS uploads_not_ended_idx ON uploads (created_at) WHERE status IN ('pending', 'processing');
-- The queue, in its order.
CREATE INDEX IF NOT EXISTS uploads_queue_idx ON uploads (created_at) WHERE status = 'pending';
-- What was completed last: an ETA is made of it.
CREATE INDEX IF NOT EXISTS uploads_completed_at_idx ON uploads (completed_at) WHERE completed_at IS NOT NULL;

ALTER TABLE uploads SET (
    -- Half of each page is left for the next versions of the rows in it. Uploads that came together go on together:
    -- with 70, one write in three found its page full, and had to go elsewhere and tell every index.
    fillfactor = 50,
    -- PostgreSQL's own 0.2 would let two million dead versions gather in a table of ten million rows.
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.02);

-- One row a result: the full image and, once it is made, the watermarked preview. Not revealed before its upload is
-- complete: only then does `uploads` name it.
CREATE TABLE IF NOT EXISTS results (
    result_id uuid PRIMARY KEY,
    upload_id uuid NOT NULL UNIQUE,
    -- The image model that made it; local/... for the one that needs no key.
    model text NOT NULL,
    -- {key, sha256, size in bytes, width, height in pixels, media_type} in the object storage.
    full_image jsonb NOT NULL,
    preview jsonb,
    created_at timestamptz NOT NULL
);

-- ---------------------------------------------------------------------------------------------------------------------
-- The leases: which run holds which upload. Not part of the truth: without them work is done twice, not wrongly.
-- ---------------------------------------------------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS leases (
    upload_id uuid PRIMARY KEY,
    -- The worker process that runs it.
    worker text NOT NULL,
    -- By PostgreSQL's clock; the worker moves it on for all its runs together.
    expires_at timestamptz NOT NULL
);

-- The one run that holds it: a process may come back to an upload that an older run of its own still works on.
ALTER TABLE leases ADD COLUMN IF NOT EXISTS run_id uuid NOT NULL DEFAULT gen_random_uuid();

-- An older database had an index that nobody asked.
DROP INDEX IF EXISTS leases_worker_idx;

-- ---------------------------------------------------------------------------------------------------------------------
-- The calls of the image model: what they cost, and whether it answers. Written by workers/runs/calls.py alone.
-- ---------------------------------------------------------------------------------------------------------------------

-- Every call that is paid for, from just before it is made: the ledger of GENERATION_BUDGET_PER_HOUR.
CREATE TABLE IF NOT EXISTS generation_calls (
    call_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    upload_id uuid NOT NULL,
    attempt integer NOT NULL,
    model text NOT NULL,
    called_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX IF NOT EXISTS generation_calls_called_at_idx ON generation_calls (called_at);

-- The breaker, shared by all workers: a row for each image model that has ever failed.
CREATE TABLE IF NOT EXISTS image_models (
    model text PRIMARY KEY,
    -- Calls in a row that came to nothing.
    failures integer NOT NULL DEFAULT 0,
    failed_at timestamptz NOT NULL,
    -- Since when the breaker is open; null while it is closed.
    down_since timestamptz,
    -- While it is open: not before then is the model asked again, by one run.
    next_call_at timestamptz NOT NULL
);

-- ---------------------------------------------------------------------------------------------------------------------
-- Views
-- ---------------------------------------------------------------------------------------------------------------------

-- Uploads that a run could move now, and that no live run holds; due_since is when that began.
CREATE OR REPLACE VIEW due_uploads AS
SELECT u.upload_id, u.version, u.running, u.attempts_left, u.retry_at,
       greatest(u.updated_at, u.retry_at, l.expires_at) AS due_since, u.lost
FROM uploads u
LEFT JOIN leases l USING (upload_id)
WHERE u.status IN ('pending', 'processing')
  AND u.version > 0  -- a row carried over from an older database has no history to go on from
  AND (u.retry_at IS NULL OR u.retry_at <= clock_timestamp())
  AND (l.expires_at IS NULL OR l.expires_at <= clock_timestamp());

-- An upload's history, a row an event, for support and analysts.
CREATE OR REPLACE VIEW timeline AS
SELECT upload_id, version, position, recorded_at,
       recorded_at - lag(recorded_at) OVER (PARTITION BY upload_id ORDER BY version) AS took,
       name, actor,
       (state ->> 'attempt')::integer AS attempt,
       state ->> 'stage' AS stage,
       (state ->> 'progress')::integer AS progress,
       state ->> 'code' AS code,
       state
FROM event_log;
