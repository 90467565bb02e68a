//! Operations of `CloudWatch` and what their shapes ask of values. Generated: `cargo xtask codegen`, from botocore 1.44.5.

use crate::model::{
    Kind, Operation, Pattern, Query, QueryException, Service, Shape, member, required, shape,
};

/// The service, with the operations that are served.
pub static SERVICE: Service = Service {
    id: "CloudWatch",
    version: "2010-08-01",
    signing_name: "monitoring",
    target_prefix: "GraniteServiceVersion20100801",
    json_version: "1.0",
    protocols: &["smithy-rpc-v2-cbor", "json", "query"],
    query: Some(Query {
        xml_namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/",
        type_namespace: "com.amazonaws.cloudwatch.v2010_08_01",
        exceptions: &[
            QueryException {
                name: "ConcurrentModificationException",
                code: "ConcurrentModificationException",
                status: 429,
                is_sender: true,
                message: "message",
                members: &[],
            },
            QueryException {
                name: "ConflictException",
                code: "ConflictException",
                status: 409,
                is_sender: true,
                message: "Message",
                members: &[],
            },
            QueryException {
                name: "DashboardInvalidInputError",
                code: "InvalidParameterInput",
                status: 400,
                is_sender: true,
                message: "message",
                members: &[member(
                    "dashboardValidationMessages",
                    &DASHBOARD_VALIDATION_MESSAGES,
                )],
            },
            QueryException {
                name: "DashboardNotFoundError",
                code: "ResourceNotFound",
                status: 404,
                is_sender: true,
                message: "message",
                members: &[],
            },
            QueryException {
                name: "InternalServiceFault",
                code: "InternalServiceError",
                status: 500,
                is_sender: false,
                message: "Message",
                members: &[],
            },
            QueryException {
                name: "InvalidFormatFault",
                code: "InvalidFormat",
                status: 400,
                is_sender: true,
                message: "message",
                members: &[],
            },
            QueryException {
                name: "InvalidNextToken",
                code: "InvalidNextToken",
                status: 400,
                is_sender: true,
                message: "message",
                members: &[],
            },
            QueryException {
                name: "InvalidParameterCombinationException",
                code: "InvalidParameterCombination",
                status: 400,
                is_sender: true,
                message: "message",
                members: &[],
            },
            QueryException {
                name: "InvalidParameterValueException",
                code: "InvalidParameterValue",
                status: 400,
                is_sender: true,
                message: "message",
                members: &[],
            },
            QueryException {
                name: "LimitExceededException",
                code: "LimitExceededException",
                status: 400,
                is_sender: true,
                message: "message",
                members: &[],
            },
            QueryException {
                name: "LimitExceededFault",
                code: "LimitExceeded",
                status: 400,
                is_sender: true,
                message: "message",
                members: &[],
            },
            QueryException {
                name: "MissingRequiredParameterException",
                code: "MissingParameter",
                status: 400,
                is_sender: true,
                message: "message",
                members: &[],
            },
            QueryException {
                name: "ResourceConflict",
                code: "ResourceConflict",
                status: 409,
                is_sender: true,
                message: "message",
                members: &[],
            },
            QueryException {
                name: "ResourceNotFound",
                code: "ResourceNotFound",
                status: 404,
                is_sender: true,
                message: "message",
                members: &[],
            },
            QueryException {
                name: "ResourceNotFoundException",
                code: "ResourceNotFoundException",
                status: 404,
                is_sender: true,
                message: "message",
                members: &[
                    member("ResourceType", &RESOURCE_TYPE),
                    member("ResourceId", &RESOURCE_ID),
                ],
            },
        ],
    }),
    operations: &[
        Operation {
            name: "DeleteAlarmMuteRule",
            input: Some(&DELETE_ALARM_MUTE_RULE_INPUT),
            output: None,
            errors: &[],
        },
        Operation {
            name: "DeleteAlarms",
            input: Some(&DELETE_ALARMS_INPUT),
            output: None,
            errors: &["ResourceNotFound", "ResourceConflict"],
        },
        Operation {
            name: "DeleteAnomalyDetector",
            input: Some(&DELETE_ANOMALY_DETECTOR_INPUT),
            output: Some(&DELETE_ANOMALY_DETECTOR_OUTPUT),
            errors: &[
                "ResourceNotFoundException",
                "InternalServiceFault",
                "InvalidParameterValueException",
                "MissingRequiredParameterException",
                "InvalidParameterCombinationException",
            ],
        },
        Operation {
            name: "DeleteDashboards",
            input: Some(&DELETE_DASHBOARDS_INPUT),
            output: Some(&DELETE_DASHBOARDS_OUTPUT),
            errors: &[
                "InvalidParameterValueException",
                "InternalServiceFault",
                "ConflictException",
            ],
        },
        Operation {
            name: "DescribeAlarmHistory",
            input: Some(&DESCRIBE_ALARM_HISTORY_INPUT),
            output: Some(&DESCRIBE_ALARM_HISTORY_OUTPUT),
            errors: &["InvalidNextToken"],
        },
        Operation {
            name: "DescribeAlarms",
            input: Some(&DESCRIBE_ALARMS_INPUT),
            output: Some(&DESCRIBE_ALARMS_OUTPUT),
            errors: &["InvalidNextToken"],
        },
        Operation {
            name: "DescribeAlarmsForMetric",
            input: Some(&DESCRIBE_ALARMS_FOR_METRIC_INPUT),
            output: Some(&DESCRIBE_ALARMS_FOR_METRIC_OUTPUT),
            errors: &[],
        },
        Operation {
            name: "DescribeAnomalyDetectors",
            input: Some(&DESCRIBE_ANOMALY_DETECTORS_INPUT),
            output: Some(&DESCRIBE_ANOMALY_DETECTORS_OUTPUT),
            errors: &[
                "InvalidNextToken",
                "InternalServiceFault",
                "InvalidParameterValueException",
                "InvalidParameterCombinationException",
            ],
        },
        Operation {
            name: "DisableAlarmActions",
            input: Some(&DISABLE_ALARM_ACTIONS_INPUT),
            output: None,
            errors: &[],
        },
        Operation {
            name: "EnableAlarmActions",
            input: Some(&ENABLE_ALARM_ACTIONS_INPUT),
            output: None,
            errors: &[],
        },
        Operation {
            name: "GetAlarmMuteRule",
            input: Some(&GET_ALARM_MUTE_RULE_INPUT),
            output: Some(&GET_ALARM_MUTE_RULE_OUTPUT),
            errors: &["ResourceNotFoundException"],
        },
        Operation {
            name: "GetDashboard",
            input: Some(&GET_DASHBOARD_INPUT),
            output: Some(&GET_DASHBOARD_OUTPUT),
            errors: &[
                "InvalidParameterValueException",
                "DashboardNotFoundError",
                "InternalServiceFault",
            ],
        },
        Operation {
            name: "GetMetricData",
            input: Some(&GET_METRIC_DATA_INPUT),
            output: Some(&GET_METRIC_DATA_OUTPUT),
            errors: &["InvalidNextToken"],
        },
        Operation {
            name: "GetMetricStatistics",
            input: Some(&GET_METRIC_STATISTICS_INPUT),
            output: Some(&GET_METRIC_STATISTICS_OUTPUT),
            errors: &[
                "InvalidParameterValueException",
                "MissingRequiredParameterException",
                "InvalidParameterCombinationException",
                "InternalServiceFault",
            ],
        },
        Operation {
            name: "ListAlarmMuteRules",
            input: Some(&LIST_ALARM_MUTE_RULES_INPUT),
            output: Some(&LIST_ALARM_MUTE_RULES_OUTPUT),
            errors: &["InvalidNextToken", "ResourceNotFoundException"],
        },
        Operation {
            name: "ListDashboards",
            input: Some(&LIST_DASHBOARDS_INPUT),
            output: Some(&LIST_DASHBOARDS_OUTPUT),
            errors: &["InvalidParameterValueException", "InternalServiceFault"],
        },
        Operation {
            name: "ListMetrics",
            input: Some(&LIST_METRICS_INPUT),
            output: Some(&LIST_METRICS_OUTPUT),
            errors: &["InternalServiceFault", "InvalidParameterValueException"],
        },
        Operation {
            name: "ListTagsForResource",
            input: Some(&LIST_TAGS_FOR_RESOURCE_INPUT),
            output: Some(&LIST_TAGS_FOR_RESOURCE_OUTPUT),
            errors: &[
                "InvalidParameterValueException",
                "ResourceNotFoundException",
                "InternalServiceFault",
            ],
        },
        Operation {
            name: "PutAlarmMuteRule",
            input: Some(&PUT_ALARM_MUTE_RULE_INPUT),
            output: None,
            errors: &["LimitExceededFault"],
        },
        Operation {
            name: "PutAnomalyDetector",
            input: Some(&PUT_ANOMALY_DETECTOR_INPUT),
            output: Some(&PUT_ANOMALY_DETECTOR_OUTPUT),
            errors: &[
                "LimitExceededException",
                "InternalServiceFault",
                "InvalidParameterValueException",
                "MissingRequiredParameterException",
                "InvalidParameterCombinationException",
            ],
        },
        Operation {
            name: "PutCompositeAlarm",
            input: Some(&PUT_COMPOSITE_ALARM_INPUT),
            output: None,
            errors: &["LimitExceededFault"],
        },
        Operation {
            name: "PutDashboard",
            input: Some(&PUT_DASHBOARD_INPUT),
            output: Some(&PUT_DASHBOARD_OUTPUT),
            errors: &[
                "DashboardInvalidInputError",
                "InternalServiceFault",
                "ConflictException",
            ],
        },
        Operation {
            name: "PutLogAlarm",
            input: Some(&PUT_LOG_ALARM_INPUT),
            output: None,
            errors: &["LimitExceededFault", "ResourceConflict"],
        },
        Operation {
            name: "PutMetricAlarm",
            input: Some(&PUT_METRIC_ALARM_INPUT),
            output: None,
            errors: &["LimitExceededFault"],
        },
        Operation {
            name: "PutMetricData",
            input: Some(&PUT_METRIC_DATA_INPUT),
            output: None,
            errors: &[
                "InvalidParameterValueException",
                "MissingRequiredParameterException",
                "InvalidParameterCombinationException",
                "InternalServiceFault",
            ],
        },
        Operation {
            name: "SetAlarmState",
            input: Some(&SET_ALARM_STATE_INPUT),
            output: None,
            errors: &["ResourceNotFound", "InvalidFormatFault"],
        },
        Operation {
            name: "TagResource",
            input: Some(&TAG_RESOURCE_INPUT),
            output: Some(&TAG_RESOURCE_OUTPUT),
            errors: &[
                "InvalidParameterValueException",
                "ResourceNotFoundException",
                "ConcurrentModificationException",
                "InternalServiceFault",
                "ConflictException",
            ],
        },
        Operation {
            name: "UntagResource",
            input: Some(&UNTAG_RESOURCE_INPUT),
            output: Some(&UNTAG_RESOURCE_OUTPUT),
            errors: &[
                "InvalidParameterValueException",
                "ResourceNotFoundException",
                "ConcurrentModificationException",
                "InternalServiceFault",
                "ConflictException",
            ],
        },
    ],
};

