//! Clients: the organisations that are asked for, their terms, and who speaks for each.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use calendars::Tz;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::DoorState;
use super::auth::{Caller, Reader};
use super::body::{Posted, parse_as};
use super::problem::Problem;
use super::query::Named;
use crate::desk::client::Appointed;
use crate::desk::command::Requester;
use crate::desk::{Appointment, Client, ClientAct, ClientTerms, Command, DeskAct, Refusal};

/// A client.
#[derive(Serialize, ToSchema)]
pub(super) struct ClientView {
    /// Its id.
    #[schema(value_type = String, example = "romashka")]
    id: SmolStr,
    /// Its name, as tickets have it.
    name: String,
    /// The domains of its mail.
    #[schema(value_type = Vec<String>)]
    domains: Vec<SmolStr>,
    /// The channels it pays for, of those that are open to such clients only.
    #[schema(value_type = Vec<String>)]
    paid_channels: Vec<SmolStr>,
    /// The systems its contract is about.
    systems: Vec<String>,
    /// Who speaks for it; null where nobody was appointed yet.
    contact: Option<AppointedView>,
    /// Those who did before, the newest first; at most 19.
    former_contacts: Vec<AppointedView>,
    /// What it was called before, the newest last: a ticket that bears such a name is its own. At most 20.
    former_names: Vec<String>,
}

/// Somebody who was appointed to speak for a client.
#[derive(Serialize, ToSchema)]
pub(super) struct AppointedView {
    /// Who.
    contact: Requester,
    /// What told of it.
    notice: String,
    /// When it was written down.
    at: String,
    /// By whom.
    #[schema(value_type = String)]
    by: SmolStr,
}

/// What a client is called, and what its contract says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetClient {
    /// Its name, as tickets have it; capitals, spaces, dashes and quotation marks do not count. Required.
    #[schema(value_type = String, example = "ООО «Ромашка»", required = true, min_length = 1, max_length = 200, pattern = r"\S")]
    name: Option<String>,
    /// The domains of its mail: whoever writes from one, and names no client of the register, is taken to write for this one.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["romashka.example.ru"]), max_items = 50)]
    domains: Vec<SmolStr>,
    /// The channels it pays for, of those that a regulation opens to such clients only.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["phone"]), max_items = 50)]
    paid_channels: Vec<SmolStr>,
    /// The systems its contract is about.
    #[serde(default)]
    #[schema(example = json!(["https://crm.romashka.example.ru"]), max_items = 50)]
    systems: Vec<String>,
}

/// Who speaks for a client from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AppointContact {
    /// Who: a name, and an e-mail address, a telephone number or a login, by which they are known. Required.
    #[schema(value_type = Requester, required = true)]
    contact: Option<Requester>,
    /// What tells of it: the number or the date of the client's letter. Required.
    #[schema(value_type = String, example = "Письмо № 17 от 20.11.2026", required = true, min_length = 1, max_length = 65536, pattern = r"\S")]
    notice: Option<String>,
}

impl ClientView {
    fn of(client: &Client, zone: Tz) -> Self {
        let ClientTerms { id, name, domains, paid_channels, systems } = client.terms.clone();
        let mut contacts = client.contacts.iter().rev().map(|appointed| AppointedView::of(appointed, zone));
        let contact = contacts.next();
        let former_contacts = contacts.collect();
        let former_names = client.former_names.clone();
        Self { id, name, domains, paid_channels, systems, contact, former_contacts, former_names }
    }
}

impl AppointedView {
    fn of(appointed: &Appointed, zone: Tz) -> Self {
        let Appointed { contact, notice, at, by } = appointed.clone();
        Self { contact, notice, at: at.to_rfc3339(zone), by }
    }
}

/// Lists the register of clients, by their ids.
#[utoipa::path(get, path = "/v1/clients", tag = "clients", operation_id = "list_clients",
    responses((status = 200, description = "The clients", body = [ClientView])))]
