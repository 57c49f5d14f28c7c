-- What the agency sync keeps in D1. In every database of the sync: DB, or each of DB_0, DB_1 and so on.
--
--   wrangler d1 migrations apply DB      (with "migrations_dir": "node_modules/ghl-payments/migrations" in its binding)
--
-- Times are milliseconds since 1970. Amounts are whole minor units of the currency by ISO 4217 (cents of USD, whole JPY, thousandths
-- of KWD), NULL where the record has none or one that is no amount of its currency.
--
-- Columns of a record:
--   location    the location (sub-account) it belongs to
--   id          its id at HighLevel
--   created     its createdAt, as it was read first; NULL where none could be read, and then the record is in no sum over a time
--   updated     its updatedAt
--   status      its status, as HighLevel writes it
--   amount      of an order its total, of a transaction what was charged, of a subscription each payment
--   currency    three letters, upper case
--   refunded    of a transaction what was paid back
--   source      where it came from: funnel, invoice, payment_link ...
--   live        1 for live money, 0 for the test mode, NULL where the record does not say
--   body        the record as JSON, NULL where it is larger than D1 takes (it is whole in the file of its run)
--   seen_run    the run that wrote it last: a full pass writes all that it sees, a window what is new or has changed
--   seen_at     when that was read, an older reading never takes the place of a newer one
--   deleted_at  when it was found to be deleted at HighLevel, NULL while it is there

CREATE TABLE IF NOT EXISTS orders (
    location TEXT NOT NULL,
    id TEXT NOT NULL,
    created INTEGER,
    updated INTEGER,
    status TEXT,
    amount INTEGER,
    currency TEXT,
    refunded INTEGER,
    source TEXT,
    live INTEGER,
    body TEXT,
    seen_run TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    deleted_at INTEGER,
    PRIMARY KEY (location, id)
) STRICT;

CREATE INDEX IF NOT EXISTS orders_created ON orders (created);
CREATE INDEX IF NOT EXISTS orders_undated ON orders (location) WHERE created IS NULL;

CREATE TABLE IF NOT EXISTS transactions (
    location TEXT NOT NULL,
    id TEXT NOT NULL,
    created INTEGER,
    updated INTEGER,
    status TEXT,
    amount INTEGER,
    currency TEXT,
    refunded INTEGER,
    source TEXT,
    live INTEGER,
    body TEXT,
    seen_run TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    deleted_at INTEGER,
    PRIMARY KEY (location, id)
) STRICT;

CREATE INDEX IF NOT EXISTS transactions_created ON transactions (created);
CREATE INDEX IF NOT EXISTS transactions_undated ON transactions (location) WHERE created IS NULL;

CREATE TABLE IF NOT EXISTS subscriptions (
    location TEXT NOT NULL,
    id TEXT NOT NULL,
    created INTEGER,
    updated INTEGER,
    status TEXT,
    amount INTEGER,
    currency TEXT,
    refunded INTEGER,
    source TEXT,
    live INTEGER,
    body TEXT,
    seen_run TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    deleted_at INTEGER,
    PRIMARY KEY (location, id)
) STRICT;

CREATE INDEX IF NOT EXISTS subscriptions_created ON subscriptions (created);
CREATE INDEX IF NOT EXISTS subscriptions_undated ON subscriptions (location) WHERE created IS NULL;

CREATE TABLE IF NOT EXISTS coupons (
    location TEXT NOT NULL,
    id TEXT NOT NULL,
    created INTEGER,
    updated INTEGER,
    status TEXT,
    amount INTEGER,
    currency TEXT,
    refunded INTEGER,
    source TEXT,
    live INTEGER,
    body TEXT,
    seen_run TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    deleted_at INTEGER,
    PRIMARY KEY (location, id)
) STRICT;

CREATE INDEX IF NOT EXISTS coupons_undated ON coupons (location) WHERE created IS NULL;

-- Which company a location belongs to. In the database of the location.
CREATE TABLE IF NOT EXISTS locations (
    location TEXT PRIMARY KEY,
    company TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS locations_company ON locations (company);

-- The runs, in the first database only. `manifest` is the name of the manifest in R2, once it is there, `noted_at` is when the row was
-- written, `counts` how many locations are in which state, as JSON.
CREATE TABLE IF NOT EXISTS runs (
    run TEXT PRIMARY KEY,
    company TEXT NOT NULL,
    mode TEXT NOT NULL,
    streams TEXT NOT NULL,
    state TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    records INTEGER NOT NULL,
    counts TEXT NOT NULL,
    manifest TEXT,
    noted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS runs_company ON runs (company, started_at);

-- The files of runs, in the first database only: those that the manifest names. Read them as `manifest_files`.
CREATE TABLE IF NOT EXISTS files (
    run TEXT NOT NULL,
    name TEXT NOT NULL,
    stream TEXT NOT NULL,
    location TEXT NOT NULL,
    seq INTEGER NOT NULL,
    records INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

-- The files of runs whose manifest is there: never those of half a run.
CREATE VIEW IF NOT EXISTS manifest_files AS
SELECT files.* FROM files JOIN runs ON runs.run = files.run WHERE runs.manifest IS NOT NULL;

-- Which of how many databases this one is. It has one row, which the first run writes, a run with other databases is refused.
CREATE TABLE IF NOT EXISTS shard (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL,
    count INTEGER NOT NULL
) STRICT;
