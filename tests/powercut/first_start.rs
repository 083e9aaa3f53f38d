//! The power goes right after the first start.

use andon_tests::daemon::Daemon;
use andon_tests::disk::Cut;
use andon_tests::random::Random;

use super::proof;

#[test]
fn the_first_agents_token_is_the_same_after_a_cut() {
    let Some(mounted) = proof::mounted("the first token") else { return };
    let state = mounted.join("state");
    let daemon = Daemon::start(&state, &[]);
    let token = daemon.token().to_owned();
    mounted.disk().power_off();
    daemon.kill();
    mounted.disk().cut(Cut::LoseUnsynced, &mut Random::new(1));
    let daemon = Daemon::start(&state, &[]);
    assert_eq!(daemon.token(), token, "it was printed, and somebody wrote it down");
}
