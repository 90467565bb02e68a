//! Operations of `CloudWatch Logs` and what their shapes ask of values. Generated: `cargo xtask codegen`, from botocore 1.44.5.

use crate::model::{Kind, Operation, Pattern, Service, Shape, member, required, shape};

/// The service, with the operations that are served.
pub static SERVICE: Service = Service {
    id: "CloudWatch Logs",
    version: "2014-03-28",
    signing_name: "logs",
    target_prefix: "Logs_20140328",
    json_version: "1.1",
    protocols: &["json"],
    query: None,
    operations: &[
        Operation {
            name: "AssociateKmsKey",
            input: Some(&ASSOCIATE_KMS_KEY_REQUEST),
            output: None,
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "OperationAbortedException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "CancelExportTask",
            input: Some(&CANCEL_EXPORT_TASK_REQUEST),
            output: None,
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "InvalidOperationException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "CreateExportTask",
            input: Some(&CREATE_EXPORT_TASK_REQUEST),
            output: Some(&CREATE_EXPORT_TASK_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "LimitExceededException",
                "OperationAbortedException",
                "ServiceUnavailableException",
                "ResourceNotFoundException",
                "ResourceAlreadyExistsException",
            ],
        },
        Operation {
            name: "CreateLogGroup",
            input: Some(&CREATE_LOG_GROUP_REQUEST),
            output: None,
            errors: &[
                "InvalidParameterException",
                "ResourceAlreadyExistsException",
                "LimitExceededException",
                "OperationAbortedException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "CreateLogStream",
            input: Some(&CREATE_LOG_STREAM_REQUEST),
            output: None,
            errors: &[
                "InvalidParameterException",
                "ResourceAlreadyExistsException",
                "ResourceNotFoundException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "CreateLookupTable",
            input: Some(&CREATE_LOOKUP_TABLE_REQUEST),
            output: Some(&CREATE_LOOKUP_TABLE_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "ResourceAlreadyExistsException",
                "AccessDeniedException",
                "LimitExceededException",
                "ValidationException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "DeleteAccountPolicy",
            input: Some(&DELETE_ACCOUNT_POLICY_REQUEST),
            output: Some(&DELETE_ACCOUNT_POLICY_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "ServiceUnavailableException",
                "OperationAbortedException",
            ],
        },
        Operation {
            name: "DeleteIndexPolicy",
            input: Some(&DELETE_INDEX_POLICY_REQUEST),
            output: Some(&DELETE_INDEX_POLICY_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "LimitExceededException",
                "OperationAbortedException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "DeleteLogGroup",
            input: Some(&DELETE_LOG_GROUP_REQUEST),
            output: None,
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "OperationAbortedException",
                "ServiceUnavailableException",
                "ValidationException",
            ],
        },
        Operation {
            name: "DeleteLogStream",
            input: Some(&DELETE_LOG_STREAM_REQUEST),
            output: None,
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "OperationAbortedException",
                "ServiceUnavailableException",
                "ValidationException",
            ],
        },
        Operation {
            name: "DeleteLookupTable",
            input: Some(&DELETE_LOOKUP_TABLE_REQUEST),
            output: None,
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "AccessDeniedException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "DeleteMetricFilter",
            input: Some(&DELETE_METRIC_FILTER_REQUEST),
            output: None,
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "OperationAbortedException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "DeleteQueryDefinition",
            input: Some(&DELETE_QUERY_DEFINITION_REQUEST),
            output: Some(&DELETE_QUERY_DEFINITION_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "DeleteResourcePolicy",
            input: Some(&DELETE_RESOURCE_POLICY_REQUEST),
            output: None,
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "OperationAbortedException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "DeleteRetentionPolicy",
            input: Some(&DELETE_RETENTION_POLICY_REQUEST),
            output: None,
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "OperationAbortedException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "DeleteSubscriptionFilter",
            input: Some(&DELETE_SUBSCRIPTION_FILTER_REQUEST),
            output: None,
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "OperationAbortedException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "DescribeAccountPolicies",
            input: Some(&DESCRIBE_ACCOUNT_POLICIES_REQUEST),
            output: Some(&DESCRIBE_ACCOUNT_POLICIES_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "OperationAbortedException",
                "ResourceNotFoundException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "DescribeExportTasks",
            input: Some(&DESCRIBE_EXPORT_TASKS_REQUEST),
            output: Some(&DESCRIBE_EXPORT_TASKS_RESPONSE),
            errors: &["InvalidParameterException", "ServiceUnavailableException"],
        },
        Operation {
            name: "DescribeIndexPolicies",
            input: Some(&DESCRIBE_INDEX_POLICIES_REQUEST),
            output: Some(&DESCRIBE_INDEX_POLICIES_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "LimitExceededException",
                "OperationAbortedException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "DescribeLogGroups",
            input: Some(&DESCRIBE_LOG_GROUPS_REQUEST),
            output: Some(&DESCRIBE_LOG_GROUPS_RESPONSE),
            errors: &["InvalidParameterException", "ServiceUnavailableException"],
        },
        Operation {
            name: "DescribeLogStreams",
            input: Some(&DESCRIBE_LOG_STREAMS_REQUEST),
            output: Some(&DESCRIBE_LOG_STREAMS_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "DescribeLookupTables",
            input: Some(&DESCRIBE_LOOKUP_TABLES_REQUEST),
            output: Some(&DESCRIBE_LOOKUP_TABLES_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "AccessDeniedException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "DescribeMetricFilters",
            input: Some(&DESCRIBE_METRIC_FILTERS_REQUEST),
            output: Some(&DESCRIBE_METRIC_FILTERS_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "DescribeQueries",
            input: Some(&DESCRIBE_QUERIES_REQUEST),
            output: Some(&DESCRIBE_QUERIES_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "DescribeQueryDefinitions",
            input: Some(&DESCRIBE_QUERY_DEFINITIONS_REQUEST),
            output: Some(&DESCRIBE_QUERY_DEFINITIONS_RESPONSE),
            errors: &["InvalidParameterException", "ServiceUnavailableException"],
        },
        Operation {
            name: "DescribeResourcePolicies",
            input: Some(&DESCRIBE_RESOURCE_POLICIES_REQUEST),
            output: Some(&DESCRIBE_RESOURCE_POLICIES_RESPONSE),
            errors: &["InvalidParameterException", "ServiceUnavailableException"],
        },
        Operation {
            name: "DescribeSubscriptionFilters",
            input: Some(&DESCRIBE_SUBSCRIPTION_FILTERS_REQUEST),
            output: Some(&DESCRIBE_SUBSCRIPTION_FILTERS_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "DisassociateKmsKey",
            input: Some(&DISASSOCIATE_KMS_KEY_REQUEST),
            output: None,
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "OperationAbortedException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "FilterLogEvents",
            input: Some(&FILTER_LOG_EVENTS_REQUEST),
            output: Some(&FILTER_LOG_EVENTS_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "GetLogEvents",
            input: Some(&GET_LOG_EVENTS_REQUEST),
            output: Some(&GET_LOG_EVENTS_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "GetLogGroupFields",
            input: Some(&GET_LOG_GROUP_FIELDS_REQUEST),
            output: Some(&GET_LOG_GROUP_FIELDS_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "LimitExceededException",
                "ResourceNotFoundException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "GetLogRecord",
            input: Some(&GET_LOG_RECORD_REQUEST),
            output: Some(&GET_LOG_RECORD_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "LimitExceededException",
                "ResourceNotFoundException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "GetLookupTable",
            input: Some(&GET_LOOKUP_TABLE_REQUEST),
            output: Some(&GET_LOOKUP_TABLE_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "AccessDeniedException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "GetQueryResults",
            input: Some(&GET_QUERY_RESULTS_REQUEST),
            output: Some(&GET_QUERY_RESULTS_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "ListLogGroups",
            input: Some(&LIST_LOG_GROUPS_REQUEST),
            output: Some(&LIST_LOG_GROUPS_RESPONSE),
            errors: &["InvalidParameterException", "ServiceUnavailableException"],
        },
        Operation {
            name: "ListTagsForResource",
            input: Some(&LIST_TAGS_FOR_RESOURCE_REQUEST),
            output: Some(&LIST_TAGS_FOR_RESOURCE_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "ListTagsLogGroup",
            input: Some(&LIST_TAGS_LOG_GROUP_REQUEST),
            output: Some(&LIST_TAGS_LOG_GROUP_RESPONSE),
            errors: &["ResourceNotFoundException", "ServiceUnavailableException"],
        },
        Operation {
            name: "PutAccountPolicy",
            input: Some(&PUT_ACCOUNT_POLICY_REQUEST),
            output: Some(&PUT_ACCOUNT_POLICY_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "OperationAbortedException",
                "ServiceUnavailableException",
                "LimitExceededException",
            ],
        },
        Operation {
            name: "PutIndexPolicy",
            input: Some(&PUT_INDEX_POLICY_REQUEST),
            output: Some(&PUT_INDEX_POLICY_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "LimitExceededException",
                "OperationAbortedException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "PutLogEvents",
            input: Some(&PUT_LOG_EVENTS_REQUEST),
            output: Some(&PUT_LOG_EVENTS_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "InvalidSequenceTokenException",
                "DataAlreadyAcceptedException",
                "ResourceNotFoundException",
                "ServiceUnavailableException",
                "UnrecognizedClientException",
            ],
        },
        Operation {
            name: "PutLogGroupDeletionProtection",
            input: Some(&PUT_LOG_GROUP_DELETION_PROTECTION_REQUEST),
            output: None,
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "AccessDeniedException",
                "OperationAbortedException",
                "ServiceUnavailableException",
                "InvalidOperationException",
            ],
        },
        Operation {
            name: "PutMetricFilter",
            input: Some(&PUT_METRIC_FILTER_REQUEST),
            output: None,
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "OperationAbortedException",
                "LimitExceededException",
                "ServiceUnavailableException",
                "InvalidOperationException",
            ],
        },
        Operation {
            name: "PutQueryDefinition",
            input: Some(&PUT_QUERY_DEFINITION_REQUEST),
            output: Some(&PUT_QUERY_DEFINITION_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "LimitExceededException",
                "ResourceNotFoundException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "PutResourcePolicy",
            input: Some(&PUT_RESOURCE_POLICY_REQUEST),
            output: Some(&PUT_RESOURCE_POLICY_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "LimitExceededException",
                "OperationAbortedException",
                "ResourceNotFoundException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "PutRetentionPolicy",
            input: Some(&PUT_RETENTION_POLICY_REQUEST),
            output: None,
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "OperationAbortedException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "PutSubscriptionFilter",
            input: Some(&PUT_SUBSCRIPTION_FILTER_REQUEST),
            output: None,
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "OperationAbortedException",
                "LimitExceededException",
                "ServiceUnavailableException",
                "InvalidOperationException",
            ],
        },
        Operation {
            name: "StartLiveTail",
            input: Some(&START_LIVE_TAIL_REQUEST),
            output: Some(&START_LIVE_TAIL_RESPONSE),
            errors: &[
                "AccessDeniedException",
                "InvalidParameterException",
                "ResourceNotFoundException",
                "LimitExceededException",
                "InvalidOperationException",
            ],
        },
        Operation {
            name: "StartQuery",
            input: Some(&START_QUERY_REQUEST),
            output: Some(&START_QUERY_RESPONSE),
            errors: &[
                "MalformedQueryException",
                "InvalidParameterException",
                "LimitExceededException",
                "ResourceNotFoundException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "StopQuery",
            input: Some(&STOP_QUERY_REQUEST),
            output: Some(&STOP_QUERY_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "TagLogGroup",
            input: Some(&TAG_LOG_GROUP_REQUEST),
            output: None,
            errors: &["ResourceNotFoundException", "InvalidParameterException"],
        },
        Operation {
            name: "TagResource",
            input: Some(&TAG_RESOURCE_REQUEST),
            output: None,
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "ServiceUnavailableException",
                "TooManyTagsException",
            ],
        },
        Operation {
            name: "TestMetricFilter",
            input: Some(&TEST_METRIC_FILTER_REQUEST),
            output: Some(&TEST_METRIC_FILTER_RESPONSE),
            errors: &["InvalidParameterException", "ServiceUnavailableException"],
        },
        Operation {
            name: "UntagLogGroup",
            input: Some(&UNTAG_LOG_GROUP_REQUEST),
            output: None,
            errors: &["ResourceNotFoundException"],
        },
        Operation {
            name: "UntagResource",
            input: Some(&UNTAG_RESOURCE_REQUEST),
            output: None,
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "ServiceUnavailableException",
            ],
        },
        Operation {
            name: "UpdateLookupTable",
            input: Some(&UPDATE_LOOKUP_TABLE_REQUEST),
            output: Some(&UPDATE_LOOKUP_TABLE_RESPONSE),
            errors: &[
                "InvalidParameterException",
                "ResourceNotFoundException",
                "AccessDeniedException",
                "ValidationException",
                "ServiceUnavailableException",
            ],
        },
    ],
};

static PATTERN_0A713F24: Pattern = Pattern::new("[\\.\\-_/#A-Za-z0-9]+", "[\\.\\-_/#A-Za-z0-9]+");

static PATTERN_0B7140B7: Pattern = Pattern::new("[\\.\\-_/#A-Za-z0-9]*", "[\\.\\-_/#A-Za-z0-9]*");

static PATTERN_0CB60C3C: Pattern = Pattern::new(
    "^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+)$",
    "^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+)$",
);

static PATTERN_21C7582F: Pattern = Pattern::new("[^:*]*", "[^:*]*");

static PATTERN_29225310: Pattern = Pattern::new("[\\w+=/:,.@-]*", "[0-9A-Za-z_+=/:,.@-]*");

static PATTERN_495A1F33: Pattern = Pattern::new("[^:*$]*", "[^:*$]*");

static PATTERN_614D8488: Pattern = Pattern::new("\\S{36,128}", "[^ \\t\\n\\x0B\\f\\r]{36,128}");

static PATTERN_8015376B: Pattern = Pattern::new(
    "^!?\\*?([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)\\*?$",
    "^!?\\*?([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)\\*?$",
);

static PATTERN_8F444F43: Pattern =
    Pattern::new("^[a-zA-Z_][a-zA-Z0-9_]*", "^[a-zA-Z_][a-zA-Z0-9_]*");

static PATTERN_B1FC4C7B: Pattern = Pattern::new(
    "^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$",
    "^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$",
);

static PATTERN_D9C3D62B: Pattern = Pattern::new("^[a-zA-Z0-9_]+$", "^[a-zA-Z0-9_]+$");

static PATTERN_DAEFB3BA: Pattern =
    Pattern::new("[\\w+=/:,.@\\-\\*]*", "[0-9A-Za-z_+=/:,.@\\-\\*]*");

static PATTERN_E46BEDE7: Pattern = Pattern::new("[\\w#+=/:,.@-]*", "[0-9A-Za-z_#+=/:,.@-]*");

static PATTERN_EEB8FE8D: Pattern = Pattern::new(
    "(\\^?[\\.\\-_\\/#A-Za-z0-9]{3,24})(\\|\\^?[\\.\\-_\\/#A-Za-z0-9]{3,24}){0,4}",
    "(\\^?[\\.\\-_\\/#A-Za-z0-9]{3,24})(\\|\\^?[\\.\\-_\\/#A-Za-z0-9]{3,24}){0,4}",
);

static PATTERN_F8B59BE4: Pattern = Pattern::new("^\\d{12}$", "^[0-9]{12}$");

static ACCOUNT_ID: Shape = shape(Kind::String)
    .at_least(12)
    .at_most(12)
    .like(&PATTERN_F8B59BE4);

static ACCOUNT_IDS: Shape = shape(Kind::List(&ACCOUNT_ID)).at_least(0).at_most(20);

static ACCOUNT_POLICIES: Shape = shape(Kind::List(&ACCOUNT_POLICY));

static ACCOUNT_POLICY: Shape = shape(Kind::Structure(&[
    member("policyName", &POLICY_NAME),
    member("policyDocument", &ACCOUNT_POLICY_DOCUMENT),
    member("lastUpdatedTime", &TIMESTAMP),
    member("policyType", &POLICY_TYPE),
    member("scope", &SCOPE),
    member("selectionCriteria", &SELECTION_CRITERIA),
    member("accountId", &ACCOUNT_ID),
]));

static ACCOUNT_POLICY_DOCUMENT: Shape = shape(Kind::String);

static AMAZON_RESOURCE_NAME: Shape = shape(Kind::String)
    .at_least(1)
    .at_most(1_011)
    .like(&PATTERN_29225310);

static APPLY_ON_TRANSFORMED_LOGS: Shape = shape(Kind::Boolean);

static ARN: Shape = shape(Kind::String);

static ASSOCIATE_KMS_KEY_REQUEST: Shape = shape(Kind::Structure(&[
    member("logGroupName", &LOG_GROUP_NAME),
    required("kmsKeyId", &KMS_KEY_ID),
    member("resourceIdentifier", &RESOURCE_IDENTIFIER),
]));

static BEARER_TOKEN_AUTHENTICATION_ENABLED: Shape = shape(Kind::Boolean);

static BYTES_SCANNED_VALUE: Shape = shape(Kind::Double);

static CANCEL_EXPORT_TASK_REQUEST: Shape =
    shape(Kind::Structure(&[required("taskId", &EXPORT_TASK_ID)]));

static CLIENT_TOKEN: Shape = shape(Kind::String)
    .at_least(36)
    .at_most(128)
    .like(&PATTERN_614D8488);

static CREATE_EXPORT_TASK_REQUEST: Shape = shape(Kind::Structure(&[
    member("taskName", &EXPORT_TASK_NAME),
    required("logGroupName", &LOG_GROUP_NAME),
    member("logStreamNamePrefix", &LOG_STREAM_NAME),
    required("from", &TIMESTAMP),
    required("to", &TIMESTAMP),
    required("destination", &EXPORT_DESTINATION_BUCKET),
    member("destinationPrefix", &EXPORT_DESTINATION_PREFIX),
]));

static CREATE_EXPORT_TASK_RESPONSE: Shape =
    shape(Kind::Structure(&[member("taskId", &EXPORT_TASK_ID)]));

static CREATE_LOG_GROUP_REQUEST: Shape = shape(Kind::Structure(&[
    required("logGroupName", &LOG_GROUP_NAME),
    member("kmsKeyId", &KMS_KEY_ID),
    member("tags", &TAGS),
    member("logGroupClass", &LOG_GROUP_CLASS),
    member("deletionProtectionEnabled", &DELETION_PROTECTION_ENABLED),
]));

static CREATE_LOG_STREAM_REQUEST: Shape = shape(Kind::Structure(&[
    required("logGroupName", &LOG_GROUP_NAME),
    required("logStreamName", &LOG_STREAM_NAME),
]));

static CREATE_LOOKUP_TABLE_REQUEST: Shape = shape(Kind::Structure(&[
    required("lookupTableName", &LOOKUP_TABLE_NAME),
    member("description", &LOOKUP_TABLE_DESCRIPTION),
    member("tableBody", &TABLE_BODY),
    member("queryId", &QUERY_ID),
    member("kmsKeyId", &KMS_KEY_ID),
    member("tags", &TAGS),
]));

static CREATE_LOOKUP_TABLE_RESPONSE: Shape = shape(Kind::Structure(&[
    member("lookupTableArn", &ARN),
    member("createdAt", &TIMESTAMP),
]));

static DATA_PROTECTION_STATUS: Shape =
    shape(Kind::String).one_of(&["ACTIVATED", "DELETED", "ARCHIVED", "DISABLED"]);

static DATA_SOURCE_FILTER: Shape = shape(Kind::Structure(&[
    required("name", &DATA_SOURCE_NAME),
    member("type", &DATA_SOURCE_TYPE),
]));

static DATA_SOURCE_FILTERS: Shape = shape(Kind::List(&DATA_SOURCE_FILTER))
    .at_least(1)
    .at_most(5);

static DATA_SOURCE_NAME: Shape = shape(Kind::String);

static DATA_SOURCE_TYPE: Shape = shape(Kind::String);

static DAYS: Shape = shape(Kind::Integer);

static DEFAULT_VALUE: Shape = shape(Kind::Double);

static DELETE_ACCOUNT_POLICY_REQUEST: Shape = shape(Kind::Structure(&[
    required("policyName", &POLICY_NAME),
    required("policyType", &POLICY_TYPE),
    member("dryRun", &DRY_RUN),
]));

static DELETE_ACCOUNT_POLICY_RESPONSE: Shape =
    shape(Kind::Structure(&[member("dryRunResult", &DRY_RUN_RESULT)]));

static DELETE_INDEX_POLICY_REQUEST: Shape = shape(Kind::Structure(&[required(
    "logGroupIdentifier",
    &LOG_GROUP_IDENTIFIER,
)]));

static DELETE_INDEX_POLICY_RESPONSE: Shape = shape(Kind::Structure(&[]));

static DELETE_LOG_GROUP_REQUEST: Shape = shape(Kind::Structure(&[required(
    "logGroupName",
    &LOG_GROUP_NAME,
)]));

static DELETE_LOG_STREAM_REQUEST: Shape = shape(Kind::Structure(&[
    required("logGroupName", &LOG_GROUP_NAME),
    required("logStreamName", &LOG_STREAM_NAME),
]));

static DELETE_LOOKUP_TABLE_REQUEST: Shape =
    shape(Kind::Structure(&[required("lookupTableArn", &ARN)]));

static DELETE_METRIC_FILTER_REQUEST: Shape = shape(Kind::Structure(&[
    required("logGroupName", &LOG_GROUP_NAME),
    required("filterName", &FILTER_NAME),
]));

static DELETE_QUERY_DEFINITION_REQUEST: Shape =
    shape(Kind::Structure(&[required("queryDefinitionId", &QUERY_ID)]));

static DELETE_QUERY_DEFINITION_RESPONSE: Shape =
    shape(Kind::Structure(&[member("success", &SUCCESS)]));

static DELETE_RESOURCE_POLICY_REQUEST: Shape = shape(Kind::Structure(&[
    member("policyName", &POLICY_NAME),
    member("resourceArn", &ARN),
    member("expectedRevisionId", &EXPECTED_REVISION_ID),
]));

static DELETE_RETENTION_POLICY_REQUEST: Shape = shape(Kind::Structure(&[required(
    "logGroupName",
    &LOG_GROUP_NAME,
)]));

static DELETE_SUBSCRIPTION_FILTER_REQUEST: Shape = shape(Kind::Structure(&[
    required("logGroupName", &LOG_GROUP_NAME),
    required("filterName", &FILTER_NAME),
]));

static DELETION_PROTECTION_ENABLED: Shape = shape(Kind::Boolean);

static DESCENDING: Shape = shape(Kind::Boolean);

static DESCRIBE_ACCOUNT_POLICIES_REQUEST: Shape = shape(Kind::Structure(&[
    required("policyType", &POLICY_TYPE),
    member("policyName", &POLICY_NAME),
    member("accountIdentifiers", &ACCOUNT_IDS),
    member("nextToken", &NEXT_TOKEN),
]));

static DESCRIBE_ACCOUNT_POLICIES_RESPONSE: Shape = shape(Kind::Structure(&[
    member("accountPolicies", &ACCOUNT_POLICIES),
    member("nextToken", &NEXT_TOKEN),
]));

static DESCRIBE_EXPORT_TASKS_REQUEST: Shape = shape(Kind::Structure(&[
    member("taskId", &EXPORT_TASK_ID),
    member("statusCode", &EXPORT_TASK_STATUS_CODE),
    member("nextToken", &NEXT_TOKEN),
    member("limit", &DESCRIBE_LIMIT),
]));

static DESCRIBE_EXPORT_TASKS_RESPONSE: Shape = shape(Kind::Structure(&[
    member("exportTasks", &EXPORT_TASKS),
    member("nextToken", &NEXT_TOKEN),
]));

static DESCRIBE_INDEX_POLICIES_LOG_GROUP_IDENTIFIERS: Shape =
    shape(Kind::List(&LOG_GROUP_IDENTIFIER))
        .at_least(1)
        .at_most(1);

static DESCRIBE_INDEX_POLICIES_REQUEST: Shape = shape(Kind::Structure(&[
    required(
        "logGroupIdentifiers",
        &DESCRIBE_INDEX_POLICIES_LOG_GROUP_IDENTIFIERS,
    ),
    member("nextToken", &NEXT_TOKEN),
]));

static DESCRIBE_INDEX_POLICIES_RESPONSE: Shape = shape(Kind::Structure(&[
    member("indexPolicies", &INDEX_POLICIES),
    member("nextToken", &NEXT_TOKEN),
]));

static DESCRIBE_LIMIT: Shape = shape(Kind::Integer).at_least(1).at_most(50);

static DESCRIBE_LOG_GROUPS_LOG_GROUP_IDENTIFIERS: Shape = shape(Kind::List(&LOG_GROUP_IDENTIFIER))
    .at_least(1)
    .at_most(50);

static DESCRIBE_LOG_GROUPS_REQUEST: Shape = shape(Kind::Structure(&[
    member("accountIdentifiers", &ACCOUNT_IDS),
    member("logGroupNamePrefix", &LOG_GROUP_NAME),
    member("logGroupNamePattern", &LOG_GROUP_NAME_PATTERN),
    member("nextToken", &NEXT_TOKEN),
    member("limit", &DESCRIBE_LIMIT),
    member("includeLinkedAccounts", &INCLUDE_LINKED_ACCOUNTS),
    member("logGroupClass", &LOG_GROUP_CLASS),
    member(
        "logGroupIdentifiers",
        &DESCRIBE_LOG_GROUPS_LOG_GROUP_IDENTIFIERS,
    ),
]));

static DESCRIBE_LOG_GROUPS_RESPONSE: Shape = shape(Kind::Structure(&[
    member("logGroups", &LOG_GROUPS),
    member("nextToken", &NEXT_TOKEN),
]));

static DESCRIBE_LOG_STREAMS_REQUEST: Shape = shape(Kind::Structure(&[
    member("logGroupName", &LOG_GROUP_NAME),
    member("logGroupIdentifier", &LOG_GROUP_IDENTIFIER),
    member("logStreamNamePrefix", &LOG_STREAM_NAME),
    member("orderBy", &ORDER_BY),
    member("descending", &DESCENDING),
    member("nextToken", &NEXT_TOKEN),
    member("limit", &DESCRIBE_LIMIT),
]));

static DESCRIBE_LOG_STREAMS_RESPONSE: Shape = shape(Kind::Structure(&[
    member("logStreams", &LOG_STREAMS),
    member("nextToken", &NEXT_TOKEN),
]));

static DESCRIBE_LOOKUP_TABLES_MAX_RESULTS: Shape = shape(Kind::Integer).at_most(100);

static DESCRIBE_LOOKUP_TABLES_REQUEST: Shape = shape(Kind::Structure(&[
    member("lookupTableNamePrefix", &LOOKUP_TABLE_NAME),
    member("maxResults", &DESCRIBE_LOOKUP_TABLES_MAX_RESULTS),
    member("nextToken", &NEXT_TOKEN),
]));

static DESCRIBE_LOOKUP_TABLES_RESPONSE: Shape = shape(Kind::Structure(&[
    member("lookupTables", &LOOKUP_TABLES),
    member("nextToken", &NEXT_TOKEN),
]));

static DESCRIBE_METRIC_FILTERS_REQUEST: Shape = shape(Kind::Structure(&[
    member("logGroupName", &LOG_GROUP_NAME),
    member("filterNamePrefix", &FILTER_NAME),
    member("nextToken", &NEXT_TOKEN),
    member("limit", &DESCRIBE_LIMIT),
    member("metricName", &METRIC_NAME),
    member("metricNamespace", &METRIC_NAMESPACE),
]));

static DESCRIBE_METRIC_FILTERS_RESPONSE: Shape = shape(Kind::Structure(&[
    member("metricFilters", &METRIC_FILTERS),
    member("nextToken", &NEXT_TOKEN),
]));

static DESCRIBE_QUERIES_MAX_RESULTS: Shape = shape(Kind::Integer).at_least(1).at_most(1_000);

static DESCRIBE_QUERIES_REQUEST: Shape = shape(Kind::Structure(&[
    member("logGroupName", &LOG_GROUP_NAME),
    member("status", &QUERY_STATUS),
    member("maxResults", &DESCRIBE_QUERIES_MAX_RESULTS),
    member("nextToken", &NEXT_TOKEN),
    member("queryLanguage", &QUERY_LANGUAGE),
]));

static DESCRIBE_QUERIES_RESPONSE: Shape = shape(Kind::Structure(&[
    member("queries", &QUERY_INFO_LIST),
    member("nextToken", &NEXT_TOKEN),
]));

static DESCRIBE_QUERY_DEFINITIONS_REQUEST: Shape = shape(Kind::Structure(&[
    member("queryLanguage", &QUERY_LANGUAGE),
    member("queryDefinitionNamePrefix", &QUERY_DEFINITION_NAME),
    member("maxResults", &QUERY_LIST_MAX_RESULTS),
    member("nextToken", &NEXT_TOKEN),
]));

static DESCRIBE_QUERY_DEFINITIONS_RESPONSE: Shape = shape(Kind::Structure(&[
    member("queryDefinitions", &QUERY_DEFINITION_LIST),
    member("nextToken", &NEXT_TOKEN),
]));

static DESCRIBE_RESOURCE_POLICIES_REQUEST: Shape = shape(Kind::Structure(&[
    member("nextToken", &NEXT_TOKEN),
    member("limit", &DESCRIBE_LIMIT),
    member("resourceArn", &ARN),
    member("policyScope", &POLICY_SCOPE),
]));

static DESCRIBE_RESOURCE_POLICIES_RESPONSE: Shape = shape(Kind::Structure(&[
    member("resourcePolicies", &RESOURCE_POLICIES),
    member("nextToken", &NEXT_TOKEN),
]));

static DESCRIBE_SUBSCRIPTION_FILTERS_REQUEST: Shape = shape(Kind::Structure(&[
    required("logGroupName", &LOG_GROUP_NAME),
    member("filterNamePrefix", &FILTER_NAME),
    member("nextToken", &NEXT_TOKEN),
    member("limit", &DESCRIBE_LIMIT),
]));

static DESCRIBE_SUBSCRIPTION_FILTERS_RESPONSE: Shape = shape(Kind::Structure(&[
    member("subscriptionFilters", &SUBSCRIPTION_FILTERS),
    member("nextToken", &NEXT_TOKEN),
]));

static DESTINATION_ARN: Shape = shape(Kind::String).at_least(1);

static DIMENSIONS: Shape = shape(Kind::Map(&DIMENSIONS_KEY, &DIMENSIONS_VALUE));

static DIMENSIONS_KEY: Shape = shape(Kind::String).at_most(255);

static DIMENSIONS_VALUE: Shape = shape(Kind::String).at_most(255);

static DISASSOCIATE_KMS_KEY_REQUEST: Shape = shape(Kind::Structure(&[
    member("logGroupName", &LOG_GROUP_NAME),
    member("resourceIdentifier", &RESOURCE_IDENTIFIER),
]));

static DISTRIBUTION: Shape = shape(Kind::String).one_of(&["Random", "ByLogStream"]);

static DRY_RUN: Shape = shape(Kind::Boolean);

static DRY_RUN_COUNT: Shape = shape(Kind::Integer).at_least(0);

static DRY_RUN_RESULT: Shape = shape(Kind::Structure(&[
    member("totalMatchedLogGroups", &DRY_RUN_COUNT),
    member("increasedRetentionLogGroupCount", &DRY_RUN_COUNT),
    member("decreasedRetentionLogGroupCount", &DRY_RUN_COUNT),
    member("unchangedRetentionLogGroupCount", &DRY_RUN_COUNT),
    member("failedAnalysisCount", &DRY_RUN_COUNT),
    member("topLogGroupsImpacted", &LOG_GROUP_IMPACTS),
]));

static EMIT_SYSTEM_FIELDS: Shape = shape(Kind::List(&SYSTEM_FIELD));

static ENCRYPTION_KEY: Shape = shape(Kind::String).at_most(256);

static ENTITY: Shape = shape(Kind::Structure(&[
    member("keyAttributes", &ENTITY_KEY_ATTRIBUTES),
    member("attributes", &ENTITY_ATTRIBUTES),
]));

static ENTITY_ATTRIBUTES: Shape =
    shape(Kind::Map(&ENTITY_ATTRIBUTES_KEY, &ENTITY_ATTRIBUTES_VALUE))
        .at_least(0)
        .at_most(10);

static ENTITY_ATTRIBUTES_KEY: Shape = shape(Kind::String).at_least(1).at_most(256);

static ENTITY_ATTRIBUTES_VALUE: Shape = shape(Kind::String).at_least(1).at_most(512);

static ENTITY_KEY_ATTRIBUTES: Shape = shape(Kind::Map(
    &ENTITY_KEY_ATTRIBUTES_KEY,
    &ENTITY_KEY_ATTRIBUTES_VALUE,
))
.at_least(2)
.at_most(4);

static ENTITY_KEY_ATTRIBUTES_KEY: Shape = shape(Kind::String).at_least(1).at_most(32);

static ENTITY_KEY_ATTRIBUTES_VALUE: Shape = shape(Kind::String).at_least(1).at_most(512);

static ENTITY_REJECTION_ERROR_TYPE: Shape = shape(Kind::String).one_of(&[
    "InvalidEntity",
    "InvalidTypeValue",
    "InvalidKeyAttributes",
    "InvalidAttributes",
    "EntitySizeTooLarge",
    "UnsupportedLogGroupType",
    "MissingRequiredFields",
]);

static EVENT_ID: Shape = shape(Kind::String);

static EVENT_MESSAGE: Shape = shape(Kind::String).at_least(1);

static EVENT_NUMBER: Shape = shape(Kind::Long);

static EVENTS_LIMIT: Shape = shape(Kind::Integer).at_least(1).at_most(10_000);

static EVENTS_LIMIT_START_QUERY: Shape = shape(Kind::Integer).at_least(1).at_most(100_000);

static EXPECTED_REVISION_ID: Shape = shape(Kind::String).at_least(1);

static EXPORT_DESTINATION_BUCKET: Shape = shape(Kind::String).at_least(1).at_most(512);

static EXPORT_DESTINATION_PREFIX: Shape = shape(Kind::String);

static EXPORT_TASK: Shape = shape(Kind::Structure(&[
    member("taskId", &EXPORT_TASK_ID),
    member("taskName", &EXPORT_TASK_NAME),
    member("logGroupName", &LOG_GROUP_NAME),
    member("from", &TIMESTAMP),
    member("to", &TIMESTAMP),
    member("destination", &EXPORT_DESTINATION_BUCKET),
    member("destinationPrefix", &EXPORT_DESTINATION_PREFIX),
    member("status", &EXPORT_TASK_STATUS),
    member("executionInfo", &EXPORT_TASK_EXECUTION_INFO),
]));

static EXPORT_TASK_EXECUTION_INFO: Shape = shape(Kind::Structure(&[
    member("creationTime", &TIMESTAMP),
    member("completionTime", &TIMESTAMP),
]));

static EXPORT_TASK_ID: Shape = shape(Kind::String).at_least(1).at_most(512);

static EXPORT_TASK_NAME: Shape = shape(Kind::String).at_least(1).at_most(512);

static EXPORT_TASK_STATUS: Shape = shape(Kind::Structure(&[
    member("code", &EXPORT_TASK_STATUS_CODE),
    member("message", &EXPORT_TASK_STATUS_MESSAGE),
]));

static EXPORT_TASK_STATUS_CODE: Shape = shape(Kind::String).one_of(&[
    "CANCELLED",
    "COMPLETED",
    "FAILED",
    "PENDING",
    "PENDING_CANCEL",
    "RUNNING",
]);

static EXPORT_TASK_STATUS_MESSAGE: Shape = shape(Kind::String);

static EXPORT_TASKS: Shape = shape(Kind::List(&EXPORT_TASK));

static EXTRACTED_VALUES: Shape = shape(Kind::Map(&TOKEN, &VALUE));

static FIELD: Shape = shape(Kind::String);

static FIELD_INDEX_NAME: Shape = shape(Kind::String)
    .at_least(1)
    .at_most(512)
    .like(&PATTERN_0A713F24);

static FIELD_INDEX_NAMES: Shape = shape(Kind::List(&FIELD_INDEX_NAME)).at_least(1).at_most(20);

static FIELD_SELECTION_CRITERIA: Shape = shape(Kind::String).at_least(0).at_most(2_000);

static FILTER_COUNT: Shape = shape(Kind::Integer);

static FILTER_LOG_EVENTS_REQUEST: Shape = shape(Kind::Structure(&[
    member("logGroupName", &LOG_GROUP_NAME),
    member("logGroupIdentifier", &LOG_GROUP_IDENTIFIER),
    member("logStreamNames", &INPUT_LOG_STREAM_NAMES),
    member("logStreamNamePrefix", &LOG_STREAM_NAME),
    member("startTime", &TIMESTAMP),
    member("endTime", &TIMESTAMP),
    member("filterPattern", &FILTER_PATTERN),
    member("nextToken", &NEXT_TOKEN),
    member("limit", &EVENTS_LIMIT),
    member("startFromHead", &START_FROM_HEAD),
    member("interleaved", &INTERLEAVED),
    member("unmask", &UNMASK),
]));

static FILTER_LOG_EVENTS_RESPONSE: Shape = shape(Kind::Structure(&[
    member("events", &FILTERED_LOG_EVENTS),
    member("searchedLogStreams", &SEARCHED_LOG_STREAMS),
    member("nextToken", &NEXT_TOKEN),
]));

static FILTER_NAME: Shape = shape(Kind::String)
    .at_least(1)
    .at_most(512)
    .like(&PATTERN_21C7582F);

static FILTER_PATTERN: Shape = shape(Kind::String).at_least(0).at_most(1_024);

static FILTERED_LOG_EVENT: Shape = shape(Kind::Structure(&[
    member("logStreamName", &LOG_STREAM_NAME),
    member("timestamp", &TIMESTAMP),
    member("message", &EVENT_MESSAGE),
    member("ingestionTime", &TIMESTAMP),
    member("eventId", &EVENT_ID),
]));

static FILTERED_LOG_EVENTS: Shape = shape(Kind::List(&FILTERED_LOG_EVENT));

static GET_LOG_EVENTS_REQUEST: Shape = shape(Kind::Structure(&[
    member("logGroupName", &LOG_GROUP_NAME),
    member("logGroupIdentifier", &LOG_GROUP_IDENTIFIER),
    required("logStreamName", &LOG_STREAM_NAME),
    member("startTime", &TIMESTAMP),
    member("endTime", &TIMESTAMP),
    member("nextToken", &NEXT_TOKEN),
    member("limit", &EVENTS_LIMIT),
    member("startFromHead", &START_FROM_HEAD),
    member("unmask", &UNMASK),
]));

static GET_LOG_EVENTS_RESPONSE: Shape = shape(Kind::Structure(&[
    member("events", &OUTPUT_LOG_EVENTS),
    member("nextForwardToken", &NEXT_TOKEN),
    member("nextBackwardToken", &NEXT_TOKEN),
]));

static GET_LOG_GROUP_FIELDS_REQUEST: Shape = shape(Kind::Structure(&[
    member("logGroupName", &LOG_GROUP_NAME),
    member("time", &TIMESTAMP),
    member("logGroupIdentifier", &LOG_GROUP_IDENTIFIER),
]));

static GET_LOG_GROUP_FIELDS_RESPONSE: Shape = shape(Kind::Structure(&[member(
    "logGroupFields",
    &LOG_GROUP_FIELD_LIST,
)]));

static GET_LOG_RECORD_REQUEST: Shape = shape(Kind::Structure(&[
    required("logRecordPointer", &LOG_RECORD_POINTER),
    member("unmask", &UNMASK),
]));

static GET_LOG_RECORD_RESPONSE: Shape = shape(Kind::Structure(&[member("logRecord", &LOG_RECORD)]));

static GET_LOOKUP_TABLE_REQUEST: Shape =
    shape(Kind::Structure(&[required("lookupTableArn", &ARN)]));

static GET_LOOKUP_TABLE_RESPONSE: Shape = shape(Kind::Structure(&[
    member("lookupTableArn", &ARN),
    member("lookupTableName", &LOOKUP_TABLE_NAME),
    member("description", &LOOKUP_TABLE_DESCRIPTION),
    member("tableBody", &TABLE_BODY),
    member("sizeBytes", &STORED_BYTES),
    member("lastUpdatedTime", &TIMESTAMP),
    member("kmsKeyId", &KMS_KEY_ID),
]));

static GET_QUERY_RESULTS_MAX_ITEMS: Shape = shape(Kind::Integer).at_least(0).at_most(10_000);

static GET_QUERY_RESULTS_NEXT_TOKEN: Shape = shape(Kind::String).at_most(1_024);

static GET_QUERY_RESULTS_REQUEST: Shape = shape(Kind::Structure(&[
    required("queryId", &QUERY_ID),
    member("nextToken", &GET_QUERY_RESULTS_NEXT_TOKEN),
    member("maxItems", &GET_QUERY_RESULTS_MAX_ITEMS),
]));

static GET_QUERY_RESULTS_RESPONSE: Shape = shape(Kind::Structure(&[
    member("queryLanguage", &QUERY_LANGUAGE),
    member("results", &QUERY_RESULTS),
    member("statistics", &QUERY_STATISTICS),
    member("status", &QUERY_STATUS),
    member("encryptionKey", &ENCRYPTION_KEY),
    member("nextToken", &GET_QUERY_RESULTS_NEXT_TOKEN),
]));

static INCLUDE_LINKED_ACCOUNTS: Shape = shape(Kind::Boolean);

static INDEX_POLICIES: Shape = shape(Kind::List(&INDEX_POLICY));

static INDEX_POLICY: Shape = shape(Kind::Structure(&[
    member("logGroupIdentifier", &LOG_GROUP_IDENTIFIER),
    member("lastUpdateTime", &TIMESTAMP),
    member("policyDocument", &POLICY_DOCUMENT),
    member("policyName", &POLICY_NAME),
    member("source", &INDEX_SOURCE),
]));

static INDEX_SOURCE: Shape = shape(Kind::String).one_of(&["ACCOUNT", "LOG_GROUP"]);

static INHERITED_PROPERTIES: Shape = shape(Kind::List(&INHERITED_PROPERTY));

static INHERITED_PROPERTY: Shape = shape(Kind::String).one_of(&["ACCOUNT_DATA_PROTECTION"]);

static INPUT_LOG_EVENT: Shape = shape(Kind::Structure(&[
    required("timestamp", &TIMESTAMP),
    required("message", &EVENT_MESSAGE),
]));

static INPUT_LOG_EVENTS: Shape = shape(Kind::List(&INPUT_LOG_EVENT))
    .at_least(1)
    .at_most(10_000);

static INPUT_LOG_STREAM_NAMES: Shape = shape(Kind::List(&LOG_STREAM_NAME)).at_least(1).at_most(100);

static INTERLEAVED: Shape = shape(Kind::Boolean);

static IS_SAMPLED: Shape = shape(Kind::Boolean);

static KMS_KEY_ID: Shape = shape(Kind::String).at_most(256);

static LIST_LIMIT: Shape = shape(Kind::Integer).at_least(1).at_most(1_000);

static LIST_LOG_GROUPS_REQUEST: Shape = shape(Kind::Structure(&[
    member("logGroupNamePattern", &LOG_GROUP_NAME_REGEX_PATTERN),
    member("logGroupClass", &LOG_GROUP_CLASS),
    member("includeLinkedAccounts", &INCLUDE_LINKED_ACCOUNTS),
    member("accountIdentifiers", &ACCOUNT_IDS),
    member("nextToken", &NEXT_TOKEN),
    member("limit", &LIST_LIMIT),
    member("dataSources", &DATA_SOURCE_FILTERS),
    member("fieldIndexNames", &FIELD_INDEX_NAMES),
    member("logGroupTags", &TAG_FILTERS),
]));

static LIST_LOG_GROUPS_RESPONSE: Shape = shape(Kind::Structure(&[
    member("logGroups", &LOG_GROUP_SUMMARIES),
    member("nextToken", &NEXT_TOKEN),
]));

static LIST_TAGS_FOR_RESOURCE_REQUEST: Shape = shape(Kind::Structure(&[required(
    "resourceArn",
    &AMAZON_RESOURCE_NAME,
)]));

static LIST_TAGS_FOR_RESOURCE_RESPONSE: Shape = shape(Kind::Structure(&[member("tags", &TAGS)]));

static LIST_TAGS_LOG_GROUP_REQUEST: Shape = shape(Kind::Structure(&[required(
    "logGroupName",
    &LOG_GROUP_NAME,
)]));

static LIST_TAGS_LOG_GROUP_RESPONSE: Shape = shape(Kind::Structure(&[member("tags", &TAGS)]));

static LIVE_TAIL_SESSION_LOG_EVENT: Shape = shape(Kind::Structure(&[
    member("logStreamName", &LOG_STREAM_NAME),
    member("logGroupIdentifier", &LOG_GROUP_IDENTIFIER),
    member("message", &EVENT_MESSAGE),
    member("timestamp", &TIMESTAMP),
    member("ingestionTime", &TIMESTAMP),
]));

static LIVE_TAIL_SESSION_METADATA: Shape =
    shape(Kind::Structure(&[member("sampled", &IS_SAMPLED)]));

static LIVE_TAIL_SESSION_RESULTS: Shape = shape(Kind::List(&LIVE_TAIL_SESSION_LOG_EVENT));

static LIVE_TAIL_SESSION_START: Shape = shape(Kind::Structure(&[
    member("requestId", &REQUEST_ID),
    member("sessionId", &SESSION_ID),
    member(
        "logGroupIdentifiers",
        &START_LIVE_TAIL_LOG_GROUP_IDENTIFIERS,
    ),
    member("logStreamNames", &INPUT_LOG_STREAM_NAMES),
    member("logStreamNamePrefixes", &INPUT_LOG_STREAM_NAMES),
    member("logEventFilterPattern", &FILTER_PATTERN),
]));

static LIVE_TAIL_SESSION_UPDATE: Shape = shape(Kind::Structure(&[
    member("sessionMetadata", &LIVE_TAIL_SESSION_METADATA),
    member("sessionResults", &LIVE_TAIL_SESSION_RESULTS),
]));

static LOG_EVENT_INDEX: Shape = shape(Kind::Integer);

static LOG_GROUP: Shape = shape(Kind::Structure(&[
    member("logGroupName", &LOG_GROUP_NAME),
    member("creationTime", &TIMESTAMP),
    member("retentionInDays", &DAYS),
    member("metricFilterCount", &FILTER_COUNT),
    member("arn", &ARN),
    member("storedBytes", &STORED_BYTES),
    member("kmsKeyId", &KMS_KEY_ID),
    member("dataProtectionStatus", &DATA_PROTECTION_STATUS),
    member("inheritedProperties", &INHERITED_PROPERTIES),
    member("logGroupClass", &LOG_GROUP_CLASS),
    member("logGroupArn", &ARN),
    member("deletionProtectionEnabled", &DELETION_PROTECTION_ENABLED),
    member(
        "bearerTokenAuthenticationEnabled",
        &BEARER_TOKEN_AUTHENTICATION_ENABLED,
    ),
    member("retentionPolicyName", &POLICY_NAME),
]));

static LOG_GROUP_CLASS: Shape =
    shape(Kind::String).one_of(&["STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS"]);

static LOG_GROUP_FIELD: Shape = shape(Kind::Structure(&[
    member("name", &FIELD),
    member("percent", &PERCENTAGE),
]));

static LOG_GROUP_FIELD_LIST: Shape = shape(Kind::List(&LOG_GROUP_FIELD));

static LOG_GROUP_IDENTIFIER: Shape = shape(Kind::String)
    .at_least(1)
    .at_most(2_048)
    .like(&PATTERN_E46BEDE7);

static LOG_GROUP_IDENTIFIERS: Shape = shape(Kind::List(&LOG_GROUP_IDENTIFIER));

static LOG_GROUP_IMPACT: Shape = shape(Kind::Structure(&[
    member("logGroupName", &LOG_GROUP_NAME),
    member("currentRetention", &RETENTION_VALUE),
    member("proposedRetention", &RETENTION_VALUE),
    member("storedBytes", &STORED_BYTES),
]));

static LOG_GROUP_IMPACTS: Shape = shape(Kind::List(&LOG_GROUP_IMPACT));

static LOG_GROUP_NAME: Shape = shape(Kind::String)
    .at_least(1)
    .at_most(512)
    .like(&PATTERN_0A713F24);

static LOG_GROUP_NAME_PATTERN: Shape = shape(Kind::String)
    .at_least(0)
    .at_most(512)
    .like(&PATTERN_0B7140B7);

static LOG_GROUP_NAME_REGEX_PATTERN: Shape = shape(Kind::String)
    .at_least(3)
    .at_most(129)
    .like(&PATTERN_EEB8FE8D);

static LOG_GROUP_NAMES: Shape = shape(Kind::List(&LOG_GROUP_NAME));

static LOG_GROUP_SUMMARIES: Shape = shape(Kind::List(&LOG_GROUP_SUMMARY));

static LOG_GROUP_SUMMARY: Shape = shape(Kind::Structure(&[
    member("logGroupName", &LOG_GROUP_NAME),
    member("logGroupArn", &ARN),
    member("logGroupClass", &LOG_GROUP_CLASS),
]));

static LOG_GROUPS: Shape = shape(Kind::List(&LOG_GROUP));

static LOG_RECORD: Shape = shape(Kind::Map(&FIELD, &VALUE));

static LOG_RECORD_POINTER: Shape = shape(Kind::String);

static LOG_STREAM: Shape = shape(Kind::Structure(&[
    member("logStreamName", &LOG_STREAM_NAME),
    member("creationTime", &TIMESTAMP),
    member("firstEventTimestamp", &TIMESTAMP),
    member("lastEventTimestamp", &TIMESTAMP),
    member("lastIngestionTime", &TIMESTAMP),
    member("uploadSequenceToken", &SEQUENCE_TOKEN),
    member("arn", &ARN),
    member("storedBytes", &STORED_BYTES),
]));

static LOG_STREAM_NAME: Shape = shape(Kind::String)
    .at_least(1)
    .at_most(512)
    .like(&PATTERN_21C7582F);

static LOG_STREAM_SEARCHED_COMPLETELY: Shape = shape(Kind::Boolean);

static LOG_STREAMS: Shape = shape(Kind::List(&LOG_STREAM));

static LOOKUP_TABLE: Shape = shape(Kind::Structure(&[
    member("lookupTableArn", &ARN),
    member("lookupTableName", &LOOKUP_TABLE_NAME),
    member("description", &LOOKUP_TABLE_DESCRIPTION),
    member("tableFields", &TABLE_FIELDS),
    member("recordsCount", &RECORDS_COUNT),
    member("sizeBytes", &STORED_BYTES),
    member("lastUpdatedTime", &TIMESTAMP),
    member("kmsKeyId", &KMS_KEY_ID),
]));

static LOOKUP_TABLE_DESCRIPTION: Shape = shape(Kind::String).at_least(0).at_most(1_024);

static LOOKUP_TABLE_NAME: Shape = shape(Kind::String)
    .at_least(1)
    .at_most(256)
    .like(&PATTERN_D9C3D62B);

static LOOKUP_TABLES: Shape = shape(Kind::List(&LOOKUP_TABLE));

static MESSAGE: Shape = shape(Kind::String);

static METRIC_FILTER: Shape = shape(Kind::Structure(&[
    member("filterName", &FILTER_NAME),
    member("filterPattern", &FILTER_PATTERN),
    member("metricTransformations", &METRIC_TRANSFORMATIONS),
    member("creationTime", &TIMESTAMP),
    member("logGroupName", &LOG_GROUP_NAME),
    member("applyOnTransformedLogs", &APPLY_ON_TRANSFORMED_LOGS),
    member("fieldSelectionCriteria", &FIELD_SELECTION_CRITERIA),
    member("emitSystemFieldDimensions", &EMIT_SYSTEM_FIELDS),
]));

static METRIC_FILTER_MATCH_RECORD: Shape = shape(Kind::Structure(&[
    member("eventNumber", &EVENT_NUMBER),
    member("eventMessage", &EVENT_MESSAGE),
    member("extractedValues", &EXTRACTED_VALUES),
]));

static METRIC_FILTER_MATCHES: Shape = shape(Kind::List(&METRIC_FILTER_MATCH_RECORD));

static METRIC_FILTERS: Shape = shape(Kind::List(&METRIC_FILTER));

static METRIC_NAME: Shape = shape(Kind::String).at_most(255).like(&PATTERN_495A1F33);

static METRIC_NAMESPACE: Shape = shape(Kind::String).at_most(255).like(&PATTERN_495A1F33);

static METRIC_TRANSFORMATION: Shape = shape(Kind::Structure(&[
    required("metricName", &METRIC_NAME),
    required("metricNamespace", &METRIC_NAMESPACE),
    required("metricValue", &METRIC_VALUE),
    member("defaultValue", &DEFAULT_VALUE),
    member("dimensions", &DIMENSIONS),
    member("unit", &STANDARD_UNIT),
]));

static METRIC_TRANSFORMATIONS: Shape = shape(Kind::List(&METRIC_TRANSFORMATION))
    .at_least(1)
    .at_most(1);

static METRIC_VALUE: Shape = shape(Kind::String).at_most(100);

static NEXT_TOKEN: Shape = shape(Kind::String).at_least(1);

static ORDER_BY: Shape = shape(Kind::String).one_of(&["LogStreamName", "LastEventTime"]);

static OUTPUT_LOG_EVENT: Shape = shape(Kind::Structure(&[
    member("timestamp", &TIMESTAMP),
    member("message", &EVENT_MESSAGE),
    member("ingestionTime", &TIMESTAMP),
]));

static OUTPUT_LOG_EVENTS: Shape = shape(Kind::List(&OUTPUT_LOG_EVENT));

static PERCENTAGE: Shape = shape(Kind::Integer).at_least(0).at_most(100);

static POLICY_DOCUMENT: Shape = shape(Kind::String).at_least(1).at_most(51_200);

static POLICY_NAME: Shape = shape(Kind::String);

static POLICY_SCOPE: Shape = shape(Kind::String).one_of(&["ACCOUNT", "RESOURCE"]);

static POLICY_TYPE: Shape = shape(Kind::String).one_of(&[
    "DATA_PROTECTION_POLICY",
    "SUBSCRIPTION_FILTER_POLICY",
    "FIELD_INDEX_POLICY",
    "TRANSFORMER_POLICY",
    "METRIC_EXTRACTION_POLICY",
    "RETENTION_POLICY",
]);

static PUT_ACCOUNT_POLICY_REQUEST: Shape = shape(Kind::Structure(&[
    required("policyName", &POLICY_NAME),
    required("policyDocument", &ACCOUNT_POLICY_DOCUMENT),
    required("policyType", &POLICY_TYPE),
    member("scope", &SCOPE),
    member("selectionCriteria", &SELECTION_CRITERIA),
    member("dryRun", &DRY_RUN),
]));

static PUT_ACCOUNT_POLICY_RESPONSE: Shape = shape(Kind::Structure(&[
    member("accountPolicy", &ACCOUNT_POLICY),
    member("dryRunResult", &DRY_RUN_RESULT),
]));

static PUT_INDEX_POLICY_REQUEST: Shape = shape(Kind::Structure(&[
    required("logGroupIdentifier", &LOG_GROUP_IDENTIFIER),
    required("policyDocument", &POLICY_DOCUMENT),
]));

static PUT_INDEX_POLICY_RESPONSE: Shape =
    shape(Kind::Structure(&[member("indexPolicy", &INDEX_POLICY)]));

static PUT_LOG_EVENTS_REQUEST: Shape = shape(Kind::Structure(&[
    required("logGroupName", &LOG_GROUP_NAME),
    required("logStreamName", &LOG_STREAM_NAME),
    required("logEvents", &INPUT_LOG_EVENTS),
    member("sequenceToken", &SEQUENCE_TOKEN),
    member("entity", &ENTITY),
]));

static PUT_LOG_EVENTS_RESPONSE: Shape = shape(Kind::Structure(&[
    member("nextSequenceToken", &SEQUENCE_TOKEN),
    member("rejectedLogEventsInfo", &REJECTED_LOG_EVENTS_INFO),
    member("rejectedEntityInfo", &REJECTED_ENTITY_INFO),
]));

static PUT_LOG_GROUP_DELETION_PROTECTION_REQUEST: Shape = shape(Kind::Structure(&[
    required("logGroupIdentifier", &LOG_GROUP_IDENTIFIER),
    required("deletionProtectionEnabled", &DELETION_PROTECTION_ENABLED),
]));

static PUT_METRIC_FILTER_REQUEST: Shape = shape(Kind::Structure(&[
    required("logGroupName", &LOG_GROUP_NAME),
    required("filterName", &FILTER_NAME),
    required("filterPattern", &FILTER_PATTERN),
    required("metricTransformations", &METRIC_TRANSFORMATIONS),
    member("applyOnTransformedLogs", &APPLY_ON_TRANSFORMED_LOGS),
    member("fieldSelectionCriteria", &FIELD_SELECTION_CRITERIA),
    member("emitSystemFieldDimensions", &EMIT_SYSTEM_FIELDS),
]));

static PUT_QUERY_DEFINITION_REQUEST: Shape = shape(Kind::Structure(&[
    member("queryLanguage", &QUERY_LANGUAGE),
    required("name", &QUERY_DEFINITION_NAME),
    member("queryDefinitionId", &QUERY_ID),
    member("logGroupNames", &LOG_GROUP_NAMES),
    required("queryString", &QUERY_DEFINITION_STRING),
    member("clientToken", &CLIENT_TOKEN),
    member("parameters", &QUERY_PARAMETER_LIST),
]));

static PUT_QUERY_DEFINITION_RESPONSE: Shape =
    shape(Kind::Structure(&[member("queryDefinitionId", &QUERY_ID)]));

static PUT_RESOURCE_POLICY_REQUEST: Shape = shape(Kind::Structure(&[
    member("policyName", &POLICY_NAME),
    member("policyDocument", &POLICY_DOCUMENT),
    member("resourceArn", &ARN),
    member("expectedRevisionId", &EXPECTED_REVISION_ID),
]));

static PUT_RESOURCE_POLICY_RESPONSE: Shape = shape(Kind::Structure(&[
    member("resourcePolicy", &RESOURCE_POLICY),
    member("revisionId", &EXPECTED_REVISION_ID),
]));

static PUT_RETENTION_POLICY_REQUEST: Shape = shape(Kind::Structure(&[
    required("logGroupName", &LOG_GROUP_NAME),
    required("retentionInDays", &DAYS),
]));

static PUT_SUBSCRIPTION_FILTER_REQUEST: Shape = shape(Kind::Structure(&[
    required("logGroupName", &LOG_GROUP_NAME),
    required("filterName", &FILTER_NAME),
    required("filterPattern", &FILTER_PATTERN),
    required("destinationArn", &DESTINATION_ARN),
    member("roleArn", &ROLE_ARN),
    member("distribution", &DISTRIBUTION),
    member("applyOnTransformedLogs", &APPLY_ON_TRANSFORMED_LOGS),
    member("fieldSelectionCriteria", &FIELD_SELECTION_CRITERIA),
    member("emitSystemFields", &EMIT_SYSTEM_FIELDS),
]));

static QUERY_DEFINITION: Shape = shape(Kind::Structure(&[
    member("queryLanguage", &QUERY_LANGUAGE),
    member("queryDefinitionId", &QUERY_ID),
    member("name", &QUERY_DEFINITION_NAME),
    member("queryString", &QUERY_DEFINITION_STRING),
    member("lastModified", &TIMESTAMP),
    member("logGroupNames", &LOG_GROUP_NAMES),
    member("parameters", &QUERY_PARAMETER_LIST),
]));

static QUERY_DEFINITION_LIST: Shape = shape(Kind::List(&QUERY_DEFINITION));

static QUERY_DEFINITION_NAME: Shape = shape(Kind::String).at_least(1).at_most(255);

static QUERY_DEFINITION_STRING: Shape = shape(Kind::String).at_least(1).at_most(10_000);

static QUERY_DURATION: Shape = shape(Kind::Long);

static QUERY_ID: Shape = shape(Kind::String).at_least(1).at_most(256);

static QUERY_INFO: Shape = shape(Kind::Structure(&[
    member("queryLanguage", &QUERY_LANGUAGE),
    member("queryId", &QUERY_ID),
    member("queryString", &QUERY_STRING),
    member("status", &QUERY_STATUS),
    member("createTime", &TIMESTAMP),
    member("logGroupName", &LOG_GROUP_NAME),
    member("queryDuration", &QUERY_DURATION),
    member("bytesScanned", &BYTES_SCANNED_VALUE),
    member("userIdentity", &USER_IDENTITY),
]));

static QUERY_INFO_LIST: Shape = shape(Kind::List(&QUERY_INFO));

static QUERY_LANGUAGE: Shape = shape(Kind::String).one_of(&["CWLI", "SQL", "PPL"]);

static QUERY_LIST_MAX_RESULTS: Shape = shape(Kind::Integer).at_least(1).at_most(1_000);

static QUERY_PARAMETER: Shape = shape(Kind::Structure(&[
    required("name", &QUERY_PARAMETER_NAME),
    member("defaultValue", &QUERY_PARAMETER_DEFAULT_VALUE),
    member("description", &QUERY_PARAMETER_DESCRIPTION),
]));

static QUERY_PARAMETER_DEFAULT_VALUE: Shape = shape(Kind::String).at_most(1_024);

static QUERY_PARAMETER_DESCRIPTION: Shape = shape(Kind::String).at_most(512);

static QUERY_PARAMETER_LIST: Shape = shape(Kind::List(&QUERY_PARAMETER)).at_most(20);

static QUERY_PARAMETER_NAME: Shape = shape(Kind::String)
    .at_least(1)
    .at_most(128)
    .like(&PATTERN_8F444F43);

static QUERY_RESULTS: Shape = shape(Kind::List(&RESULT_ROWS));

static QUERY_STATISTICS: Shape = shape(Kind::Structure(&[
    member("recordsMatched", &STATS_VALUE),
    member("recordsScanned", &STATS_VALUE),
    member("estimatedRecordsSkipped", &STATS_VALUE),
    member("bytesScanned", &STATS_VALUE),
    member("estimatedBytesSkipped", &STATS_VALUE),
    member("logGroupsScanned", &STATS_VALUE),
    member("resultCount", &STATS_VALUE),
]));

static QUERY_STATUS: Shape = shape(Kind::String).one_of(&[
    "Scheduled",
    "Running",
    "Complete",
    "Failed",
    "Cancelled",
    "Timeout",
    "Unknown",
]);

static QUERY_STRING: Shape = shape(Kind::String).at_least(0).at_most(10_000);

static RECORDS_COUNT: Shape = shape(Kind::Long).at_least(0);

static REJECTED_ENTITY_INFO: Shape = shape(Kind::Structure(&[required(
    "errorType",
    &ENTITY_REJECTION_ERROR_TYPE,
)]));

static REJECTED_LOG_EVENTS_INFO: Shape = shape(Kind::Structure(&[
    member("tooNewLogEventStartIndex", &LOG_EVENT_INDEX),
    member("tooOldLogEventEndIndex", &LOG_EVENT_INDEX),
    member("expiredLogEventEndIndex", &LOG_EVENT_INDEX),
]));

static REQUEST_ID: Shape = shape(Kind::String).at_least(0).at_most(256);

static RESOURCE_IDENTIFIER: Shape = shape(Kind::String)
    .at_least(1)
    .at_most(2_048)
    .like(&PATTERN_DAEFB3BA);

static RESOURCE_POLICIES: Shape = shape(Kind::List(&RESOURCE_POLICY));

static RESOURCE_POLICY: Shape = shape(Kind::Structure(&[
    member("policyName", &POLICY_NAME),
    member("policyDocument", &POLICY_DOCUMENT),
    member("lastUpdatedTime", &TIMESTAMP),
    member("policyScope", &POLICY_SCOPE),
    member("resourceArn", &ARN),
    member("revisionId", &EXPECTED_REVISION_ID),
]));

static RESULT_FIELD: Shape = shape(Kind::Structure(&[
    member("field", &FIELD),
    member("value", &VALUE),
]));

static RESULT_ROWS: Shape = shape(Kind::List(&RESULT_FIELD));

static RETENTION_VALUE: Shape = shape(Kind::String).at_least(1).at_most(12);

static ROLE_ARN: Shape = shape(Kind::String).at_least(1);

static SCOPE: Shape = shape(Kind::String).one_of(&["ALL"]);

static SEARCHED_LOG_STREAM: Shape = shape(Kind::Structure(&[
    member("logStreamName", &LOG_STREAM_NAME),
    member("searchedCompletely", &LOG_STREAM_SEARCHED_COMPLETELY),
]));

static SEARCHED_LOG_STREAMS: Shape = shape(Kind::List(&SEARCHED_LOG_STREAM));

static SELECTION_CRITERIA: Shape = shape(Kind::String);

static SEQUENCE_TOKEN: Shape = shape(Kind::String).at_least(1);

static SESSION_ID: Shape = shape(Kind::String).at_least(0).at_most(256);

static SESSION_STREAMING_EXCEPTION: Shape = shape(Kind::Structure(&[member("message", &MESSAGE)]));

static SESSION_TIMEOUT_EXCEPTION: Shape = shape(Kind::Structure(&[member("message", &MESSAGE)]));

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

static START_FROM_HEAD: Shape = shape(Kind::Boolean);

static START_LIVE_TAIL_LOG_GROUP_IDENTIFIERS: Shape = shape(Kind::List(&LOG_GROUP_IDENTIFIER))
    .at_least(1)
    .at_most(10);

static START_LIVE_TAIL_REQUEST: Shape = shape(Kind::Structure(&[
    required(
        "logGroupIdentifiers",
        &START_LIVE_TAIL_LOG_GROUP_IDENTIFIERS,
    ),
    member("logStreamNames", &INPUT_LOG_STREAM_NAMES),
    member("logStreamNamePrefixes", &INPUT_LOG_STREAM_NAMES),
    member("logEventFilterPattern", &FILTER_PATTERN),
]));

static START_LIVE_TAIL_RESPONSE: Shape = shape(Kind::Structure(&[member(
    "responseStream",
    &START_LIVE_TAIL_RESPONSE_STREAM,
)]));

static START_LIVE_TAIL_RESPONSE_STREAM: Shape = shape(Kind::Structure(&[
    member("sessionStart", &LIVE_TAIL_SESSION_START),
    member("sessionUpdate", &LIVE_TAIL_SESSION_UPDATE),
    member("SessionTimeoutException", &SESSION_TIMEOUT_EXCEPTION),
    member("SessionStreamingException", &SESSION_STREAMING_EXCEPTION),
]));

static START_QUERY_REQUEST: Shape = shape(Kind::Structure(&[
    member("queryLanguage", &QUERY_LANGUAGE),
    member("logGroupName", &LOG_GROUP_NAME),
    member("logGroupNames", &LOG_GROUP_NAMES),
    member("logGroupIdentifiers", &LOG_GROUP_IDENTIFIERS),
    required("startTime", &TIMESTAMP),
    required("endTime", &TIMESTAMP),
    required("queryString", &QUERY_STRING),
    member("limit", &EVENTS_LIMIT_START_QUERY),
]));

static START_QUERY_RESPONSE: Shape = shape(Kind::Structure(&[member("queryId", &QUERY_ID)]));

static STATS_VALUE: Shape = shape(Kind::Double);

static STOP_QUERY_REQUEST: Shape = shape(Kind::Structure(&[required("queryId", &QUERY_ID)]));

static STOP_QUERY_RESPONSE: Shape = shape(Kind::Structure(&[member("success", &SUCCESS)]));

static STORED_BYTES: Shape = shape(Kind::Long).at_least(0);

static STRING: Shape = shape(Kind::String);

static SUBSCRIPTION_FILTER: Shape = shape(Kind::Structure(&[
    member("filterName", &FILTER_NAME),
    member("logGroupName", &LOG_GROUP_NAME),
    member("filterPattern", &FILTER_PATTERN),
    member("destinationArn", &DESTINATION_ARN),
    member("roleArn", &ROLE_ARN),
    member("distribution", &DISTRIBUTION),
    member("applyOnTransformedLogs", &APPLY_ON_TRANSFORMED_LOGS),
    member("creationTime", &TIMESTAMP),
    member("fieldSelectionCriteria", &FIELD_SELECTION_CRITERIA),
    member("emitSystemFields", &EMIT_SYSTEM_FIELDS),
]));

static SUBSCRIPTION_FILTERS: Shape = shape(Kind::List(&SUBSCRIPTION_FILTER));

static SUCCESS: Shape = shape(Kind::Boolean);

static SYSTEM_FIELD: Shape = shape(Kind::String);

static TABLE_BODY: Shape = shape(Kind::String).at_least(1).at_most(10_485_760);

static TABLE_FIELDS: Shape = shape(Kind::List(&STRING));

static TAG_FILTER: Shape = shape(Kind::Structure(&[
    required("key", &TAG_FILTER_KEY),
    member("values", &TAG_FILTER_VALUES),
]));

static TAG_FILTER_KEY: Shape = shape(Kind::String)
    .at_least(1)
    .at_most(128)
    .like(&PATTERN_0CB60C3C);

static TAG_FILTER_VALUE: Shape = shape(Kind::String)
    .at_least(0)
    .at_most(259)
    .like(&PATTERN_8015376B);

static TAG_FILTER_VALUES: Shape = shape(Kind::List(&TAG_FILTER_VALUE)).at_least(0).at_most(5);

static TAG_FILTERS: Shape = shape(Kind::List(&TAG_FILTER)).at_least(1).at_most(5);

static TAG_KEY: Shape = shape(Kind::String)
    .at_least(1)
    .at_most(128)
    .like(&PATTERN_0CB60C3C);

static TAG_KEY_LIST: Shape = shape(Kind::List(&TAG_KEY)).at_least(0).at_most(50);

static TAG_LIST: Shape = shape(Kind::List(&TAG_KEY)).at_least(1);

static TAG_LOG_GROUP_REQUEST: Shape = shape(Kind::Structure(&[
    required("logGroupName", &LOG_GROUP_NAME),
    required("tags", &TAGS),
]));

static TAG_RESOURCE_REQUEST: Shape = shape(Kind::Structure(&[
    required("resourceArn", &AMAZON_RESOURCE_NAME),
    required("tags", &TAGS),
]));

static TAG_VALUE: Shape = shape(Kind::String).at_most(256).like(&PATTERN_B1FC4C7B);

static TAGS: Shape = shape(Kind::Map(&TAG_KEY, &TAG_VALUE))
    .at_least(1)
    .at_most(50);

static TEST_EVENT_MESSAGES: Shape = shape(Kind::List(&EVENT_MESSAGE)).at_least(1).at_most(50);

static TEST_METRIC_FILTER_REQUEST: Shape = shape(Kind::Structure(&[
    required("filterPattern", &FILTER_PATTERN),
    required("logEventMessages", &TEST_EVENT_MESSAGES),
]));

static TEST_METRIC_FILTER_RESPONSE: Shape = shape(Kind::Structure(&[member(
    "matches",
    &METRIC_FILTER_MATCHES,
)]));

static TIMESTAMP: Shape = shape(Kind::Long).at_least(0);

static TOKEN: Shape = shape(Kind::String);

static UNMASK: Shape = shape(Kind::Boolean);

static UNTAG_LOG_GROUP_REQUEST: Shape = shape(Kind::Structure(&[
    required("logGroupName", &LOG_GROUP_NAME),
    required("tags", &TAG_LIST),
]));

static UNTAG_RESOURCE_REQUEST: Shape = shape(Kind::Structure(&[
    required("resourceArn", &AMAZON_RESOURCE_NAME),
    required("tagKeys", &TAG_KEY_LIST),
]));

static UPDATE_LOOKUP_TABLE_REQUEST: Shape = shape(Kind::Structure(&[
    required("lookupTableArn", &ARN),
    member("description", &LOOKUP_TABLE_DESCRIPTION),
    member("tableBody", &TABLE_BODY),
    member("queryId", &QUERY_ID),
    member("kmsKeyId", &KMS_KEY_ID),
]));

static UPDATE_LOOKUP_TABLE_RESPONSE: Shape = shape(Kind::Structure(&[
    member("lookupTableArn", &ARN),
    member("lastUpdatedTime", &TIMESTAMP),
]));

static USER_IDENTITY: Shape = shape(Kind::String).at_least(1).at_most(2_048);

static VALUE: Shape = shape(Kind::String);
