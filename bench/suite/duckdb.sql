-- DuckDB, in memory: a table for each event type that is asked about, in the order of profile and
-- time; small dictionaries are codes of one byte, labels the bits of a number, money is cents.
-- How these files are read: statements.py. `codes` tells what a code means.

-- @load
SET preserve_insertion_order = true

-- @load
CREATE TABLE raw AS SELECT * FROM read_csv('$csv/profiles.csv', header = true, all_varchar = true)

-- @load
CREATE TYPE country AS ENUM (SELECT DISTINCT country FROM raw ORDER BY country)

-- @load
CREATE TYPE plan AS ENUM (SELECT DISTINCT plan FROM raw ORDER BY plan)

-- @load
CREATE TYPE label AS ENUM (SELECT DISTINCT unnest(string_split(labels, '|')) AS name FROM raw
WHERE labels <> '' ORDER BY name)

-- @load
CREATE TABLE profiles AS SELECT id::UINTEGER AS id, enum_code(country::country)::UTINYINT AS country,
enum_code(plan::plan)::UTINYINT AS plan, age::UTINYINT AS age, consent_email::BOOLEAN AS consent,
coalesce(list_sum(list_transform(string_split(nullif(labels, ''), '|'),
lambda x: (1::UBIGINT << enum_code(x::label)))), 0)::UBIGINT AS labels,
last_seen::BIGINT AS last_seen, email, last_name FROM raw ORDER BY id::UINTEGER

-- @load
DROP TABLE raw

-- @load
CREATE TABLE raw AS SELECT profile_id, ts, type, amount, topic
FROM read_csv('$csv/events.csv', header = true, columns = {'profile_id': 'UINTEGER',
'ts': 'BIGINT', 'type': 'VARCHAR', 'channel': 'VARCHAR', 'session_id': 'BIGINT',
'amount': 'DECIMAL(10,2)', 'category': 'VARCHAR', 'topic': 'VARCHAR', 'campaign': 'VARCHAR'})
WHERE type IN ('page_view', 'product_view', 'add_to_cart', 'purchase', 'email_open')

-- @load
CREATE TYPE topic AS ENUM (SELECT DISTINCT topic FROM raw WHERE type = 'page_view' ORDER BY topic)

-- @load
CREATE TABLE page_view AS SELECT profile_id, ts, enum_code(topic::topic)::UTINYINT AS topic
FROM raw WHERE type = 'page_view' ORDER BY profile_id, ts

-- @load
CREATE TABLE product_view AS SELECT profile_id, ts FROM raw WHERE type = 'product_view'
ORDER BY profile_id, ts

-- @load
CREATE TABLE add_to_cart AS SELECT profile_id, ts FROM raw WHERE type = 'add_to_cart'
ORDER BY profile_id, ts

-- @load
CREATE TABLE purchase AS SELECT profile_id, ts, (amount * 100)::UINTEGER AS cents
FROM raw WHERE type = 'purchase' ORDER BY profile_id, ts

-- @load
CREATE TABLE email_open AS SELECT profile_id, ts FROM raw WHERE type = 'email_open'
ORDER BY profile_id, ts

-- @load
DROP TABLE raw

-- @load
CHECKPOINT

-- @codes
SELECT 'country', unnest(enum_range(NULL::country)), unnest(range(len(enum_range(NULL::country))))
UNION ALL SELECT 'plan', unnest(enum_range(NULL::plan)), unnest(range(len(enum_range(NULL::plan))))
UNION ALL SELECT 'label', unnest(enum_range(NULL::label)),
unnest(range(len(enum_range(NULL::label))))
UNION ALL SELECT 'topic', unnest(enum_range(NULL::topic)),
unnest(range(len(enum_range(NULL::topic))))

-- @bytes
SELECT sum(memory_usage_bytes)::BIGINT FROM duckdb_memory()

-- @Q1
SELECT count(*) FROM profiles
WHERE country = $country_code AND plan IN ($plan_code, $other_plan_code) AND age >= $age

