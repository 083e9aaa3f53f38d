//! What the clocks would be: a registration on a desk that is thrown away.

use axum::Json;
use axum::extract::State;
use calendars::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use smol_str::SmolStr;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use super::body::{Posted, tell_more};
use super::problem::Problem;
use super::{DoorState, blocking};
use crate::desk::command::Register;
use crate::desk::reading::Read;
use crate::desk::view::{self, ClockView};
use crate::desk::{Actor, Command, Desk, FieldError, Refusal, Regulations, Role, Scope, Stage};

/// The body of `register`, and when. It is read in two parts, so only the document knows it as a type.
pub(super) struct PreviewRequest;

impl PartialSchema for PreviewRequest {
    fn schema() -> RefOr<Schema> {
        let RefOr::T(Schema::Object(mut body)) = Register::schema() else {
            unreachable!("a registration is an object of its own")
        };
        let at = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .description(Some(
                "When it would be registered, RFC 3339 with an offset; now, where it is left out.",
            ))
            .examples([json!("2026-11-27T17:30:00+03:00")]);
        body.properties.insert("at".to_owned(), at.into());
        body.description = Some("The body of `register`, and when.".to_owned());
        Schema::Object(body).into()
    }
}

impl ToSchema for PreviewRequest {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Register::schemas(schemas);
    }
}

/// What would come of a registration.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Preview {
    /// When it would be registered.
    at: String,
    /// The regulation's id.
    #[schema(value_type = String)]
    regulation: SmolStr,
    /// The type's id.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: SmolStr,
    /// The priority's id.
    #[schema(value_type = String)]
    priority: SmolStr,
    /// The status it would be in.
    #[schema(value_type = String)]
    status: SmolStr,
    /// Where that is in our words.
    stage: Stage,
    /// The line it would stand on.
    line: u8,
    /// Whether required fields would be missing.
    incomplete: bool,
    /// The clocks it would have.
    clocks: Vec<ClockView>,
}

/// Tells which priority, line and clocks a registration would get. Nothing is kept.
#[utoipa::path(post, path = "/v1/sla/preview", tag = "tickets", operation_id = "preview_sla", request_body = PreviewRequest,
    responses((status = 200, description = "What would come of it", body = Preview)))]
pub(super) async fn preview(
    State(door): State<DoorState>,
    mut posted: Posted,
) -> Result<Json<Preview>, Problem> {
    let (register, at) = read(posted.take_json()?);
    let scope = posted.caller.0.scope;
    let regulations = door.shared.handle.view().regulations().clone();
    let now = door.shared.handle.view().now();
    Ok(Json(
        blocking(move || tell(regulations, register, scope, at.map(|at| at.unwrap_or(now)), now)).await??,
    ))
}

/// The registration and the time, as far as they fit.
fn read(mut json: Value) -> (Read<Register>, Result<Option<Timestamp>, String>) {
    let at = json.as_object_mut().and_then(|fields| fields.remove("at"));
    let at = match at {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => {
            Timestamp::parse_rfc3339(&text).map(Some).map_err(|error| error.to_string())
        }
        Some(_) => Err("must be a text, such as 2026-11-27T17:30:00+03:00".to_owned()),
    };
    (Register::read(&json), at)
}

fn tell(
    regulations: Regulations,
    register: Read<Register>,
    scope: Scope,
    at: Result<Timestamp, String>,
    now: Timestamp,
) -> Result<Preview, Problem> {
    let Read { value, mut errors } = register;
    let at = at.map_err(|wrong| errors.insert(0, FieldError::new("at", &wrong))).unwrap_or(now);
    // Whoever asks what would be may be of any role; a desk of its own knows no time before `at`.
    let anybody = Actor { scope, ..Actor::named("preview", Role::Lead) };
    let mut scratch = Desk::new(regulations);
    let decided = value.map(|register| scratch.decide(&Command::Register(register), &anybody, at));
    let decision = match decided {
        Some(Ok(decision)) if errors.is_empty() => decision,
        Some(Err(refusal)) if errors.is_empty() => return Err(refusal.into()),
        Some(Err(Refusal::Fields(more))) => {
            tell_more(&mut errors, more);
            return Err(Problem::fields(errors));
        }
        Some(_) | None => return Err(Problem::fields(errors)),
    };
    scratch.enter(decision.facts, &anybody.name, at, None, None, false);
    let ticket = decision.ticket.and_then(|number| scratch.ticket(number)).ok_or_else(Problem::internal)?;
    let facts = &ticket.facts;
    Ok(Preview {
        at: at.to_rfc3339(view::zone_of(&ticket, scratch.regulations())),
        regulation: facts.regulation.clone(),
        kind: facts.kind.clone(),
        priority: facts.priority.clone(),
        status: facts.status.clone(),
        stage: ticket.stage,
        line: facts.line,
        incomplete: facts.incomplete,
        clocks: view::clocks(&ticket, scratch.regulations(), at),
    })
}