static PATTERN_0E4A04F3: Pattern = Pattern::new(
    "(SampleCount|Average|Sum|Minimum|Maximum|IQM|(p|tc|tm|ts|wm)(\\d{1,2}(\\.\\d{0,10})?|100)|[ou]\\d+(\\.\\d*)?)(_E|_L|_H)?|(TM|TC|TS|WM)\\(((((\\d{1,2})(\\.\\d{0,10})?|100(\\.0{0,10})?)%)?:((\\d{1,2})(\\.\\d{0,10})?|100(\\.0{0,10})?)%|((\\d{1,2})(\\.\\d{0,10})?|100(\\.0{0,10})?)%:(((\\d{1,2})(\\.\\d{0,10})?|100(\\.0{0,10})?)%)?)\\)|(TM|TC|TS|WM|PR)\\(((\\d+(\\.\\d{0,10})?|(\\d+(\\.\\d{0,10})?[Ee][+-]?\\d+)):((\\d+(\\.\\d{0,10})?|(\\d+(\\.\\d{0,10})?[Ee][+-]?\\d+)))?|((\\d+(\\.\\d{0,10})?|(\\d+(\\.\\d{0,10})?[Ee][+-]?\\d+)))?:(\\d+(\\.\\d{0,10})?|(\\d+(\\.\\d{0,10})?[Ee][+-]?\\d+)))\\)",
    "(SampleCount|Average|Sum|Minimum|Maximum|IQM|(p|tc|tm|ts|wm)([0-9]{1,2}(\\.[0-9]{0,10})?|100)|[ou][0-9]+(\\.[0-9]*)?)(_E|_L|_H)?|(TM|TC|TS|WM)\\((((([0-9]{1,2})(\\.[0-9]{0,10})?|100(\\.0{0,10})?)%)?:(([0-9]{1,2})(\\.[0-9]{0,10})?|100(\\.0{0,10})?)%|(([0-9]{1,2})(\\.[0-9]{0,10})?|100(\\.0{0,10})?)%:((([0-9]{1,2})(\\.[0-9]{0,10})?|100(\\.0{0,10})?)%)?)\\)|(TM|TC|TS|WM|PR)\\((([0-9]+(\\.[0-9]{0,10})?|([0-9]+(\\.[0-9]{0,10})?[Ee][+-]?[0-9]+)):(([0-9]+(\\.[0-9]{0,10})?|([0-9]+(\\.[0-9]{0,10})?[Ee][+-]?[0-9]+)))?|(([0-9]+(\\.[0-9]{0,10})?|([0-9]+(\\.[0-9]{0,10})?[Ee][+-]?[0-9]+)))?:([0-9]+(\\.[0-9]{0,10})?|([0-9]+(\\.[0-9]{0,10})?[Ee][+-]?[0-9]+)))\\)",
);

static PATTERN_64BE556C: Pattern = Pattern::new("[A-Za-z0-9_./:%()+-]+", "[A-Za-z0-9_./:%()+-]+");

static PATTERN_9FD4A0C1: Pattern = Pattern::new(".*", ".*");

static PATTERN_C61046E9: Pattern = Pattern::new("[^:].*", "[^:].*");

static ACCOUNT_ID: Shape = shape(Kind::String).at_least(1).at_most(255);

static ACTION_CONFIGURATION: Shape = shape(Kind::Structure(&[member(
    "AlarmTagsPropagation",
    &ALARM_TAGS_PROPAGATION,
)]));

static ACTION_LOG_LINE_COUNT: Shape = shape(Kind::Integer);

static ACTION_LOG_LINE_ROLE_ARN: Shape = shape(Kind::String);

static ACTION_PREFIX: Shape = shape(Kind::String).at_least(1).at_most(1_024);

static ACTIONS_ENABLED: Shape = shape(Kind::Boolean);

static ACTIONS_SUPPRESSED_BY: Shape =
    shape(Kind::String).one_of(&["WaitPeriod", "ExtensionPeriod", "Alarm"]);

static ACTIONS_SUPPRESSED_REASON: Shape = shape(Kind::String).at_least(0).at_most(1_024);

static AGGREGATION_EXPRESSION: Shape = shape(Kind::String).at_least(1).at_most(2_048);

static ALARM_ARN: Shape = shape(Kind::String).at_least(1).at_most(1_600);

static ALARM_DESCRIPTION: Shape = shape(Kind::String).at_least(0).at_most(1_024);

static ALARM_HISTORY_ITEM: Shape = shape(Kind::Structure(&[
    member("AlarmName", &ALARM_NAME),
    member("AlarmContributorId", &CONTRIBUTOR_ID),
    member("AlarmType", &ALARM_TYPE),
    member("Timestamp", &TIMESTAMP),
    member("HistoryItemType", &HISTORY_ITEM_TYPE),
    member("HistorySummary", &HISTORY_SUMMARY),
    member("HistoryData", &HISTORY_DATA),
    member("AlarmContributorAttributes", &CONTRIBUTOR_ATTRIBUTES),
]));

