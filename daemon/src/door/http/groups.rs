//! Groups: agents who share what comes by some channels.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use calendars::Timestamp;
use serde::Serialize;
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::DoorState;
use super::alarms::nothing;
use super::auth::Reader;
use super::body::Posted;
use super::problem::Problem;
use super::query::Named;
use crate::desk::people::{PeopleAct, Presence, TAKE_MAX};
use crate::desk::{Actor, Desk, DeskAct, TicketNumber};

/// A group.
#[derive(Serialize, ToSchema)]
pub(super) struct GroupView {
    /// Its id.
    #[schema(value_type = String, example = "front-desk")]
    name: SmolStr,
    /// The channels that it is responsible for, each as `regulation/channel`.
    #[schema(value_type = Vec<String>, example = json!(["getmark/email"]))]
    channels: Vec<SmolStr>,
    /// The agents who belong to it, by name.
    #[schema(value_type = Vec<String>, example = json!(["ivanova"]))]
    agents: Vec<SmolStr>,
    /// Those of them who are online for requests and on shift; until a roster is kept, everybody counts as on shift.
    #[schema(value_type = Vec<String>, example = json!(["ivanova"]))]
    there: Vec<SmolStr>,
    /// How many open tickets it has that nobody has.
    open_tickets: usize,
}

/// What the caller has now.
#[derive(Serialize, ToSchema)]
pub(super) struct GroupTaken {
    /// Whether the caller took any.
    changed: bool,
    /// The caller's open tickets now, the oldest first; at most 500.
    #[schema(value_type = Vec<u64>)]
    tickets: Vec<TicketNumber>,
    /// How many open tickets the caller has.
    tickets_total: usize,
    /// How many open tickets the group still has: those that the caller may not see or does not work on,
    /// those that another ticket of their client holds, and more than 500.
    left: usize,
}

/// Lists the groups: those that channels name, that agents belong to, and that have tickets.
///
/// A token with a scope is told of the groups that its own agent belongs to, and of nobody else in them.
#[utoipa::path(get, path = "/v1/groups", tag = "people", operation_id = "list_groups",
    responses((status = 200, description = "The groups", body = [GroupView])))]
pub(super) async fn list(
    State(door): State<DoorState>,
    Reader(caller): Reader,
) -> Result<Json<Vec<GroupView>>, Problem> {
    Ok(Json(door.look(move |desk, now| groups(desk, &caller, now)).await?))
}

fn groups(desk: &Desk, caller: &Actor, now: Timestamp) -> Vec<GroupView> {
    let regulations = desk.regulations();
    let holding = || regulations.ids().into_iter().filter_map(|id| regulations.holding(id, now));
    let channels: Vec<_> = holding()
        .flat_map(|regulation| regulation.channels.iter().map(move |channel| (regulation, channel)))
        .filter(|(regulation, channel)| caller.scope.covers(&regulation.id, &channel.name.id))
        .filter_map(|(regulation, channel)| {
            let place = smol_str::format_smolstr!("{}/{}", regulation.id, channel.name.id);
            Some((channel.group.as_ref()?, place))
        })
        .collect();
    let people = desk.people();
    let is_whole = caller.scope.is_whole();
    let agents = || people.agents().filter(|agent| is_whole || agent.card.name == caller.name);
    let names = agents().flat_map(|agent| &agent.card.groups);
    let others = channels.iter().map(|(group, _)| *group).chain(desk.groups_with_tickets());
    let names: BTreeSet<_> = names.chain(others.filter(|_| is_whole)).collect();
    let group = |name: &SmolStr| {
        let agents = || agents().filter(|agent| agent.card.is_in(name));
        let is_there = |name: &str| people.counts_as_on_shift(name);
        let there = agents().filter(|agent| agent.requests == Presence::Online && is_there(&agent.card.name));
        GroupView {
            name: name.clone(),
            channels: channels.iter().filter(|(of, _)| *of == name).map(|(_, place)| place.clone()).collect(),
            agents: agents().map(|agent| agent.card.name.clone()).collect(),
            there: there.map(|agent| agent.card.name.clone()).collect(),
            open_tickets: open_tickets(desk, name, caller),
        }
    };
    names.into_iter().map(group).collect()
}

/// How many open tickets a group has, of those that are told to the caller.
fn open_tickets(desk: &Desk, group: &str, caller: &Actor) -> usize {
    if caller.scope.is_whole() {
        return desk.of_group_total(group);
    }
    let tickets = desk.of_group(group).filter_map(|number| desk.ticket(number));
    tickets.filter(|ticket| caller.scope.covers_ticket(ticket)).count()
}

/// Takes the open tickets that a group has and nobody has: for an agent of the group, on shift.
///
/// At most 500 at once, the oldest first. Nobody else's ticket moves.
#[utoipa::path(post, path = "/v1/groups/{name}/take", tag = "people", operation_id = "take_group",
    params(("name" = String, Path, description = "The group", example = "hm")),
    responses((status = 200, description = "What the caller has now", body = GroupTaken,
        example = json!({"changed": true, "tickets": [1024, 1031], "tickets_total": 2, "left": 0}))))]
pub(super) async fn take(
    State(door): State<DoorState>,
    Named(name): Named<String>,
    mut posted: Posted,
) -> Result<(HeaderMap, Json<GroupTaken>), Problem> {
    nothing(posted.take_json_or_empty())?;
    let (group, me) = (SmolStr::from(name), posted.caller.0.name.clone());
    let act = DeskAct::People(PeopleAct::TakeGroup { group: group.clone() });
    let (headers, changed) = door.desk_act(act, posted).await?;
    let look = move |desk: &Desk, _| GroupTaken {
        changed,
        tickets: desk.of_assignee(&me).take(TAKE_MAX).collect(),
        tickets_total: desk.of_assignee_total(&me),
        left: desk.of_group_total(&group),
    };
    Ok((headers, Json(door.look(look).await?)))
}
