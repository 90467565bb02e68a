//! The questions, in the language of each engine.

use crate::material::{DAYS, Material, START_MS};

const DAY_MS: u64 = 86_400_000;

/// What is hoped for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// At most twice as long as the faster of the two others.
    Comparable,
    /// Besides, five times as fast as `DuckDB` over a file of its own, whose scan an index or an order spares us. Over our
    /// files it has them, too.
    Indexed,
}

/// How answers of different engines are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Same {
    /// Every value.
    Values,
    /// How many rows there are: engines differ in what they mean by the rest.
    Rows,
}

/// A question.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) name: &'static str,
    /// Logs Insights.
    pub(crate) insights: String,
    /// Over the view `events` of the table's columns.
    pub(crate) duckdb: String,
    /// Over the table `events` of the same columns.
    pub(crate) chdb: String,
    /// For `DuckDB` over the view `records` of parsed records, or `lines` of whole ones.
    pub(crate) gzip: String,
    pub(crate) goal: Goal,
    pub(crate) same: Same,
    /// The time asked about, in milliseconds, both ends inclusive.
    pub(crate) window: (u64, u64),
}

const MONTH: (u64, u64) = (START_MS, START_MS + DAYS * DAY_MS - 1);

fn question(name: &'static str, insights: &str, duckdb: &str, chdb: &str, gzip: &str) -> Question {
    Question {
        name,
        insights: insights.to_owned(),
        duckdb: duckdb.to_owned(),
        chdb: chdb.to_owned(),
        gzip: gzip.to_owned(),
        goal: Goal::Comparable,
        same: Same::Values,
        window: MONTH,
    }
}

/// All of them, over this many records.
pub(crate) fn all(records: u64) -> Vec<Question> {
    let mut all = statistics();
    all.extend(text(records));
    all
}

