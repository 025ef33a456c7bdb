//! Idle sockets: their memory, and the time to open them.

use std::time::{Duration, Instant};

use crate::client::Clients;
use crate::figures::resident_memory;
use crate::stack::{Server, Stack};
use crate::{PER_ROOM, Scale};

/// Opens sockets in rooms of one web process, and measures what they cost while none of them talks.
/// `settle` is the time after which the process has forgotten the lines of their opening.
pub(crate) async fn measure(server: Server, scale: &Scale, settle: Duration) {
    let count = scale.idle_sockets;
    println!("--- {}: {count} idle sockets in {} rooms", server.title(), count / PER_ROOM);
    let stack = Stack::start(server).await;
    let web = stack.processes[0].1.id();
    let before = resident_memory(web);
    let (cpu, began) = (stack.cpu(), Instant::now());
    let clients = Clients::open(&stack, count / PER_ROOM, PER_ROOM).await;
    println!("  opened in                {:>8.1} s", began.elapsed().as_secs_f64());
    stack.print_cpu(&cpu, count, "socket");
    let per_socket = || (resident_memory(web) - before) / count as f64 / 1e3;
    println!("  memory without sockets   {:>8.1} MB", before / 1e6);
    println!("  memory just opened       {:>8.1} KB per socket", per_socket());
    tokio::time::sleep(settle).await;
    println!("  memory when settled      {:>8.1} KB per socket", per_socket());
    let cpu = stack.cpu();
    tokio::time::sleep(scale.idle_time).await;
    for ((name, now), (_, before)) in stack.cpu().into_iter().zip(cpu) {
        let share =
            now.saturating_sub(before).as_secs_f64() / scale.idle_time.as_secs_f64() * 100.0;
        println!("  {:<24} {share:>8.2} % of a core", format!("{name} CPU while idle"));
    }
    say_one_text_in_each_room(&clients).await;
    println!("  memory after one text    {:>8.1} KB per socket", per_socket());
}

/// Proves that every socket is still there.
async fn say_one_text_in_each_room(clients: &Clients) {
    let began = Instant::now();
    let rooms = clients.len() / clients.per_room;
    for room in 0..rooms {
        clients.say(room * clients.per_room, room).await;
    }
    clients.take(clients.len()).await;
    println!("  one text to each room    {:>8.1} ms", began.elapsed().as_secs_f64() * 1e3);
}
