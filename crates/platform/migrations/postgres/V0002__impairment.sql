-- Times when deliveries to a partner waited because of its endpoint (protocol §4.5), and what followed.
CREATE TABLE impairment (
    impairment_id BIGINT NOT NULL PRIMARY KEY,
    partner_id BIGINT NOT NULL REFERENCES partner (partner_id),
    -- failing, credentials, busy or gone: why they wait, or waited last.
    reason TEXT NOT NULL,
    -- The reasons that the operator was told, in order, separated by spaces. Empty while a wish for time may pass soon.
    reasons_told TEXT NOT NULL,
    since_us BIGINT NOT NULL,
    until_us BIGINT,
    -- probe or settings, once it is over.
    ended_by TEXT,
    -- When it first held the targeting of a business back, and when the last one was free again after its end.
    targeting_paused_at_us BIGINT,
    targeting_resumed_at_us BIGINT
);
CREATE UNIQUE INDEX impairment_open ON impairment (partner_id) WHERE until_us IS NULL;
CREATE INDEX impairment_partner ON impairment (partner_id, impairment_id);

-- Businesses whose targeting an impairment holds back, held back, or must not hold back. What pros and partners switched
-- stays beside it in `business`, so that nothing has to be put back.
CREATE TABLE targeting_pause (
    business_id BIGINT NOT NULL REFERENCES business (business_id),
    impairment_id BIGINT NOT NULL REFERENCES impairment (impairment_id),
    -- NULL if somebody switched the business by hand before it was paused.
    paused_at_us BIGINT,
    -- NULL while it stands.
    ended_at_us BIGINT,
    -- recovered, rerouted, pro or operator. The last two spoke for the rest of the impairment.
    ended_by TEXT,
    PRIMARY KEY (business_id, impairment_id)
);
CREATE INDEX targeting_pause_standing ON targeting_pause (business_id) WHERE ended_at_us IS NULL;
CREATE INDEX targeting_pause_impairment ON targeting_pause (impairment_id, ended_at_us, business_id);
