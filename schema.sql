-- The data dictionary: every table, view, index and constraint of Darkroom, and what it means.
--
-- `darkroom migrate` applies this file in one transaction. It is idempotent: an empty, a current and an older database
-- get the same structure. Therefore each column is added separately, and each constraint is dropped and added again.

-- ---------------------------------------------------------------------------------------------------------------------
-- The event log: the only source of truth. Append-only, ordered by position.
-- ---------------------------------------------------------------------------------------------------------------------

-- What a writer of an earlier version, an import or an earlier form of the log has in one JSON, cut into the columns
-- of the log. A value that its column could not give back as it was stays in the JSON, and is valid instead of the column.
CREATE OR REPLACE FUNCTION event_columns(whole jsonb)
RETURNS TABLE (event_id uuid, actor text, correlation_id uuid, schema_version smallint, state jsonb)
LANGUAGE sql IMMUTABLE AS $$
    SELECT (whole ->> 'event_id')::uuid, whole ->> 'actor',
           CASE WHEN jsonb_typeof(whole -> 'correlation_id') = 'string'
                     AND whole ->> 'correlation_id' ~ '^[0-9a-f]{32}$' THEN (whole ->> 'correlation_id')::uuid END,
           CASE WHEN jsonb_typeof(whole -> 'schema_version') = 'number'
                     AND whole ->> 'schema_version' ~ '^[1-9]\d{0,3}$' THEN (whole ->> 'schema_version')::smallint END,
           whole - ARRAY[
               CASE WHEN whole ->> 'event_id' = (whole ->> 'event_id')::uuid::text THEN 'event_id' END,
               CASE WHEN jsonb_typeof(whole -> 'actor') = 'string' THEN 'actor' END,
               CASE WHEN jsonb_typeof(whole -> 'correlation_id') = 'string'
                         AND whole ->> 'correlation_id' ~ '^[0-9a-f]{32}$' THEN 'correlation_id' END,
               CASE WHEN jsonb_typeof(whole -> 'schema_version') = 'number'
                         AND whole ->> 'schema_version' ~ '^[1-9]\d{0,3}$' THEN 'schema_version' END]
$$;

-- In the earlier form, event_id, actor and correlation_id were made of the JSON, which held them too. Such a log is set
-- aside here and copied below, so that a table of the present form is the same wherever it comes from.
DO $$
DECLARE
    taken text;
BEGIN
    IF EXISTS (SELECT FROM pg_attribute
               WHERE attrelid = to_regclass('event_log') AND attname = 'event_id' AND attgenerated = 's') THEN
        -- A poll locks first uploads and then event_log. In another order the two would wait for each other.
        IF to_regclass('uploads') IS NOT NULL THEN
            LOCK TABLE uploads IN ACCESS EXCLUSIVE MODE;
        END IF;
        LOCK TABLE event_log IN ACCESS EXCLUSIVE MODE;
        DROP VIEW IF EXISTS timeline, audit_history, paid_calls, failures, daily_funnel, upload_outcomes, stage_durations, attempts,
                            event_history;
        ALTER TABLE event_log RENAME TO event_log_earlier;
        ALTER SEQUENCE event_log_position_seq RENAME TO event_log_earlier_position_seq;
        FOR taken IN SELECT conname FROM pg_constraint WHERE conrelid = 'event_log_earlier'::regclass LOOP
            EXECUTE format('ALTER TABLE event_log_earlier RENAME CONSTRAINT %I TO %I', taken, 'earlier_' || taken);
        END LOOP;
        DROP INDEX IF EXISTS event_log_name_idx, event_log_staff_idx;
        -- `darkroom migrate` has copied most of a long log already (projections/log/lifting.py).
        IF to_regclass('event_log_lift.event_log') IS NOT NULL THEN
            EXECUTE format('ALTER TABLE event_log_lift.event_log SET SCHEMA %I', current_schema());
            DROP SCHEMA event_log_lift CASCADE;
        END IF;
    END IF;
END $$;

CREATE TABLE IF NOT EXISTS event_log (
    -- The order in which readers follow the log. Assigned under a shared advisory lock (projections/log/event_log.py),
    -- so that a reader can distinguish a position that is still being written from one that was rolled back.
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- By the clock of PostgreSQL. All durations are measured with it.
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    upload_id uuid NOT NULL,
    -- Made by the writer, which finds its event by it after a lost connection.
    event_id uuid NOT NULL,
    -- The request that submitted the upload: 32 hexadecimal digits. Null: it has another form, and is in the state.
    correlation_id uuid,
    -- Counts the events of one upload: from 1, without a gap.
    version integer NOT NULL CHECK (version > 0),
    -- The version of the form of the event. Null: it is no such number, and is in the state or nowhere.
    schema_version smallint,
    -- The name of the event, for example upload.stage-advanced. It never changes.
    name text NOT NULL,
    -- Who caused it: session:<hash>, worker:<name>, reconciler, staff:<name>.
    actor text NOT NULL,
    -- The facts that have no column of their own.
    state jsonb NOT NULL,
    -- The optimistic lock: two writers cannot both append version n.
    CONSTRAINT event_log_version_key UNIQUE (upload_id, version),
    CONSTRAINT event_log_correlation_check CHECK (correlation_id IS NOT NULL OR state ->> 'correlation_id' IS NOT NULL)
);

DO $$
DECLARE
    copied bigint;
BEGIN
    IF to_regclass('event_log_earlier') IS NOT NULL THEN
        SELECT coalesce(max(position), 0) INTO copied FROM event_log;
        IF copied = 0 THEN  -- an index that is made after the copy costs less
            ALTER TABLE event_log DROP CONSTRAINT event_log_version_key;
        END IF;
        INSERT INTO event_log (position, recorded_at, upload_id, event_id, correlation_id, version, schema_version, name,
                               actor, state)
        OVERRIDING SYSTEM VALUE
        SELECT e.position, e.recorded_at, e.upload_id, c.event_id, c.correlation_id, e.version, c.schema_version, e.name,
               c.actor, c.state
        FROM event_log_earlier e, event_columns(e.state) c WHERE e.position > copied ORDER BY e.position;
        IF copied = 0 THEN
            ALTER TABLE event_log ADD CONSTRAINT event_log_version_key UNIQUE (upload_id, version);
            ANALYZE event_log;
        END IF;
        PERFORM setval(pg_get_serial_sequence('event_log', 'position'), last_value, is_called)
        FROM event_log_earlier_position_seq;
        DROP TABLE event_log_earlier;
    END IF;
END $$;

DROP INDEX IF EXISTS event_log_name_idx;
-- For `darkroom audit`: what staff did. Other events do not enter it.
CREATE INDEX IF NOT EXISTS event_log_staff_idx ON event_log (recorded_at) WHERE actor LIKE 'staff:%';

-- A writer of the earlier form gives the whole JSON.
CREATE OR REPLACE FUNCTION open_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT * INTO NEW.event_id, NEW.actor, NEW.correlation_id, NEW.schema_version, NEW.state
    FROM event_columns(NEW.state);
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER event_log_opens_json
    BEFORE INSERT ON event_log FOR EACH ROW WHEN (NEW.event_id IS NULL) EXECUTE FUNCTION open_event();

-- For the search: which uploads a staff member acted on.
CREATE INDEX IF NOT EXISTS event_log_staff_actor_idx ON event_log (actor, recorded_at) WHERE actor LIKE 'staff:%';

