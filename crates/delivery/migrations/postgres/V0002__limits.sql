-- How much an endpoint gets. NULL: what the engine's settings say.
ALTER TABLE delivery_endpoint ADD COLUMN weight BIGINT NOT NULL DEFAULT 1;
ALTER TABLE delivery_endpoint ADD COLUMN max_in_flight BIGINT;
ALTER TABLE delivery_endpoint ADD COLUMN backlog_per_second BIGINT;

-- Heads that were tried in vain: few, and to be found among many when their endpoint recovers.
CREATE INDEX delivery_pending_tried ON delivery_pending (endpoint_id) WHERE is_head AND attempts > 0;
