-- The delivery engine's tables. Times are microseconds since the Unix epoch (…_us). What an endpoint and a
-- conversation are is the caller's business; here they are numbers.

-- A lane: the deliveries of one conversation to one endpoint, in order. The row's lock orders whoever changes the lane.
CREATE TABLE delivery_lane (
    endpoint_id BIGINT NOT NULL,
    conversation_id BIGINT NOT NULL,
    next_sequence BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, endpoint_id)
);

-- What is still to be delivered, and nothing else.
CREATE TABLE delivery_pending (
    endpoint_id BIGINT NOT NULL,
    conversation_id BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    delivery_id BIGINT NOT NULL,
    business_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    -- The bytes of every attempt.
    body TEXT NOT NULL,
    created_at_us BIGINT NOT NULL,
    -- The first of its lane: the only one that may be sent.
    is_head BOOLEAN NOT NULL,
    next_attempt_at_us BIGINT NOT NULL,
    -- Requests made, and the number that the next outcome must name.
    attempts BIGINT NOT NULL,
    -- How far it is on the retry schedule: failures that counted, the time they cost, refusals among them.
    steps BIGINT NOT NULL,
    waited_us BIGINT NOT NULL,
    refusals BIGINT NOT NULL,
    first_attempt_at_us BIGINT,
    last_status BIGINT,
    last_error TEXT,
    PRIMARY KEY (endpoint_id, conversation_id, sequence),
    UNIQUE (delivery_id, endpoint_id)
);
-- Waiting rows of a lane are not in it, so that looking for work never steps over them.
CREATE INDEX delivery_pending_ready ON delivery_pending (endpoint_id, next_attempt_at_us) WHERE is_head;

-- What is finished. A retry by hand moves the row back to delivery_pending.
CREATE TABLE delivery_outcome (
    endpoint_id BIGINT NOT NULL,
    conversation_id BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    delivery_id BIGINT NOT NULL,
    business_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    -- Kept for a retry; NULL once delivered.
    body TEXT,
    created_at_us BIGINT NOT NULL,
    -- delivered, dead or cancelled.
    state TEXT NOT NULL,
    finished_at_us BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    first_attempt_at_us BIGINT,
    last_status BIGINT,
    last_error TEXT,
    PRIMARY KEY (endpoint_id, conversation_id, sequence),
    UNIQUE (delivery_id, endpoint_id)
);
CREATE INDEX delivery_outcome_dead ON delivery_outcome (endpoint_id, delivery_id) WHERE state = 'dead';

-- Every request that was made.
CREATE TABLE delivery_attempt (
    endpoint_id BIGINT NOT NULL,
    delivery_id BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    started_at_us BIGINT NOT NULL,
    ended_at_us BIGINT NOT NULL,
    class TEXT NOT NULL,
    status BIGINT,
    error TEXT,
    -- The beginning of the answer's body, as it came.
    answer TEXT,
    PRIMARY KEY (endpoint_id, delivery_id, attempt)
);

-- What the engine knows of an endpoint: whether and why it waits.
CREATE TABLE delivery_endpoint (
    endpoint_id BIGINT NOT NULL PRIMARY KEY,
    shard BIGINT NOT NULL,
    paused BOOLEAN NOT NULL,
    gone BOOLEAN NOT NULL,
    -- Kinds that the endpoint does not take, separated by spaces.
    kinds_off TEXT NOT NULL,
    failures BIGINT NOT NULL,
    hold_reason TEXT,
    held_since_us BIGINT,
    probes BIGINT NOT NULL,
    probe_at_us BIGINT,
    -- Counts releases by hand, so that engines forget what they learned before.
    version BIGINT NOT NULL
);
CREATE INDEX delivery_endpoint_shard ON delivery_endpoint (shard);

-- Who sends for which endpoints. The epoch rises with each new owner.
CREATE TABLE delivery_shard (
    shard BIGINT NOT NULL PRIMARY KEY,
    owner TEXT,
    epoch BIGINT NOT NULL,
    lease_until_us BIGINT NOT NULL
);
INSERT INTO delivery_shard (shard, owner, epoch, lease_until_us)
WITH RECURSIVE number (shard) AS (SELECT 0 UNION ALL SELECT shard + 1 FROM number WHERE shard < 255)
SELECT shard, NULL, 0, 0 FROM number;

-- The processes that are alive, to share the shards evenly.
CREATE TABLE delivery_node (
    owner TEXT NOT NULL PRIMARY KEY,
    seen_at_us BIGINT NOT NULL
);