fn statistics() -> Vec<Question> {
    let day = (START_MS + 17 * DAY_MS, START_MS + 18 * DAY_MS - 1);
    vec![
        question(
            "count",
            "stats count(*)",
            "SELECT count(*) FROM events",
            "SELECT count(*) FROM events",
            "SELECT count(*) FROM records",
        ),
        question(
            "calls by model",
            "stats count(*) by modelId",
            "SELECT model_id, count(*) FROM events GROUP BY 1",
            "SELECT model_id, count(*) FROM events GROUP BY 1",
            "SELECT modelId, count(*) FROM records GROUP BY 1",
        ),
        question(
            "tokens by model",
            "stats sum(input.inputTokenCount), sum(output.outputTokenCount) by modelId",
            "SELECT model_id, sum(input_tokens), sum(output_tokens) FROM events GROUP BY 1",
            "SELECT model_id, sum(input_tokens), sum(output_tokens) FROM events GROUP BY 1",
            "SELECT modelId, sum(input.inputTokenCount), sum(output.outputTokenCount) FROM records GROUP BY 1",
        ),
        question(
            "top callers by tokens",
            "stats sum(input.inputTokenCount + output.outputTokenCount) as tokens by corelog.caller.name \
             | sort tokens desc | limit 10 | display corelog.caller.name, tokens",
            "SELECT caller, sum(input_tokens + output_tokens) AS tokens FROM events GROUP BY 1 \
             ORDER BY tokens DESC LIMIT 10",
            "SELECT caller, sum(input_tokens + output_tokens) AS tokens FROM events GROUP BY 1 \
             ORDER BY tokens DESC LIMIT 10",
            "SELECT corelog.caller.name, sum(input.inputTokenCount + output.outputTokenCount) AS tokens \
             FROM records GROUP BY 1 ORDER BY tokens DESC LIMIT 10",
        ),
        Question {
            same: Same::Rows,
            ..question(
                "latency percentiles by hour",
                "stats pct(corelog.latencyMs, 50), pct(corelog.latencyMs, 95), pct(corelog.latencyMs, 99) by bin(1h) \
                 | limit 1000",
                "SELECT date_trunc('hour', timestamp), quantile_cont(latency_ms, [0.5, 0.95, 0.99]) FROM events \
                 GROUP BY 1 ORDER BY 1 DESC LIMIT 1000",
                "SELECT toStartOfHour(timestamp), quantiles(0.5, 0.95, 0.99)(latency_ms) FROM events \
                 GROUP BY 1 ORDER BY 1 DESC LIMIT 1000",
                "SELECT date_trunc('hour', timestamp::TIMESTAMP), \
                 quantile_cont(corelog.latencyMs, [0.5, 0.95, 0.99]) FROM records GROUP BY 1 ORDER BY 1 DESC LIMIT 1000",
            )
        },
        Question {
            same: Same::Rows,
            ..question(
                "errors by day",
                "filter ispresent(errorCode) | stats count(*) by errorCode, bin(1d)",
                "SELECT error_code, date_trunc('day', timestamp), count(*) FROM events \
                 WHERE error_code IS NOT NULL GROUP BY 1, 2",
                "SELECT error_code, toStartOfDay(timestamp), count(*) FROM events \
                 WHERE error_code IS NOT NULL GROUP BY 1, 2",
                "SELECT errorCode, date_trunc('day', timestamp::TIMESTAMP), count(*) FROM records \
                 WHERE errorCode IS NOT NULL GROUP BY 1, 2",
            )
        },
        question(
            "slow calls of a vendor",
            "filter corelog.latencyMs > 5000 and modelId like /^vendor-3/ \
             | stats count(*), avg(corelog.latencyMs), max(corelog.latencyMs)",
            "SELECT count(*), avg(latency_ms), max(latency_ms) FROM events \
             WHERE latency_ms > 5000 AND regexp_matches(model_id, '^vendor-3')",
            "SELECT count(*), avg(latency_ms), max(latency_ms) FROM events \
             WHERE latency_ms > 5000 AND match(model_id, '^vendor-3')",
            "SELECT count(*), avg(corelog.latencyMs), max(corelog.latencyMs) FROM records \
             WHERE corelog.latencyMs > 5000 AND regexp_matches(modelId, '^vendor-3')",
        ),
        question(
            "users of each model",
            "stats count_distinct(corelog.user) by modelId",
            "SELECT model_id, count(DISTINCT \"user\") FROM events GROUP BY 1",
            "SELECT model_id, uniqExact(user) FROM events GROUP BY 1",
            "SELECT modelId, count(DISTINCT corelog.\"user\") FROM records GROUP BY 1",
        ),
        Question {
            same: Same::Rows,
            window: day,
            ..question(
                "a caller's day by hour",
                "filter corelog.caller.name = \"team-07\" | stats count(*), sum(output.outputTokenCount) by bin(1h)",
                "SELECT date_trunc('hour', timestamp), count(*), sum(output_tokens) FROM events \
                 WHERE caller = 'team-07' AND timestamp >= TIMESTAMPTZ '2026-10-18 00:00:00+00' \
                 AND timestamp < TIMESTAMPTZ '2026-10-19 00:00:00+00' GROUP BY 1",
                "SELECT toStartOfHour(timestamp), count(*), sum(output_tokens) FROM events \
                 WHERE caller = 'team-07' AND timestamp >= toDateTime64('2026-10-18 00:00:00', 6, 'UTC') \
                 AND timestamp < toDateTime64('2026-10-19 00:00:00', 6, 'UTC') GROUP BY 1",
                "SELECT date_trunc('hour', timestamp::TIMESTAMP), count(*), sum(output.outputTokenCount) FROM records \
                 WHERE corelog.caller.name = 'team-07' AND timestamp::TIMESTAMP >= TIMESTAMP '2026-10-18 00:00:00' \
                 AND timestamp::TIMESTAMP < TIMESTAMP '2026-10-19 00:00:00' GROUP BY 1",
            )
        },
    ]
}