-- @Q2
SELECT id, last_seen FROM profiles WHERE email LIKE '%$mail%' AND last_name LIKE '$prefix%'
ORDER BY last_seen DESC, id LIMIT 50

-- @Q3
SELECT count(*) FROM (SELECT profile_id FROM purchase WHERE ts > $since
GROUP BY profile_id HAVING count(*) >= $times)

-- @Q4
SELECT count(*) FROM (SELECT DISTINCT profile_id FROM purchase
WHERE cents > $amount_cents AND ts > $since) ANTI JOIN
(SELECT profile_id FROM email_open WHERE ts > $open_since) USING (profile_id)

-- @Q4 bought first
WITH bought AS MATERIALIZED (SELECT DISTINCT profile_id FROM purchase
WHERE cents > $amount_cents AND ts > $since)
SELECT (SELECT count(*) FROM bought) - (SELECT count(DISTINCT profile_id) FROM email_open
SEMI JOIN bought USING (profile_id) WHERE ts > $open_since)

-- @Q5
SELECT count(*) FROM (SELECT profile_id FROM purchase WHERE ts > $since
GROUP BY profile_id HAVING sum(cents) >= $total_cents)

-- @Q6 as of
SELECT count(DISTINCT c.profile_id) FROM purchase c ASOF JOIN
(SELECT b.profile_id, b.ts FROM add_to_cart b ASOF JOIN product_view a
ON b.profile_id = a.profile_id AND b.ts > a.ts WHERE b.ts - a.ts <= $gap_ms) g
ON c.profile_id = g.profile_id AND c.ts > g.ts WHERE c.ts - g.ts <= $gap_ms

-- @Q6 only who has all three, as of
WITH who AS (SELECT DISTINCT profile_id FROM purchase SEMI JOIN add_to_cart USING (profile_id))
SELECT count(DISTINCT c.profile_id) FROM purchase c ASOF JOIN
(SELECT b.profile_id, b.ts FROM (SELECT * FROM add_to_cart SEMI JOIN who USING (profile_id)) b
ASOF JOIN (SELECT * FROM product_view SEMI JOIN who USING (profile_id)) a
ON b.profile_id = a.profile_id AND b.ts > a.ts WHERE b.ts - a.ts <= $gap_ms) g
ON c.profile_id = g.profile_id AND c.ts > g.ts WHERE c.ts - g.ts <= $gap_ms

-- @Q6 ranges
SELECT count(DISTINCT c.profile_id) FROM add_to_cart b JOIN purchase c
ON b.profile_id = c.profile_id AND c.ts > b.ts AND c.ts <= b.ts + $gap_ms
WHERE EXISTS (SELECT 1 FROM product_view a
WHERE a.profile_id = b.profile_id AND a.ts < b.ts AND a.ts >= b.ts - $gap_ms)

-- @Q7
SELECT count(*) FROM profiles SEMI JOIN (SELECT profile_id FROM purchase WHERE ts > $since
GROUP BY profile_id HAVING count(*) >= $times) s ON id = s.profile_id
WHERE plan IN ($plan_code, $other_plan_code) AND age >= $age
AND labels & (1::UBIGINT << $label_code) <> 0 AND consent

-- @Q8
SELECT country, count(*) FROM profiles SEMI JOIN (SELECT profile_id FROM purchase
WHERE ts > $since GROUP BY profile_id HAVING count(*) >= $times) s ON id = s.profile_id
GROUP BY country

-- @Q13
SELECT count(*) FROM (SELECT profile_id FROM page_view WHERE ts > $since GROUP BY profile_id
HAVING count(DISTINCT ts // 86400000) >= $on_days AND bool_or(topic = $topic_code))

-- @Q13 bits
SELECT count(*) FROM (SELECT profile_id FROM page_view WHERE ts > $since GROUP BY profile_id
HAVING bit_count(bit_or(1::UBIGINT << (ts // 86400000 - $first_day))) >= $on_days
AND bool_or(topic = $topic_code))
