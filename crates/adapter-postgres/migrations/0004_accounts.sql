-- Accounts and deliveries, version 4.
--
-- Rows of `attempts`, `refunds` and `orders.account` follow from `events`, those of `deliveries` and
-- `delivered_codes` from what was delivered. Rust fills all of them from what is already stored, in the
-- transaction of this migration.

-- One row. `digest_key` is drawn here, once: credentials and activation codes are digested under it.
-- `writer` is the lowest number of a release that may write: each claim and each append compares it.
-- A random UUID has 122 random bits, so three of them fill the 32 bytes.
CREATE TABLE journal (
    only_row   boolean NOT NULL PRIMARY KEY CHECK (only_row),
    digest_key bytea   NOT NULL CHECK (length(digest_key) = 32),
    writer     integer NOT NULL
);

INSERT INTO journal (only_row, digest_key, writer) VALUES (true,
    sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
    2);

-- The journal's clock for a release that writes with this number: it stops for a release that is too old.
CREATE FUNCTION roamport_clock(ours integer) RETURNS timestamptz LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    needed integer := (SELECT journal.writer FROM journal);
BEGIN
    IF ours < needed THEN
        RAISE EXCEPTION USING ERRCODE = 'RP001', MESSAGE = needed::text;
    END IF;
    RETURN roamport_now();
END
$$;

-- The account an order belongs to: a digest. Absent in orders of earlier releases.
ALTER TABLE orders ADD COLUMN account text;

-- Purchase calls, from their start on. `is_unknown` is how the call was settled, which back-pressure
-- counts; `state` is what is known of its charge now.
DROP TABLE attempts;
CREATE TABLE attempts (
    order_id   uuid        NOT NULL REFERENCES orders (id),
    number     integer     NOT NULL,
    provider   text        NOT NULL,
    account    text,
    opened_at  timestamptz NOT NULL,
    settled_at timestamptz,
    is_unknown boolean     NOT NULL,
    state      text        NOT NULL CHECK (state IN ('in_flight', 'placed', 'unknown', 'none')),
    amount     text,
    placed     text,
    placed_at  timestamptz,
    PRIMARY KEY (order_id, number)
);

CREATE INDEX attempts_settled ON attempts (provider, settled_at, is_unknown);
CREATE INDEX attempts_of_account ON attempts (account, settled_at) WHERE account IS NOT NULL;
CREATE INDEX attempts_placed ON attempts (account, placed_at) WHERE placed_at IS NOT NULL;

-- What canceled eSIMs put back into the wallet.
CREATE TABLE refunds (
    order_id uuid        NOT NULL REFERENCES orders (id),
    item     integer     NOT NULL,
    account  text,
    at       timestamptz NOT NULL,
    amount   text        NOT NULL,
    PRIMARY KEY (order_id, item)
);

CREATE INDEX refunds_of_account ON refunds (account, at) WHERE account IS NOT NULL;

-- Pairs of accounts that a person confirmed to be one.
CREATE TABLE account_confirmations (
    one          text        NOT NULL,
    other        text        NOT NULL,
    confirmed_by text        NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (one, other)
);

-- Orders about which a witness spoke against the provider.
CREATE TABLE account_witnesses (
    account  text        NOT NULL,
    order_id uuid        NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (account, order_id)
);

-- Holds on new orders. A lifted one stays, with who lifted it.
CREATE TABLE account_holds (
    number    bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account   text        NOT NULL,
    since     timestamptz NOT NULL,
    reason    text        NOT NULL,
    lifted_at timestamptz,
    lifted_by text,
    CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
);

CREATE UNIQUE INDEX account_holds_open ON account_holds (account) WHERE lifted_at IS NULL;

-- What the last probe of an account's lookup found.
CREATE TABLE account_probes (
    account text        NOT NULL PRIMARY KEY,
    at      timestamptz NOT NULL,
    probe   text        NOT NULL
);

-- Where the order of a profile was placed, and which use of the eSIM's id it is. Empty where the order is
-- not in the journal.
ALTER TABLE profiles ADD COLUMN base_url text NOT NULL DEFAULT '';
ALTER TABLE profiles ADD COLUMN epoch integer NOT NULL DEFAULT 0;
UPDATE profiles SET base_url =
    coalesce((SELECT orders.base_url FROM orders WHERE orders.id = profiles.order_id), '');

-- Which order an eSIM was delivered to. Rows stay when the profile is erased. `epoch` counts how often
-- the provider gave the id out anew. `duplicate_of` is the order that had the eSIM before: such rows are
-- older than this table.
CREATE TABLE deliveries (
    provider     text    NOT NULL,
    base_url     text    NOT NULL,
    esim         text    NOT NULL,
    epoch        integer NOT NULL,
    order_id     uuid    NOT NULL,
    duplicate_of uuid,
    PRIMARY KEY (provider, base_url, esim, epoch, order_id)
);

CREATE UNIQUE INDEX deliveries_once
    ON deliveries (provider, base_url, esim, epoch) WHERE duplicate_of IS NULL;
CREATE INDEX deliveries_duplicate ON deliveries (duplicate_of) WHERE duplicate_of IS NOT NULL;

-- The same for activation codes, of which the digest alone is stored.
CREATE TABLE delivered_codes (
    provider     text NOT NULL,
    base_url     text NOT NULL,
    digest       text NOT NULL,
    esim         text NOT NULL,
    order_id     uuid NOT NULL,
    duplicate_of uuid,
    PRIMARY KEY (provider, base_url, digest, order_id, esim)
);

CREATE UNIQUE INDEX delivered_codes_once
    ON delivered_codes (provider, base_url, digest) WHERE duplicate_of IS NULL;
CREATE INDEX delivered_codes_duplicate
    ON delivered_codes (duplicate_of) WHERE duplicate_of IS NOT NULL;
