//! `CloudWatch` Logs: log groups, streams and their events, tags, queries, lookup tables, policies, subscriptions.
//!
//! Source: the service's API, version 2014-03-28, and recorded answers for the texts of its errors.

mod arn;
pub(crate) mod ask;
mod engine;
mod event;
mod exports;
mod group;
mod lookup_table;
mod metric_filter;
mod policy;
mod queries;
mod reading;
pub(crate) mod scheduled;
mod source;
mod subscriptions;
mod tag;

mod associate_kms_key;
mod cancel_export_task;
mod create_export_task;
mod create_log_group;
mod create_log_stream;
mod create_lookup_table;
mod delete_account_policy;
mod delete_index_policy;
mod delete_log_group;
mod delete_log_stream;
mod delete_lookup_table;
mod delete_metric_filter;
mod delete_query_definition;
mod delete_resource_policy;
mod delete_retention_policy;
mod delete_subscription_filter;
mod describe_account_policies;
mod describe_export_tasks;
mod describe_index_policies;
mod describe_log_groups;
mod describe_log_streams;
mod describe_lookup_tables;
mod describe_metric_filters;
mod describe_queries;
mod describe_query_definitions;
mod describe_resource_policies;
mod describe_subscription_filters;
mod disassociate_kms_key;
mod filter_log_events;
mod get_log_events;
mod get_log_group_fields;
mod get_log_record;
mod get_lookup_table;
pub(crate) mod get_query_results;
mod list_log_groups;
mod list_tags_for_resource;
mod list_tags_log_group;
mod put_account_policy;
mod put_index_policy;
mod put_log_events;
mod put_log_group_deletion_protection;
mod put_metric_filter;
mod put_query_definition;
mod put_resource_policy;
mod put_retention_policy;
mod put_subscription_filter;
mod start_live_tail;
mod start_query;
mod stop_query;
mod tag_log_group;
mod tag_resource;
mod test_metric_filter;
mod untag_log_group;
mod untag_resource;
mod update_lookup_table;

use corelog_types::LOG_NAME_CHARS_MAX;
use corelog_wire::model::{Constraint, Violation};

pub use engine::{
    Amount, Answer, Engine, Estimate, FieldShare, Language, Malformed, NoEngine, Progress,
    QueryError, QuerySpec, Row, Statistics,
};
pub use event::{Away, Events, NoEvents};
pub use exports::{ExportRefused, Exports, NoExports};
#[cfg(test)]
pub(crate) use queries::Asked;
pub use queries::{Queries, QueryLimits, QueryLoad};
pub use scheduled::ScheduledQueries;
pub use subscriptions::{DestinationRefused, NoSubscriptions, NotInForce, Subscriptions};

use crate::aws::{Entry, entry, streaming};

/// The operations that are served, in the order of the model's table.
pub(crate) static OPERATIONS: [Entry; 55] = [
    entry::<associate_kms_key::AssociateKmsKey>(),
    entry::<cancel_export_task::CancelExportTask>(),
    entry::<create_export_task::CreateExportTask>(),
    entry::<create_log_group::CreateLogGroup>(),
    entry::<create_log_stream::CreateLogStream>(),
    entry::<create_lookup_table::CreateLookupTable>(),
    entry::<delete_account_policy::DeleteAccountPolicy>(),
    entry::<delete_index_policy::DeleteIndexPolicy>(),
    entry::<delete_log_group::DeleteLogGroup>(),
    entry::<delete_log_stream::DeleteLogStream>(),
    entry::<delete_lookup_table::DeleteLookupTable>(),
    entry::<delete_metric_filter::DeleteMetricFilter>(),
    entry::<delete_query_definition::DeleteQueryDefinition>(),
    entry::<delete_resource_policy::DeleteResourcePolicy>(),
    entry::<delete_retention_policy::DeleteRetentionPolicy>(),
    entry::<delete_subscription_filter::DeleteSubscriptionFilter>(),
    entry::<describe_account_policies::DescribeAccountPolicies>(),
    entry::<describe_export_tasks::DescribeExportTasks>(),
    entry::<describe_index_policies::DescribeIndexPolicies>(),
    entry::<describe_log_groups::DescribeLogGroups>(),
    entry::<describe_log_streams::DescribeLogStreams>(),
    entry::<describe_lookup_tables::DescribeLookupTables>(),
    entry::<describe_metric_filters::DescribeMetricFilters>(),
    entry::<describe_queries::DescribeQueries>(),
    entry::<describe_query_definitions::DescribeQueryDefinitions>(),
    entry::<describe_resource_policies::DescribeResourcePolicies>(),
    entry::<describe_subscription_filters::DescribeSubscriptionFilters>(),
    entry::<disassociate_kms_key::DisassociateKmsKey>(),
    entry::<filter_log_events::FilterLogEvents>(),
    entry::<get_log_events::GetLogEvents>(),
    entry::<get_log_group_fields::GetLogGroupFields>(),
    entry::<get_log_record::GetLogRecord>(),
    entry::<get_lookup_table::GetLookupTable>(),
    entry::<get_query_results::GetQueryResults>(),
    entry::<list_log_groups::ListLogGroups>(),
    entry::<list_tags_for_resource::ListTagsForResource>(),
    entry::<list_tags_log_group::ListTagsLogGroup>(),
    entry::<put_account_policy::PutAccountPolicy>(),
    entry::<put_index_policy::PutIndexPolicy>(),
    entry::<put_log_events::PutLogEvents>(),
    entry::<put_log_group_deletion_protection::PutLogGroupDeletionProtection>(),
    entry::<put_metric_filter::PutMetricFilter>(),
    entry::<put_query_definition::PutQueryDefinition>(),
    entry::<put_resource_policy::PutResourcePolicy>(),
    entry::<put_retention_policy::PutRetentionPolicy>(),
    entry::<put_subscription_filter::PutSubscriptionFilter>(),
    streaming::<start_live_tail::StartLiveTail>(),
    entry::<start_query::StartQuery>(),
    entry::<stop_query::StopQuery>(),
    entry::<tag_log_group::TagLogGroup>(),
    entry::<tag_resource::TagResource>(),
    entry::<test_metric_filter::TestMetricFilter>(),
    entry::<untag_log_group::UntagLogGroup>(),
    entry::<untag_resource::UntagResource>(),
    entry::<update_lookup_table::UpdateLookupTable>(),
];

/// What the service says of a violation where it has words of its own.
pub(crate) fn own_words(violation: &Violation) -> Option<&'static str> {
    let is_name = matches!(violation.at.as_str(), "logGroupName" | "logStreamName");
    let most = i64::try_from(LOG_NAME_CHARS_MAX).unwrap_or(i64::MAX);
    (is_name && violation.constraint == Constraint::LengthMax(most)).then_some(
        "Invalid LogGroup or LogStream, both must have length less than or equal to 512.",
    )
}
