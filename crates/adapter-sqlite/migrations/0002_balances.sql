-- What was read of wallets, version 2: rows are added and never changed. Two of them tell how much
-- went out in between.

CREATE TABLE balances (
    number          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    provider        TEXT    NOT NULL,
    base_url        TEXT    NOT NULL,
    at              TEXT    NOT NULL,
    balance         TEXT    NOT NULL,
    newest_order_at TEXT,
    newest_orders   TEXT    NOT NULL,
    is_comparable       INTEGER NOT NULL CHECK (is_comparable IN (0, 1))
) STRICT;

CREATE INDEX balances_of ON balances (provider, base_url, at, number);