pub(super) async fn list(
    State(door): State<DoorState>,
    reader: Reader,
) -> Result<Json<Vec<ClientView>>, Problem> {
    reader.whole("the register of clients")?;
    let zone = door.shared.facts.zone;
    let view = move |client: &Client| ClientView::of(client, zone);
    Ok(Json(door.look(move |desk, _| desk.clients().iter().map(view).collect()).await?))
}

/// Shows a client with its contacts, the one who speaks for it and those before.
#[utoipa::path(get, path = "/v1/clients/{id}", tag = "clients", operation_id = "show_client",
    params(("id" = String, Path, description = "The client's id", example = "romashka")),
    responses((status = 200, description = "The client", body = ClientView)))]
pub(super) async fn show(
    State(door): State<DoorState>,
    reader: Reader,
    Named(id): Named<String>,
) -> Result<Json<ClientView>, Problem> {
    reader.whole("the register of clients")?;
    found(&door, id).await.map(Json)
}

async fn found(door: &DoorState, id: String) -> Result<ClientView, Problem> {
    let zone = door.shared.facts.zone;
    let of = id.clone();
    let client = door.look(move |desk, _| desk.clients().get(&of).map(|client| ClientView::of(client, zone)));
    client.await?.ok_or_else(|| Refusal::NotFound { what: "client", id }.into())
}

/// Writes a client down, or gives it other terms: what is left out is empty then. Its contacts stay.
#[utoipa::path(put, path = "/v1/clients/{id}", tag = "clients", operation_id = "set_client", request_body = SetClient,
    params(("id" = String, Path, description = "The client's id: 1 to 64 of a-z, 0-9 and `-`", example = "romashka")),
    responses((status = 200, description = "The client", body = ClientView,
        headers(("andon-changed" = String, description = "Whether the desk is another now")))))]
pub(super) async fn set(
    State(door): State<DoorState>,
    Named(id): Named<String>,
    mut posted: Posted,
) -> Result<(HeaderMap, Json<ClientView>), Problem> {
    let SetClient { name, domains, paid_channels, systems } = parse_as(posted.take_json()?)?;
    let name = name.unwrap_or_default();
    let terms = ClientTerms { id: id.as_str().into(), name, domains, paid_channels, systems };
    let act = DeskAct::Client(ClientAct::Set(terms));
    let (headers, _) = door.desk_act(act, posted).await?;
    Ok((headers, Json(found(&door, id).await?)))
}

/// Writes down that the client has appointed another contact. Whoever was it before is so no more.
#[utoipa::path(post, path = "/v1/clients/{id}/contact", tag = "clients", operation_id = "appoint_contact",
    request_body = AppointContact,
    params(("id" = String, Path, description = "The client's id", example = "romashka")),
    responses((status = 200, description = "The client", body = ClientView)))]
pub(super) async fn appoint(
    State(door): State<DoorState>,
    Named(id): Named<String>,
    mut posted: Posted,
) -> Result<(HeaderMap, Json<ClientView>), Problem> {
    let AppointContact { contact, notice } = parse_as(posted.take_json()?)?;
    let appointment = Appointment {
        client: id.as_str().into(),
        contact: contact.unwrap_or_default(),
        notice: notice.unwrap_or_default(),
    };
    let act = DeskAct::Client(ClientAct::Appoint(Box::new(appointment)));
    let (headers, _) = door.desk_act(act, posted).await?;
    Ok((headers, Json(found(&door, id).await?)))
}

/// Takes a client out of the register. Its tickets stay as they are.
#[utoipa::path(delete, path = "/v1/clients/{id}", tag = "clients", operation_id = "remove_client",
    params(("id" = String, Path, description = "The client's id", example = "romashka")),
    responses((status = 204, description = "It is taken out")))]
pub(super) async fn remove(
    State(door): State<DoorState>,
    Caller(actor): Caller,
    Named(id): Named<String>,
) -> Result<StatusCode, Problem> {
    door.command(Command::Desk(DeskAct::Client(ClientAct::Remove(id))), actor, None).await?;
    Ok(StatusCode::NO_CONTENT)
}