static ALARM_HISTORY_ITEMS: Shape = shape(Kind::List(&ALARM_HISTORY_ITEM));

static ALARM_MUTE_RULE_STATUS: Shape =
    shape(Kind::String).one_of(&["SCHEDULED", "ACTIVE", "EXPIRED"]);

static ALARM_MUTE_RULE_STATUSES: Shape = shape(Kind::List(&ALARM_MUTE_RULE_STATUS));

static ALARM_MUTE_RULE_SUMMARIES: Shape = shape(Kind::List(&ALARM_MUTE_RULE_SUMMARY));

static ALARM_MUTE_RULE_SUMMARY: Shape = shape(Kind::Structure(&[
    member("AlarmMuteRuleArn", &ARN),
    member("ExpireDate", &TIMESTAMP),
    member("Status", &ALARM_MUTE_RULE_STATUS),
    member("MuteType", &MUTE_TYPE),
    member("LastUpdatedTimestamp", &TIMESTAMP),
]));

static ALARM_NAME: Shape = shape(Kind::String).at_least(1).at_most(255);

static ALARM_NAME_PREFIX: Shape = shape(Kind::String).at_least(1).at_most(255);

static ALARM_NAMES: Shape = shape(Kind::List(&ALARM_NAME)).at_most(100);

static ALARM_PROM_QL_CRITERIA: Shape = shape(Kind::Structure(&[
    required("Query", &QUERY),
    member("PendingPeriod", &PENDING_PERIOD),
    member("RecoveryPeriod", &RECOVERY_PERIOD),
]));

static ALARM_RULE: Shape = shape(Kind::String).at_least(1).at_most(10_240);

static ALARM_TAGS_PROPAGATION: Shape = shape(Kind::Structure(&[
    required("Enabled", &ALARM_TAGS_PROPAGATION_ENABLED),
    member("IncludedTagKeys", &ALARM_TAGS_PROPAGATION_TAG_KEYS),
    member("ExcludedTagKeys", &ALARM_TAGS_PROPAGATION_TAG_KEYS),
]));

static ALARM_TAGS_PROPAGATION_ENABLED: Shape = shape(Kind::Boolean);

static ALARM_TAGS_PROPAGATION_TAG_KEY: Shape = shape(Kind::String).at_least(1).at_most(128);

static ALARM_TAGS_PROPAGATION_TAG_KEYS: Shape = shape(Kind::List(&ALARM_TAGS_PROPAGATION_TAG_KEY))
    .at_least(1)
    .at_most(50);

static ALARM_TYPE: Shape =
    shape(Kind::String).one_of(&["CompositeAlarm", "MetricAlarm", "LogAlarm"]);

static ALARM_TYPES: Shape = shape(Kind::List(&ALARM_TYPE));

static AMAZON_RESOURCE_NAME: Shape = shape(Kind::String).at_least(1).at_most(1_024);

static ANOMALY_DETECTOR: Shape = shape(Kind::Structure(&[
    member("AnomalyDetectorId", &ANOMALY_DETECTOR_ID),
    member("Namespace", &NAMESPACE),
    member("MetricName", &METRIC_NAME),
    member("Dimensions", &DIMENSIONS),
    member("Stat", &ANOMALY_DETECTOR_METRIC_STAT),
    member("Configuration", &ANOMALY_DETECTOR_CONFIGURATION),
    member("StateValue", &ANOMALY_DETECTOR_STATE_VALUE),
    member("MetricCharacteristics", &METRIC_CHARACTERISTICS),
    member(
        "SingleMetricAnomalyDetector",
        &SINGLE_METRIC_ANOMALY_DETECTOR,
    ),
    member("MetricMathAnomalyDetector", &METRIC_MATH_ANOMALY_DETECTOR),
]));

static ANOMALY_DETECTOR_ADAPTATION_SPEED: Shape =
    shape(Kind::String).one_of(&["FAST", "NORMAL", "SLOW"]);

static ANOMALY_DETECTOR_CONFIGURATION: Shape = shape(Kind::Structure(&[
    member("ExcludedTimeRanges", &ANOMALY_DETECTOR_EXCLUDED_TIME_RANGES),
    member("MetricTimezone", &ANOMALY_DETECTOR_METRIC_TIMEZONE),
    member("AdaptationSpeed", &ANOMALY_DETECTOR_ADAPTATION_SPEED),
    member(
        "OutlierFilteringStrength",
        &ANOMALY_DETECTOR_OUTLIER_FILTERING_STRENGTH,
    ),
]));

static ANOMALY_DETECTOR_EXCLUDED_TIME_RANGES: Shape = shape(Kind::List(&RANGE));

static ANOMALY_DETECTOR_ID: Shape = shape(Kind::String)
    .at_least(1)
    .at_most(128)
    .like(&PATTERN_64BE556C);

static ANOMALY_DETECTOR_IDS: Shape = shape(Kind::List(&ANOMALY_DETECTOR_ID)).at_most(50);

static ANOMALY_DETECTOR_METRIC_STAT: Shape =
    shape(Kind::String).at_most(50).like(&PATTERN_0E4A04F3);

static ANOMALY_DETECTOR_METRIC_TIMEZONE: Shape =
    shape(Kind::String).at_most(50).like(&PATTERN_9FD4A0C1);

static ANOMALY_DETECTOR_OUTLIER_FILTERING_STRENGTH: Shape =
    shape(Kind::String).one_of(&["MINIMAL", "MODERATE", "STRICT"]);

static ANOMALY_DETECTOR_STATE_VALUE: Shape =
    shape(Kind::String).one_of(&["PENDING_TRAINING", "TRAINED_INSUFFICIENT_DATA", "TRAINED"]);

static ANOMALY_DETECTOR_TYPE: Shape = shape(Kind::String).one_of(&["SINGLE_METRIC", "METRIC_MATH"]);

static ANOMALY_DETECTOR_TYPES: Shape = shape(Kind::List(&ANOMALY_DETECTOR_TYPE)).at_most(2);

static ANOMALY_DETECTORS: Shape = shape(Kind::List(&ANOMALY_DETECTOR));

static ARN: Shape = shape(Kind::String).at_least(1).at_most(1_600);

static ATTRIBUTE_NAME: Shape = shape(Kind::String).at_least(1).at_most(255);

static ATTRIBUTE_VALUE: Shape = shape(Kind::String).at_least(1).at_most(1_024);

static COMPARISON_OPERATOR: Shape = shape(Kind::String).one_of(&[
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
]);

static COMPOSITE_ALARM: Shape = shape(Kind::Structure(&[
    member("ActionsEnabled", &ACTIONS_ENABLED),
    member("AlarmActions", &RESOURCE_LIST),
    member("AlarmArn", &ALARM_ARN),
    member("AlarmConfigurationUpdatedTimestamp", &TIMESTAMP),
    member("AlarmDescription", &ALARM_DESCRIPTION),
    member("AlarmName", &ALARM_NAME),
    member("AlarmRule", &ALARM_RULE),
    member("InsufficientDataActions", &RESOURCE_LIST),
    member("OKActions", &RESOURCE_LIST),
    member("StateReason", &STATE_REASON),
    member("StateReasonData", &STATE_REASON_DATA),
    member("StateUpdatedTimestamp", &TIMESTAMP),
    member("StateValue", &STATE_VALUE),
    member("StateTransitionedTimestamp", &TIMESTAMP),
    member("ActionsSuppressedBy", &ACTIONS_SUPPRESSED_BY),
    member("ActionsSuppressedReason", &ACTIONS_SUPPRESSED_REASON),
    member("ActionsSuppressor", &ALARM_ARN),
    member("ActionsSuppressorWaitPeriod", &SUPPRESSOR_PERIOD),
    member("ActionsSuppressorExtensionPeriod", &SUPPRESSOR_PERIOD),
    member("ActionConfiguration", &ACTION_CONFIGURATION),
]));

