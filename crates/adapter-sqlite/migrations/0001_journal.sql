-- The order journal and the profile store, version 1.
--
-- Moments are text, `2026-11-23T08:47:00.000000000Z`: always nine decimals, so that text order is
-- the order of time and nothing of the clock's exactness is lost. Rows of `orders`, `order_esims`
-- and `attempts` follow from `events` and are written in the same transaction.

CREATE TABLE orders (
    id                TEXT    NOT NULL PRIMARY KEY,
    version           INTEGER NOT NULL CHECK (version >= 1),
    state             TEXT    NOT NULL,
    key               TEXT    NOT NULL UNIQUE,
    fingerprint       TEXT    NOT NULL,
    provider          TEXT    NOT NULL,
    base_url          TEXT    NOT NULL,
    reference         TEXT    NOT NULL,
    provider_order_id TEXT,
    is_top_up         INTEGER NOT NULL CHECK (is_top_up IN (0, 1)),
    lines             TEXT    NOT NULL,
    total             TEXT,
    esims             TEXT    NOT NULL,
    created_at        TEXT    NOT NULL,
    updated_at        TEXT    NOT NULL,
    due_at            TEXT,
    lease_owner       TEXT,
    lease_number      INTEGER NOT NULL DEFAULT 0,
    lease_until       TEXT,
    UNIQUE (provider, reference),
    CHECK ((lease_owner IS NULL) = (lease_until IS NULL))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX orders_provider_order
    ON orders (provider, provider_order_id) WHERE provider_order_id IS NOT NULL;

-- Finished orders are not due, so a claim costs the same however many of them there are.
CREATE INDEX orders_due ON orders (due_at, id) WHERE due_at IS NOT NULL;

CREATE INDEX orders_listed ON orders (created_at, id);
CREATE INDEX orders_by_state ON orders (state, created_at, id);
CREATE INDEX orders_by_fingerprint ON orders (fingerprint, created_at, id);
CREATE INDEX orders_reconciling ON orders (provider) WHERE state = 'reconciling';

CREATE TABLE events (
    order_id TEXT    NOT NULL REFERENCES orders (id),
    version  INTEGER NOT NULL CHECK (version >= 1),
    at       TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    body     TEXT    NOT NULL,
    PRIMARY KEY (order_id, version)
) STRICT, WITHOUT ROWID;

-- Which orders bought an eSIM or topped it up.
CREATE TABLE order_esims (
    order_id TEXT NOT NULL REFERENCES orders (id),
    esim     TEXT NOT NULL,
    PRIMARY KEY (order_id, esim)
) STRICT, WITHOUT ROWID;

CREATE INDEX order_esims_by_esim ON order_esims (esim, order_id);

-- Purchase calls whose end became known or unknown: what back-pressure is counted from.
CREATE TABLE attempts (
    order_id   TEXT    NOT NULL REFERENCES orders (id),
    number     INTEGER NOT NULL,
    provider   TEXT    NOT NULL,
    settled_at TEXT    NOT NULL,
    is_unknown INTEGER NOT NULL CHECK (is_unknown IN (0, 1)),
    PRIMARY KEY (order_id, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX attempts_settled ON attempts (provider, settled_at, is_unknown);

-- `stored` holds the activation code: the one secret in this file. No event has any of it.
CREATE TABLE profiles (
    provider TEXT NOT NULL,
    esim     TEXT NOT NULL,
    iccid    TEXT,
    order_id TEXT NOT NULL,
    package  TEXT NOT NULL,
    data     TEXT NOT NULL,
    stored   TEXT NOT NULL,
    kept_at  TEXT NOT NULL,
    PRIMARY KEY (provider, esim)
) STRICT, WITHOUT ROWID;

CREATE INDEX profiles_by_iccid ON profiles (provider, iccid, kept_at) WHERE iccid IS NOT NULL;
