-- The data dictionary: every table, view, index and constraint of Darkroom, and what it means.
--
-- `darkroom migrate` applies this file in one transaction. It is idempotent: an empty, a current and an older database
-- get the same structure. Therefore each column is added separately, and each constraint is dropped and added again.

-- ---------------------------------------------------------------------------------------------------------------------
-- The event log: the only source of truth. Append-only, ordered by position.
-- ---------------------------------------------------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS event_log (
    -- The order in which readers follow the log. Assigned under a shared advisory lock (projections/log/event_log.py),
    -- so that a reader can distinguish a position that is still being written from one that was rolled back.
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    upload_id uuid NOT NULL,
    -- Counts the events of one upload: from 1, without a gap.
    version integer NOT NULL CHECK (version > 0),
    -- The name of the event, for example upload.stage-advanced. It never changes.
    name text NOT NULL,
    -- The fields of the event, with schema_version, event_id, actor and correlation_id.
    state jsonb NOT NULL,
    -- By the clock of PostgreSQL. All durations are measured with it.
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    event_id uuid NOT NULL GENERATED ALWAYS AS ((state ->> 'event_id')::uuid) STORED,
    -- Who caused it: session:<hash>, worker:<name>, reconciler, staff:<name>.
    actor text NOT NULL GENERATED ALWAYS AS (state ->> 'actor') STORED,
    correlation_id text NOT NULL GENERATED ALWAYS AS (state ->> 'correlation_id') STORED,
    -- The optimistic lock: two writers cannot both append version n.
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

-- The position of each reader of the log.
CREATE TABLE IF NOT EXISTS positions (
    -- projector, dispatcher, analytics
    reader text PRIMARY KEY,
    -- The last position that was handled.
    position bigint NOT NULL DEFAULT 0 CHECK (position >= 0),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Uploads whose row has stopped because one of their events could not be applied.
CREATE TABLE IF NOT EXISTS quarantine (
    upload_id uuid PRIMARY KEY,
    -- The event that could not be applied.
    position bigint NOT NULL,
    error text NOT NULL,
    quarantined_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- For /readyz, which inserts a row and rolls it back (projections/log/write_probe.py). No row is ever committed.
CREATE TABLE IF NOT EXISTS write_probe (filler text NOT NULL);
-- Neither compressed nor moved out of the page.
ALTER TABLE write_probe ALTER COLUMN filler SET STORAGE PLAIN;

-- ---------------------------------------------------------------------------------------------------------------------
-- The read model: built from the log and written only by the projector. It can be emptied and rebuilt at any time.
-- ---------------------------------------------------------------------------------------------------------------------

-- In an older `uploads` the key is named `id`.
DO $$
BEGIN
    IF EXISTS (SELECT FROM information_schema.columns
               WHERE table_schema = current_schema AND table_name = 'uploads' AND column_name = 'id') THEN
        ALTER TABLE uploads RENAME COLUMN id TO upload_id;
        ALTER TABLE uploads RENAME CONSTRAINT uploads_id_not_null TO uploads_upload_id_not_null;
    END IF;
END $$;

-- One row for each upload: its current state.
CREATE TABLE IF NOT EXISTS uploads (upload_id uuid PRIMARY KEY);

ALTER TABLE uploads
    ADD COLUMN IF NOT EXISTS status text NOT NULL DEFAULT 'pending',
    ADD COLUMN IF NOT EXISTS result_id uuid,
    ADD COLUMN IF NOT EXISTS error_message text,
    ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN IF NOT EXISTS updated_at timestamptz NOT NULL DEFAULT clock_timestamp();

-- An older `uploads` has only the status. The other columns are derived from it once.
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
    -- The version of the last event applied to this row. A write never replaces it with an older version.
    ADD COLUMN IF NOT EXISTS version integer NOT NULL DEFAULT 0,
    -- The SHA-256 of the id of the session that owns the upload.
    ADD COLUMN IF NOT EXISTS session_hash text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS correlation_id text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS original_sha256 text NOT NULL DEFAULT '',
    -- In bytes.
    ADD COLUMN IF NOT EXISTS original_size bigint NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS prompt_version integer NOT NULL DEFAULT 1,
    -- The last stage of the pipeline that was reached. Unlike `stage`, a failure does not change it.
    ADD COLUMN IF NOT EXISTS reached text,
    -- The number of attempts that began.
    ADD COLUMN IF NOT EXISTS attempt integer NOT NULL DEFAULT 0,
    -- How many more attempts may fail before the upload fails. The running attempt is already subtracted.
    ADD COLUMN IF NOT EXISTS attempts_left integer NOT NULL DEFAULT 3,
    -- Attempts in a row whose worker was lost, without a new stage. Three end the upload with WORKER_LOST.
    ADD COLUMN IF NOT EXISTS lost integer NOT NULL DEFAULT 0,
    -- Whether an attempt has begun and not ended. The lease shows whether its worker is alive.
    ADD COLUMN IF NOT EXISTS running boolean NOT NULL DEFAULT false,
    -- The next attempt may begin at this time; null: now.
    ADD COLUMN IF NOT EXISTS retry_at timestamptz,
    -- Why the next attempt has to wait: a code of domain/failures.py; null while an attempt runs or may begin.
    ADD COLUMN IF NOT EXISTS waiting_for text,
    -- The stage in which the upload failed; null before the first stage.
    ADD COLUMN IF NOT EXISTS failed_stage text,
    -- A code of domain/failures.py; set if and only if the stage is `failed`.
    ADD COLUMN IF NOT EXISTS error_code text;

-- When the current attempt entered the current stage. Older rows get it from the log.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM information_schema.columns
                   WHERE table_schema = current_schema AND table_name = 'uploads' AND column_name = 'stage_since') THEN
        ALTER TABLE uploads ADD COLUMN stage_since timestamptz NOT NULL DEFAULT clock_timestamp();
        UPDATE uploads SET stage_since = starts.last FROM (
            SELECT upload_id, max(at) AS last FROM (
                SELECT u.upload_id, min(e.recorded_at) AS at FROM uploads u JOIN event_log e USING (upload_id)
                WHERE e.version <= u.version AND e.name = 'upload.stage-advanced'
                GROUP BY u.upload_id, e.state ->> 'stage'
                UNION ALL
                SELECT u.upload_id, e.recorded_at FROM uploads u JOIN event_log e USING (upload_id)
                WHERE e.version <= u.version
                  AND e.name IN ('upload.submitted', 'upload.attempt-started', 'upload.failed', 'upload.retried')
            ) AS starts GROUP BY upload_id
        ) AS starts WHERE starts.upload_id = uploads.upload_id;
    END IF;
END $$;

-- NOT VALID: rows of an older database are not checked, but every write is.
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

-- When the upload was completed; null for all other uploads and for rows of an older database.
ALTER TABLE uploads ADD COLUMN IF NOT EXISTS completed_at timestamptz
    GENERATED ALWAYS AS (CASE WHEN status = 'completed' AND version > 0 THEN updated_at END) STORED;

-- A row is written about eight times, and then never again. If a write changes no column that an index uses, in its
-- columns or in its WHERE, PostgreSQL keeps it in the same page and updates no index (a HOT update). Therefore no index
-- uses `updated_at` or `version`, which every write changes. Older indexes that did are dropped.
DROP INDEX IF EXISTS uploads_open_idx, uploads_pending_idx, uploads_completed_idx;
-- For the reconciler: uploads that have not ended.
CREATE INDEX IF NOT EXISTS uploads_not_ended_idx ON uploads (created_at) WHERE status IN ('pending', 'processing');
-- For the queue, in its order.
CREATE INDEX IF NOT EXISTS uploads_queue_idx ON uploads (created_at) WHERE status = 'pending';
-- For the ETA: the uploads that were completed last.
CREATE INDEX IF NOT EXISTS uploads_completed_at_idx ON uploads (completed_at) WHERE completed_at IS NOT NULL;

ALTER TABLE uploads SET (
    -- Half of each page is kept free for new versions of its rows. Uploads that are submitted together are also updated
    -- together: with 70, one write in three found a full page, went to another one and updated every index.
    fillfactor = 50,
    -- With the default of 0.2, a table of ten million rows would collect two million dead versions.
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.02);

-- One row for each result: the full image and, once it is made, the watermarked preview. A client sees the result when
-- the upload is complete, because `uploads.result_id` is null until then.
CREATE TABLE IF NOT EXISTS results (
    result_id uuid PRIMARY KEY,
    upload_id uuid NOT NULL UNIQUE,
    -- The image model that generated it; local/... for the local model, which needs no key.
    model text NOT NULL,
    -- {key, sha256, size in bytes, width, height in pixels, media_type} in the object storage.
    full_image jsonb NOT NULL,
    preview jsonb,
    created_at timestamptz NOT NULL
);

-- ---------------------------------------------------------------------------------------------------------------------
-- The leases: which run holds which upload. They only save work: without them work is done twice, but never wrongly.
-- ---------------------------------------------------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS leases (
    upload_id uuid PRIMARY KEY,
    -- The worker process of the run.
    worker text NOT NULL,
    -- By the clock of PostgreSQL. The worker renews the leases of all its runs together.
    expires_at timestamptz NOT NULL
);

-- The run that holds the lease. The same process may start another run of an upload while an older run still works.
ALTER TABLE leases ADD COLUMN IF NOT EXISTS run_id uuid NOT NULL DEFAULT gen_random_uuid();

-- An older database has this index, which no query uses.
DROP INDEX IF EXISTS leases_worker_idx;

-- ---------------------------------------------------------------------------------------------------------------------
-- The calls of the image models: the budget and the circuit breaker. Written only by workers/runs/calls.py.
-- ---------------------------------------------------------------------------------------------------------------------

-- Every paid call, recorded just before it is made: the ledger of GENERATION_BUDGET_PER_HOUR.
CREATE TABLE IF NOT EXISTS generation_calls (
    call_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    upload_id uuid NOT NULL,
    attempt integer NOT NULL,
    model text NOT NULL,
    called_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The session that owns the upload, for its share of the budget; null for calls of older versions.
ALTER TABLE generation_calls ADD COLUMN IF NOT EXISTS session_hash text;

CREATE INDEX IF NOT EXISTS generation_calls_session_idx ON generation_calls (session_hash, called_at);

CREATE INDEX IF NOT EXISTS generation_calls_called_at_idx ON generation_calls (called_at);

-- The circuit breaker, shared by all workers: one row for each image model that has ever failed.
CREATE TABLE IF NOT EXISTS image_models (
    model text PRIMARY KEY,
    -- Failed calls in a row.
    failures integer NOT NULL DEFAULT 0,
    failed_at timestamptz NOT NULL,
    -- When the breaker opened; null while it is closed.
    down_since timestamptz,
    -- While the breaker is open, one run may call the model again at this time.
    next_call_at timestamptz NOT NULL
);

-- ---------------------------------------------------------------------------------------------------------------------
-- The sessions: signed tokens, of which no table knows one. Written only by app/signing/ended.py.
-- ---------------------------------------------------------------------------------------------------------------------

-- Sessions that their owner or staff ended before their tokens were over.
CREATE TABLE IF NOT EXISTS ended_sessions (
    -- The SHA-256 of the id of the session, as in `uploads`.
    session_hash text PRIMARY KEY,
    ended_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- For the API processes, which read the latest ones each second.
CREATE INDEX IF NOT EXISTS ended_sessions_ended_at_idx ON ended_sessions (ended_at);

-- ---------------------------------------------------------------------------------------------------------------------
-- Views
-- ---------------------------------------------------------------------------------------------------------------------

-- Leases that a live worker has renewed. One that lies further ahead than a lease lasts is from before the clock stepped
-- back: a live worker renews it at its next beat, and one that is gone never does.
CREATE OR REPLACE VIEW live_leases AS
SELECT upload_id, worker, run_id, expires_at FROM leases
WHERE expires_at > clock_timestamp() AND expires_at <= clock_timestamp() + interval '10 seconds';  -- LEASE_SECONDS

-- Uploads that a run could process now and that no live run holds. due_since: when that became true.
CREATE OR REPLACE VIEW due_uploads AS
SELECT u.upload_id, u.version, u.running, u.attempts_left, u.retry_at,
       greatest(u.updated_at, u.retry_at, l.expires_at) AS due_since, u.lost
FROM uploads u
LEFT JOIN leases l USING (upload_id)
WHERE u.status IN ('pending', 'processing')
  AND u.version > 0  -- a row of an older database has no events to continue from
  -- An event from the future: the clock has stepped back, and a wait would last longer by the step.
  AND (u.retry_at IS NULL OR u.retry_at <= clock_timestamp() OR u.updated_at > clock_timestamp() + interval '1 second')
  AND (l.expires_at IS NULL OR l.expires_at <= clock_timestamp());

-- The history of an upload, one row for each event, for support and analysts.
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
