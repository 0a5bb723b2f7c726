-- ClickHouse, in memory: tables of the engine Memory, one for each event type that is asked about
-- (one of three types for the sequence), small dictionaries as codes of one byte, labels the bits
-- of a number, money in cents. How these files are read: statements.py.

-- @load
CREATE TABLE raw ENGINE = Memory AS SELECT * FROM file('$csv/profiles.csv', CSVWithNames,
'id UInt32, email String, phone String, first_name String, last_name String, company String,
country String, city String, plan String, age UInt8, ltv String, created_at Int64,
last_seen Int64, labels String, consent_email Bool, status String')

-- @load
CREATE TABLE names ENGINE = Memory AS SELECT
arraySort(groupUniqArray(country)) AS country, arraySort(groupUniqArray(plan)) AS plan,
arraySort(arrayFilter(x -> x != '', groupUniqArrayArray(splitByChar('|', labels)))) AS label
FROM raw

-- @load
CREATE TABLE profiles ENGINE = Memory AS WITH (SELECT country FROM names) AS countries,
(SELECT plan FROM names) AS plans, (SELECT label FROM names) AS all_labels
SELECT id, toUInt8(indexOf(countries, country) - 1) AS country,
toUInt8(indexOf(plans, plan) - 1) AS plan, age, consent_email AS consent,
arraySum(x -> bitShiftLeft(toUInt64(1), indexOf(all_labels, x) - 1),
arrayFilter(x -> x != '', splitByChar('|', raw.labels))) AS labels,
last_seen, email, last_name, toLowCardinality(last_name) AS coded_last_name
FROM raw ORDER BY id

-- @load
DROP TABLE raw

-- @load
CREATE TABLE raw ENGINE = Memory AS SELECT profile_id, ts, type, amount, topic
FROM file('$csv/events.csv', CSVWithNames, 'profile_id UInt32, ts Int64,
type LowCardinality(String), channel String, session_id UInt64, amount Nullable(Decimal(10, 2)),
category String, topic LowCardinality(String), campaign String')
WHERE type IN ('page_view', 'product_view', 'add_to_cart', 'purchase', 'email_open')

-- @load
CREATE TABLE topics ENGINE = Memory AS
SELECT arraySort(groupUniqArray(toString(topic))) AS topic FROM raw WHERE type = 'page_view'

-- @load
CREATE TABLE page_view ENGINE = Memory AS WITH (SELECT topic FROM topics) AS all_topics
SELECT profile_id, ts, toUInt8(indexOf(all_topics, toString(topic)) - 1) AS topic
FROM raw WHERE type = 'page_view' ORDER BY profile_id, ts

-- @load
CREATE TABLE purchase ENGINE = Memory AS
SELECT profile_id, ts, toUInt32(assumeNotNull(amount) * 100) AS cents
FROM raw WHERE type = 'purchase' ORDER BY profile_id, ts

-- @load
CREATE TABLE email_open ENGINE = Memory AS SELECT profile_id, ts
FROM raw WHERE type = 'email_open' ORDER BY profile_id, ts

-- @load
CREATE TABLE steps ENGINE = Memory AS SELECT profile_id, ts,
toUInt8(indexOf(['product_view', 'add_to_cart', 'purchase'], toString(type))) AS step
FROM raw WHERE type IN ('product_view', 'add_to_cart', 'purchase') ORDER BY profile_id, ts

-- @load
DROP TABLE raw

-- @codes
SELECT 'country' AS kind, country AS name, n FROM names ARRAY JOIN country,
arrayEnumerate(country) AS m, arrayMap(x -> x - 1, arrayEnumerate(country)) AS n
UNION ALL SELECT 'plan', plan, n FROM names ARRAY JOIN plan,
arrayMap(x -> x - 1, arrayEnumerate(plan)) AS n
UNION ALL SELECT 'label', label, n FROM names ARRAY JOIN label,
arrayMap(x -> x - 1, arrayEnumerate(label)) AS n
UNION ALL SELECT 'topic', topic, n FROM topics ARRAY JOIN topic,
arrayMap(x -> x - 1, arrayEnumerate(topic)) AS n

-- @bytes
SELECT sum(total_bytes) FROM system.tables WHERE database = currentDatabase()

-- @Q1
SELECT count() FROM profiles
WHERE country = $country_code AND plan IN ($plan_code, $other_plan_code) AND age >= $age

-- @Q2
SELECT id, last_seen FROM profiles WHERE email LIKE '%$mail%' AND last_name LIKE '$prefix%'
ORDER BY last_seen DESC, id LIMIT 50

-- @Q2 names in a dictionary
SELECT id, last_seen FROM profiles WHERE coded_last_name LIKE '$prefix%' AND email LIKE '%$mail%'
ORDER BY last_seen DESC, id LIMIT 50

-- @Q3
SELECT count() FROM (SELECT profile_id FROM purchase WHERE ts > $since
GROUP BY profile_id HAVING count() >= $times)

-- @Q4
SELECT uniqExact(profile_id) FROM purchase WHERE cents > $amount_cents AND ts > $since
AND profile_id NOT IN (SELECT profile_id FROM email_open WHERE ts > $open_since)

-- @Q5
SELECT count() FROM (SELECT profile_id FROM purchase WHERE ts > $since
GROUP BY profile_id HAVING sum(cents) >= $total_cents)

-- @Q6
SELECT count() FROM (SELECT profile_id FROM steps GROUP BY profile_id
HAVING countIf(step = 3) > 0 AND countIf(step = 2) > 0
AND sequenceMatch('(?1)(?t<=$gap_ms)(?2)(?t<=$gap_ms)(?3)')
(toUInt64(ts), step = 1, step = 2, step = 3))

-- @Q6 only who has all three
SELECT count() FROM (SELECT profile_id FROM steps WHERE profile_id IN
(SELECT profile_id FROM steps WHERE step = 2 AND profile_id IN
(SELECT profile_id FROM purchase)) GROUP BY profile_id
HAVING sequenceMatch('(?1)(?t<=$gap_ms)(?2)(?t<=$gap_ms)(?3)')
(toUInt64(ts), step = 1, step = 2, step = 3))

-- @Q7
SELECT count() FROM profiles WHERE plan IN ($plan_code, $other_plan_code) AND age >= $age
AND bitTest(labels, $label_code) AND consent AND id IN (SELECT profile_id FROM purchase
WHERE ts > $since GROUP BY profile_id HAVING count() >= $times)

-- @Q8
SELECT country, count() FROM profiles WHERE id IN (SELECT profile_id FROM purchase
WHERE ts > $since GROUP BY profile_id HAVING count() >= $times) GROUP BY country

-- @Q13
SELECT count() FROM (SELECT profile_id FROM page_view WHERE ts > $since GROUP BY profile_id
HAVING uniqExact(intDiv(ts, 86400000)) >= $on_days AND max(topic = $topic_code) = 1)

-- @Q13 bits
SELECT count() FROM (SELECT profile_id FROM page_view WHERE ts > $since GROUP BY profile_id
HAVING bitCount(groupBitOr(bitShiftLeft(toUInt64(1), intDiv(ts, 86400000) - $first_day)))
>= $on_days AND max(topic = $topic_code) = 1)
