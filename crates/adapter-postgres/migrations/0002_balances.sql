-- What was read of wallets, version 2: rows are added and never changed. Two of them tell how much
-- went out in between.

CREATE TABLE balances (
    number          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider        text        NOT NULL,
    base_url        text        NOT NULL,
    at              timestamptz NOT NULL,
    balance         text        NOT NULL,
    newest_order_at timestamptz,
    newest_orders   text        NOT NULL,
    is_comparable   boolean     NOT NULL
);

CREATE INDEX balances_of ON balances (provider, base_url, at, number);
