-- Which process makes ids under which number.
CREATE TABLE node (
    node BIGINT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    lease_until_us BIGINT NOT NULL
);
