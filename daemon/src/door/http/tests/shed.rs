//! A desk that hangs or has too much to do: commands are told to come back, reads are answered, and time goes on after.

use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use tokio::sync::oneshot;

use super::super::COMMANDS_MAX;
use super::*;
use crate::desk::Regulation;
use crate::run::{Failure, QUEUE_MAX};

/// A regulation whose reaction term is one second.
const HASTY: &str = include_str!("../../../../../tests/e2e/hasty.toml");

/// Has the loop hang until what is given back is dropped.
async fn hang(world: &World) -> Sender<()> {
    let (let_go, held) = channel::<()>();
    let (hangs, is_hanging) = oneshot::channel();
    let hang = move |_: &crate::desk::Desk, _| {
        hangs.send(()).expect("the test waits for it");
        let _ = held.recv();
    };
    world.handle.ask(hang).expect("there is room");
    is_hanging.await.expect("it hangs");
    let_go
}

/// Everything that is read without the loop.
async fn reads_are_answered(world: &World) {
    for path in [
        "/v1/tickets",
        "/v1/tickets?status=new&limit=5",
        "/v1/tickets/1",
        "/v1/tickets/1/history",
        "/v1/tickets/1/explain",
        "/v1/whoami",
        "/v1/regulations",
        "/healthz",
        "/metrics",
        "/board",
        "/board.png",
    ] {
        world.get(path).await.ok(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_desk_hangs_reads_are_answered_and_one_command_too_many_is_told_to_come_back() {
    let world = World::new().await;
    world.register().await;
    let let_go = hang(&world).await;
    let waiting: Vec<_> = (0..COMMANDS_MAX)
        .map(|_| {
            let router = world.router.clone();
            tokio::spawn(async move {
                loop {
                    let request = with_json(ask(Method::POST, "/v1/tickets", "agent"), &error());
                    let status = sent(&router, request).await.status;
                    // The one that tries below may have been in before it.
                    if status != 503 {
                        return status;
                    }
                }
            })
        })
        .collect();
    let full = async {
        loop {
            let body = error();
            let one_more = world.post("/v1/tickets", "agent", &body);
            let one_more = tokio::time::timeout(Duration::from_millis(20), one_more);
            // Until all of those are there it waits with them, and goes again.
            if let Ok(answer) = one_more.await {
                break answer;
            }
        }
    };
    let answer = full.await.problem(503, "busy");
    assert_eq!(answer.header("retry-after"), "1");
    assert!(waiting.iter().all(|task| !task.is_finished()), "the others wait");
    // What the desk is asked of a body with something wrong in it takes a place, too.
    world.post("/v1/tickets", "agent", &with_a_stray()).await.problem(503, "busy");
    reads_are_answered(&world).await;
    for path in ["/v1/board", "/v1/alarms", "/v1/status", "/readyz"] {
        // What only the loop knows is not guessed at, and nobody waits for it for ever.
        world.get(path).await.problem(503, "not-ready");
    }
    drop(let_go);
    for task in waiting {
        assert_eq!(task.await.expect("it did not panic"), 201);
    }
    world.register().await;
}

/// A registration with something in it that is nothing of one.
fn with_a_stray() -> Value {
    let mut body = error();
    body["subjekt"] = json!("…");
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_body_is_not_waited_for_while_the_desk_hangs() {
    let world = World::new().await;
    let let_go = hang(&world).await;
    world.post("/v1/tickets", "agent", &with_a_stray()).await.problem(503, "not-ready");
    drop(let_go);
    let told = world.post("/v1/tickets", "agent", &with_a_stray()).await.problem(422, "invalid-fields");
    assert_eq!(told.fields(), ["subjekt"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_is_told_at_once_and_what_time_brings_about_comes_after() {
    let dir = tempfile::tempdir().expect("a directory");
    let hasty = Regulation::parse("hasty.toml", HASTY).expect("it is whole");
    let mut world = World::under(dir.path(), Regulations::new(vec![Arc::new(hasty)]));
    world.add_tokens().await;
    let error =
        || json!({"channel": "email", "type": "error", "subject": "Не печатает", "priority": "normal"});
    world.post("/v1/tickets", "agent", &error()).await.ok(201);
    let let_go = hang(&world).await;
    let mut asked = 0;
    while world.handle.ask(|_, _| ()).is_ok() {
        asked += 1;
    }
    assert_eq!(asked, QUEUE_MAX);
    let direct = world.handle.look(|_, _| ()).await;
    assert!(matches!(direct, Err(Failure::Busy)), "{direct:?}");
    let answer = world.post("/v1/tickets", "agent", &error()).await.problem(503, "busy");
    assert_eq!(answer.header("retry-after"), "1");
    reads_are_answered(&world).await;
    // The term runs out meanwhile.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(world.handle.view().board().alarms_total, 0, "nobody could raise it");
    drop(let_go);
    let raised = async {
        while world.handle.view().board().alarms_total == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), raised).await.expect("the breach is raised");
    world.post("/v1/tickets", "agent", &error()).await.ok(201);
    world.dir = Some(dir);
}
