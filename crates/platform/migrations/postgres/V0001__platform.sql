-- The marketplace's side. Times are microseconds since the Unix epoch (…_us), ids are as protocol D1 makes them.

CREATE TABLE partner (
    partner_id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    -- What the partner logs in with for API v1 and test data.
    username TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    created_at_us BIGINT NOT NULL
);

-- Where a partner receives, and what the platform logs in with there.
CREATE TABLE endpoint (
    partner_id BIGINT NOT NULL PRIMARY KEY REFERENCES partner (partner_id),
    lead_url TEXT,
    lead_method TEXT NOT NULL,
    message_url TEXT,
    message_method TEXT NOT NULL,
    lead_update_url TEXT,
    lead_update_method TEXT NOT NULL,
    review_url TEXT,
    review_method TEXT NOT NULL,
    username TEXT NOT NULL,
    password_sealed TEXT NOT NULL,
    signing_secret_sealed TEXT,
    -- The optional members that the partner asked for, separated by spaces.
    fields TEXT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE client (
    client_id TEXT NOT NULL PRIMARY KEY,
    partner_id BIGINT NOT NULL REFERENCES partner (partner_id),
    kind TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    -- A JSON array of strings, compared character for character.
    redirect_uris TEXT NOT NULL,
    scopes TEXT NOT NULL,
    profile TEXT NOT NULL,
    reuse_policy TEXT NOT NULL,
    reconnect_replaces BOOLEAN NOT NULL,
    requests_per_second BIGINT,
    burst BIGINT,
    created_at_us BIGINT NOT NULL
);
CREATE INDEX client_partner ON client (partner_id);

CREATE TABLE pro (
    account_id BIGINT NOT NULL PRIMARY KEY,
    -- In lower case.
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at_us BIGINT NOT NULL
);

CREATE TABLE business (
    business_id BIGINT NOT NULL PRIMARY KEY,
    -- Nobody's, where a partner made it for a test (create-lead).
    account_id BIGINT REFERENCES pro (account_id),
    name TEXT NOT NULL,
    targeting BOOLEAN NOT NULL,
    created_at_us BIGINT NOT NULL
);
CREATE INDEX business_account ON business (account_id);

CREATE TABLE category (
    category_id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE business_category (
    business_id BIGINT NOT NULL REFERENCES business (business_id),
    category_id BIGINT NOT NULL REFERENCES category (category_id),
    targeting BOOLEAN NOT NULL,
    PRIMARY KEY (business_id, category_id)
);

-- Businesses that were enabled for a partner without OAuth (API v1).
CREATE TABLE partner_business (
    partner_id BIGINT NOT NULL REFERENCES partner (partner_id),
    business_id BIGINT NOT NULL REFERENCES business (business_id),
    created_at_us BIGINT NOT NULL,
    PRIMARY KEY (partner_id, business_id)
);
CREATE INDEX partner_business_business ON partner_business (business_id);

-- A pro who is logged in. Only the hash of the cookie is kept.
CREATE TABLE session (
    session_hash TEXT NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES pro (account_id),
    created_at_us BIGINT NOT NULL,
    used_at_us BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL
);
CREATE INDEX session_expiry ON session (expires_at_us);

-- A connect page that is open in a browser: what was asked, under a handle that works once and in one browser.
CREATE TABLE connect_request (
    handle_hash TEXT NOT NULL PRIMARY KEY,
    session_hash TEXT NOT NULL,
    client_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    redirect_uri TEXT,
    state TEXT,
    code_challenge TEXT,
    -- Asked for at /oauth2/auth, whose answers carry `iss` (RFC 9207).
    with_issuer BOOLEAN NOT NULL,
    expires_at_us BIGINT NOT NULL
);
CREATE INDEX connect_request_expiry ON connect_request (expires_at_us);

-- A pro's grant to a client for one business: born with a code, alive once the code was exchanged, until revoked.
CREATE TABLE oauth_grant (
    grant_id BIGINT NOT NULL PRIMARY KEY,
    -- hex(SHA-256(code)), which access tokens carry as SrcAuthCode.
    code_hash TEXT NOT NULL UNIQUE,
    client_id TEXT NOT NULL REFERENCES client (client_id),
    partner_id BIGINT NOT NULL REFERENCES partner (partner_id),
    kind TEXT NOT NULL,
    business_id BIGINT NOT NULL REFERENCES business (business_id),
    account_id BIGINT NOT NULL REFERENCES pro (account_id),
    scopes TEXT NOT NULL,
    redirect_uri TEXT,
    -- SHA-256 of the Location that carried the code: some clients send all of it back as their redirect_uri.
    location_hash TEXT,
    code_challenge TEXT,
    code_expires_at_us BIGINT NOT NULL,
    code_used_at_us BIGINT,
    -- True for the one grant of a production client and a business that may be alive (D3).
    exclusive BOOLEAN NOT NULL,
    created_at_us BIGINT NOT NULL,
    revoked_at_us BIGINT,
    revoked_reason TEXT
);
CREATE UNIQUE INDEX oauth_grant_exclusive ON oauth_grant (client_id, business_id) WHERE exclusive;
CREATE INDEX oauth_grant_business ON oauth_grant (business_id) WHERE revoked_at_us IS NULL;
CREATE INDEX oauth_grant_client_business ON oauth_grant (client_id, business_id);

CREATE TABLE refresh_token (
    token_hash TEXT NOT NULL PRIMARY KEY,
    grant_id BIGINT NOT NULL REFERENCES oauth_grant (grant_id),
    issued_at_us BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL,
    -- From these the access token that was issued beside it is signed again, byte for byte (D5).
    access_key BIGINT NOT NULL,
    access_expires_at_ns BIGINT NOT NULL,
    -- Set when it was used: by then its successor exists, sealed so that only the holder of this token can open it.
    rotated_at_us BIGINT,
    successor_hash TEXT,
    successor_sealed TEXT
);
CREATE INDEX refresh_token_grant ON refresh_token (grant_id);

-- Access tokens that were revoked alone (RFC 7009) and have not run out yet.
CREATE TABLE revoked_access (
    grant_id BIGINT NOT NULL REFERENCES oauth_grant (grant_id),
    access_expires_at_ns BIGINT NOT NULL,
    PRIMARY KEY (grant_id, access_expires_at_ns)
);

CREATE TABLE lead (
    lead_id BIGINT NOT NULL PRIMARY KEY,
    business_id BIGINT NOT NULL REFERENCES business (business_id),
    customer_id BIGINT NOT NULL,
    request_id BIGINT NOT NULL,
    category_id BIGINT NOT NULL,
    -- The whole lead as JSON in the shape of protocol §4.1, every optional member included, price as it stands.
    content TEXT NOT NULL,
    closed_at_us BIGINT,
    created_at_us BIGINT NOT NULL
);
CREATE INDEX lead_business ON lead (business_id, lead_id);

CREATE TABLE message (
    message_id BIGINT NOT NULL PRIMARY KEY,
    lead_id BIGINT NOT NULL REFERENCES lead (lead_id),
    business_id BIGINT NOT NULL REFERENCES business (business_id),
    -- customer or pro.
    sender TEXT NOT NULL,
    text TEXT NOT NULL,
    -- A JSON array in the shape of protocol §4.1, or nothing.
    attachments TEXT,
    -- Who sent it for the pro: an OAuth client, or a partner (API v1).
    client_id TEXT,
    partner_id BIGINT,
    created_at_us BIGINT NOT NULL
);
CREATE INDEX message_lead ON message (lead_id, message_id);

CREATE TABLE review (
    review_id BIGINT NOT NULL PRIMARY KEY,
    lead_id BIGINT REFERENCES lead (lead_id),
    business_id BIGINT NOT NULL REFERENCES business (business_id),
    -- JSON in the shape of protocol §4.4's `review`.
    content TEXT NOT NULL,
    created_at_us BIGINT NOT NULL
);
CREATE INDEX review_business ON review (business_id, review_id);

-- First answers, for whoever asks again with the same Idempotency-Key.
CREATE TABLE idempotency (
    owner TEXT NOT NULL,
    key_hash TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status BIGINT NOT NULL,
    -- Sealed: an answer may hold a secret that is shown once.
    answer_sealed TEXT NOT NULL,
    created_at_us BIGINT NOT NULL,
    PRIMARY KEY (owner, key_hash)
);
CREATE INDEX idempotency_age ON idempotency (created_at_us);

-- What the marketplace follows: replies of pros, connections made and ended. Numbered without gaps in commit order.
CREATE TABLE event (
    event_id BIGINT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    business_id BIGINT,
    content TEXT NOT NULL,
    created_at_us BIGINT NOT NULL
);
CREATE TABLE event_counter (
    counter_id BIGINT NOT NULL PRIMARY KEY,
    last_event_id BIGINT NOT NULL
);
INSERT INTO event_counter (counter_id, last_event_id) VALUES (1, 0);

-- Who did what to which secret, grant or setting. Append-only, without personal data.
CREATE TABLE audit (
    audit_id BIGINT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    business_id BIGINT,
    detail TEXT NOT NULL,
    created_at_us BIGINT NOT NULL
);
