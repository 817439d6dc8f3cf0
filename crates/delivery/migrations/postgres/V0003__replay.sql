-- Replays: sending an endpoint again what died in a span of time, a bit at a time, by jobs that outlive a process.

CREATE TABLE delivery_replay (
    replay_id BIGINT NOT NULL PRIMARY KEY,
    endpoint_id BIGINT NOT NULL,
    -- The endpoint's, so that the process that sends for the endpoint finds its jobs.
    shard BIGINT NOT NULL,
    -- When what is meant died.
    since_us BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    -- Deliveries a second, at most.
    rate BIGINT NOT NULL,
    -- running, done or cancelled.
    state TEXT NOT NULL,
    -- What has a larger id is still to be looked at, up to the last that was meant when the job was made. By ids and not
    -- by times, so that what dies once more meanwhile is not met again, whatever the clocks say.
    cursor_id BIGINT NOT NULL,
    last_id BIGINT NOT NULL,
    -- How many were meant, and how many were put back so far.
    total BIGINT NOT NULL,
    replayed BIGINT NOT NULL,
    -- From when on the rate allows the next.
    next_at_us BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    finished_at_us BIGINT,
    version BIGINT NOT NULL
);
CREATE INDEX delivery_replay_running ON delivery_replay (endpoint_id, replay_id) WHERE state = 'running';
CREATE INDEX delivery_replay_endpoint ON delivery_replay (endpoint_id, replay_id);

-- What was not delivered is rare. By the endpoint and the id for lists and replays, by the endpoint and the time to count
-- what a replay means, by the id alone for lists of all endpoints. The state is a column of each, so that none of these
-- questions has to look at the rows themselves.
DROP INDEX delivery_outcome_dead;
CREATE INDEX delivery_outcome_undelivered_to ON delivery_outcome (endpoint_id, state, delivery_id)
    WHERE state <> 'delivered';
CREATE INDEX delivery_outcome_undelivered_at ON delivery_outcome (endpoint_id, state, finished_at_us, delivery_id)
    WHERE state <> 'delivered';
CREATE INDEX delivery_outcome_undelivered ON delivery_outcome (state, delivery_id) WHERE state <> 'delivered';

-- Lists of all that is finished, newest first, by whatever they are filtered: walked without a look at the rows. Ids rise,
-- so it grows at its end only and costs next to nothing; one that began with the endpoint or the business would make each
-- delivery dearer. (What was delivered to one endpoint is found by its attempts.)
CREATE INDEX delivery_outcome_list ON delivery_outcome (delivery_id, endpoint_id, business_id, state, kind);