static COMPOSITE_ALARMS: Shape = shape(Kind::List(&COMPOSITE_ALARM));

static CONTRIBUTOR_ATTRIBUTES: Shape = shape(Kind::Map(&ATTRIBUTE_NAME, &ATTRIBUTE_VALUE))
    .at_least(0)
    .at_most(150);

static CONTRIBUTOR_ID: Shape = shape(Kind::String).at_least(1).at_most(16);

static COUNTS: Shape = shape(Kind::List(&DATAPOINT_VALUE));

static DASHBOARD_ARN: Shape = shape(Kind::String);

static DASHBOARD_BODY: Shape = shape(Kind::String);

static DASHBOARD_ENTRIES: Shape = shape(Kind::List(&DASHBOARD_ENTRY));

static DASHBOARD_ENTRY: Shape = shape(Kind::Structure(&[
    member("DashboardName", &DASHBOARD_NAME),
    member("DashboardArn", &DASHBOARD_ARN),
    member("LastModified", &LAST_MODIFIED),
    member("Size", &SIZE),
]));

static DASHBOARD_NAME: Shape = shape(Kind::String);

static DASHBOARD_NAME_PREFIX: Shape = shape(Kind::String);

static DASHBOARD_NAMES: Shape = shape(Kind::List(&DASHBOARD_NAME));

static DASHBOARD_VALIDATION_MESSAGE: Shape = shape(Kind::Structure(&[
    member("DataPath", &DATA_PATH),
    member("Message", &MESSAGE),
]));

static DASHBOARD_VALIDATION_MESSAGES: Shape = shape(Kind::List(&DASHBOARD_VALIDATION_MESSAGE));

static DATA_PATH: Shape = shape(Kind::String);

static DATAPOINT: Shape = shape(Kind::Structure(&[
    member("Timestamp", &TIMESTAMP),
    member("SampleCount", &DATAPOINT_VALUE),
    member("Average", &DATAPOINT_VALUE),
    member("Sum", &DATAPOINT_VALUE),
    member("Minimum", &DATAPOINT_VALUE),
    member("Maximum", &DATAPOINT_VALUE),
    member("Unit", &STANDARD_UNIT),
    member("ExtendedStatistics", &DATAPOINT_VALUE_MAP),
]));

static DATAPOINT_VALUE: Shape = shape(Kind::Double);

static DATAPOINT_VALUE_MAP: Shape = shape(Kind::Map(&EXTENDED_STATISTIC, &DATAPOINT_VALUE));

static DATAPOINT_VALUES: Shape = shape(Kind::List(&DATAPOINT_VALUE));

static DATAPOINTS: Shape = shape(Kind::List(&DATAPOINT));

static DATAPOINTS_TO_ALARM: Shape = shape(Kind::Integer).at_least(1);

static DELETE_ALARM_MUTE_RULE_INPUT: Shape =
    shape(Kind::Structure(&[required("AlarmMuteRuleName", &NAME)]));

static DELETE_ALARMS_INPUT: Shape = shape(Kind::Structure(&[required("AlarmNames", &ALARM_NAMES)]));

static DELETE_ANOMALY_DETECTOR_INPUT: Shape = shape(Kind::Structure(&[
    member("AnomalyDetectorId", &ANOMALY_DETECTOR_ID),
    member("Namespace", &NAMESPACE),
    member("MetricName", &METRIC_NAME),
    member("Dimensions", &DIMENSIONS),
    member("Stat", &ANOMALY_DETECTOR_METRIC_STAT),
    member(
        "SingleMetricAnomalyDetector",
        &SINGLE_METRIC_ANOMALY_DETECTOR,
    ),
    member("MetricMathAnomalyDetector", &METRIC_MATH_ANOMALY_DETECTOR),
]));

static DELETE_ANOMALY_DETECTOR_OUTPUT: Shape = shape(Kind::Structure(&[]));

static DELETE_DASHBOARDS_INPUT: Shape = shape(Kind::Structure(&[required(
    "DashboardNames",
    &DASHBOARD_NAMES,
)]));

static DELETE_DASHBOARDS_OUTPUT: Shape = shape(Kind::Structure(&[]));

static DESCRIBE_ALARM_HISTORY_INPUT: Shape = shape(Kind::Structure(&[
    member("AlarmName", &ALARM_NAME),
    member("AlarmContributorId", &CONTRIBUTOR_ID),
    member("AlarmTypes", &ALARM_TYPES),
    member("HistoryItemType", &HISTORY_ITEM_TYPE),
    member("StartDate", &TIMESTAMP),
    member("EndDate", &TIMESTAMP),
    member("MaxRecords", &MAX_RECORDS),
    member("NextToken", &NEXT_TOKEN),
    member("ScanBy", &SCAN_BY),
]));

static DESCRIBE_ALARM_HISTORY_OUTPUT: Shape = shape(Kind::Structure(&[
    member("AlarmHistoryItems", &ALARM_HISTORY_ITEMS),
    member("NextToken", &NEXT_TOKEN),
]));

static DESCRIBE_ALARMS_FOR_METRIC_INPUT: Shape = shape(Kind::Structure(&[
    required("MetricName", &METRIC_NAME),
    required("Namespace", &NAMESPACE),
    member("Statistic", &STATISTIC),
    member("ExtendedStatistic", &EXTENDED_STATISTIC),
    member("Dimensions", &DIMENSIONS),
    member("Period", &PERIOD),
    member("Unit", &STANDARD_UNIT),
]));

static DESCRIBE_ALARMS_FOR_METRIC_OUTPUT: Shape =
    shape(Kind::Structure(&[member("MetricAlarms", &METRIC_ALARMS)]));

static DESCRIBE_ALARMS_INPUT: Shape = shape(Kind::Structure(&[
    member("AlarmNames", &ALARM_NAMES),
    member("AlarmNamePrefix", &ALARM_NAME_PREFIX),
    member("AlarmTypes", &ALARM_TYPES),
    member("ChildrenOfAlarmName", &ALARM_NAME),
    member("ParentsOfAlarmName", &ALARM_NAME),
    member("StateValue", &STATE_VALUE),
    member("ActionPrefix", &ACTION_PREFIX),
    member("MaxRecords", &MAX_RECORDS),
    member("NextToken", &NEXT_TOKEN),
]));

static DESCRIBE_ALARMS_OUTPUT: Shape = shape(Kind::Structure(&[
    member("CompositeAlarms", &COMPOSITE_ALARMS),
    member("MetricAlarms", &METRIC_ALARMS),
    member("LogAlarms", &LOG_ALARMS),
    member("NextToken", &NEXT_TOKEN),
]));

static DESCRIBE_ANOMALY_DETECTORS_INPUT: Shape = shape(Kind::Structure(&[
    member("AnomalyDetectorIds", &ANOMALY_DETECTOR_IDS),
    member("NextToken", &NEXT_TOKEN),
    member("MaxResults", &MAX_RETURNED_RESULTS_COUNT),
    member("Namespace", &NAMESPACE),
    member("MetricName", &METRIC_NAME),
    member("Dimensions", &DIMENSIONS),
    member("AnomalyDetectorTypes", &ANOMALY_DETECTOR_TYPES),
]));

static DESCRIBE_ANOMALY_DETECTORS_OUTPUT: Shape = shape(Kind::Structure(&[
    member("AnomalyDetectors", &ANOMALY_DETECTORS),
    member("NextToken", &NEXT_TOKEN),
]));

static DIMENSION: Shape = shape(Kind::Structure(&[
    required("Name", &DIMENSION_NAME),
    required("Value", &DIMENSION_VALUE),
]));

static DIMENSION_FILTER: Shape = shape(Kind::Structure(&[
    required("Name", &DIMENSION_NAME),
    member("Value", &DIMENSION_VALUE),
]));

static DIMENSION_FILTERS: Shape = shape(Kind::List(&DIMENSION_FILTER)).at_most(10);

static DIMENSION_NAME: Shape = shape(Kind::String).at_least(1).at_most(255);

