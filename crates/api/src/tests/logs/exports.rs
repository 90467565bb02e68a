//! Export tasks: what is shown of them, and every refusal.

use super::*;

const INVALID: &str = "InvalidParameterException";

fn wanted(bucket: &str) -> Value {
    json!({"logGroupName": "/sample", "from": 5, "to": 9, "destination": bucket})
}

#[tokio::test]
async fn a_task_is_shown_until_and_after_its_end() {
    let house = house().await;
    furnish(&house).await;
    let mut asked = wanted("logs");
    asked["taskName"] = "nightly".into();
    let created = house.ok("CreateExportTask", asked).await;
    assert_eq!(created, json!({"taskId": "1-task"}));
    let shown = json!({
        "taskId": "1-task", "taskName": "nightly", "logGroupName": "/sample", "from": 5, "to": 9,
        "destination": "logs", "destinationPrefix": "exportedlogs", "status": {"code": "RUNNING"},
        "executionInfo": {"creationTime": NOW.unix_ms()},
    });
    let one = json!({"taskId": "1-task"});
    let described = house.ok("DescribeExportTasks", one.clone()).await;
    assert_eq!(described, json!({"exportTasks": [shown]}));

    house.ok("CancelExportTask", one.clone()).await;
    let described = house.ok("DescribeExportTasks", one.clone()).await;
    assert_eq!(
        described["exportTasks"][0]["status"],
        json!({"code": "CANCELLED"})
    );
    let times = &described["exportTasks"][0]["executionInfo"];
    assert_eq!(times["completionTime"], NOW.unix_ms());
    let finished = "The specified export task has already finished.";
    house
        .check(
            "CancelExportTask",
            one,
            "InvalidOperationException",
            finished,
        )
        .await;
}

#[tokio::test]
async fn tasks_are_listed_by_state_and_page() {
    let house = house().await;
    furnish(&house).await;
    house.ok("CreateExportTask", wanted("logs")).await;
    house
        .ok("CancelExportTask", json!({"taskId": "1-task"}))
        .await;
    house.ok("CreateExportTask", wanted("logs")).await;
    let ids = |answer: &Value| -> Vec<String> {
        let tasks = answer["exportTasks"].as_array().unwrap().iter();
        tasks
            .map(|task| task["taskId"].as_str().unwrap().to_owned())
            .collect()
    };
    let running = json!({"statusCode": "RUNNING"});
    assert_eq!(
        ids(&house.ok("DescribeExportTasks", running).await),
        ["2-task", "0-sample"]
    );
    let first = house.ok("DescribeExportTasks", json!({"limit": 2})).await;
    assert_eq!(ids(&first), ["2-task", "1-task"]);
    let next = json!({"limit": 2, "nextToken": first["nextToken"]});
    let last = house.ok("DescribeExportTasks", next).await;
    assert_eq!(ids(&last), ["0-sample"]);
    assert!(last.get("nextToken").is_none());
    let unknown = house
        .ok("DescribeExportTasks", json!({"taskId": "none"}))
        .await;
    assert_eq!(unknown, json!({"exportTasks": []}));
}

#[tokio::test]
async fn what_cannot_be_exported_is_said_in_the_service_s_words() {
    let house = house().await;
    furnish(&house).await;
    let no_bucket = "The given bucket does not exist. Please make sure the bucket is valid.";
    house
        .check(
            "CreateExportTask",
            wanted("no-such-bucket"),
            INVALID,
            no_bucket,
        )
        .await;
    let denied = "PutObject call on the given bucket failed. Please check if CloudWatch Logs has been granted \
                  permission to perform this operation.";
    house
        .check("CreateExportTask", wanted("not-ours"), INVALID, denied)
        .await;
    let mut backwards = wanted("logs");
    backwards["from"] = 10.into();
    let said = "The `from` of an export must not be after its `to`.";
    house
        .check("CreateExportTask", backwards, INVALID, said)
        .await;
    let mut nowhere = wanted("logs");
    nowhere["logGroupName"] = "/none".into();
    let missing = "The specified log group does not exist.";
    let not_found = "ResourceNotFoundException";
    house
        .check("CreateExportTask", nowhere, not_found, missing)
        .await;
    let unknown = "The specified export task does not exist.";
    let none = json!({"taskId": "none"});
    house
        .check("CancelExportTask", none, not_found, unknown)
        .await;
    house.ok("CreateExportTask", wanted("logs")).await;
    let limit = "Resource limit exceeded.";
    house
        .check(
            "CreateExportTask",
            wanted("logs"),
            "LimitExceededException",
            limit,
        )
        .await;
}
