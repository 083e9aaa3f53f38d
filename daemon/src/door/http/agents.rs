//! Agents: who answers, and whether they are there.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use calendars::Tz;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::auth::{Caller, Reader, may_lead};
use super::body::{Posted, parse_as};
use super::problem::Problem;
use super::query::{Named, Query};
use super::{Door, DoorState};
use crate::desk::people::{Agent, AgentCard, PeopleAct, Presence, PresenceFor};
use crate::desk::{Command, Desk, DeskAct};

/// An agent, and whether they are there.
#[derive(Serialize, ToSchema)]
pub(super) struct AgentView {
    /// Their name, which is their token's where they have one.
    #[schema(value_type = String, example = "ivanova")]
    name: SmolStr,
    /// What people call them.
    #[schema(example = "Анна Иванова")]
    title: Option<String>,
    /// The lines they work on; empty means every line.
    lines: Vec<u8>,
    /// The groups they belong to.
    #[schema(value_type = Vec<String>, example = json!(["front-desk"]))]
    groups: Vec<SmolStr>,
    /// What they can do that a regulation may ask for.
    #[schema(value_type = Vec<String>, example = json!(["technical-specialist"]))]
    skills: Vec<SmolStr>,
    /// Whether they are there, for chats and for requests apart.
    presence: PresenceView,
    /// Until when they are on shift; null where they are not.
    on_shift_until: Option<String>,
    /// How many open tickets they have.
    open_tickets: usize,
}

/// For what an agent is there.
#[derive(Serialize, ToSchema)]
pub(super) struct PresenceView {
    /// For chats.
    chat: Presence,
    /// For requests: what is given to agents in turn.
    requests: Presence,
}

/// What is to be known of an agent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PutAgent {
    /// What people call them; at most 200 characters.
    title: Option<String>,
    /// The lines they work on; left out or empty means every line.
    #[serde(default)]
    lines: Vec<u8>,
    /// The groups they belong to, by id; at most 50.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["front-desk"]))]
    groups: Vec<SmolStr>,
    /// What they can do that a regulation may ask for, by id; at most 50.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["technical-specialist"]))]
    skills: Vec<SmolStr>,
}

/// Whether an agent is there; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetPresence {
    /// For chats.
    chat: Option<Presence>,
    /// For requests: what is given to agents in turn.
    requests: Option<Presence>,
}

impl AgentView {
    fn of(agent: &Agent, desk: &Desk, zone: Tz) -> Self {
        let AgentCard { name, title, lines, groups, skills } = agent.card.clone();
        let until = desk.people().on_shift_until(&name);
        Self {
            open_tickets: desk.of_assignee_total(&name),
            name,
            title,
            lines,
            groups,
            skills,
            presence: PresenceView { chat: agent.chat, requests: agent.requests },
            on_shift_until: until.map(|until| until.to_rfc3339(zone)),
        }
    }
}

/// Lists the agents, by name.
#[utoipa::path(get, path = "/v1/agents", tag = "people", operation_id = "list_agents",
    responses((status = 200, description = "The agents", body = [AgentView])))]
pub(super) async fn list(
    State(door): State<DoorState>,
    reader: Reader,
) -> Result<Json<Vec<AgentView>>, Problem> {
    reader.whole("the list of agents")?;
    let zone = door.shared.facts.zone;
    let look =
        move |desk: &Desk, _| desk.people().agents().map(|agent| AgentView::of(agent, desk, zone)).collect();
    Ok(Json(door.look(look).await?))
}

/// Shows an agent.
#[utoipa::path(get, path = "/v1/agents/{name}", tag = "people", operation_id = "show_agent",
    params(("name" = String, Path, description = "The agent's name", example = "ivanova")),
    responses((status = 200, description = "The agent", body = AgentView)))]
pub(super) async fn show(
    State(door): State<DoorState>,
    reader: Reader,
    Named(name): Named<String>,
) -> Result<Json<AgentView>, Problem> {
    if reader.0.name != name {
        reader.whole("another agent")?;
    }
    shown(&door, name).await.map(Json)
}