fn text(records: u64) -> Vec<Question> {
    let needle = Material::request_id(records / 3);
    let indexed = |question| Question {
        goal: Goal::Indexed,
        ..question
    };
    vec![
        indexed(question(
            "a call by its id",
            &format!(
                "fields modelId, @message | filter requestId = \"{needle}\" | display modelId, @message"
            ),
            &format!("SELECT model_id, message FROM events WHERE request_id = '{needle}'"),
            &format!("SELECT model_id, message FROM events WHERE request_id = '{needle}'"),
            &format!(
                "SELECT json->>'$.modelId', json FROM lines WHERE json->>'$.requestId' = '{needle}'"
            ),
        )),
        indexed(question(
            "a word in the text",
            "filter @message like \"saxophone\" | stats count(*)",
            "SELECT count(*) FROM events WHERE contains(message, 'saxophone')",
            "SELECT count(*) FROM events WHERE position(message, 'saxophone') > 0",
            "SELECT count(*) FROM lines WHERE contains(json::VARCHAR, 'saxophone')",
        )),
        indexed(Question {
            same: Same::Rows,
            ..question(
                "the newest 100",
                "fields @timestamp, modelId, @message | sort @timestamp desc | limit 100",
                "SELECT timestamp, model_id, message FROM events ORDER BY timestamp DESC LIMIT 100",
                "SELECT timestamp, model_id, message FROM events ORDER BY timestamp DESC LIMIT 100",
                "SELECT json FROM lines ORDER BY json->>'$.timestamp' DESC LIMIT 100",
            )
        }),
        question(
            "a regex over prompts",
            "filter input.inputBodyJson.messages.0.content like /(?i)how (do|can) i .*(cook|bake)/ | stats count(*)",
            "SELECT count(*) FROM events WHERE regexp_matches(json_extract_string(message, \
             '$.input.inputBodyJson.messages[0].content'), '(?i)how (do|can) i .*(cook|bake)')",
            "SELECT count(*) FROM events WHERE match(JSONExtractString(message, 'input', 'inputBodyJson', \
             'messages', 1, 'content'), '(?i)how (do|can) i .*(cook|bake)')",
            "SELECT count(*) FROM records WHERE \
             regexp_matches(input.inputBodyJson.messages[1].content, '(?i)how (do|can) i .*(cook|bake)')",
        ),
        Question {
            same: Same::Rows,
            ..question(
                "patterns of errors",
                "filter errorCode = \"ThrottlingException\" | pattern output.outputBodyJson.error.message \
                 | stats count(*)",
                "SELECT count(*) FROM (SELECT regexp_replace(json_extract_string(message, \
                 '$.output.outputBodyJson.error.message'), '[0-9]+', '<*>', 'g') AS pattern, count(*) FROM events \
                 WHERE error_code = 'ThrottlingException' GROUP BY 1)",
                "SELECT count(*) FROM (SELECT replaceRegexpAll(JSONExtractString(message, 'output', \
                 'outputBodyJson', 'error', 'message'), '[0-9]+', '<*>') AS pattern, count(*) FROM events \
                 WHERE error_code = 'ThrottlingException' GROUP BY 1)",
                "SELECT count(*) FROM (SELECT regexp_replace(output.outputBodyJson.error.message, '[0-9]+', '<*>', \
                 'g') AS pattern, count(*) FROM records WHERE errorCode = 'ThrottlingException' GROUP BY 1)",
            )
        },
        question(
            "a field of the request's body",
            "stats avg(input.inputBodyJson.temperature) by modelId",
            "SELECT model_id, avg(json_extract(message, '$.input.inputBodyJson.temperature')::DOUBLE) \
             FROM events GROUP BY 1",
            "SELECT model_id, avg(JSONExtractFloat(message, 'input', 'inputBodyJson', 'temperature')) \
             FROM events GROUP BY 1",
            "SELECT modelId, avg(input.inputBodyJson.temperature) FROM records GROUP BY 1",
        ),
    ]
}
