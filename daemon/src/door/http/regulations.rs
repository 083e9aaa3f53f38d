//! Regulations: the ids and titles a client needs to fill a form.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use calendars::Timestamp;
use serde::Serialize;
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::DoorState;
use super::auth::Caller;
use super::problem::Problem;
use super::query::Named;
use crate::desk::regulation::{self, FieldKind, PrioritySource};
use crate::desk::{Regulation, Regulations, Role, Stage};

/// A regulation in one line.
#[derive(Serialize, ToSchema)]
pub(super) struct RegulationLine {
    /// Its id.
    #[schema(value_type = String, example = "getmark")]
    pub(super) id: SmolStr,
    /// Its own name.
    title: String,
    /// Its version.
    #[schema(value_type = String)]
    pub(super) version: SmolStr,
    /// The first day it holds.
    pub(super) holds_from: String,
    /// Whether registrations of today are taken under it.
    pub(super) registers: bool,
}

/// An id, and the regulation's own word for it.
#[derive(Serialize, ToSchema)]
pub(super) struct NamedView {
    /// The id.
    #[schema(value_type = String)]
    id: SmolStr,
    /// The regulation's own word.
    title: String,
    /// The clause it comes from.
    clause: Option<String>,
}

/// A status.
#[derive(Serialize, ToSchema)]
pub(super) struct StatusView {
    #[serde(flatten)]
    name: NamedView,
    /// What it is in our words.
    stage: Stage,
    /// Whether the desk waits for somebody else in it.
    waiting: bool,
    /// Where the verb `status` may move to.
    #[schema(value_type = Vec<String>)]
    moves: Vec<SmolStr>,
}

/// A way in.
#[derive(Serialize, ToSchema)]
pub(super) struct ChannelView {
    #[serde(flatten)]
    name: NamedView,
    /// The line its tickets start on.
    line: u8,
    /// The types it takes; empty: all.
    #[schema(value_type = Vec<String>)]
    types: Vec<SmolStr>,
    /// Who may register by it; empty: intake and every role above.
    roles: Vec<Role>,
}

/// A line of support.
#[derive(Serialize, ToSchema)]
pub(super) struct LineView {
    /// Its number.
    id: u8,
    /// Its name.
    title: String,
    /// Lines a ticket may go to from here.
    routes: Vec<u8>,
}

/// A field with rules of its own.
#[derive(Serialize, ToSchema)]
pub(super) struct FieldView {
    /// Where it stands in the body of `register`.
    #[schema(example = "fields.impact")]
    path: String,
    /// Its name for people.
    title: String,
    /// text, enum, inn, email, phone, steps, version, number, url; or sealed: access data, which no field takes.
    #[schema(value_type = String, example = "enum")]
    kind: &'static str,
    /// The values of an enum.
    values: Vec<ValueView>,
    /// Whether a registration must have it.
    required: bool,
    /// Whether it is asked for, though a registration is whole without.
    wished: bool,
    /// Paths that serve as well.
    or: Vec<String>,
    /// The types it is asked of; empty: all.
    #[schema(value_type = Vec<String>)]
    types: Vec<SmolStr>,
    /// The channels it is asked on; empty: all.
    #[schema(value_type = Vec<String>)]
    channels: Vec<SmolStr>,
    /// The clause it comes from.
    clause: Option<String>,
}

/// A value, a mark or a reason.
#[derive(Serialize, ToSchema)]
pub(super) struct ValueView {
    /// The id.
    id: String,
    /// The regulation's own words.
    title: String,
}

/// A priority.
#[derive(Serialize, ToSchema)]
pub(super) struct PriorityView {
    #[serde(flatten)]
    name: NamedView,
    /// When it is the right one, in the regulation's words.
    criteria: Option<String>,
    /// Whether an open ticket of it is an alarm.
    alarm: bool,
    /// Only agents of these lines may set it; empty: no such limit.
    set_by_lines: Vec<u8>,
}

/// Where the source of a problem may lie.
#[derive(Serialize, ToSchema)]
pub(super) struct SourceView {
    #[serde(flatten)]
    name: NamedView,
    /// What is done then, in the regulation's words.
    outcome: String,
}

/// What a department is asked about.
#[derive(Serialize, ToSchema)]
pub(super) struct TopicView {
    #[serde(flatten)]
    name: NamedView,
    /// Who is asked, by its id.
    #[schema(value_type = String)]
    department: SmolStr,
    /// The ways to ask.
    #[schema(value_type = Vec<String>)]
    channels: Vec<SmolStr>,
    /// How much time the department has, as the regulation writes it: `3` days, `12h`.
    term: String,
}

/// A reason that a verb may bear.
#[derive(Serialize, ToSchema)]
pub(super) struct ReasonView {
    /// The verb.
    verb: String,
    #[serde(flatten)]
    value: ValueView,
}

/// What a client needs to fill a form.
#[derive(Serialize, ToSchema)]
pub(super) struct RegulationView {
    #[serde(flatten)]
    line: RegulationLine,
    /// The zone of its times.
    zone: String,
    /// Where a requester can read before asking.
    knowledge_base: Option<String>,
    /// Who sets the priority: rules or requester.
    #[schema(value_type = String, example = "rules")]
    priority_source: &'static str,
    /// Types of tickets.
    types: Vec<NamedView>,
    /// Priorities, from least to greatest.
    priorities: Vec<PriorityView>,
    /// Statuses.
    statuses: Vec<StatusView>,
    /// Ways in.
    channels: Vec<ChannelView>,
    /// Lines of support.
    lines: Vec<LineView>,
    /// Fields with rules of their own.
    fields: Vec<FieldView>,
    /// Marks a requester may give.
    marks: Vec<ValueView>,
    /// Reasons by verb; a verb without takes any words.
    reasons: Vec<ReasonView>,
    /// Where the source of a problem may lie; where there are any, `resolve` names one.
    sources: Vec<SourceView>,
    /// What departments are asked about; empty: nobody is asked.
    topics: Vec<TopicView>,
    /// Trackers of product teams that can be asked for an issue; empty: there are none.
    trackers: Vec<NamedView>,
}

