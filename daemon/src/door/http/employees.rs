//! Employees: who may ask, where a regulation is for employees only.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use url::form_urlencoded::byte_serialize;
use utoipa::ToSchema;

use super::auth::{Caller, Reader};
use super::body::{Posted, parse_as};
use super::problem::Problem;
use super::query::{Named, Query};
use super::{DoorState, tickets};
use crate::desk::{Command, DeskAct, Employee, EmployeeAct, FieldError, Refusal};

/// How many employees a list has where nobody says.
const LIMIT_DEFAULT: usize = 200;
/// How many employees a list has at most.
const LIMIT_MAX: usize = 1_000;

/// What is written down of an employee; what is left out is empty then.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SetEmployee {
    /// Their name. Required.
    #[schema(value_type = String, example = "Анна Петрова", required = true, min_length = 1, max_length = 200, pattern = r"\S")]
    name: Option<String>,
    /// Their e-mail address.
    #[schema(example = "petrova@group.example.ru")]
    email: Option<String>,
    /// Their telephone number.
    phone: Option<String>,
    /// Their login.
    login: Option<String>,
    /// Where they work.
    department: Option<String>,
}

/// Whom the directory gains and loses; all or nothing.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ChangeEmployees {
    /// Who is written down, or anew.
    #[schema(max_items = 2000)]
    put: Vec<Employee>,
    /// Who is taken out, by their ids; those who are not there are passed over.
    #[schema(value_type = Vec<String>, max_items = 2000)]
    remove: Vec<SmolStr>,
}

/// What the directory has come to.
#[derive(Serialize, ToSchema)]
pub(super) struct EmployeesChanged {
    /// Whether it is another now.
    changed: bool,
    /// How many employees it has.
    employees_total: usize,
}

/// Lists the directory of employees, by their ids.
#[utoipa::path(get, path = "/v1/employees", tag = "employees", operation_id = "list_employees",
    params(
        ("q" = Option<String>, Query, description = "Words of a name, an address or a department; capitals do not count", example = "петрова"),
        ("limit" = Option<u16>, Query, description = "How many at most: 1 to 1000, else 200"),
        ("cursor" = Option<String>, Query, description = "Where to go on, from the header Link", min_length = 1),
    ),
    responses((status = 200, description = "The employees", body = [Employee],
        headers(("link" = String, description = "`<…>; rel=\"next\"` where there are more")))))]
pub(super) async fn list(
    State(door): State<DoorState>,
    reader: Reader,
    query: Query,
    uri: Uri,
) -> Result<Response, Problem> {
    reader.whole("the directory of employees")?;
    let mut errors = query.unknown(&["q", "limit", "cursor"]);
    let limit = query.limit(LIMIT_DEFAULT, LIMIT_MAX).unwrap_or_else(|error: FieldError| {
        errors.push(error);
        0
    });
    let after = query.value("cursor").map(str::to_owned);
    if after.as_ref().is_some_and(String::is_empty) {
        errors.push(FieldError::new("cursor", "must be as the header Link has it; leave it out to begin"));
    }
    if !errors.is_empty() {
        return Err(Problem::fields(errors));
    }
    let after = after.unwrap_or_default();
    let words = query.value("q").unwrap_or_default().to_lowercase();
    let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
    let found = door.look(move |desk, _| {
        let asked = desk.employees().after(&after).filter(|employee| has_all(employee, &words));
        asked.take(limit + 1).cloned().collect::<Vec<_>>()
    });
    let mut employees = found.await?;
    let is_more = employees.len() > limit;
    employees.truncate(limit);
    let next = employees.last().filter(|_| is_more).map(|last| last.id.clone());
    let mut response = Json(employees).into_response();
    if let Some(next) = next {
        let next: String = byte_serialize(next.as_bytes()).collect();
        response.headers_mut().insert(header::LINK, tickets::next_link(&uri, next));
    }
    Ok(response)
}

fn has_all(employee: &Employee, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let Employee { id, name, email, phone, login, department } = employee;
    let others = [email, phone, login, department].into_iter().flatten().map(String::as_str);
    let all = [id.as_str(), name].into_iter().chain(others);
    let all = all.map(str::to_lowercase).collect::<Vec<_>>().join("\n");
    words.iter().all(|word| all.contains(word))
}

/// Shows an employee.
#[utoipa::path(get, path = "/v1/employees/{id}", tag = "employees", operation_id = "show_employee",
    params(("id" = String, Path, description = "The employee's id", example = "a.petrova")),
    responses((status = 200, description = "The employee", body = Employee)))]
pub(super) async fn show(
    State(door): State<DoorState>,
    reader: Reader,
    Named(id): Named<String>,
) -> Result<Json<Employee>, Problem> {
    reader.whole("the directory of employees")?;
    found(&door, id).await.map(Json)
}

async fn found(door: &DoorState, id: String) -> Result<Employee, Problem> {
    let of = id.clone();
    let employee = door.look(move |desk, _| desk.employees().get(&of).cloned());
    employee.await?.ok_or_else(|| Refusal::NotFound { what: "employee", id }.into())
}

/// Writes an employee down, or anew: what is left out is empty then.
#[utoipa::path(put, path = "/v1/employees/{id}", tag = "employees", operation_id = "set_employee", request_body = SetEmployee,
    params(("id" = String, Path, description = "What tells them from all others, such as a login: 1 to 128 characters without blanks", example = "a.petrova")),
    responses((status = 200, description = "The employee", body = Employee)))]
pub(super) async fn set(
    State(door): State<DoorState>,
    Named(id): Named<String>,
    mut posted: Posted,
) -> Result<(HeaderMap, Json<Employee>), Problem> {
    let SetEmployee { name, email, phone, login, department } = parse_as(posted.take_json()?)?;
    let name = name.unwrap_or_default();
    let employee = Employee { id: id.as_str().into(), name, email, phone, login, department };
    let act = EmployeeAct::Put(Box::new(employee));
    let (headers, _) = door.desk_act(DeskAct::Employee(act), posted).await?;
    Ok((headers, Json(found(&door, id).await?)))
}

/// Writes many employees down and takes others out, all or nothing.
#[utoipa::path(post, path = "/v1/employees", tag = "employees", operation_id = "change_employees", request_body = ChangeEmployees,
    responses((status = 200, description = "What the directory has come to", body = EmployeesChanged)))]
pub(super) async fn change(
    State(door): State<DoorState>,
    mut posted: Posted,
) -> Result<(HeaderMap, Json<EmployeesChanged>), Problem> {
    let ChangeEmployees { put, remove } = parse_as(posted.take_json()?)?;
    let act = DeskAct::Employee(EmployeeAct::Change { put, remove });
    let (headers, changed) = door.desk_act(act, posted).await?;
    let employees_total = door.look(|desk, _| desk.employees().len()).await?;
    Ok((headers, Json(EmployeesChanged { changed, employees_total })))
}

/// Takes an employee out of the directory. Their tickets stay as they are.
#[utoipa::path(delete, path = "/v1/employees/{id}", tag = "employees", operation_id = "remove_employee",
    params(("id" = String, Path, description = "The employee's id", example = "a.petrova")),
    responses((status = 204, description = "They are taken out")))]
pub(super) async fn remove(
    State(door): State<DoorState>,
    Caller(actor): Caller,
    Named(id): Named<String>,
) -> Result<StatusCode, Problem> {
    door.command(Command::Desk(DeskAct::Employee(EmployeeAct::Remove(id))), actor, None).await?;
    Ok(StatusCode::NO_CONTENT)
}
