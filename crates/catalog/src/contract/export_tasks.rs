//! Export tasks.

use super::{at, name};
use crate::{Catalog, Error, Export, ExportState, ExportTask};

pub(super) async fn check<O>(open: &impl Fn() -> O) -> Result<(), Error>
where
    O: Future<Output = Result<Box<dyn Catalog>, Error>>,
{
    let catalog = open().await?;
    let first = ExportTask {
        name: None,
        export: Export {
            stream_prefix: None,
            ..task("1")?.export
        },
        ..task("1")?
    };
    catalog.add_export_task(&first, 3).await?;
    catalog.add_export_task(&task("2")?, 3).await?;
    let twice = catalog.add_export_task(&task("2")?, 3).await;
    assert!(matches!(twice, Err(Error::Exists)));
    let catalog = open().await?;
    let kept = catalog.export_tasks().await?;
    assert_eq!(kept, [task("2")?, first], "as they were, the newest first");

    let failed = ExportState::Failed("the bucket is gone".to_owned());
    catalog.end_export_task("2", &failed, at(9)).await?;
    let ended = catalog
        .end_export_task("2", &ExportState::Completed, at(10))
        .await;
    assert!(matches!(ended, Err(Error::Stale)), "the first end stays");
    let unknown = catalog
        .end_export_task("9", &ExportState::Completed, at(10))
        .await;
    assert!(matches!(unknown, Err(Error::NotFound)));
    let catalog = open().await?;
    let newest = catalog.export_tasks().await?.into_iter().next();
    let expected = ExportTask {
        ended: Some(at(9)),
        state: failed,
        ..task("2")?
    };
    assert_eq!(newest, Some(expected));

    catalog.add_export_task(&task("3")?, 3).await?;
    catalog
        .end_export_task("3", &ExportState::Cancelled, at(11))
        .await?;
    catalog.add_export_task(&task("4")?, 2).await?;
    let tasks = catalog.export_tasks().await?;
    let ids: Vec<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
    assert_eq!(ids, ["4", "3", "1"], "what runs is not forgotten");
    assert_eq!(tasks[1].state, ExportState::Cancelled);
    Ok(())
}

fn task(id: &str) -> Result<ExportTask, Error> {
    Ok(ExportTask {
        id: id.to_owned(),
        name: Some("nightly".to_owned()),
        export: Export {
            group: name("/exported")?,
            stream_prefix: Some("web-".to_owned()),
            from: at(1),
            to: at(2),
            bucket: "logs".to_owned(),
            prefix: "exportedlogs".to_owned(),
        },
        created: at(3),
        ended: None,
        state: ExportState::Running,
    })
}
