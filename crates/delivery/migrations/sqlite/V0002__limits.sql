-- How much an endpoint gets. NULL: what the engine's settings say.
ALTER TABLE delivery_endpoint ADD COLUMN weight BIGINT NOT NULL DEFAULT 1;
ALTER TABLE delivery_endpoint ADD COLUMN max_in_flight BIGINT;
ALTER TABLE delivery_endpoint ADD COLUMN backlog_per_second BIGINT;
