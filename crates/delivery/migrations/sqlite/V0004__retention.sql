-- Finding what is old enough to go. Two partial indexes, so that looking for old ordinary outcomes never steps over the
-- dead ones, which are kept much longer, and each outcome stands in one of them only.
CREATE INDEX delivery_outcome_age ON delivery_outcome (finished_at_us) WHERE state <> 'dead';
CREATE INDEX delivery_outcome_dead_age ON delivery_outcome (finished_at_us) WHERE state = 'dead';

-- The rare deliveries that were tried hundreds of times, behind an endpoint that has been away for days.
CREATE INDEX delivery_attempt_many ON delivery_attempt (endpoint_id, delivery_id, attempt) WHERE attempt > 200;
