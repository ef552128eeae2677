//! SQL sessions: one configuration for every place that reads, joins or sorts tables.

use std::path::Path;
use std::sync::Arc;

use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::{DataError, Result, Session};

/// What sorts and joins may hold in memory before they spill to disk.
const MEMORY: usize = 2 << 30;

/// A session that keeps the tensor shapes of Parquet columns, uses all cores and spills to disk beyond 2 GiB.
///
/// ```
/// use relata_data::source::{csv, session};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("t.csv");
/// # std::fs::write(&path, "x\n1\n2\n")?;
/// let table = csv(&path).table(&session()).await?;
/// assert_eq!(table.count().await?, 2);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It spills into the system's folder for temporary files (`TMPDIR`); see [`session_spilling_to`].
pub fn session() -> Session {
    session_with_memory(MEMORY)
}

/// [`session`] with another limit, in bytes, on what sorts and joins hold in memory.
pub fn session_with_memory(bytes: usize) -> Session {
    with_runtime(RuntimeEnvBuilder::new().with_memory_pool(Arc::new(FairSpillPool::new(bytes))))
        .expect("the default disk manager creates its folder only when something spills")
}

/// [`session`], spilling into a folder, which is made. The system's folder for temporary files may be memory.
pub fn session_spilling_to(folder: &Path) -> Result<Session> {
    std::fs::create_dir_all(folder).map_err(DataError::io(folder))?;
    let disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Directories(vec![folder.to_path_buf()]));
    let pool = Arc::new(FairSpillPool::new(MEMORY));
    Ok(with_runtime(RuntimeEnvBuilder::new().with_memory_pool(pool).with_disk_manager_builder(disk))?)
}

fn with_runtime(runtime: RuntimeEnvBuilder) -> datafusion::error::Result<Session> {
    let runtime = runtime.build_arc()?;
    // As many partitions as there are threads for all other work (`RAYON_NUM_THREADS`).
    let cores = rayon::current_num_threads();
    let config = SessionConfig::new().with_target_partitions(cores).with_information_schema(true);
    Ok(Session::new(SessionContext::new_with_config_rt(keep_types(config), runtime)))
}

/// The same session, tables and memory, but reading one file after the other, so that rows come in their order.
pub fn in_file_order(session: &Session) -> Session {
    let mut state = session.state();
    // Without statistics a limit does not choose among the files, which are listed in any order.
    let config = state.config().clone().with_target_partitions(1).with_collect_statistics(false);
    *state.config_mut() = keep_types(config);
    Session::new(SessionContext::new_with_state(state))
}

/// Columns keep their types and the metadata of their fields, which carries the shape of a tensor.
fn keep_types(config: SessionConfig) -> SessionConfig {
    config
        .set_bool("datafusion.execution.parquet.skip_metadata", false)
        .set_bool("datafusion.execution.parquet.schema_force_view_types", false)
        .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false)
}
