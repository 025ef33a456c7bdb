//! Calls of the store by requests, within their time and their number.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::error::AdminError;

/// Time limit for the store in one request.
const STORE_TIMEOUT: Duration = Duration::from_secs(5);
/// The same for one that reads or changes much.
const LONG_TIMEOUT: Duration = Duration::from_mins(1);
/// Time that a long read waits for others to end.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bound of long reads at a time in this process, as each may hold much in memory.
static LONG_READS: Semaphore = Semaphore::const_new(2);

/// Awaits calls of the store that read or write a little.
pub(super) async fn in_time<T, E: Into<AdminError>>(
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, AdminError> {
    timeout(STORE_TIMEOUT, call).await.map_err(|_| AdminError::StoreAway)?.map_err(Into::into)
}

/// Awaits calls of the store that may read all of a topic. A few run at a time.
pub(super) async fn in_long_time<T, E: Into<AdminError>>(
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, AdminError> {
    let _turn = turn(PATIENCE).await?;
    timeout(LONG_TIMEOUT, call).await.map_err(|_| AdminError::TooLong)?.map_err(Into::into)
}

/// Waits for the turn of a long read.
async fn turn(patience: Duration) -> Result<SemaphorePermit<'static>, AdminError> {
    let turn = timeout(patience, LONG_READS.acquire()).await;
    turn.map_err(|_| AdminError::Busy(PATIENCE))?.map_err(|_| AdminError::Internal)
}

/// Awaits a change, which goes on to its end and its line of the audit log when its time is over or its
/// client is gone.
pub(super) async fn to_end<T: 'static, E: Into<AdminError> + 'static>(
    work: impl Future<Output = Result<T, E>> + 'static,
) -> Result<T, AdminError> {
    let work = timeout(LONG_TIMEOUT, actix_web::rt::spawn(work)).await;
    work.map_err(|_| AdminError::GoesOn)?.map_err(|_| AdminError::Internal)?.map_err(Into::into)
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[actix_web::test]
    async fn change_goes_on_without_its_request() {
        let (done, is_done) = tokio::sync::oneshot::channel();
        let (begin, is_begun) = tokio::sync::oneshot::channel::<()>();
        let work = async {
            is_begun.await.expect("it begins");
            done.send(()).expect("the test listens");
            Ok::<_, AdminError>(())
        };
        let mut request = Box::pin(to_end(work));
        assert!(timeout(Duration::ZERO, &mut request).await.is_err());
        drop(request);
        begin.send(()).unwrap();
        is_done.await.unwrap();
    }

    #[actix_web::test]
    async fn third_long_read_is_told_to_come_back() {
        let mut others: Vec<_> =
            (0..2).map(|_| Box::pin(in_long_time(pending::<Result<(), AdminError>>()))).collect();
        for other in &mut others {
            assert!(timeout(Duration::ZERO, other).await.is_err());
        }
        let third = turn(Duration::ZERO).await;
        assert!(matches!(third, Err(AdminError::Busy(_))), "{third:?}");
        drop(others);
        in_long_time(async { Ok::<_, AdminError>(()) }).await.unwrap();
    }
}
