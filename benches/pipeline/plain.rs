//! Comparison: plain commands for Redis, pipelined, as many as a text takes and with as many bytes.

use std::time::{Duration, Instant};

use redis::Pipeline;

use crate::cost::Cost;
use crate::meter::connect;
use crate::support::process_cpu;

/// Commands that are sent at once.
const PIPELINE: usize = 100;

/// Bytes of a command beside its value.
const OVERHEAD: f64 = 44.0;

/// Rate, and microseconds of Redis' CPU time for the commands of one text.
pub(crate) struct Plain {
    pub(crate) texts_per_second: f64,
    pub(crate) cpu: f64,
}

/// Sends the commands of so many texts, as fast as Redis answers.
pub(crate) async fn flood(redis: (&str, u32), texts: usize, cost: &Cost) -> Plain {
    let (url, id) = redis;
    let pipelines = (texts as f64 * cost.commands) as usize / PIPELINE;
    let pipeline = pipeline(PIPELINE, cost);
    let mut connection = connect(url).await;
    let (began, before) = (Instant::now(), process_cpu(id));
    for _ in 0..pipelines {
        let () = pipeline.query_async(&mut connection).await.unwrap();
    }
    let cpu = process_cpu(id).saturating_sub(before);
    let texts = (pipelines * PIPELINE) as f64 / cost.commands;
    Plain {
        texts_per_second: texts / began.elapsed().as_secs_f64(),
        cpu: cpu.as_secs_f64() * 1e6 / texts,
    }
}

/// Sends the commands of one text at once, at a rate of texts, and returns the CPU time for one.
pub(crate) async fn pace(redis: (&str, u32), texts: usize, rate: u32, cost: &Cost) -> f64 {
    let (url, id) = redis;
    let pipeline = pipeline(cost.commands.round() as usize, cost);
    let mut connection = connect(url).await;
    let mut turns = tokio::time::interval(Duration::from_secs(1) / rate);
    let before = process_cpu(id);
    for _ in 0..texts {
        turns.tick().await;
        let () = pipeline.query_async(&mut connection).await.unwrap();
    }
    process_cpu(id).saturating_sub(before).as_secs_f64() * 1e6 / texts as f64
}

fn pipeline(commands: usize, cost: &Cost) -> Pipeline {
    let length = (cost.bytes / cost.commands - OVERHEAD).max(1.0) as usize;
    let value = "x".repeat(length);
    let mut pipeline = redis::pipe();
    for n in 0..commands {
        pipeline.set(format!("plain:{n:03}"), &value).ignore();
    }
    pipeline
}
