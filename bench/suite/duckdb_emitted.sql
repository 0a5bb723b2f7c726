-- DuckDB, in memory: the tables of the generated data set that emitted SQL reads, with the columns
-- and types of query/sql/README.md (money in 64 bits, which are enough and faster), in the order of
-- profile and time. Folded is lower case here, for all of it is ASCII. Sessions are cut where
-- somebody was silent for half an hour. Each trait has had its value since the one identify, which
-- is when its profile was last seen. Nobody has labels, consents or is archived, nothing is known
-- of calls: no such tables. How these files are read: statements.py.

-- @load
SET preserve_insertion_order = true

-- @load
CREATE TABLE raw AS SELECT profile_id AS _profile, ts AS _time,
(row_number() OVER ())::UBIGINT AS _id, type, channel, session_id AS session, amount, category,
topic, campaign FROM read_csv('$csv/events.csv', header = true, columns = {
'profile_id': 'UBIGINT', 'ts': 'BIGINT', 'type': 'VARCHAR', 'channel': 'VARCHAR',
'session_id': 'BIGINT', 'amount': 'DECIMAL(18, 2)', 'category': 'VARCHAR', 'topic': 'VARCHAR',
'campaign': 'VARCHAR'})

-- @load
CREATE TABLE cut AS SELECT *, (_profile * 1000000 + sum(_begins)
OVER (PARTITION BY _profile ORDER BY _time, _id ROWS UNBOUNDED PRECEDING))::UBIGINT AS _session
FROM (SELECT *, CASE WHEN _time - lag(_time) OVER (PARTITION BY _profile ORDER BY _time, _id)
< 1800000 THEN 0 ELSE 1 END AS _begins FROM raw)

-- @load
DROP TABLE raw

-- @load
CREATE TABLE event_page_view AS SELECT _profile, _time, _id, _session, channel,
channel AS _folded_channel, session, topic, topic AS _folded_topic
FROM cut WHERE type = 'page_view' ORDER BY _profile, _time, _id

-- @load
CREATE TABLE event_form_submit AS SELECT _profile, _time, _id, _session, channel,
channel AS _folded_channel, session, topic, topic AS _folded_topic
FROM cut WHERE type = 'form_submit' ORDER BY _profile, _time, _id

-- @load
CREATE TABLE event_support_ticket AS SELECT _profile, _time, _id, _session, channel,
channel AS _folded_channel, session, topic, topic AS _folded_topic
FROM cut WHERE type = 'support_ticket' ORDER BY _profile, _time, _id

-- @load
CREATE TABLE event_product_view AS SELECT _profile, _time, _id, _session, channel,
channel AS _folded_channel, session, category, category AS _folded_category
FROM cut WHERE type = 'product_view' ORDER BY _profile, _time, _id

-- @load
CREATE TABLE event_add_to_cart AS SELECT _profile, _time, _id, _session, channel,
channel AS _folded_channel, session, category, category AS _folded_category
FROM cut WHERE type = 'add_to_cart' ORDER BY _profile, _time, _id

-- @load
CREATE TABLE event_purchase AS SELECT _profile, _time, _id, _session, channel,
channel AS _folded_channel, session, amount, category, category AS _folded_category
FROM cut WHERE type = 'purchase' ORDER BY _profile, _time, _id

-- @load
CREATE TABLE event_message_received AS SELECT _profile, _time, _id, _session, channel,
channel AS _folded_channel, session, campaign, campaign AS _folded_campaign
FROM cut WHERE type = 'message_received' ORDER BY _profile, _time, _id

-- @load
CREATE TABLE event_email_open AS SELECT _profile, _time, _id, _session, channel,
channel AS _folded_channel, session, campaign, campaign AS _folded_campaign
FROM cut WHERE type = 'email_open' ORDER BY _profile, _time, _id

-- @load
CREATE TABLE event_email_click AS SELECT _profile, _time, _id, _session, channel,
channel AS _folded_channel, session, campaign, campaign AS _folded_campaign
FROM cut WHERE type = 'email_click' ORDER BY _profile, _time, _id

