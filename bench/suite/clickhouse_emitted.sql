-- ClickHouse, in memory: the tables of the generated data set that emitted SQL reads, as those of
-- duckdb_emitted.sql. What README.md of the emitter has as Nullable(String) is LowCardinality too
-- where values repeat, which the same text reads faster. How these files are read: statements.py.

-- @load
CREATE TABLE raw ENGINE = Memory AS SELECT profile_id AS _profile, ts AS _time,
rowNumberInAllBlocks() + 1 AS _id, type, channel, session_id AS session, amount, category, topic,
campaign FROM file('$csv/events.csv', CSVWithNames, 'profile_id UInt64, ts Int64,
type LowCardinality(String), channel LowCardinality(Nullable(String)),
session_id Nullable(Int64), amount Nullable(Decimal(38, 2)),
category LowCardinality(Nullable(String)), topic LowCardinality(Nullable(String)),
campaign LowCardinality(Nullable(String))') SETTINGS max_threads = 1

-- @load
CREATE TABLE cut ENGINE = Memory AS SELECT *, toNullable(_profile * 1000000 + sum(_begins)
OVER (PARTITION BY _profile ORDER BY _time, _id ROWS UNBOUNDED PRECEDING)) AS _session
FROM (SELECT *, _time - lagInFrame(_time, 1, 0) OVER (PARTITION BY _profile ORDER BY _time, _id
ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) >= 1800000 AS _begins FROM raw)

-- @load
DROP TABLE raw

-- @load
CREATE TABLE event_page_view ENGINE = Memory AS SELECT _profile, _time, _id, _session, channel,
channel AS _folded_channel, session, topic, topic AS _folded_topic
FROM cut WHERE type = 'page_view' ORDER BY _profile, _time, _id

-- @load
CREATE TABLE event_form_submit ENGINE = Memory AS SELECT _profile, _time, _id, _session, channel,
channel AS _folded_channel, session, topic, topic AS _folded_topic
FROM cut WHERE type = 'form_submit' ORDER BY _profile, _time, _id

-- @load
CREATE TABLE event_support_ticket ENGINE = Memory AS SELECT _profile, _time, _id, _session, channel,
channel AS _folded_channel, session, topic, topic AS _folded_topic
FROM cut WHERE type = 'support_ticket' ORDER BY _profile, _time, _id

-- @load
CREATE TABLE event_product_view ENGINE = Memory AS SELECT _profile, _time, _id, _session, channel,
channel AS _folded_channel, session, category, category AS _folded_category
FROM cut WHERE type = 'product_view' ORDER BY _profile, _time, _id

-- @load
CREATE TABLE event_add_to_cart ENGINE = Memory AS SELECT _profile, _time, _id, _session, channel,
channel AS _folded_channel, session, category, category AS _folded_category
FROM cut WHERE type = 'add_to_cart' ORDER BY _profile, _time, _id

-- @load
CREATE TABLE event_purchase ENGINE = Memory AS SELECT _profile, _time, _id, _session, channel,
channel AS _folded_channel, session, amount, category, category AS _folded_category
FROM cut WHERE type = 'purchase' ORDER BY _profile, _time, _id

-- @load
CREATE TABLE event_message_received ENGINE = Memory AS SELECT _profile, _time, _id, _session,
channel, channel AS _folded_channel, session, campaign, campaign AS _folded_campaign
FROM cut WHERE type = 'message_received' ORDER BY _profile, _time, _id

-- @load
CREATE TABLE event_email_open ENGINE = Memory AS SELECT _profile, _time, _id, _session, channel,
channel AS _folded_channel, session, campaign, campaign AS _folded_campaign
FROM cut WHERE type = 'email_open' ORDER BY _profile, _time, _id

-- @load
CREATE TABLE event_email_click ENGINE = Memory AS SELECT _profile, _time, _id, _session, channel,
channel AS _folded_channel, session, campaign, campaign AS _folded_campaign
FROM cut WHERE type = 'email_click' ORDER BY _profile, _time, _id

-- @load
CREATE TABLE event_session_start ENGINE = Memory AS SELECT _profile, _time, _id, _session, channel,
channel AS _folded_channel, session
FROM cut WHERE type = 'session_start' ORDER BY _profile, _time, _id

-- @load
CREATE TABLE event_goal_completed ENGINE = Memory AS SELECT _profile, _time, _id, _session, channel,
channel AS _folded_channel, session
FROM cut WHERE type = 'goal_completed' ORDER BY _profile, _time, _id

-- @load
CREATE TABLE event_signup ENGINE = Memory AS SELECT _profile, _time, _id, _session, channel,
channel AS _folded_channel, session
FROM cut WHERE type = 'signup' ORDER BY _profile, _time, _id

-- @load
CREATE TABLE sessions ENGINE = Memory AS SELECT _profile, assumeNotNull(_session) AS _session,
toNullable(toString(min(_id))) AS id, toLowCardinality(toNullable('visit')) AS kind,
toLowCardinality(argMin(channel, (_time, _id))) AS channel,
CAST(NULL, 'Nullable(String)') AS name,
CAST(NULL, 'Nullable(String)') AS platform, toNullable(min(_time)) AS "start",
toNullable(max(_time)) AS "end", toInt64(count()) AS events, false AS agent_takeover
FROM cut GROUP BY _profile, _session ORDER BY _profile, "start"

-- @load
CREATE TABLE first_events ENGINE = Memory AS
SELECT _profile, min(_time) AS _time FROM cut GROUP BY _profile

-- @load
DROP TABLE cut

-- @load
CREATE TABLE profiles ENGINE = Memory AS SELECT id AS _profile, created_at,
least(last_seen, ifNull(f._time, last_seen)) AS first_seen, last_seen,
toLowCardinality(toNullable('generate')) AS created_via, created_via AS _folded_created_via, email,
lower(email) AS _folded_email, phone, lower(phone) AS _folded_phone, first_name,
lower(first_name) AS _folded_first_name, last_name, lower(last_name) AS _folded_last_name,
company, lower(company) AS _folded_company, country, lower(country) AS _folded_country, city,
lower(city) AS _folded_city, plan, lower(plan) AS _folded_plan, age, ltv,
arrayFilter(x -> x != '', splitByChar('|', names)) AS labels, names != '' AS _set_labels,
consent_email, status, lower(status) AS _folded_status,
toNullable(toString(id)) AS _identity_external_id, email AS _identity_email,
phone AS _identity_phone FROM (SELECT * EXCEPT labels, labels AS names
FROM file('$csv/profiles.csv', CSVWithNames, 'id UInt64,
email Nullable(String), phone Nullable(String), first_name LowCardinality(Nullable(String)),
last_name LowCardinality(Nullable(String)), company LowCardinality(Nullable(String)),
country LowCardinality(Nullable(String)), city LowCardinality(Nullable(String)),
plan LowCardinality(Nullable(String)), age Nullable(Int64), ltv Nullable(Decimal(38, 2)),
created_at Nullable(Int64), last_seen Nullable(Int64), labels String,
consent_email Nullable(Bool), status LowCardinality(Nullable(String))')) c
LEFT JOIN first_events f ON f._profile = c.id ORDER BY _profile SETTINGS join_use_nulls = 1

-- @load
DROP TABLE first_events

-- @load
CREATE TABLE identities ENGINE = Memory AS SELECT _profile, toLowCardinality(name) AS namespace,
toLowCardinality('person') AS kind, assumeNotNull(v) AS value, value AS _folded_value
FROM (SELECT _profile, 'external_id' AS name, _identity_external_id AS v
FROM profiles UNION ALL SELECT _profile, 'email', _identity_email FROM profiles UNION ALL
SELECT _profile, 'phone', _identity_phone FROM profiles) WHERE v IS NOT NULL
ORDER BY _profile, name

-- @load
CREATE TABLE history_plan ENGINE = Memory AS SELECT _profile, assumeNotNull(last_seen) AS _from,
CAST(NULL, 'Nullable(Int64)') AS _until, plan AS value, _folded_plan AS _folded_value
FROM profiles ORDER BY _profile

-- @load
CREATE TABLE history_country ENGINE = Memory AS SELECT _profile, assumeNotNull(last_seen) AS _from,
CAST(NULL, 'Nullable(Int64)') AS _until, country AS value, _folded_country AS _folded_value
FROM profiles ORDER BY _profile

-- @load
CREATE TABLE history_age ENGINE = Memory AS SELECT _profile, assumeNotNull(last_seen) AS _from,
CAST(NULL, 'Nullable(Int64)') AS _until, age AS value FROM profiles ORDER BY _profile
