-- Accounts and deliveries, version 4.
--
-- Rows of `attempts`, `refunds` and `orders.account` follow from `events`, those of `deliveries` and
-- `delivered_codes` from what was delivered. Rust fills all of them from what is already stored, in the
-- transaction of this migration.

-- One row. `digest_key` is drawn here, once: credentials and activation codes are digested under it.
-- `writer` is the lowest number of a release that may write: each claim and each append compares it.
CREATE TABLE journal (
    only_row   INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    digest_key BLOB    NOT NULL CHECK (length(digest_key) = 32),
    writer     INTEGER NOT NULL
) STRICT;

INSERT INTO journal (only_row, digest_key, writer) VALUES (1, randomblob(32), 2);

-- The account an order belongs to: a digest. Absent in orders of earlier releases.
ALTER TABLE orders ADD COLUMN account TEXT;

-- Purchase calls, from their start on. `is_unknown` is how the call was settled, which back-pressure
-- counts; `state` is what is known of its charge now.
DROP TABLE attempts;
CREATE TABLE attempts (
    order_id   TEXT    NOT NULL REFERENCES orders (id),
    number     INTEGER NOT NULL,
    provider   TEXT    NOT NULL,
    account    TEXT,
    opened_at  TEXT    NOT NULL,
    settled_at TEXT,
    is_unknown INTEGER NOT NULL CHECK (is_unknown IN (0, 1)),
    state      TEXT    NOT NULL CHECK (state IN ('in_flight', 'placed', 'unknown', 'none')),
    amount     TEXT,
    placed     TEXT,
    placed_at  TEXT,
    PRIMARY KEY (order_id, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX attempts_settled ON attempts (provider, settled_at, is_unknown);
CREATE INDEX attempts_of_account ON attempts (account, settled_at) WHERE account IS NOT NULL;
CREATE INDEX attempts_placed ON attempts (account, placed_at) WHERE placed_at IS NOT NULL;

-- What canceled eSIMs put back into the wallet.
CREATE TABLE refunds (
    order_id TEXT    NOT NULL REFERENCES orders (id),
    item     INTEGER NOT NULL,
    account  TEXT,
    at       TEXT    NOT NULL,
    amount   TEXT    NOT NULL,
    PRIMARY KEY (order_id, item)
) STRICT, WITHOUT ROWID;

CREATE INDEX refunds_of_account ON refunds (account, at) WHERE account IS NOT NULL;

-- Pairs of accounts that a person confirmed to be one.
CREATE TABLE account_confirmations (
    one          TEXT NOT NULL,
    other        TEXT NOT NULL,
    confirmed_by TEXT NOT NULL,
    at           TEXT NOT NULL,
    PRIMARY KEY (one, other)
) STRICT, WITHOUT ROWID;

-- Orders about which a witness spoke against the provider.
CREATE TABLE account_witnesses (
    account  TEXT NOT NULL,
    order_id TEXT NOT NULL,
    at       TEXT NOT NULL,
    PRIMARY KEY (account, order_id)
) STRICT, WITHOUT ROWID;

-- Holds on new orders. A lifted one stays, with who lifted it.
CREATE TABLE account_holds (
    number    INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account   TEXT    NOT NULL,
    since     TEXT    NOT NULL,
    reason    TEXT    NOT NULL,
    lifted_at TEXT,
    lifted_by TEXT,
    CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
) STRICT;

CREATE UNIQUE INDEX account_holds_open ON account_holds (account) WHERE lifted_at IS NULL;

-- What the last probe of an account's lookup found.
CREATE TABLE account_probes (
    account TEXT NOT NULL PRIMARY KEY,
    at      TEXT NOT NULL,
    probe   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Where the order of a profile was placed, and which use of the eSIM's id it is. Empty where the order is
-- not in the journal.
ALTER TABLE profiles ADD COLUMN base_url TEXT NOT NULL DEFAULT '';
ALTER TABLE profiles ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
UPDATE profiles SET base_url =
    coalesce((SELECT orders.base_url FROM orders WHERE orders.id = profiles.order_id), '');

-- Which order an eSIM was delivered to. Rows stay when the profile is erased. `epoch` counts how often
-- the provider gave the id out anew. `duplicate_of` is the order that had the eSIM before: such rows are
-- older than this table.
CREATE TABLE deliveries (
    provider     TEXT    NOT NULL,
    base_url     TEXT    NOT NULL,
    esim         TEXT    NOT NULL,
    epoch        INTEGER NOT NULL,
    order_id     TEXT    NOT NULL,
    duplicate_of TEXT,
    PRIMARY KEY (provider, base_url, esim, epoch, order_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX deliveries_once
    ON deliveries (provider, base_url, esim, epoch) WHERE duplicate_of IS NULL;
CREATE INDEX deliveries_duplicate ON deliveries (duplicate_of) WHERE duplicate_of IS NOT NULL;

-- The same for activation codes, of which the digest alone is stored.
CREATE TABLE delivered_codes (
    provider     TEXT NOT NULL,
    base_url     TEXT NOT NULL,
    digest       TEXT NOT NULL,
    esim         TEXT NOT NULL,
    order_id     TEXT NOT NULL,
    duplicate_of TEXT,
    PRIMARY KEY (provider, base_url, digest, order_id, esim)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX delivered_codes_once
    ON delivered_codes (provider, base_url, digest) WHERE duplicate_of IS NULL;
CREATE INDEX delivered_codes_duplicate
    ON delivered_codes (duplicate_of) WHERE duplicate_of IS NOT NULL;