/// Lists the regulations the desk works by, each in every version that tickets may have; the oldest first.
#[utoipa::path(get, path = "/v1/regulations", tag = "regulations", operation_id = "list_regulations",
    responses((status = 200, description = "The regulations", body = [RegulationLine])))]
pub(super) async fn list(State(door): State<DoorState>, _: Caller) -> Json<Vec<RegulationLine>> {
    let view = door.shared.handle.view();
    let now = view.now();
    let regulations = view.regulations();
    Json(regulations.iter().map(|regulation| line(regulation, regulations, now)).collect())
}

/// Shows what a registration under a regulation may and must have today.
#[utoipa::path(get, path = "/v1/regulations/{id}", tag = "regulations", operation_id = "show_regulation",
    params(("id" = String, Path, description = "The regulation's id", example = "getmark")),
    responses((status = 200, description = "The regulation", body = RegulationView)))]
pub(super) async fn show(
    State(door): State<DoorState>,
    _: Caller,
    Named(id): Named<String>,
) -> Result<Json<RegulationView>, Problem> {
    let now = door.shared.handle.view().now();
    let regulations = door.shared.handle.view().regulations();
    let regulation = regulations.holding(&id, now).ok_or_else(|| Problem::not_found("regulation", &id))?;
    Ok(Json(view(regulation, line(regulation, regulations, now))))
}

/// A version in one line.
pub(super) fn line(
    regulation: &Arc<Regulation>,
    regulations: &Regulations,
    now: Timestamp,
) -> RegulationLine {
    let holding = regulations.holding(&regulation.id, now);
    let holds = holding.is_some_and(|holding| Arc::ptr_eq(holding, regulation));
    RegulationLine {
        id: regulation.id.clone(),
        title: regulation.title.clone(),
        version: regulation.version.clone(),
        holds_from: regulation.holds_from.to_string(),
        registers: holds && regulations.takes(&regulation.id),
    }
}

fn view(regulation: &Regulation, line: RegulationLine) -> RegulationView {
    RegulationView {
        line,
        zone: regulation.zone.to_string(),
        knowledge_base: regulation.knowledge_base.clone(),
        priority_source: match regulation.priority_source {
            PrioritySource::Rules => "rules",
            PrioritySource::Requester => "requester",
        },
        types: regulation.types.iter().map(named).collect(),
        priorities: regulation.priorities.iter().map(priority).collect(),
        statuses: regulation.statuses.iter().map(status).collect(),
        channels: regulation.channels.iter().map(channel).collect(),
        lines: regulation
            .lines
            .iter()
            .map(|line| LineView { id: line.id, title: line.title.clone(), routes: line.routes.clone() })
            .collect(),
        fields: regulation.fields.iter().map(field).collect(),
        marks: regulation.marks.iter().map(|mark| value(&mark.id, &mark.title)).collect(),
        reasons: regulation
            .reasons
            .iter()
            .map(|reason| ReasonView { verb: reason.verb.clone(), value: value(&reason.id, &reason.title) })
            .collect(),
        sources: regulation
            .sources
            .iter()
            .map(|source| SourceView { name: named(&source.name), outcome: source.outcome.clone() })
            .collect(),
        topics: regulation.topics.iter().map(topic).collect(),
        trackers: regulation.trackers.iter().map(named).collect(),
    }
}

fn priority(priority: &regulation::Priority) -> PriorityView {
    PriorityView {
        name: named(&priority.name),
        criteria: priority.criteria.clone(),
        alarm: priority.alarm,
        set_by_lines: priority.set_by_lines.clone(),
    }
}

fn named(name: &regulation::Named) -> NamedView {
    NamedView { id: name.id.clone(), title: name.title.clone(), clause: name.clause.clone() }
}

fn value(id: &str, title: &str) -> ValueView {
    ValueView { id: id.to_owned(), title: title.to_owned() }
}

fn status(status: &regulation::Status) -> StatusView {
    StatusView {
        name: named(&status.name),
        stage: status.stage,
        waiting: status.waiting,
        moves: status.moves.clone(),
    }
}

fn channel(channel: &regulation::Channel) -> ChannelView {
    ChannelView {
        name: named(&channel.name),
        line: channel.line,
        types: channel.types.clone(),
        roles: channel.roles.clone(),
    }
}

fn topic(topic: &regulation::Topic) -> TopicView {
    TopicView {
        name: named(&topic.name),
        department: topic.department.clone(),
        channels: topic.channels.clone(),
        term: topic.target.written.clone(),
    }
}

fn field(field: &regulation::Field) -> FieldView {
    FieldView {
        path: field.path.clone(),
        title: field.title.clone(),
        kind: match field.kind {
            FieldKind::Text => "text",
            FieldKind::Enum => "enum",
            FieldKind::Inn => "inn",
            FieldKind::Email => "email",
            FieldKind::Phone => "phone",
            FieldKind::Steps => "steps",
            FieldKind::Version => "version",
            FieldKind::Number => "number",
            FieldKind::Url => "url",
            FieldKind::Sealed => "sealed",
        },
        values: field.values.iter().map(|(id, title)| value(id, title)).collect(),
        required: field.required,
        wished: field.wished,
        or: field.or.clone(),
        types: field.types.clone(),
        channels: field.channels.clone(),
        clause: field.clause.clone(),
    }
}