static DIMENSION_VALUE: Shape = shape(Kind::String).at_least(1).at_most(1_024);

static DIMENSIONS: Shape = shape(Kind::List(&DIMENSION)).at_most(30);

static DISABLE_ALARM_ACTIONS_INPUT: Shape =
    shape(Kind::Structure(&[required("AlarmNames", &ALARM_NAMES)]));

static DURATION: Shape = shape(Kind::String).at_least(1).at_most(50);

static ENABLE_ALARM_ACTIONS_INPUT: Shape =
    shape(Kind::Structure(&[required("AlarmNames", &ALARM_NAMES)]));

static END_TIME_OFFSET: Shape = shape(Kind::Long).at_least(0).at_most(2_592_000);

static ENTITY: Shape = shape(Kind::Structure(&[
    member("KeyAttributes", &ENTITY_KEY_ATTRIBUTES_MAP),
    member("Attributes", &ENTITY_ATTRIBUTES_MAP),
]));

static ENTITY_ATTRIBUTES_MAP: Shape = shape(Kind::Map(
    &ENTITY_ATTRIBUTES_MAP_KEY_STRING,
    &ENTITY_ATTRIBUTES_MAP_VALUE_STRING,
))
.at_least(0)
.at_most(10);

static ENTITY_ATTRIBUTES_MAP_KEY_STRING: Shape = shape(Kind::String).at_least(1).at_most(256);

static ENTITY_ATTRIBUTES_MAP_VALUE_STRING: Shape = shape(Kind::String).at_least(1).at_most(2_048);

static ENTITY_KEY_ATTRIBUTES_MAP: Shape = shape(Kind::Map(
    &ENTITY_KEY_ATTRIBUTES_MAP_KEY_STRING,
    &ENTITY_KEY_ATTRIBUTES_MAP_VALUE_STRING,
))
.at_least(2)
.at_most(4);

static ENTITY_KEY_ATTRIBUTES_MAP_KEY_STRING: Shape = shape(Kind::String).at_least(1).at_most(32);

static ENTITY_KEY_ATTRIBUTES_MAP_VALUE_STRING: Shape =
    shape(Kind::String).at_least(1).at_most(2_048);

static ENTITY_METRIC_DATA: Shape = shape(Kind::Structure(&[
    member("Entity", &ENTITY),
    member("MetricData", &METRIC_DATA),
]));

static ENTITY_METRIC_DATA_LIST: Shape = shape(Kind::List(&ENTITY_METRIC_DATA));

static EVALUATE_LOW_SAMPLE_COUNT_PERCENTILE: Shape = shape(Kind::String).at_least(1).at_most(255);

static EVALUATION_CRITERIA: Shape = shape(Kind::Structure(&[member(
    "PromQLCriteria",
    &ALARM_PROM_QL_CRITERIA,
)]));

static EVALUATION_INTERVAL: Shape = shape(Kind::Integer).at_least(10).at_most(3_600);

static EVALUATION_PERIODS: Shape = shape(Kind::Integer).at_least(1);

static EVALUATION_STATE: Shape =
    shape(Kind::String).one_of(&["PARTIAL_DATA", "EVALUATION_FAILURE", "EVALUATION_ERROR"]);

static EVALUATION_WINDOW: Shape = shape(Kind::Structure(&[
    member("WallClockWindow", &WALL_CLOCK_WINDOW),
    member("SlidingWindow", &SLIDING_WINDOW),
]));

static EXPRESSION: Shape = shape(Kind::String).at_least(1).at_most(256);

static EXTENDED_STATISTIC: Shape = shape(Kind::String);

static EXTENDED_STATISTICS: Shape = shape(Kind::List(&EXTENDED_STATISTIC))
    .at_least(1)
    .at_most(10);

static GET_ALARM_MUTE_RULE_INPUT: Shape =
    shape(Kind::Structure(&[required("AlarmMuteRuleName", &NAME)]));

static GET_ALARM_MUTE_RULE_OUTPUT: Shape = shape(Kind::Structure(&[
    member("Name", &NAME),
    member("AlarmMuteRuleArn", &ARN),
    member("Description", &ALARM_DESCRIPTION),
    member("Rule", &RULE),
    member("MuteTargets", &MUTE_TARGETS),
    member("StartDate", &TIMESTAMP),
    member("ExpireDate", &TIMESTAMP),
    member("Status", &ALARM_MUTE_RULE_STATUS),
    member("LastUpdatedTimestamp", &TIMESTAMP),
    member("MuteType", &MUTE_TYPE),
]));

static GET_DASHBOARD_INPUT: Shape = shape(Kind::Structure(&[required(
    "DashboardName",
    &DASHBOARD_NAME,
)]));

static GET_DASHBOARD_OUTPUT: Shape = shape(Kind::Structure(&[
    member("DashboardArn", &DASHBOARD_ARN),
    member("DashboardBody", &DASHBOARD_BODY),
    member("DashboardName", &DASHBOARD_NAME),
]));

static GET_METRIC_DATA_INPUT: Shape = shape(Kind::Structure(&[
    required("MetricDataQueries", &METRIC_DATA_QUERIES),
    required("StartTime", &TIMESTAMP),
    required("EndTime", &TIMESTAMP),
    member("NextToken", &NEXT_TOKEN),
    member("ScanBy", &SCAN_BY),
    member("MaxDatapoints", &GET_METRIC_DATA_MAX_DATAPOINTS),
    member("LabelOptions", &LABEL_OPTIONS),
]));

static GET_METRIC_DATA_LABEL_TIMEZONE: Shape = shape(Kind::String);

static GET_METRIC_DATA_MAX_DATAPOINTS: Shape = shape(Kind::Integer);

static GET_METRIC_DATA_OUTPUT: Shape = shape(Kind::Structure(&[
    member("MetricDataResults", &METRIC_DATA_RESULTS),
    member("NextToken", &NEXT_TOKEN),
    member("Messages", &METRIC_DATA_RESULT_MESSAGES),
]));

static GET_METRIC_STATISTICS_INPUT: Shape = shape(Kind::Structure(&[
    required("Namespace", &NAMESPACE),
    required("MetricName", &METRIC_NAME),
    member("Dimensions", &DIMENSIONS),
    required("StartTime", &TIMESTAMP),
    required("EndTime", &TIMESTAMP),
    required("Period", &PERIOD),
    member("Statistics", &STATISTICS),
    member("ExtendedStatistics", &EXTENDED_STATISTICS),
    member("Unit", &STANDARD_UNIT),
]));

static GET_METRIC_STATISTICS_OUTPUT: Shape = shape(Kind::Structure(&[
    member("Label", &METRIC_LABEL),
    member("Datapoints", &DATAPOINTS),
]));

static HISTORY_DATA: Shape = shape(Kind::String).at_least(1).at_most(4_095);

static HISTORY_ITEM_TYPE: Shape = shape(Kind::String).one_of(&[
    "ConfigurationUpdate",
    "StateUpdate",
    "Action",
    "AlarmContributorStateUpdate",
    "AlarmContributorAction",
]);

static HISTORY_SUMMARY: Shape = shape(Kind::String).at_least(1).at_most(255);

static INCLUDE_LINKED_ACCOUNTS: Shape = shape(Kind::Boolean);

static LABEL_OPTIONS: Shape = shape(Kind::Structure(&[member(
    "Timezone",
    &GET_METRIC_DATA_LABEL_TIMEZONE,
)]));

static LAST_MODIFIED: Shape = shape(Kind::Timestamp);

static LIST_ALARM_MUTE_RULES_INPUT: Shape = shape(Kind::Structure(&[
    member("AlarmName", &NAME),
    member("Statuses", &ALARM_MUTE_RULE_STATUSES),
    member("MaxRecords", &MAX_RECORDS),
    member("NextToken", &NEXT_TOKEN),
]));

static LIST_ALARM_MUTE_RULES_OUTPUT: Shape = shape(Kind::Structure(&[
    member("AlarmMuteRuleSummaries", &ALARM_MUTE_RULE_SUMMARIES),
    member("NextToken", &NEXT_TOKEN),
]));

