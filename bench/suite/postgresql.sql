-- PostgreSQL 15: a table for each event type that is asked about, in the order of profile and time,
-- with indexes made for the queries; small dictionaries are codes, labels the bits of a number,
-- money is cents. Before these, engines.py has brought the CSV into raw_profiles and raw_events.
-- How these files are read: statements.py.

-- @load
SET maintenance_work_mem = '1GB'

-- @load
CREATE TABLE codes AS
SELECT 'country' AS kind, x AS name, (row_number() OVER (ORDER BY x) - 1)::smallint AS code
FROM (SELECT DISTINCT country AS x FROM raw_profiles) c
UNION ALL SELECT 'plan', x, (row_number() OVER (ORDER BY x) - 1)::smallint
FROM (SELECT DISTINCT plan AS x FROM raw_profiles) p
UNION ALL SELECT 'label', x, (row_number() OVER (ORDER BY x) - 1)::smallint
FROM (SELECT DISTINCT unnest(string_to_array(labels, '|')) AS x FROM raw_profiles) l
UNION ALL SELECT 'topic', x, (row_number() OVER (ORDER BY x) - 1)::smallint
FROM (SELECT DISTINCT topic AS x FROM raw_events WHERE type = 'page_view') t

-- @load
CREATE UNLOGGED TABLE profiles AS SELECT r.id, c.code AS country, p.code AS plan, r.age,
r.consent_email AS consent, coalesce((SELECT bit_or(1::bigint << l.code) FROM codes l
WHERE l.kind = 'label' AND l.name = ANY (string_to_array(r.labels, '|'))), 0) AS labels,
r.last_seen, r.email, r.last_name FROM raw_profiles r
JOIN codes c ON c.kind = 'country' AND c.name = r.country
JOIN codes p ON p.kind = 'plan' AND p.name = r.plan ORDER BY r.id

-- @load
CREATE UNLOGGED TABLE page_view AS SELECT profile_id, ts, code AS topic FROM raw_events
JOIN codes ON kind = 'topic' AND name = topic WHERE type = 'page_view' ORDER BY profile_id, ts

-- @load
CREATE UNLOGGED TABLE product_view AS SELECT profile_id, ts FROM raw_events
WHERE type = 'product_view' ORDER BY profile_id, ts

-- @load
CREATE UNLOGGED TABLE add_to_cart AS SELECT profile_id, ts FROM raw_events
WHERE type = 'add_to_cart' ORDER BY profile_id, ts

-- @load
CREATE UNLOGGED TABLE purchase AS SELECT profile_id, ts, (amount * 100)::int AS cents
FROM raw_events WHERE type = 'purchase' ORDER BY profile_id, ts

-- @load
CREATE UNLOGGED TABLE email_open AS SELECT profile_id, ts FROM raw_events
WHERE type = 'email_open' ORDER BY profile_id, ts

-- @load
DROP TABLE raw_profiles, raw_events

-- @load
CREATE UNIQUE INDEX ON profiles (id) INCLUDE (country)

-- @load
CREATE INDEX ON profiles (country, plan, age)

-- @load
CREATE INDEX ON profiles (last_seen DESC, id) INCLUDE (last_name, email)

-- @load
CREATE INDEX ON profiles (last_name text_pattern_ops)

-- @load
CREATE INDEX ON page_view (ts, profile_id, topic)

-- @load
CREATE INDEX ON product_view (profile_id, ts)

-- @load
CREATE INDEX ON add_to_cart (profile_id, ts)

-- @load
CREATE INDEX ON purchase (profile_id, ts)

-- @load
CREATE INDEX ON purchase (ts, profile_id, cents)

-- @load
CREATE INDEX ON email_open (ts, profile_id)

-- @load
VACUUM ANALYZE

-- @codes
SELECT kind, name, code FROM codes

-- @bytes
SELECT pg_database_size(current_database())

-- @Q1
SELECT count(*) FROM profiles
WHERE country = $country_code AND plan IN ($plan_code, $other_plan_code) AND age >= $age

-- @Q2
SELECT id, last_seen FROM profiles WHERE email LIKE '%$mail%' AND last_name LIKE '$prefix%'
ORDER BY last_seen DESC, id LIMIT 50

-- @Q3
SELECT count(*) FROM (SELECT profile_id FROM purchase WHERE ts > $since
GROUP BY profile_id HAVING count(*) >= $times) s

-- @Q4
SELECT count(*) FROM (SELECT DISTINCT profile_id FROM purchase
WHERE cents > $amount_cents AND ts > $since) p WHERE NOT EXISTS
(SELECT 1 FROM email_open o WHERE o.profile_id = p.profile_id AND o.ts > $open_since)

-- @Q5
SELECT count(*) FROM (SELECT profile_id FROM purchase WHERE ts > $since
GROUP BY profile_id HAVING sum(cents) >= $total_cents) s

-- @Q6
SELECT count(DISTINCT b.profile_id) FROM add_to_cart b
WHERE EXISTS (SELECT 1 FROM purchase c
WHERE c.profile_id = b.profile_id AND c.ts > b.ts AND c.ts <= b.ts + $gap_ms)
AND EXISTS (SELECT 1 FROM product_view a
WHERE a.profile_id = b.profile_id AND a.ts < b.ts AND a.ts >= b.ts - $gap_ms)

-- @Q6 one row after the other
SELECT count(DISTINCT b.profile_id) FROM add_to_cart b,
LATERAL (SELECT 1 FROM purchase c
WHERE c.profile_id = b.profile_id AND c.ts > b.ts AND c.ts <= b.ts + $gap_ms LIMIT 1) c,
LATERAL (SELECT 1 FROM product_view a
WHERE a.profile_id = b.profile_id AND a.ts < b.ts AND a.ts >= b.ts - $gap_ms LIMIT 1) a

-- @Q7
SELECT count(*) FROM profiles WHERE plan IN ($plan_code, $other_plan_code) AND age >= $age
AND labels & (1::bigint << $label_code) <> 0 AND consent AND id IN
(SELECT profile_id FROM purchase WHERE ts > $since
GROUP BY profile_id HAVING count(*) >= $times)

-- @Q8
SELECT country, count(*) FROM profiles WHERE id IN (SELECT profile_id FROM purchase
WHERE ts > $since GROUP BY profile_id HAVING count(*) >= $times) GROUP BY country

-- @Q13
SELECT count(*) FROM (SELECT profile_id FROM page_view WHERE ts > $since GROUP BY profile_id
HAVING count(DISTINCT ts / 86400000) >= $on_days AND bool_or(topic = $topic_code)) s

-- @Q13 bits
SELECT count(*) FROM (SELECT profile_id FROM page_view WHERE ts > $since GROUP BY profile_id
HAVING bit_count(bit_or(1::bigint << (ts / 86400000 - $first_day)::int)::bit(64)) >= $on_days
AND bool_or(topic = $topic_code)) s
