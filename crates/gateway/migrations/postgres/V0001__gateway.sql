-- The partner's side. Times are microseconds since the Unix epoch (…_us), ids are the platform's where it makes them.

-- A business whose pro granted us access. At most one per business is not ended.
CREATE TABLE connection (
    connection_id BIGINT NOT NULL PRIMARY KEY,
    business_id BIGINT NOT NULL,
    business_name TEXT NOT NULL,
    client_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    -- connected, reconnect_needed or disconnected.
    state TEXT NOT NULL,
    -- Why it is not connected, by name: refresh_token_expired, grant_refused; disconnected, replaced.
    reason TEXT,
    access_sealed TEXT,
    access_expires_at_us BIGINT,
    refresh_sealed TEXT,
    refresh_issued_at_us BIGINT,
    -- Counts the token pairs; whoever saves one names the version that it replaces.
    version BIGINT NOT NULL,
    -- Which process is refreshing, and until when nobody else may.
    lease_owner TEXT,
    lease_until_us BIGINT,
    created_at_us BIGINT NOT NULL,
    ended_at_us BIGINT,
    -- When the customers' data of this business must be destroyed (protocol §7).
    purge_due_at_us BIGINT
);
CREATE UNIQUE INDEX connection_business ON connection (business_id) WHERE ended_at_us IS NULL;

-- A connection that was started and waits for the pro's browser to come back.
CREATE TABLE connect_attempt (
    state_hash TEXT NOT NULL PRIMARY KEY,
    verifier_sealed TEXT NOT NULL,
    scopes TEXT NOT NULL,
    -- What the code was exchanged for, until it is known for which business: without it the tokens would be lost if the
    -- platform failed in between.
    tokens_sealed TEXT,
    expires_at_us BIGINT NOT NULL
);
CREATE INDEX connect_attempt_expiry ON connect_attempt (expires_at_us);

-- A lead as the platform sent it. `body` is the raw text of the newest revision.
CREATE TABLE lead (
    lead_id BIGINT NOT NULL PRIMARY KEY,
    business_id BIGINT NOT NULL,
    body TEXT NOT NULL,
    -- new, answered.
    status TEXT NOT NULL,
    unread BOOLEAN NOT NULL,
    made_at_us BIGINT NOT NULL,
    received_at_us BIGINT NOT NULL
);
CREATE INDEX lead_business ON lead (business_id, lead_id);

-- A customer's message. Its lead may come later, or never.
CREATE TABLE message (
    message_id BIGINT NOT NULL PRIMARY KEY,
    lead_id BIGINT NOT NULL,
    business_id BIGINT NOT NULL,
    body TEXT NOT NULL,
    made_at_us BIGINT NOT NULL,
    received_at_us BIGINT NOT NULL
);
CREATE INDEX message_lead ON message (lead_id, message_id);

-- Updates of a lead's price. Its lead may come later, or never.
CREATE TABLE lead_update (
    lead_update_id BIGINT NOT NULL PRIMARY KEY,
    lead_id BIGINT NOT NULL,
    body TEXT NOT NULL,
    -- The sender's own number of this update (webhook-id), where it has one: it tells a repeat, and which is newer.
    sender_id BIGINT UNIQUE,
    received_at_us BIGINT NOT NULL
);
CREATE INDEX lead_update_lead ON lead_update (lead_id, lead_update_id);

CREATE TABLE review (
    review_id BIGINT NOT NULL PRIMARY KEY,
    business_id BIGINT NOT NULL,
    lead_id BIGINT,
    body TEXT NOT NULL,
    made_at_us BIGINT NOT NULL,
    received_at_us BIGINT NOT NULL
);
CREATE INDEX review_business ON review (business_id, review_id);

-- Earlier bodies that came under the same id: kind is lead, message or review.
CREATE TABLE revision (
    kind TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    business_id BIGINT NOT NULL,
    body TEXT NOT NULL,
    received_at_us BIGINT NOT NULL,
    PRIMARY KEY (kind, subject_id, revision)
);

-- Bodies that are JSON but not what their kind must be: kept for a person, because a lead is money.
CREATE TABLE quarantine (
    quarantine_id BIGINT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    -- A JSON array of {"pointer", "reason"}.
    problems TEXT NOT NULL,
    -- Of kind and body: a sender that tries again does not fill the table.
    body_hash TEXT NOT NULL UNIQUE,
    -- open or processed.
    state TEXT NOT NULL,
    received_at_us BIGINT NOT NULL,
    processed_at_us BIGINT
);
CREATE INDEX quarantine_state ON quarantine (state, quarantine_id);

-- What we tell the customer, in order per lead.
CREATE TABLE reply (
    reply_id BIGINT NOT NULL PRIMARY KEY,
    lead_id BIGINT NOT NULL,
    business_id BIGINT NOT NULL,
    text TEXT NOT NULL,
    -- queued, sent, uncertain or failed.
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    -- When to try (again); of a queued reply only.
    next_attempt_at_us BIGINT,
    -- Sent as Idempotency-Key, the same on every attempt.
    idempotency_key TEXT NOT NULL UNIQUE,
    -- Who is sending it, until when, and under which number of attempts.
    lease_owner TEXT,
    lease_until_us BIGINT,
    -- Whether there was an attempt of which nobody knows what it came to.
    maybe_sent BOOLEAN NOT NULL,
    last_error TEXT,
    -- The caller's own Idempotency-Key, hashed.
    request_key_hash TEXT UNIQUE,
    created_at_us BIGINT NOT NULL,
    -- When it was made, or a person had it sent again: its attempts are given up a day later.
    queued_at_us BIGINT NOT NULL,
    finished_at_us BIGINT
);
CREATE INDEX reply_lead ON reply (lead_id, reply_id);
CREATE INDEX reply_business_queued ON reply (business_id) WHERE state = 'queued';
CREATE INDEX reply_queued ON reply (next_attempt_at_us) WHERE state = 'queued';

-- Who works with the gateway.
CREATE TABLE person (
    person_id BIGINT NOT NULL PRIMARY KEY,
    -- In lower case.
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    created_at_us BIGINT NOT NULL
);