static LIST_DASHBOARDS_INPUT: Shape = shape(Kind::Structure(&[
    member("DashboardNamePrefix", &DASHBOARD_NAME_PREFIX),
    member("NextToken", &NEXT_TOKEN),
]));

static LIST_DASHBOARDS_OUTPUT: Shape = shape(Kind::Structure(&[
    member("DashboardEntries", &DASHBOARD_ENTRIES),
    member("NextToken", &NEXT_TOKEN),
]));

static LIST_METRICS_INPUT: Shape = shape(Kind::Structure(&[
    member("Namespace", &NAMESPACE),
    member("MetricName", &METRIC_NAME),
    member("Dimensions", &DIMENSION_FILTERS),
    member("NextToken", &NEXT_TOKEN),
    member("RecentlyActive", &RECENTLY_ACTIVE),
    member("IncludeLinkedAccounts", &INCLUDE_LINKED_ACCOUNTS),
    member("OwningAccount", &ACCOUNT_ID),
]));

static LIST_METRICS_OUTPUT: Shape = shape(Kind::Structure(&[
    member("Metrics", &METRICS),
    member("NextToken", &NEXT_TOKEN),
    member("OwningAccounts", &OWNING_ACCOUNTS),
]));

static LIST_TAGS_FOR_RESOURCE_INPUT: Shape = shape(Kind::Structure(&[required(
    "ResourceARN",
    &AMAZON_RESOURCE_NAME,
)]));

static LIST_TAGS_FOR_RESOURCE_OUTPUT: Shape = shape(Kind::Structure(&[member("Tags", &TAG_LIST)]));

static LOG_ALARM: Shape = shape(Kind::Structure(&[
    member("AlarmName", &ALARM_NAME),
    member("AlarmArn", &ALARM_ARN),
    member("AlarmDescription", &ALARM_DESCRIPTION),
    member("AlarmConfigurationUpdatedTimestamp", &TIMESTAMP),
    member("ActionsEnabled", &ACTIONS_ENABLED),
    member("OKActions", &RESOURCE_LIST),
    member("AlarmActions", &RESOURCE_LIST),
    member("InsufficientDataActions", &RESOURCE_LIST),
    member("StateValue", &STATE_VALUE),
    member("StateReason", &STATE_REASON),
    member("StateReasonData", &STATE_REASON_DATA),
    member("StateUpdatedTimestamp", &TIMESTAMP),
    member(
        "ScheduledQueryConfiguration",
        &SCHEDULED_QUERY_CONFIGURATION,
    ),
    member("QueryResultsToEvaluate", &QUERY_RESULTS_TO_EVALUATE),
    member("QueryResultsToAlarm", &QUERY_RESULTS_TO_ALARM),
    member("Threshold", &THRESHOLD),
    member("ComparisonOperator", &COMPARISON_OPERATOR),
    member("TreatMissingData", &TREAT_MISSING_DATA),
    member("StateTransitionedTimestamp", &TIMESTAMP),
    member("EvaluationState", &EVALUATION_STATE),
    member("ActionLogLineCount", &ACTION_LOG_LINE_COUNT),
    member("ActionLogLineRoleArn", &ACTION_LOG_LINE_ROLE_ARN),
    member("WarmUpConfiguration", &WARM_UP_CONFIGURATION),
    member("ActionConfiguration", &ACTION_CONFIGURATION),
]));

static LOG_ALARMS: Shape = shape(Kind::List(&LOG_ALARM));

static LOG_GROUP_IDENTIFIERS: Shape = shape(Kind::List(&AMAZON_RESOURCE_NAME))
    .at_least(1)
    .at_most(50);

static MAX_RECORDS: Shape = shape(Kind::Integer).at_least(1).at_most(100);

static MAX_RETURNED_RESULTS_COUNT: Shape = shape(Kind::Integer).at_least(1);

static MESSAGE: Shape = shape(Kind::String);

static MESSAGE_DATA: Shape = shape(Kind::Structure(&[
    member("Code", &MESSAGE_DATA_CODE),
    member("Value", &MESSAGE_DATA_VALUE),
]));

static MESSAGE_DATA_CODE: Shape = shape(Kind::String);

static MESSAGE_DATA_VALUE: Shape = shape(Kind::String);

static METRIC: Shape = shape(Kind::Structure(&[
    member("Namespace", &NAMESPACE),
    member("MetricName", &METRIC_NAME),
    member("Dimensions", &DIMENSIONS),
]));

static METRIC_ALARM: Shape = shape(Kind::Structure(&[
    member("AlarmName", &ALARM_NAME),
    member("AlarmArn", &ALARM_ARN),
    member("AlarmDescription", &ALARM_DESCRIPTION),
    member("AlarmConfigurationUpdatedTimestamp", &TIMESTAMP),
    member("ActionsEnabled", &ACTIONS_ENABLED),
    member("OKActions", &RESOURCE_LIST),
    member("AlarmActions", &RESOURCE_LIST),
    member("InsufficientDataActions", &RESOURCE_LIST),
    member("StateValue", &STATE_VALUE),
    member("StateReason", &STATE_REASON),
    member("StateReasonData", &STATE_REASON_DATA),
    member("StateUpdatedTimestamp", &TIMESTAMP),
    member("MetricName", &METRIC_NAME),
    member("Namespace", &NAMESPACE),
    member("Statistic", &STATISTIC),
    member("ExtendedStatistic", &EXTENDED_STATISTIC),
    member("Dimensions", &DIMENSIONS),
    member("Period", &PERIOD),
    member("Unit", &STANDARD_UNIT),
    member("EvaluationPeriods", &EVALUATION_PERIODS),
    member("DatapointsToAlarm", &DATAPOINTS_TO_ALARM),
    member("Threshold", &THRESHOLD),
    member("ComparisonOperator", &COMPARISON_OPERATOR),
    member("TreatMissingData", &TREAT_MISSING_DATA),
    member(
        "EvaluateLowSampleCountPercentile",
        &EVALUATE_LOW_SAMPLE_COUNT_PERCENTILE,
    ),
    member("Metrics", &METRIC_DATA_QUERIES),
    member("ThresholdMetricId", &METRIC_ID),
    member("EvaluationState", &EVALUATION_STATE),
    member("StateTransitionedTimestamp", &TIMESTAMP),
    member("EvaluationWindow", &EVALUATION_WINDOW),
    member("WarmUpConfiguration", &WARM_UP_CONFIGURATION),
    member("EvaluationCriteria", &EVALUATION_CRITERIA),
    member("EvaluationInterval", &EVALUATION_INTERVAL),
    member("ActionConfiguration", &ACTION_CONFIGURATION),
]));

static METRIC_ALARMS: Shape = shape(Kind::List(&METRIC_ALARM));

static METRIC_CHARACTERISTICS: Shape = shape(Kind::Structure(&[member(
    "PeriodicSpikes",
    &PERIODIC_SPIKES,
)]));

static METRIC_DATA: Shape = shape(Kind::List(&METRIC_DATUM));

static METRIC_DATA_QUERIES: Shape = shape(Kind::List(&METRIC_DATA_QUERY));

static METRIC_DATA_QUERY: Shape = shape(Kind::Structure(&[
    required("Id", &METRIC_ID),
    member("MetricStat", &METRIC_STAT),
    member("Expression", &METRIC_EXPRESSION),
    member("Label", &METRIC_LABEL),
    member("ReturnData", &RETURN_DATA),
    member("Period", &PERIOD),
    member("AccountId", &ACCOUNT_ID),
]));

static METRIC_DATA_RESULT: Shape = shape(Kind::Structure(&[
    member("Id", &METRIC_ID),
    member("Label", &METRIC_LABEL),
    member("Timestamps", &TIMESTAMPS),
    member("Values", &DATAPOINT_VALUES),
    member("StatusCode", &STATUS_CODE),
    member("Messages", &METRIC_DATA_RESULT_MESSAGES),
]));

static METRIC_DATA_RESULT_MESSAGES: Shape = shape(Kind::List(&MESSAGE_DATA));