-- @load
CREATE TABLE event_session_start AS SELECT _profile, _time, _id, _session, channel,
channel AS _folded_channel, session FROM cut WHERE type = 'session_start'
ORDER BY _profile, _time, _id

-- @load
CREATE TABLE event_goal_completed AS SELECT _profile, _time, _id, _session, channel,
channel AS _folded_channel, session FROM cut WHERE type = 'goal_completed'
ORDER BY _profile, _time, _id

-- @load
CREATE TABLE event_signup AS SELECT _profile, _time, _id, _session, channel,
channel AS _folded_channel, session FROM cut WHERE type = 'signup' ORDER BY _profile, _time, _id

-- @load
CREATE TABLE sessions AS SELECT _profile, _session, arg_min(_id, (_time, _id))::VARCHAR AS id,
'visit' AS kind, arg_min(channel, (_time, _id)) AS channel, NULL::VARCHAR AS name,
NULL::VARCHAR AS platform, min(_time) AS "start", max(_time) AS "end", count(*) AS events,
false AS agent_takeover FROM cut GROUP BY _profile, _session ORDER BY _profile, "start"

-- @load
CREATE TABLE first_events AS SELECT _profile, min(_time) AS _time FROM cut GROUP BY _profile

-- @load
DROP TABLE cut

-- @load
CREATE TABLE profiles AS SELECT id AS _profile, created_at,
least(last_seen, f._time) AS first_seen, last_seen, 'generate' AS created_via,
'generate' AS _folded_created_via, email, lower(email) AS _folded_email, phone,
lower(phone) AS _folded_phone, first_name, lower(first_name) AS _folded_first_name, last_name,
lower(last_name) AS _folded_last_name, company, lower(company) AS _folded_company, country,
lower(country) AS _folded_country, city, lower(city) AS _folded_city, plan,
lower(plan) AS _folded_plan, age, ltv, string_split(labels, '|') AS labels, consent_email, status,
lower(status) AS _folded_status, id::VARCHAR AS _identity_external_id, email AS _identity_email,
phone AS _identity_phone FROM read_csv('$csv/profiles.csv', header = true, columns = {
'id': 'UBIGINT', 'email': 'VARCHAR', 'phone': 'VARCHAR', 'first_name': 'VARCHAR',
'last_name': 'VARCHAR', 'company': 'VARCHAR', 'country': 'VARCHAR', 'city': 'VARCHAR',
'plan': 'VARCHAR', 'age': 'BIGINT', 'ltv': 'DECIMAL(18, 2)', 'created_at': 'BIGINT',
'last_seen': 'BIGINT', 'labels': 'VARCHAR', 'consent_email': 'BOOLEAN', 'status': 'VARCHAR'})
LEFT JOIN first_events f ON f._profile = id ORDER BY id

-- @load
DROP TABLE first_events

-- @load
CREATE TABLE identities AS SELECT _profile, namespace, kind, value, value AS _folded_value FROM (
SELECT _profile, 'external_id' AS namespace, 'person' AS kind, _identity_external_id AS value
FROM profiles UNION ALL SELECT _profile, 'email', 'person', _identity_email
FROM profiles WHERE _identity_email IS NOT NULL UNION ALL
SELECT _profile, 'phone', 'person', _identity_phone FROM profiles
WHERE _identity_phone IS NOT NULL) ORDER BY _profile, namespace

-- @load
CREATE TABLE history_plan AS SELECT _profile, last_seen AS _from, NULL::BIGINT AS _until,
plan AS value, _folded_plan AS _folded_value FROM profiles

-- @load
CREATE TABLE history_country AS SELECT _profile, last_seen AS _from, NULL::BIGINT AS _until,
country AS value, _folded_country AS _folded_value FROM profiles

-- @load
CREATE TABLE history_age AS SELECT _profile, last_seen AS _from, NULL::BIGINT AS _until,
age AS value FROM profiles

-- @load
CHECKPOINT
