-- The books of the toy gateway. Amounts are minor units (cents), times unix seconds.

-- `reference` is what a charge is for: a transaction of HighLevel's, or a month of a subscription. There is one charge for each.
CREATE TABLE IF NOT EXISTS charges (
    id TEXT PRIMARY KEY,
    location_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    reference TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    token TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    charged_at INTEGER NOT NULL,
    UNIQUE (location_id, mode, reference)
);

CREATE TABLE IF NOT EXISTS refunds (
    id TEXT PRIMARY KEY,
    charge_id TEXT NOT NULL REFERENCES charges (id),
    amount INTEGER NOT NULL,
    refunded_at INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS cards (
    id TEXT PRIMARY KEY,
    location_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    token TEXT NOT NULL,
    UNIQUE (location_id, mode, contact_id, token)
);

-- `id` is HighLevel's id of the subscription. `months` were charged, the first one at `created_at`.
CREATE TABLE IF NOT EXISTS subscriptions (
    id TEXT PRIMARY KEY,
    location_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    token TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    months INTEGER NOT NULL,
    next_charge INTEGER NOT NULL
);

-- What HighLevel has yet to be told, in this order.
CREATE TABLE IF NOT EXISTS outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL,
    body TEXT NOT NULL
);
