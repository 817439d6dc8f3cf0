-- Events, and their way to the partner's own systems.

-- Everything that happened, for whoever follows it: numbered without gaps, in the order of commits.
CREATE TABLE event (
    event_id BIGINT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    business_id BIGINT NOT NULL,
    -- What belongs to no lead has none.
    lead_id BIGINT,
    -- The bytes that are pushed and pulled: JSON, with all that is personal in it.
    payload TEXT NOT NULL,
    created_at_us BIGINT NOT NULL
);
CREATE INDEX event_business ON event (business_id, event_id);
CREATE INDEX event_lead ON event (lead_id, event_id) WHERE lead_id IS NOT NULL;
CREATE TABLE event_counter (
    counter_id BIGINT NOT NULL PRIMARY KEY,
    last_event_id BIGINT NOT NULL
);
INSERT INTO event_counter (counter_id, last_event_id) VALUES (1, 0);

-- Messages that came before their lead and that no event tells of yet: they are told after it, or alone if it does not
-- come soon.
CREATE TABLE waiting_message (
    message_id BIGINT NOT NULL PRIMARY KEY,
    lead_id BIGINT NOT NULL,
    business_id BIGINT NOT NULL,
    received_at_us BIGINT NOT NULL
);
CREATE INDEX waiting_message_lead ON waiting_message (lead_id, message_id);
CREATE INDEX waiting_message_age ON waiting_message (received_at_us);

-- Where events are pushed to. Whether and why one is paused or held is the delivery engine's to know.
CREATE TABLE forward (
    forward_id BIGINT NOT NULL PRIMARY KEY,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    -- Separated by spaces; NULL for all, those of later versions included.
    event_types TEXT,
    -- Separated by spaces; NULL for all, those that connect later included.
    business_ids TEXT,
    -- The caller's own Idempotency-Key, hashed.
    request_key_hash TEXT UNIQUE,
    created_at_us BIGINT NOT NULL,
    updated_at_us BIGINT NOT NULL,
    ended_at_us BIGINT
);

-- What a forward's requests are signed with: the newest, and those before it until their end.
CREATE TABLE forward_secret (
    forward_id BIGINT NOT NULL,
    secret_id BIGINT NOT NULL,
    secret_sealed TEXT NOT NULL,
    created_at_us BIGINT NOT NULL,
    ends_at_us BIGINT,
    PRIMARY KEY (forward_id, secret_id)
);