static METRIC_DATA_RESULTS: Shape = shape(Kind::List(&METRIC_DATA_RESULT));

static METRIC_DATUM: Shape = shape(Kind::Structure(&[
    required("MetricName", &METRIC_NAME),
    member("Dimensions", &DIMENSIONS),
    member("Timestamp", &TIMESTAMP),
    member("Value", &DATAPOINT_VALUE),
    member("StatisticValues", &STATISTIC_SET),
    member("Values", &VALUES),
    member("Counts", &COUNTS),
    member("Unit", &STANDARD_UNIT),
    member("StorageResolution", &STORAGE_RESOLUTION),
]));

static METRIC_EXPRESSION: Shape = shape(Kind::String).at_least(1).at_most(2_048);

static METRIC_ID: Shape = shape(Kind::String).at_least(1).at_most(255);

static METRIC_LABEL: Shape = shape(Kind::String);

static METRIC_MATH_ANOMALY_DETECTOR: Shape = shape(Kind::Structure(&[member(
    "MetricDataQueries",
    &METRIC_DATA_QUERIES,
)]));

static METRIC_NAME: Shape = shape(Kind::String).at_least(1).at_most(255);

static METRIC_STAT: Shape = shape(Kind::Structure(&[
    required("Metric", &METRIC),
    required("Period", &PERIOD),
    required("Stat", &STAT),
    member("Unit", &STANDARD_UNIT),
]));

static METRICS: Shape = shape(Kind::List(&METRIC));

static MUTE_TARGET_ALARM_NAME_LIST: Shape = shape(Kind::List(&NAME)).at_most(100);

static MUTE_TARGETS: Shape = shape(Kind::Structure(&[required(
    "AlarmNames",
    &MUTE_TARGET_ALARM_NAME_LIST,
)]));

static MUTE_TYPE: Shape = shape(Kind::String);

static NAME: Shape = shape(Kind::String).at_least(1).at_most(255);

static NAMESPACE: Shape = shape(Kind::String)
    .at_least(1)
    .at_most(255)
    .like(&PATTERN_C61046E9);

static NEXT_TOKEN: Shape = shape(Kind::String);

static ONLY_START_EVALUATING_AFTER_WARM_UP_PERIOD_ENDS: Shape = shape(Kind::Boolean);

static OWNING_ACCOUNTS: Shape = shape(Kind::List(&ACCOUNT_ID));

static PENDING_PERIOD: Shape = shape(Kind::Integer).at_least(0).at_most(86_400);

static PERIOD: Shape = shape(Kind::Integer).at_least(1);

static PERIODIC_SPIKES: Shape = shape(Kind::Boolean);

static PUT_ALARM_MUTE_RULE_INPUT: Shape = shape(Kind::Structure(&[
    required("Name", &NAME),
    member("Description", &ALARM_DESCRIPTION),
    required("Rule", &RULE),
    member("MuteTargets", &MUTE_TARGETS),
    member("Tags", &TAG_LIST),
    member("StartDate", &TIMESTAMP),
    member("ExpireDate", &TIMESTAMP),
]));

static PUT_ANOMALY_DETECTOR_INPUT: Shape = shape(Kind::Structure(&[
    member("Namespace", &NAMESPACE),
    member("MetricName", &METRIC_NAME),
    member("Dimensions", &DIMENSIONS),
    member("Stat", &ANOMALY_DETECTOR_METRIC_STAT),
    member("Configuration", &ANOMALY_DETECTOR_CONFIGURATION),
    member("MetricCharacteristics", &METRIC_CHARACTERISTICS),
    member(
        "SingleMetricAnomalyDetector",
        &SINGLE_METRIC_ANOMALY_DETECTOR,
    ),
    member("MetricMathAnomalyDetector", &METRIC_MATH_ANOMALY_DETECTOR),
]));

static PUT_ANOMALY_DETECTOR_OUTPUT: Shape = shape(Kind::Structure(&[member(
    "AnomalyDetectorId",
    &ANOMALY_DETECTOR_ID,
)]));

static PUT_COMPOSITE_ALARM_INPUT: Shape = shape(Kind::Structure(&[
    member("ActionsEnabled", &ACTIONS_ENABLED),
    member("AlarmActions", &RESOURCE_LIST),
    member("AlarmDescription", &ALARM_DESCRIPTION),
    required("AlarmName", &ALARM_NAME),
    required("AlarmRule", &ALARM_RULE),
    member("InsufficientDataActions", &RESOURCE_LIST),
    member("OKActions", &RESOURCE_LIST),
    member("Tags", &TAG_LIST),
    member("ActionsSuppressor", &ALARM_ARN),
    member("ActionsSuppressorWaitPeriod", &SUPPRESSOR_PERIOD),
    member("ActionsSuppressorExtensionPeriod", &SUPPRESSOR_PERIOD),
    member("ActionConfiguration", &ACTION_CONFIGURATION),
]));

static PUT_DASHBOARD_INPUT: Shape = shape(Kind::Structure(&[
    required("DashboardName", &DASHBOARD_NAME),
    required("DashboardBody", &DASHBOARD_BODY),
    member("Tags", &TAG_LIST),
]));

static PUT_DASHBOARD_OUTPUT: Shape = shape(Kind::Structure(&[member(
    "DashboardValidationMessages",
    &DASHBOARD_VALIDATION_MESSAGES,
)]));

static PUT_LOG_ALARM_INPUT: Shape = shape(Kind::Structure(&[
    required("AlarmName", &ALARM_NAME),
    member("AlarmDescription", &ALARM_DESCRIPTION),
    required(
        "ScheduledQueryConfiguration",
        &SCHEDULED_QUERY_CONFIGURATION,
    ),
    member("ActionLogLineCount", &ACTION_LOG_LINE_COUNT),
    member("ActionLogLineRoleArn", &ACTION_LOG_LINE_ROLE_ARN),
    member("ActionsEnabled", &ACTIONS_ENABLED),
    member("OKActions", &RESOURCE_LIST),
    member("AlarmActions", &RESOURCE_LIST),
    member("InsufficientDataActions", &RESOURCE_LIST),
    required("QueryResultsToEvaluate", &QUERY_RESULTS_TO_EVALUATE),
    required("QueryResultsToAlarm", &QUERY_RESULTS_TO_ALARM),
    required("Threshold", &THRESHOLD),
    required("ComparisonOperator", &COMPARISON_OPERATOR),
    member("TreatMissingData", &TREAT_MISSING_DATA),
    member("Tags", &TAG_LIST),
    member("WarmUpConfiguration", &WARM_UP_CONFIGURATION),
    member("ActionConfiguration", &ACTION_CONFIGURATION),
]));

static PUT_METRIC_ALARM_INPUT: Shape = shape(Kind::Structure(&[
    required("AlarmName", &ALARM_NAME),
    member("AlarmDescription", &ALARM_DESCRIPTION),
    member("ActionsEnabled", &ACTIONS_ENABLED),
    member("OKActions", &RESOURCE_LIST),
    member("AlarmActions", &RESOURCE_LIST),
    member("InsufficientDataActions", &RESOURCE_LIST),
    member("MetricName", &METRIC_NAME),
    member("Namespace", &NAMESPACE),
    member("Statistic", &STATISTIC),
    member("ExtendedStatistic", &EXTENDED_STATISTIC),
    member("Dimensions", &DIMENSIONS),
    member("Period", &PERIOD),
    member("Unit", &STANDARD_UNIT),
    member("EvaluationPeriods", &EVALUATION_PERIODS),
    member("DatapointsToAlarm", &DATAPOINTS_TO_ALARM),
    member("Threshold", &THRESHOLD),
    member("ComparisonOperator", &COMPARISON_OPERATOR),
    member("TreatMissingData", &TREAT_MISSING_DATA),
    member(
        "EvaluateLowSampleCountPercentile",
        &EVALUATE_LOW_SAMPLE_COUNT_PERCENTILE,
    ),
    member("Metrics", &METRIC_DATA_QUERIES),
    member("Tags", &TAG_LIST),
    member("ThresholdMetricId", &METRIC_ID),
    member("EvaluationWindow", &EVALUATION_WINDOW),
    member("WarmUpConfiguration", &WARM_UP_CONFIGURATION),
    member("EvaluationCriteria", &EVALUATION_CRITERIA),
    member("EvaluationInterval", &EVALUATION_INTERVAL),
    member("ActionConfiguration", &ACTION_CONFIGURATION),
]));