async fn shown(door: &Door, name: String) -> Result<AgentView, Problem> {
    let zone = door.shared.facts.zone;
    let asked = name.clone();
    let look =
        move |desk: &Desk, _| desk.people().agent(&asked).map(|agent| AgentView::of(agent, desk, zone));
    door.look(look).await?.ok_or_else(|| Problem::not_found("agent", &name))
}

/// Adds an agent, or writes down anew what is known of one. Whether they are there stays.
#[utoipa::path(put, path = "/v1/agents/{name}", tag = "people", operation_id = "put_agent",
    params(("name" = String, Path, description = "Their name, which is their token's where they have one: 1 to 64 letters, digits, `-`, `_`, `.` or `@`", example = "ivanova")),
    request_body = PutAgent,
    responses((status = 200, description = "The agent", body = AgentView)))]
pub(super) async fn put(
    State(door): State<DoorState>,
    Named(name): Named<String>,
    mut posted: Posted,
) -> Result<(HeaderMap, Json<AgentView>), Problem> {
    may_lead(&posted.caller.0, "adding and changing agents")?;
    let PutAgent { title, lines, groups, skills } = parse_as(posted.take_json()?)?;
    let title = title.map(|title| title.trim().to_owned()).filter(|title| !title.is_empty());
    let card = AgentCard { name: name.as_str().into(), title, lines, groups, skills };
    let (headers, _) = door.desk_act(DeskAct::People(PeopleAct::PutAgent(card)), posted).await?;
    Ok((headers, Json(shown(&door, name).await?)))
}

/// Removes an agent, with the shifts they have.
///
/// While open tickets are theirs, it is refused, unless `hand-back` gives them to the groups of their channels.
#[utoipa::path(delete, path = "/v1/agents/{name}", tag = "people", operation_id = "remove_agent",
    params(("name" = String, Path, description = "The agent's name", example = "ivanova"),
        ("hand-back" = Option<bool>, Query, description = "Whether their open tickets go back to the groups of their channels")),
    responses((status = 204, description = "There is no such agent any more")))]
pub(super) async fn remove(
    State(door): State<DoorState>,
    Caller(actor): Caller,
    Named(name): Named<String>,
    query: Query,
) -> Result<StatusCode, Problem> {
    may_lead(&actor, "removing an agent")?;
    let mut errors = query.unknown(&["hand-back"]);
    let hands_back = match query.value("hand-back") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            errors.push(crate::desk::FieldError::new("hand-back", "is true or false"));
            false
        }
    };
    if !errors.is_empty() {
        return Err(Problem::fields(errors));
    }
    let act = PeopleAct::RemoveAgent { name: name.as_str().into(), hands_back };
    door.command(Command::Desk(DeskAct::People(act)), actor, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says whether an agent is there: one's own by anybody, others' by a lead.
///
/// Requests are given to agents who are online for them and on shift; until a roster is kept everybody counts as on shift. The end of a
/// shift ends both presences, and what was said more than an hour before a shift does not count for it.
#[utoipa::path(put, path = "/v1/agents/{name}/presence", tag = "people", operation_id = "set_presence",
    params(("name" = String, Path, description = "The agent's name", example = "ivanova")),
    request_body = SetPresence,
    responses((status = 200, description = "The agent", body = AgentView)))]
pub(super) async fn presence(
    State(door): State<DoorState>,
    Named(name): Named<String>,
    mut posted: Posted,
) -> Result<(HeaderMap, Json<AgentView>), Problem> {
    if posted.caller.0.name != name {
        may_lead(&posted.caller.0, "saying whether another agent is there")?;
    }
    let SetPresence { chat, requests } = parse_as(posted.take_json()?)?;
    let chat = chat.map(|presence| (PresenceFor::Chat, presence));
    let requests = requests.map(|presence| (PresenceFor::Requests, presence));
    let presences = chat.into_iter().chain(requests).collect();
    let act = PeopleAct::SetPresence { name: name.as_str().into(), presences };
    let (headers, _) = door.desk_act(DeskAct::People(act), posted).await?;
    Ok((headers, Json(shown(&door, name).await?)))
}
