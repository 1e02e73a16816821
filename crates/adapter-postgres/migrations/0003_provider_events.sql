-- Provider events that were acted upon, version 3: names and moments alone, so that a repeated one is
-- known again. Rows are deleted by age and number.

CREATE TABLE provider_events (
    provider text        NOT NULL,
    event    text        NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (provider, event)
);

CREATE INDEX provider_events_by_age ON provider_events (provider, at, event);