static PUT_METRIC_DATA_INPUT: Shape = shape(Kind::Structure(&[
    required("Namespace", &NAMESPACE),
    member("MetricData", &METRIC_DATA),
    member("EntityMetricData", &ENTITY_METRIC_DATA_LIST),
    member("StrictEntityValidation", &STRICT_ENTITY_VALIDATION),
]));

static QUERY: Shape = shape(Kind::String).at_least(1).at_most(10_000);

static QUERY_RESULTS_TO_ALARM: Shape = shape(Kind::Integer).at_least(1);

static QUERY_RESULTS_TO_EVALUATE: Shape = shape(Kind::Integer).at_least(1);

static QUERY_STRING: Shape = shape(Kind::String).at_least(0).at_most(10_000);

static RANGE: Shape = shape(Kind::Structure(&[
    required("StartTime", &TIMESTAMP),
    required("EndTime", &TIMESTAMP),
]));

static RECENTLY_ACTIVE: Shape = shape(Kind::String).one_of(&["PT3H"]);

static RECOVERY_PERIOD: Shape = shape(Kind::Integer).at_least(0).at_most(86_400);

static RESOURCE_ID: Shape = shape(Kind::String);

static RESOURCE_LIST: Shape = shape(Kind::List(&RESOURCE_NAME)).at_most(5);

static RESOURCE_NAME: Shape = shape(Kind::String).at_least(1).at_most(1_024);

static RESOURCE_TYPE: Shape = shape(Kind::String);

static RETURN_DATA: Shape = shape(Kind::Boolean);

static RULE: Shape = shape(Kind::Structure(&[required("Schedule", &SCHEDULE)]));

static SCAN_BY: Shape = shape(Kind::String).one_of(&["TimestampDescending", "TimestampAscending"]);

static SCHEDULE: Shape = shape(Kind::Structure(&[
    required("Expression", &EXPRESSION),
    required("Duration", &DURATION),
    member("Timezone", &TIMEZONE),
]));

static SCHEDULE_CONFIGURATION: Shape = shape(Kind::Structure(&[
    required("ScheduleExpression", &SCHEDULE_EXPRESSION),
    required("StartTimeOffset", &START_TIME_OFFSET),
    member("EndTimeOffset", &END_TIME_OFFSET),
]));

static SCHEDULE_EXPRESSION: Shape = shape(Kind::String).at_least(1).at_most(256);

static SCHEDULED_QUERY_CONFIGURATION: Shape = shape(Kind::Structure(&[
    required("QueryString", &QUERY_STRING),
    member("LogGroupIdentifiers", &LOG_GROUP_IDENTIFIERS),
    member("QueryARN", &AMAZON_RESOURCE_NAME),
    required("ScheduledQueryRoleARN", &AMAZON_RESOURCE_NAME),
    required("ScheduleConfiguration", &SCHEDULE_CONFIGURATION),
    required("AggregationExpression", &AGGREGATION_EXPRESSION),
    member("Tags", &TAG_LIST),
]));

static SET_ALARM_STATE_INPUT: Shape = shape(Kind::Structure(&[
    required("AlarmName", &ALARM_NAME),
    required("StateValue", &STATE_VALUE),
    required("StateReason", &STATE_REASON),
    member("StateReasonData", &STATE_REASON_DATA),
]));

static SINGLE_METRIC_ANOMALY_DETECTOR: Shape = shape(Kind::Structure(&[
    member("AccountId", &ACCOUNT_ID),
    member("Namespace", &NAMESPACE),
    member("MetricName", &METRIC_NAME),
    member("Dimensions", &DIMENSIONS),
    member("Stat", &ANOMALY_DETECTOR_METRIC_STAT),
]));

static SIZE: Shape = shape(Kind::Long);

static SLIDING_WINDOW: Shape = shape(Kind::Structure(&[]));

static STANDARD_UNIT: Shape = shape(Kind::String).one_of(&[
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
]);

static START_TIME_OFFSET: Shape = shape(Kind::Long).at_least(1).at_most(2_592_000);

static STAT: Shape = shape(Kind::String);

static STATE_REASON: Shape = shape(Kind::String).at_least(0).at_most(1_023);

static STATE_REASON_DATA: Shape = shape(Kind::String).at_least(0).at_most(4_000);

static STATE_VALUE: Shape = shape(Kind::String).one_of(&["OK", "ALARM", "INSUFFICIENT_DATA"]);

static STATISTIC: Shape =
    shape(Kind::String).one_of(&["SampleCount", "Average", "Sum", "Minimum", "Maximum"]);

static STATISTIC_SET: Shape = shape(Kind::Structure(&[
    required("SampleCount", &DATAPOINT_VALUE),
    required("Sum", &DATAPOINT_VALUE),
    required("Minimum", &DATAPOINT_VALUE),
    required("Maximum", &DATAPOINT_VALUE),
]));

static STATISTICS: Shape = shape(Kind::List(&STATISTIC)).at_least(1).at_most(5);

static STATUS_CODE: Shape =
    shape(Kind::String).one_of(&["Complete", "InternalError", "PartialData", "Forbidden"]);

static STORAGE_RESOLUTION: Shape = shape(Kind::Integer).at_least(1);

static STRICT_ENTITY_VALIDATION: Shape = shape(Kind::Boolean);

static SUPPRESSOR_PERIOD: Shape = shape(Kind::Integer);

static TAG: Shape = shape(Kind::Structure(&[
    required("Key", &TAG_KEY),
    required("Value", &TAG_VALUE),
]));

static TAG_KEY: Shape = shape(Kind::String).at_least(1).at_most(128);

static TAG_KEY_LIST: Shape = shape(Kind::List(&TAG_KEY));

static TAG_LIST: Shape = shape(Kind::List(&TAG));

static TAG_RESOURCE_INPUT: Shape = shape(Kind::Structure(&[
    required("ResourceARN", &AMAZON_RESOURCE_NAME),
    required("Tags", &TAG_LIST),
]));

static TAG_RESOURCE_OUTPUT: Shape = shape(Kind::Structure(&[]));

static TAG_VALUE: Shape = shape(Kind::String).at_least(0).at_most(256);

static THRESHOLD: Shape = shape(Kind::Double);

static TIMESTAMP: Shape = shape(Kind::Timestamp);

static TIMESTAMPS: Shape = shape(Kind::List(&TIMESTAMP));

static TIMEZONE: Shape = shape(Kind::String).at_least(1).at_most(50);

static TREAT_MISSING_DATA: Shape = shape(Kind::String).at_least(1).at_most(255);

static UNTAG_RESOURCE_INPUT: Shape = shape(Kind::Structure(&[
    required("ResourceARN", &AMAZON_RESOURCE_NAME),
    required("TagKeys", &TAG_KEY_LIST),
]));

static UNTAG_RESOURCE_OUTPUT: Shape = shape(Kind::Structure(&[]));

static VALUES: Shape = shape(Kind::List(&DATAPOINT_VALUE));

static WALL_CLOCK_WINDOW: Shape = shape(Kind::Structure(&[member("Timezone", &TIMEZONE)]));

static WARM_UP_CONFIGURATION: Shape = shape(Kind::Structure(&[
    required(
        "WarmUpPeriodDurationInMinutes",
        &WARM_UP_PERIOD_DURATION_IN_MINUTES,
    ),
    member(
        "OnlyStartEvaluatingAfterWarmUpPeriodEnds",
        &ONLY_START_EVALUATING_AFTER_WARM_UP_PERIOD_ENDS,
    ),
]));

static WARM_UP_PERIOD_DURATION_IN_MINUTES: Shape = shape(Kind::Integer).at_least(1).at_most(2_880);