CREATE OR REPLACE FUNCTION refuse_change_of_event_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The event log is append-only: % is refused.', TG_OP;
END $$;

CREATE OR REPLACE TRIGGER event_log_is_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON event_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_event_log();

-- The position of each reader of the log.
CREATE TABLE IF NOT EXISTS positions (
    -- projector, failures, dispatcher, sweeper, analytics, seals, stage_statistics
    reader text PRIMARY KEY,
    -- The last position that was handled.
    position bigint NOT NULL DEFAULT 0 CHECK (position >= 0),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The seals: each page of 256 positions, 1-256, 257-512 and so on, with the hash over it and over the seal before.
-- Written by projections/history/seals.py. The newest page is still open: its seal grows with it.
CREATE TABLE IF NOT EXISTS seals (
    -- The first position of the page. A page without events has no seal.
    first bigint PRIMARY KEY,
    -- The last position of the page; while the page is open, the last one that is sealed.
    last bigint NOT NULL CHECK (last BETWEEN first AND first + 255),
    -- Its events.
    count integer NOT NULL CHECK (count BETWEEN 1 AND 256),
    -- The root of the Merkle tree of its events, as in RFC 6962.
    root bytea NOT NULL,
    -- The hash of the seal before; 32 zero bytes for the first.
    previous bytea NOT NULL,
    -- The hash over the bounds, the count, the root and the previous hash.
    hash bytea NOT NULL,
    -- The roots of the whole subtrees, from which the tree of an open page grows on. So an event that is changed in the
    -- log afterwards does not get into the seal.
    subtrees bytea NOT NULL,
    sealed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE OR REPLACE FUNCTION refuse_change_of_seals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Seals are kept: % is refused.', TG_OP;
END $$;

CREATE OR REPLACE TRIGGER seals_are_kept
    BEFORE DELETE OR TRUNCATE ON seals FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_seals();
CREATE OR REPLACE TRIGGER closed_seals_stay
    BEFORE UPDATE ON seals FOR EACH ROW WHEN (OLD.last = OLD.first + 255) EXECUTE FUNCTION refuse_change_of_seals();

-- The read models beside the live one, each in a schema of its own (projections/rows/models.py).
CREATE TABLE IF NOT EXISTS read_models (
    schema text PRIMARY KEY,
    -- The last position of the log that is in it.
    position bigint NOT NULL DEFAULT 0 CHECK (position >= 0),
    -- The position at which it ends, of `darkroom history at`; null: it may follow the log.
    until bigint,
    -- The hash of the code that builds it. Other code builds it anew. Of the one that a swap kept: which of the two it is.
    code text NOT NULL,
    began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- How far history was sent to PostHog by `darkroom analytics backfill` (projections/outside/backfill.py).
CREATE TABLE IF NOT EXISTS backfills (
    -- It began after this position.
    since bigint PRIMARY KEY,
    -- The last position of the log when it began.
    until bigint NOT NULL,
    -- The last position that was sent.
    position bigint NOT NULL CHECK (position BETWEEN since AND until),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- For /readyz, which inserts a row and rolls it back (projections/log/write_probe.py). No row is ever committed.
CREATE TABLE IF NOT EXISTS write_probe (filler text NOT NULL);
-- Neither compressed nor moved out of the page.
ALTER TABLE write_probe ALTER COLUMN filler SET STORAGE PLAIN;

-- ---------------------------------------------------------------------------------------------------------------------
-- The read model: built from the log and written only by the projector. It can be rebuilt at any time: this part of the
-- file is then applied to a schema of its own (projections/rows/models.py).
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

-- Without this, a time that no Python datetime holds would fail every poll that is answered by one query with the row's.
ALTER TABLE uploads
    DROP CONSTRAINT IF EXISTS uploads_times_check,
    ADD CONSTRAINT uploads_times_check CHECK (
        least(created_at, updated_at, stage_since, retry_at) >= '0001-01-01T00:00Z'
        AND greatest(created_at, updated_at, stage_since, retry_at) < '10000-01-01T00:00Z') NOT VALID;

-- A time that no Python datetime holds, `infinity` for example, would stop every reader of the log at its page.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_constraint
                   WHERE conrelid = 'event_log'::regclass AND conname = 'event_log_recorded_at_check') THEN
        ALTER TABLE event_log ADD CONSTRAINT event_log_recorded_at_check CHECK (
            recorded_at >= '0001-01-02T00:00Z' AND recorded_at < '9999-12-31T00:00Z') NOT VALID;
    END IF;
END $$;

-- Which objects of an ended upload are deleted because their time is over; null: none.
ALTER TABLE uploads ADD COLUMN IF NOT EXISTS expired text;
ALTER TABLE uploads
    DROP CONSTRAINT IF EXISTS uploads_expired_check,
    ADD CONSTRAINT uploads_expired_check CHECK (
        expired IS NULL OR (expired IN ('original', 'everything') AND status IN ('completed', 'failed'))) NOT VALID;

-- An older `completed_at` is made of `updated_at`, which an expiry changes.
DO $$
BEGIN
    IF EXISTS (SELECT FROM information_schema.columns
               WHERE table_schema = current_schema AND table_name = 'uploads' AND column_name = 'completed_at'
                 AND generation_expression LIKE '%updated_at%') THEN
        ALTER TABLE uploads DROP COLUMN completed_at;
    END IF;
END $$;
ALTER TABLE uploads
    -- When the upload was completed; null for all other uploads and for rows of an older database.
    ADD COLUMN IF NOT EXISTS completed_at timestamptz
        GENERATED ALWAYS AS (CASE WHEN status = 'completed' AND version > 0 THEN stage_since END) STORED,
    -- When the upload ended, as long as it has objects that may expire; else null.
    ADD COLUMN IF NOT EXISTS kept_since timestamptz
        GENERATED ALWAYS AS (CASE WHEN status IN ('completed', 'failed') AND version > 0
                                   AND expired IS DISTINCT FROM 'everything' THEN stage_since END) STORED;

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
-- For the retention: the ended uploads whose objects are kept, each kind from the oldest on.
CREATE INDEX IF NOT EXISTS uploads_kept_idx ON uploads (status, expired, kept_since) WHERE kept_since IS NOT NULL;

-- The number of attempts from the second one on; null for the most uploads, which need only one. An index may use it: it
-- stays null while the first attempt is counted.
ALTER TABLE uploads ADD COLUMN IF NOT EXISTS repeated integer
    GENERATED ALWAYS AS (CASE WHEN attempt > 1 THEN attempt END) STORED;

-- For the search of support, newest first. None of these columns changes in a life that goes well.
CREATE INDEX IF NOT EXISTS uploads_created_at_idx ON uploads (created_at, upload_id);
CREATE INDEX IF NOT EXISTS uploads_session_idx ON uploads (left(session_hash, 16), created_at, upload_id);
CREATE INDEX IF NOT EXISTS uploads_failed_idx ON uploads (created_at, upload_id) WHERE error_code IS NOT NULL;
CREATE INDEX IF NOT EXISTS uploads_error_code_idx ON uploads (error_code, created_at, upload_id)
    WHERE error_code IS NOT NULL;
-- By id: whether an upload of a group of failures has still failed, and how often, without a look at its row.
CREATE INDEX IF NOT EXISTS uploads_failed_code_idx ON uploads (upload_id, error_code, repeated)
    WHERE error_code IS NOT NULL;
-- With the status: those that were completed after all are counted without a look at the others' rows.
DROP INDEX IF EXISTS uploads_repeated_idx;
CREATE INDEX IF NOT EXISTS uploads_repeated_status_idx ON uploads (created_at, upload_id, repeated, status)
    WHERE repeated IS NOT NULL;

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

-- Uploads whose row has stopped because one of their events could not be applied.
CREATE TABLE IF NOT EXISTS quarantine (
    upload_id uuid PRIMARY KEY,
    -- The event that could not be applied.
    position bigint NOT NULL,
    error text NOT NULL,
    quarantined_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- ---------------------------------------------------------------------------------------------------------------------
-- The groups of failures: made of the log by the reader `failures` (projections/rows/failure_groups.py).
-- ---------------------------------------------------------------------------------------------------------------------

-- One row for each code, stage and cause of `upload.failed`. A cancel is no failure.
CREATE TABLE IF NOT EXISTS failure_groups (
    -- The beginning of the SHA-256 of code, stage and cause.
    group_id text PRIMARY KEY,
    code text NOT NULL,
    -- null: before the first stage.
    stage text,
    -- The message of the failure, with ids and numbers taken out.
    cause text NOT NULL,
    -- Uploads and sessions that it ever happened to, each counted once.
    uploads bigint NOT NULL DEFAULT 0,
    sessions bigint NOT NULL DEFAULT 0,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    -- The position of the last failure in the log.
    last_position bigint NOT NULL,
    -- The upload that it happened to last; null if all of them are erased.
    sample uuid
);

CREATE INDEX IF NOT EXISTS failure_groups_last_idx ON failure_groups (last_at DESC);

CREATE TABLE IF NOT EXISTS failure_group_uploads (
    group_id text,
    upload_id uuid,
    PRIMARY KEY (group_id, upload_id)
);

CREATE INDEX IF NOT EXISTS failure_group_uploads_upload_idx ON failure_group_uploads (upload_id);

-- When the upload was submitted: the search shows a group newest first. Older rows get it from the log.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM information_schema.columns WHERE table_schema = current_schema
                   AND table_name = 'failure_group_uploads' AND column_name = 'created_at') THEN
        ALTER TABLE failure_group_uploads ADD COLUMN created_at timestamptz;
        UPDATE failure_group_uploads u SET created_at = e.recorded_at FROM event_log e
        WHERE e.upload_id = u.upload_id AND e.version = 1;
        -- An older Darkroom that still runs beside this one does not give it, and an upload fails soon or never.
        ALTER TABLE failure_group_uploads ALTER COLUMN created_at SET DEFAULT clock_timestamp();
    END IF;
END $$;
CREATE INDEX IF NOT EXISTS failure_group_uploads_newest_idx ON failure_group_uploads (group_id, created_at, upload_id);

CREATE TABLE IF NOT EXISTS failure_group_sessions (
    group_id text,
    -- The first 16 digits of the hash of the session.
    session text,
    PRIMARY KEY (group_id, session)
);

CREATE TABLE IF NOT EXISTS failure_group_days (
    group_id text,
    -- In UTC.
    day date,
    failures bigint NOT NULL,
    PRIMARY KEY (group_id, day)
);

-- ---------------------------------------------------------------------------------------------------------------------
-- The statistics: projections of their own, each with its position in `positions`. Written only by projections/statistics.
-- ---------------------------------------------------------------------------------------------------------------------

-- How long things take and how often they happen. projections/statistics/stage_statistics.py lists the measures.
CREATE TABLE IF NOT EXISTS stage_statistics (
    measure text NOT NULL,
    hour timestamptz NOT NULL,
    stage text NOT NULL,
    code text NOT NULL,
    model text NOT NULL,
    prompt_version integer NOT NULL,
    bucket smallint NOT NULL,
    count bigint NOT NULL,
    microseconds bigint NOT NULL,
    PRIMARY KEY (measure, hour, stage, code, model, prompt_version, bucket)
);

COMMENT ON TABLE stage_statistics IS 'How long things take and how often they happen, by hour. Rows add up over any span.';
COMMENT ON COLUMN stage_statistics.measure IS
    'work, span, remaining, waited, total, failed, put-back, attempt, reached or paid; see projections/history/README.md.';
COMMENT ON COLUMN stage_statistics.hour IS 'The hour in which it ended, in UTC; of `reached`, the hour of the submission.';
COMMENT ON COLUMN stage_statistics.stage IS 'The stage; of `reached`, the step of the funnel; empty if there is none.';
COMMENT ON COLUMN stage_statistics.code IS 'Why it failed; empty unless it did.';
COMMENT ON COLUMN stage_statistics.model IS 'The image model that made the result; empty if none was known by then.';
COMMENT ON COLUMN stage_statistics.prompt_version IS 'The version of the prompt.';
COMMENT ON COLUMN stage_statistics.bucket IS
    'How long it took: over 0.001 * 2^((bucket - 1) / 8) seconds and at most 0.001 * 2^(bucket / 8); 0: at most 1 ms.';
COMMENT ON COLUMN stage_statistics.count IS 'How often.';
COMMENT ON COLUMN stage_statistics.microseconds IS 'The sum of the durations, in microseconds.';

-- The same by day, for long spans: a year of hours would be millions of rows.
CREATE TABLE IF NOT EXISTS stage_statistics_days (
    measure text NOT NULL,
    -- Its beginning, in UTC.
    day timestamptz NOT NULL,
    stage text NOT NULL,
    code text NOT NULL,
    model text NOT NULL,
    prompt_version integer NOT NULL,
    bucket smallint NOT NULL,
    count bigint NOT NULL,
    microseconds bigint NOT NULL,
    PRIMARY KEY (measure, day, stage, code, model, prompt_version, bucket)
);

COMMENT ON TABLE stage_statistics_days IS 'stage_statistics by day, in UTC. The other columns are the same.';

-- Uploads that a projection leaves out from an event on, because it could not apply it.
CREATE TABLE IF NOT EXISTS stopped_uploads (
    -- The projection, as in `positions`.
    reader text NOT NULL,
    upload_id uuid NOT NULL,
    -- The event that could not be applied.
    position bigint NOT NULL,
    error text NOT NULL,
    stopped_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (reader, upload_id)
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
-- For the calls of an upload: the statistics, and the analysts' paid_calls.
CREATE INDEX IF NOT EXISTS generation_calls_upload_idx ON generation_calls (upload_id);

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
-- Staff: the people who help, and what they did that is no event of an upload.
-- ---------------------------------------------------------------------------------------------------------------------

-- One row for each person, also for one whose access has ended: events and the audit log contain the names.
CREATE TABLE IF NOT EXISTS staff (
    name text PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    -- viewer reads; agent also retries, cancels and re-enqueues; admin also erases and manages staff.
    role text NOT NULL CHECK (role IN ('viewer', 'agent', 'admin')),
    -- The SHA-256 of the token. The token itself has 256 random bits and is shown once.
    token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    -- When the access ends; null: never.
    until timestamptz,
    added_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- When the person got the present token.
    token_since timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- When the access was taken away; null: it was not.
    revoked_at timestamptz
);

-- Times that a Python datetime holds. An access without an end has no `until`, not one at `infinity`.
UPDATE staff SET until = NULL WHERE until = 'infinity';
ALTER TABLE staff
    DROP CONSTRAINT IF EXISTS staff_times_check,
    ADD CONSTRAINT staff_times_check CHECK (
        least(until, added_at, token_since, revoked_at) >= '0001-01-01T00:00Z'
        AND greatest(until, added_at, token_since, revoked_at) < '10000-01-01T00:00Z') NOT VALID;

-- What staff decided about a group of failures. The newest decision alone; the audit log has them all.
CREATE TABLE IF NOT EXISTS failure_decisions (
    group_id text PRIMARY KEY,
    decision text NOT NULL CHECK (decision IN ('resolved', 'ignored')),
    decided_by text NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason text NOT NULL,
    -- The end of the log at that time. A later failure brings a resolved group back.
    position bigint NOT NULL,
    -- An ignored group comes back at this time, or with so many uploads; null: not because of it.
    until timestamptz,
    until_uploads bigint,
    CHECK (decision = 'ignored' OR (until IS NULL AND until_uploads IS NULL))
);

-- Sessions of the console: one row for each sign-in, until its end or until the person signs out. Written only by
-- projections/staff/sessions.py.
CREATE TABLE IF NOT EXISTS staff_sessions (
    -- The SHA-256 of the cookie, which has 256 random bits.
    session_hash bytea PRIMARY KEY CHECK (length(session_hash) = 32),
    name text NOT NULL REFERENCES staff (name),
    -- A new token of the person ends the sessions that began before it.
    began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ends_at timestamptz NOT NULL
);

-- Links that `darkroom up` prints: each signs one person in, once. The row is deleted by its use.
CREATE TABLE IF NOT EXISTS staff_links (
    -- The SHA-256 of the code in the link, which has 256 random bits.
    link_hash bytea PRIMARY KEY CHECK (length(link_hash) = 32),
    name text NOT NULL REFERENCES staff (name),
    ends_at timestamptz NOT NULL
);

-- Bulk actions: one action on the uploads that a search found. Written by workers/upkeep/bulk.py and bulk_runner.py.
CREATE TABLE IF NOT EXISTS bulk_actions (
    bulk_id uuid PRIMARY KEY,
    action text NOT NULL CHECK (action IN ('retry', 'cancel', 'requeue', 'erase')),
    -- The filters of the search. A session is named by its hash.
    search jsonb NOT NULL,
    reason text NOT NULL,
    -- The correlation id of the request that planned it; its events carry it.
    request_id text,
    -- planned by a dry run, then running, then done or stopped
    state text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'running', 'stopped', 'done')),
    planned_by text NOT NULL,
    planned_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- From then on the dry run cannot be carried out.
    expires_at timestamptz NOT NULL,
    started_by text,
    started_at timestamptz,
    -- Who stopped it; null if it came to its end.
    ended_by text,
    ended_at timestamptz,
    -- Uploads that were found, and those of them for which the action made sense then.
    count integer NOT NULL,
    fit integer NOT NULL,
    CHECK ((started_at IS NOT NULL) = (state <> 'planned'))
);

CREATE INDEX IF NOT EXISTS bulk_actions_planned_idx ON bulk_actions (planned_at);
CREATE INDEX IF NOT EXISTS bulk_actions_running_idx ON bulk_actions (started_at) WHERE state = 'running';

CREATE TABLE IF NOT EXISTS bulk_uploads (
    bulk_id uuid REFERENCES bulk_actions ON DELETE CASCADE,
    -- The order of the run.
    number integer,
    upload_id uuid NOT NULL,
    -- done, unchanged, refused or failed; null: it had no turn yet.
    outcome text CHECK (outcome IN ('done', 'unchanged', 'refused', 'failed')),
    -- Why it was refused or failed.
    told text,
    done_at timestamptz,
    PRIMARY KEY (bulk_id, number)
);

CREATE INDEX IF NOT EXISTS bulk_uploads_left_idx ON bulk_uploads (bulk_id, number) WHERE outcome IS NULL;

-- What staff looked at and searched for, and every change of staff. Append-only, like the event log. What staff do to an
-- upload is an event of that upload.
CREATE TABLE IF NOT EXISTS audit_log (
    -- From 1, without a gap. Given by the trigger below.
    number bigint PRIMARY KEY,
    recorded_at timestamptz NOT NULL,
    -- staff:<name>, or operator:<account> for a command on the machine itself.
    actor text NOT NULL,
    -- A name of projections/staff/audit_log.py, for example looked or searched.
    action text NOT NULL,
    -- The upload that was looked at.
    upload_id uuid,
    -- The staff member who was added, rotated or revoked; the group of failures that was decided on.
    subject text,
    -- What was searched for, which version was looked at, which role was given. No token and nothing personal.
    facts jsonb NOT NULL DEFAULT '{}',
    -- The correlation id of the request.
    request_id text,
    -- The SHA-256 over the hash of the row before and this row: a row that was changed or taken away is found.
    hash bytea NOT NULL
);

CREATE INDEX IF NOT EXISTS audit_log_recorded_at_idx ON audit_log (recorded_at);
CREATE INDEX IF NOT EXISTS audit_log_upload_idx ON audit_log (upload_id, number) WHERE upload_id IS NOT NULL;

-- The last row of the audit log, once more: without it, a row that is taken away at the very end would not be missed.
CREATE TABLE IF NOT EXISTS audit_log_head (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    number bigint NOT NULL,
    hash bytea NOT NULL
);
INSERT INTO audit_log_head (number, hash) SELECT number, hash FROM audit_log ORDER BY number DESC LIMIT 1
ON CONFLICT DO NOTHING;

CREATE OR REPLACE FUNCTION audit_log_hash(before bytea, entry audit_log) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(before || convert_to(jsonb_build_array(
        entry.number, extract(epoch FROM entry.recorded_at), entry.actor, entry.action, entry.upload_id, entry.subject,
        entry.facts, entry.request_id)::text, 'UTF8'))
$$;

-- Gives each row its number, its time and its hash. Two writers that read the same last row would give the same number,
-- so one waits for the other. Staff are few: this lock costs the pollers nothing. It runs with the rights of the owner of
-- the tables: the processes themselves may not write the head.
CREATE OR REPLACE FUNCTION append_to_audit_log() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    last audit_log;
BEGIN
    PERFORM pg_advisory_xact_lock(28254641726780772);  -- "darkaud"; no other lock may use this number
    SELECT * INTO last FROM audit_log ORDER BY number DESC LIMIT 1;
    NEW.number := coalesce(last.number, 0) + 1;
    NEW.recorded_at := clock_timestamp();
    NEW.hash := audit_log_hash(coalesce(last.hash, ''), NEW);
    INSERT INTO audit_log_head (number, hash) VALUES (NEW.number, NEW.hash)
        ON CONFLICT (only_one) DO UPDATE SET number = excluded.number, hash = excluded.hash;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER audit_log_is_in_order
    BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION append_to_audit_log();

CREATE OR REPLACE FUNCTION refuse_change_of_audit_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit log is append-only: % is refused.', TG_OP;
END $$;

CREATE OR REPLACE TRIGGER audit_log_is_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_log();

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

-- Session tokens that were dated ahead, because a clock stepped back afterwards. Their own date would let them live for
-- longer, so each ends a lifetime after it was first seen.
CREATE TABLE IF NOT EXISTS early_tokens (
    -- The SHA-256 of the token.
    token_hash text PRIMARY KEY,
    ends_at timestamptz NOT NULL
);

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
  -- An event from the future: the clock has stepped back, and a wait would last longer by the step. No wait is longer than
  -- LONGEST_WAIT (domain/state.py).
  AND (u.retry_at IS NULL OR u.retry_at <= clock_timestamp() OR u.updated_at > clock_timestamp() + interval '1 second'
       OR u.retry_at > clock_timestamp() + interval '01:00:00')
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

-- ---------------------------------------------------------------------------------------------------------------------
-- The analysts' views: names and columns stay as they are, whatever form the log has. Each column is described by a
-- COMMENT, which psql (\d+) and other tools show. A fact of a wrong type is null, so an unreadable event fails no query.
-- ---------------------------------------------------------------------------------------------------------------------

CREATE OR REPLACE VIEW event_history AS
SELECT position, upload_id, version, name, recorded_at, event_id, actor, split_part(actor, ':', 1) AS actor_kind,
       coalesce(state ->> 'correlation_id', replace(correlation_id::text, '-', '')) AS correlation_id,
       coalesce(CASE WHEN state ->> 'schema_version' ~ '^\d{1,9}$' THEN (state ->> 'schema_version')::integer END,
                schema_version) AS schema_version,
       left(state ->> 'session_hash', 16) AS session,
       CASE WHEN state ->> 'prompt_version' ~ '^\d{1,9}$' THEN (state ->> 'prompt_version')::integer END
           AS prompt_version,
       state ->> 'original_sha256' AS original_sha256,
       CASE WHEN state ->> 'original_size' ~ '^\d{1,18}$' THEN (state ->> 'original_size')::bigint END AS original_size,
       CASE WHEN state ->> 'attempt' ~ '^\d{1,9}$' THEN (state ->> 'attempt')::integer END AS attempt,
       state ->> 'stage' AS stage,
       CASE WHEN state ->> 'progress' ~ '^\d{1,9}$' THEN (state ->> 'progress')::integer END AS progress,
       state ->> 'code' AS code,
       state ->> 'message' AS message,
       CASE WHEN pg_input_is_valid(state ->> 'retry_at', 'timestamptz') THEN (state ->> 'retry_at')::timestamptz END
           AS retry_at,
       CASE WHEN pg_input_is_valid(state ->> 'result_id', 'uuid') THEN (state ->> 'result_id')::uuid END AS result_id,
       state ->> 'model' AS model,
       coalesce(state -> 'full', state -> 'preview') ->> 'sha256' AS picture_sha256,
       CASE WHEN coalesce(state -> 'full', state -> 'preview') ->> 'size' ~ '^\d{1,18}$'
            THEN (coalesce(state -> 'full', state -> 'preview') ->> 'size')::bigint END AS picture_size,
       CASE WHEN coalesce(state -> 'full', state -> 'preview') ->> 'width' ~ '^\d{1,9}$'
            THEN (coalesce(state -> 'full', state -> 'preview') ->> 'width')::integer END AS picture_width,
       CASE WHEN coalesce(state -> 'full', state -> 'preview') ->> 'height' ~ '^\d{1,9}$'
            THEN (coalesce(state -> 'full', state -> 'preview') ->> 'height')::integer END AS picture_height,
       state - '{schema_version,event_id,actor,correlation_id,session_hash}'::text[] AS facts
FROM event_log;

COMMENT ON VIEW event_history IS 'One row for each event of the log, its facts opened into columns.';
COMMENT ON COLUMN event_history.position IS 'The order of the log. Positions of writes that were rolled back are missing.';
COMMENT ON COLUMN event_history.upload_id IS 'The upload; the jobId of the API.';
COMMENT ON COLUMN event_history.version IS 'Counts the events of the upload: from 1, without a gap.';
COMMENT ON COLUMN event_history.name IS 'What happened, for example upload.stage-advanced; domain/README.md lists all.';
COMMENT ON COLUMN event_history.recorded_at IS 'When, by the clock of PostgreSQL.';
COMMENT ON COLUMN event_history.event_id IS 'The id that the writer gave to the event.';
COMMENT ON COLUMN event_history.actor IS 'Who caused it: session:<hash>, worker:<name>, reconciler, staff:<name>.';
COMMENT ON COLUMN event_history.actor_kind IS 'The kind of actor: session, worker, reconciler, staff.';
COMMENT ON COLUMN event_history.correlation_id IS 'The request that submitted the upload.';
COMMENT ON COLUMN event_history.schema_version IS 'The version of the form of the facts.';
COMMENT ON COLUMN event_history.session IS 'Which session submitted the upload: the first 16 digits of its hash. Opens nothing.';
COMMENT ON COLUMN event_history.prompt_version IS 'The version of the prompt; of upload.submitted.';
COMMENT ON COLUMN event_history.original_sha256 IS 'The SHA-256 of the photo; of upload.submitted.';
COMMENT ON COLUMN event_history.original_size IS 'The size of the photo, in bytes; of upload.submitted.';
COMMENT ON COLUMN event_history.attempt IS 'The attempt that the event belongs to, as far as the event says it.';
COMMENT ON COLUMN event_history.stage IS 'The stage that was reached, or in which the attempt ended.';
COMMENT ON COLUMN event_history.progress IS 'In percent; of upload.stage-advanced.';
COMMENT ON COLUMN event_history.code IS 'Why an attempt or the upload failed, or was put off.';
COMMENT ON COLUMN event_history.message IS 'What the owner reads; of upload.failed.';
COMMENT ON COLUMN event_history.retry_at IS 'When the next attempt may begin.';
COMMENT ON COLUMN event_history.result_id IS 'The result; of upload.result-stored.';
COMMENT ON COLUMN event_history.model IS 'The image model; of upload.result-stored.';
COMMENT ON COLUMN event_history.picture_sha256 IS 'The SHA-256 of the full image or the preview that was stored.';
COMMENT ON COLUMN event_history.picture_size IS 'The size of that picture, in bytes.';
COMMENT ON COLUMN event_history.picture_width IS 'The width of that picture, in pixels.';
COMMENT ON COLUMN event_history.picture_height IS 'The height of that picture, in pixels.';
COMMENT ON COLUMN event_history.facts IS 'All facts as JSON, without the session hash and what is a column of every event.';

CREATE OR REPLACE VIEW attempts AS
SELECT a.upload_id, a.attempt, a.began_at, a.ended_at,
       extract(epoch FROM a.ended_at - a.began_at)::float AS seconds,
       CASE WHEN a.code = 'WORKER_LOST' OR (a.ending IS NULL AND a.attempt < a.attempts) THEN 'lost'
            WHEN a.ending IS NULL THEN 'running'
            WHEN a.code = 'CANCELLED' THEN 'cancelled'
            WHEN a.ending = 'upload.failed' THEN 'failed'
            WHEN a.ending = 'upload.attempt-failed' THEN 'put-back'
            ELSE 'completed' END AS outcome,
       CASE WHEN a.ending IS NULL AND a.attempt < a.attempts THEN 'WORKER_LOST' ELSE a.code END AS code,
       a.stage, a.worker, a.prompt_version
FROM (
    SELECT upload_id, attempt, max(attempt) OVER (PARTITION BY upload_id) AS attempts, prompt_version,
           min(recorded_at) AS began_at,
           (array_agg(recorded_at ORDER BY version) FILTER (WHERE ends))[1] AS ended_at,
           (array_agg(name ORDER BY version) FILTER (WHERE ends))[1] AS ending,
           (array_agg(code ORDER BY version) FILTER (WHERE ends))[1] AS code,
           (array_agg(coalesce(stage, 'none') ORDER BY version DESC) FILTER (WHERE name = 'upload.stage-advanced'))[1]
               AS stage,
           max(actor) FILTER (WHERE name = 'upload.attempt-started') AS worker
    FROM (
        SELECT upload_id, version, name, recorded_at, actor, stage, code,
               name IN ('upload.attempt-failed', 'upload.failed') OR stage = 'complete' AS ends,
               (count(*) FILTER (WHERE name = 'upload.attempt-started')
                   OVER (PARTITION BY upload_id ORDER BY version))::integer AS attempt,
               first_value(prompt_version) OVER (PARTITION BY upload_id ORDER BY version) AS prompt_version
        FROM event_history
    ) AS numbered
    WHERE attempt > 0 GROUP BY upload_id, attempt, prompt_version
) AS a;

COMMENT ON VIEW attempts IS 'One row for each attempt: one run of the pipeline over an upload.';
COMMENT ON COLUMN attempts.upload_id IS 'The upload.';
COMMENT ON COLUMN attempts.attempt IS 'Counts the attempts of the upload from 1, across retries.';
COMMENT ON COLUMN attempts.began_at IS 'When the attempt began.';
COMMENT ON COLUMN attempts.ended_at IS 'When it ended; null while it runs, and where its worker was lost without a word.';
COMMENT ON COLUMN attempts.seconds IS 'How long it took, in seconds.';
COMMENT ON COLUMN attempts.outcome IS 'completed, failed, cancelled, put-back (to be repeated), lost (with its worker) or running.';
COMMENT ON COLUMN attempts.code IS 'Why it did not complete; null if it did or runs.';
COMMENT ON COLUMN attempts.stage IS 'The last stage that it reached; null if none.';
COMMENT ON COLUMN attempts.worker IS 'The worker process that began it.';
COMMENT ON COLUMN attempts.prompt_version IS 'The version of the prompt.';

-- An event ends the work that began with the event before it. So `storing`, 80 %, is appended when the image is stored.
CREATE OR REPLACE VIEW stage_durations AS
SELECT upload_id, attempt, stage, prompt_version, model, min(began_at) AS began_at, max(recorded_at) AS ended_at,
       extract(epoch FROM sum(recorded_at - began_at))::float AS seconds,
       max(reached) >= CASE stage WHEN 'validating' THEN 30 WHEN 'generating' THEN 70 WHEN 'storing' THEN 90
                                  ELSE 100 END AS finished
FROM (
    SELECT *, max(progress) OVER (PARTITION BY upload_id, attempt) AS reached
    FROM (
        SELECT upload_id, name, recorded_at, progress,
               lag(recorded_at) OVER stream AS began_at, lag(name) OVER stream AS before,
               (count(*) FILTER (WHERE name = 'upload.attempt-started') OVER stream)::integer AS attempt,
               first_value(prompt_version) OVER stream AS prompt_version,
               max(model) OVER (PARTITION BY upload_id) AS model,
               CASE WHEN name IN ('upload.attempt-failed', 'upload.failed') THEN stage
                    WHEN name = 'upload.result-stored' OR stage IN ('storing', 'watermarking') THEN 'storing'
                    WHEN name = 'upload.preview-stored' OR stage = 'complete' THEN 'watermarking'
                    WHEN progress = 30 THEN 'validating'
                    WHEN stage = 'generating' THEN 'generating' END AS stage
        FROM event_history WHERE name <> 'upload.noted'  -- a note ends no work
        WINDOW stream AS (PARTITION BY upload_id ORDER BY version)
    ) AS numbered
) AS steps
WHERE stage IS NOT NULL AND attempt > 0
  AND before IN ('upload.attempt-started', 'upload.stage-advanced', 'upload.result-stored', 'upload.preview-stored')
GROUP BY upload_id, attempt, stage, prompt_version, model;

COMMENT ON VIEW stage_durations IS 'One row for each stage that an attempt worked on: how long that work took.';
COMMENT ON COLUMN stage_durations.upload_id IS 'The upload.';
COMMENT ON COLUMN stage_durations.attempt IS 'The attempt that did the work.';
COMMENT ON COLUMN stage_durations.stage IS 'validating, generating, storing or watermarking.';
COMMENT ON COLUMN stage_durations.prompt_version IS 'The version of the prompt.';
COMMENT ON COLUMN stage_durations.model IS 'The image model that made the result; null if there is none.';
COMMENT ON COLUMN stage_durations.began_at IS 'When the work began.';
COMMENT ON COLUMN stage_durations.ended_at IS 'When it ended, or when it was seen last.';
COMMENT ON COLUMN stage_durations.seconds IS 'How long it took, in seconds.';
COMMENT ON COLUMN stage_durations.finished IS 'Whether the attempt finished the stage.';

CREATE OR REPLACE VIEW upload_outcomes AS
SELECT upload_id, session, prompt_version, submitted_at, first_attempt_at, ended_at, erased_at, status,
       CASE WHEN status = 'failed' THEN 'failed' ELSE reached END AS stage, reached, progress, attempts, retries,
       CASE WHEN status = 'failed' THEN last_code END AS code,
       CASE WHEN status = 'failed' THEN last_failed_stage END AS failed_stage,
       result_id, model,
       extract(epoch FROM first_attempt_at - submitted_at)::float AS waited_seconds,
       extract(epoch FROM ended_at - submitted_at)::float AS total_seconds,
       (SELECT count(*) FROM generation_calls c WHERE c.upload_id = folded.upload_id)::integer AS paid_calls
FROM (
    SELECT *, CASE WHEN completed_at IS NOT NULL THEN 'completed' WHEN failed_version > retried_version THEN 'failed'
                   WHEN reached IS NULL THEN 'pending' ELSE 'processing' END AS status,
           coalesce(completed_at, CASE WHEN failed_version > retried_version THEN failed_at END) AS ended_at
    FROM (
        SELECT upload_id, max(session) AS session, max(prompt_version) AS prompt_version,
               min(recorded_at) FILTER (WHERE version = 1) AS submitted_at,
               min(recorded_at) FILTER (WHERE name = 'upload.attempt-started') AS first_attempt_at,
               min(recorded_at) FILTER (WHERE stage = 'complete') AS completed_at,
               max(recorded_at) FILTER (WHERE name = 'upload.failed') AS failed_at,
               min(recorded_at) FILTER (WHERE name = 'upload.erased') AS erased_at,
               coalesce(max(version) FILTER (WHERE name = 'upload.failed'), 0) AS failed_version,
               coalesce(max(version) FILTER (WHERE name = 'upload.retried'), 0) AS retried_version,
               (array_agg(stage ORDER BY version DESC) FILTER (WHERE name = 'upload.stage-advanced'))[1] AS reached,
               coalesce(max(progress), 0) AS progress,
               count(*) FILTER (WHERE name = 'upload.attempt-started')::integer AS attempts,
               count(*) FILTER (WHERE name = 'upload.retried')::integer AS retries,
               (array_agg(code ORDER BY version DESC) FILTER (WHERE name = 'upload.failed'))[1] AS last_code,
               (array_agg(stage ORDER BY version DESC) FILTER (WHERE name = 'upload.failed'))[1] AS last_failed_stage,
               (array_agg(result_id) FILTER (WHERE result_id IS NOT NULL))[1] AS result_id,
               max(model) AS model
        FROM event_history GROUP BY upload_id
    ) AS counted
) AS folded;

COMMENT ON VIEW upload_outcomes IS 'One row for each upload, straight from the log: how it ended, or how far it is.';
COMMENT ON COLUMN upload_outcomes.upload_id IS 'The upload.';
COMMENT ON COLUMN upload_outcomes.session IS 'Which session submitted it: the first 16 digits of its hash.';
COMMENT ON COLUMN upload_outcomes.prompt_version IS 'The version of the prompt.';
COMMENT ON COLUMN upload_outcomes.submitted_at IS 'When it was submitted.';
COMMENT ON COLUMN upload_outcomes.first_attempt_at IS 'When its first attempt began.';
COMMENT ON COLUMN upload_outcomes.ended_at IS 'When it was completed or failed; null while it is open.';
COMMENT ON COLUMN upload_outcomes.erased_at IS 'When its photo and pictures were erased.';
COMMENT ON COLUMN upload_outcomes.status IS 'pending, processing, completed or failed.';
COMMENT ON COLUMN upload_outcomes.stage IS 'The stage that clients see.';
COMMENT ON COLUMN upload_outcomes.reached IS 'The last stage of the pipeline that it reached; a failure does not change it.';
COMMENT ON COLUMN upload_outcomes.progress IS 'In percent.';
COMMENT ON COLUMN upload_outcomes.attempts IS 'How many attempts began.';
COMMENT ON COLUMN upload_outcomes.retries IS 'How often a retry was asked for after a failure.';
COMMENT ON COLUMN upload_outcomes.code IS 'Why it failed; null unless it did.';
COMMENT ON COLUMN upload_outcomes.failed_stage IS 'The stage in which it failed.';
COMMENT ON COLUMN upload_outcomes.result_id IS 'The result, as soon as the full image is stored.';
COMMENT ON COLUMN upload_outcomes.model IS 'The image model that made the result.';
COMMENT ON COLUMN upload_outcomes.waited_seconds IS 'From the submission to the first attempt, in seconds.';
COMMENT ON COLUMN upload_outcomes.total_seconds IS 'From the submission to the end, in seconds.';
COMMENT ON COLUMN upload_outcomes.paid_calls IS 'How many calls of the image model were paid for.';

CREATE OR REPLACE VIEW daily_funnel AS
SELECT (submitted_at AT TIME ZONE 'UTC')::date AS day, prompt_version, count(*)::integer AS submitted,
       count(first_attempt_at)::integer AS started,
       count(*) FILTER (WHERE progress >= 30)::integer AS validated,
       count(result_id)::integer AS generated,
       count(*) FILTER (WHERE progress >= 90)::integer AS stored,
       count(*) FILTER (WHERE status = 'completed')::integer AS completed,
       count(*) FILTER (WHERE status = 'failed' AND code IS DISTINCT FROM 'CANCELLED')::integer AS failed,
       count(*) FILTER (WHERE status = 'failed' AND code = 'CANCELLED')::integer AS cancelled,
       count(*) FILTER (WHERE status IN ('pending', 'processing'))::integer AS open,
       sum(paid_calls)::integer AS paid_calls
FROM upload_outcomes GROUP BY 1, 2;

COMMENT ON VIEW daily_funnel IS 'One row for each day and prompt version: how far the uploads of that day came until now.';
COMMENT ON COLUMN daily_funnel.day IS 'The day of the submission, in UTC.';
COMMENT ON COLUMN daily_funnel.prompt_version IS 'The version of the prompt.';
COMMENT ON COLUMN daily_funnel.submitted IS 'Uploads that were submitted.';
COMMENT ON COLUMN daily_funnel.started IS 'Of these: those with an attempt.';
COMMENT ON COLUMN daily_funnel.validated IS 'Of these: those whose photo was found to be good.';
COMMENT ON COLUMN daily_funnel.generated IS 'Of these: those with a full image.';
COMMENT ON COLUMN daily_funnel.stored IS 'Of these: those that came to watermarking.';
COMMENT ON COLUMN daily_funnel.completed IS 'Uploads that were completed.';
COMMENT ON COLUMN daily_funnel.failed IS 'Uploads that failed, without those that were cancelled.';
COMMENT ON COLUMN daily_funnel.cancelled IS 'Uploads that their owner cancelled.';
COMMENT ON COLUMN daily_funnel.open IS 'Uploads that have not ended.';
COMMENT ON COLUMN daily_funnel.paid_calls IS 'Calls of the image model that were paid for these uploads.';

CREATE OR REPLACE VIEW failures AS
SELECT e.position, e.upload_id, e.recorded_at,
       CASE e.name WHEN 'upload.failed' THEN 'failed' WHEN 'upload.put-off' THEN 'put-off' ELSE 'put-back' END AS kind,
       e.code, e.stage, e.message, e.retry_at, e.actor, first.prompt_version,
       (SELECT count(*) FROM event_log s WHERE s.upload_id = e.upload_id AND s.version < e.version
                                           AND s.name = 'upload.attempt-started')::integer AS attempt,
       extract(epoch FROM e.recorded_at - first.recorded_at)::float AS after_seconds
FROM event_history e JOIN event_history first ON first.upload_id = e.upload_id AND first.version = 1
WHERE e.name IN ('upload.failed', 'upload.attempt-failed', 'upload.put-off');

COMMENT ON VIEW failures IS 'One row for each failure: of an upload, or of an attempt that is repeated; and each delay from outside.';
COMMENT ON COLUMN failures.position IS 'The position of the event in the log.';
COMMENT ON COLUMN failures.upload_id IS 'The upload.';
COMMENT ON COLUMN failures.recorded_at IS 'When it failed.';
COMMENT ON COLUMN failures.kind IS 'failed (the upload), put-back (an attempt, to be repeated) or put-off (the next attempt has to wait).';
COMMENT ON COLUMN failures.code IS 'Why; app/api/README.md lists the codes.';
COMMENT ON COLUMN failures.stage IS 'The stage in which it failed; null before the first.';
COMMENT ON COLUMN failures.message IS 'What the owner reads; only where the upload failed.';
COMMENT ON COLUMN failures.retry_at IS 'When the next attempt may begin.';
COMMENT ON COLUMN failures.actor IS 'Who recorded it, for example the worker process.';
COMMENT ON COLUMN failures.prompt_version IS 'The version of the prompt.';
COMMENT ON COLUMN failures.attempt IS 'How many attempts had begun by then.';
COMMENT ON COLUMN failures.after_seconds IS 'How long after the submission, in seconds.';

CREATE OR REPLACE VIEW paid_calls AS
SELECT c.call_id, c.upload_id, c.attempt, c.model, c.called_at, first.prompt_version,
       CASE WHEN lead(c.call_id) OVER (PARTITION BY c.upload_id ORDER BY c.call_id) IS NOT NULL THEN 'nothing'
            WHEN o.result_id IS NOT NULL THEN 'result'
            WHEN o.ended THEN 'nothing' ELSE 'open' END AS outcome
FROM generation_calls c
LEFT JOIN event_history first ON first.upload_id = c.upload_id AND first.version = 1
LEFT JOIN LATERAL (
    SELECT (array_agg(e.result_id) FILTER (WHERE e.result_id IS NOT NULL))[1] AS result_id,
           max(e.version) FILTER (WHERE e.name = 'upload.failed')
               > coalesce(max(e.version) FILTER (WHERE e.name = 'upload.retried'), 0) AS ended
    FROM event_history e WHERE e.upload_id = c.upload_id
) AS o ON true;

COMMENT ON VIEW paid_calls IS 'One row for each call of an image model that was paid for. The local model costs nothing and is not here.';
COMMENT ON COLUMN paid_calls.call_id IS 'Counts the calls.';
COMMENT ON COLUMN paid_calls.upload_id IS 'The upload.';
COMMENT ON COLUMN paid_calls.attempt IS 'The attempt that called.';
COMMENT ON COLUMN paid_calls.model IS 'The image model.';
COMMENT ON COLUMN paid_calls.called_at IS 'Just before the call.';
COMMENT ON COLUMN paid_calls.prompt_version IS 'The version of the prompt.';
COMMENT ON COLUMN paid_calls.outcome IS 'result (its picture was stored), nothing (no picture came of it) or open (the upload has not ended).';

CREATE OR REPLACE VIEW audit_history AS
SELECT 'audit log' AS source, number, NULL::bigint AS position, recorded_at, actor, action, upload_id, subject,
       NULL::text AS reason, request_id, facts
FROM audit_log
UNION ALL
SELECT 'event log', NULL, position, recorded_at, actor, name, upload_id, NULL, facts ->> 'reason',
       facts ->> 'request_id', facts - '{reason,request_id}'::text[]
FROM event_history WHERE actor LIKE 'staff:%';

COMMENT ON VIEW audit_history IS 'One row for each thing that staff did, looked at or searched for.';
COMMENT ON COLUMN audit_history.source IS 'audit log (looking, searching, changes of staff) or event log (what was done to an upload).';
COMMENT ON COLUMN audit_history.number IS 'The number of the row in the audit log, from 1, without a gap.';
COMMENT ON COLUMN audit_history.position IS 'The position of the event in the event log.';
COMMENT ON COLUMN audit_history.recorded_at IS 'When, by the clock of PostgreSQL.';
COMMENT ON COLUMN audit_history.actor IS 'staff:<name>, or operator:<account> for a command on the machine itself.';
COMMENT ON COLUMN audit_history.action IS 'looked, searched, staff-added and so on; or the name of the event.';
COMMENT ON COLUMN audit_history.upload_id IS 'The upload; null if it was about none.';
COMMENT ON COLUMN audit_history.subject IS 'The staff member who was added, rotated or revoked.';
COMMENT ON COLUMN audit_history.reason IS 'The reason that was given for what was done to the upload.';
COMMENT ON COLUMN audit_history.request_id IS 'The correlation id of the request.';
COMMENT ON COLUMN audit_history.facts IS 'What was searched for, which version was looked at, which role was given, and so on.';

-- ---------------------------------------------------------------------------------------------------------------------
-- The role of the analysts: reads the views above and nothing else. A person's login is a member of it.
-- ---------------------------------------------------------------------------------------------------------------------
DO $$
DECLARE
    login name;
BEGIN
    IF to_regrole('darkroom_analyst') IS NULL THEN
        BEGIN
            CREATE ROLE darkroom_analyst NOLOGIN;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;  -- another database of this server made it just now
            WHEN insufficient_privilege THEN
                RAISE WARNING 'The role of the analysts is missing, because % may not create roles. Run as one who '
                    'may: CREATE ROLE darkroom_analyst NOLOGIN; and then `darkroom migrate` again.', current_user;
        END;
    END IF;
    IF to_regrole('darkroom_analyst') IS NOT NULL THEN
        -- PostgreSQL applies the settings of a role at its own login: a member needs them too (projections/history).
        -- They are another's logins, so they are named and not changed. One that may grant the role made it.
        FOR login IN
            WITH RECURSIVE members (id) AS (
                SELECT member FROM pg_auth_members
                WHERE roleid = to_regrole('darkroom_analyst') AND NOT admin_option
                UNION SELECT member FROM pg_auth_members JOIN members ON roleid = id
            )
            SELECT DISTINCT rolname FROM members JOIN pg_roles ON oid = id
            WHERE rolcanlogin AND NOT rolsuper AND NOT EXISTS (
                SELECT FROM pg_db_role_setting, unnest(setconfig) AS setting
                WHERE setrole = id AND setting LIKE 'statement\_timeout=%'
            ) ORDER BY rolname
        LOOP
            RAISE WARNING 'The analyst % has no time limit. Run: ALTER ROLE % SET statement_timeout = ''5min'';',
                login, quote_ident(login);
        END LOOP;
        IF NOT EXISTS (SELECT FROM pg_db_role_setting WHERE setrole = to_regrole('darkroom_analyst')) THEN
            BEGIN
                ALTER ROLE darkroom_analyst SET statement_timeout = '5min';
                ALTER ROLE darkroom_analyst SET default_transaction_read_only = on;
            EXCEPTION WHEN insufficient_privilege THEN
                RAISE WARNING 'The role of the analysts has no time limit, because % may not set one. Run as one who '
                    'may: ALTER ROLE darkroom_analyst SET statement_timeout = ''5min'';', current_user;
            END;
        END IF;
        GRANT SELECT ON event_history, attempts, stage_durations, upload_outcomes, daily_funnel, failures, paid_calls,
            stage_statistics, stage_statistics_days, audit_history TO darkroom_analyst;
    END IF;
END $$;

-- ---------------------------------------------------------------------------------------------------------------------
-- The role of the processes (serve, work, project, dispatch). Tables belong to the role that migrates. Give the processes
-- a DATABASE_URL of a role that is this one, or a member of it: then PostgreSQL itself keeps them from changing the log.
-- ---------------------------------------------------------------------------------------------------------------------
DO $$
DECLARE
    log text;
BEGIN
    IF to_regrole('darkroom_service') IS NULL THEN
        BEGIN
            CREATE ROLE darkroom_service NOLOGIN;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;  -- another database of this server made it just now
            WHEN insufficient_privilege THEN
                RAISE WARNING 'The role of the processes is missing, because % may not create roles. Run as one who '
                    'may: CREATE ROLE darkroom_service NOLOGIN; and then `darkroom migrate` again.', current_user;
        END;
    END IF;
    IF to_regrole('darkroom_service') IS NOT NULL THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO darkroom_service', current_schema());
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO darkroom_service', current_schema());
        EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %I TO darkroom_service', current_schema());
        FOREACH log IN ARRAY ARRAY['event_log', 'audit_log'] LOOP
            EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE, TRIGGER ON %I FROM darkroom_service', log);
        END LOOP;
        REVOKE INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER ON audit_log_head FROM darkroom_service;
        REVOKE DELETE, TRUNCATE, TRIGGER ON seals FROM darkroom_service;  -- the open page grows by UPDATE
    END IF;
END $$;
