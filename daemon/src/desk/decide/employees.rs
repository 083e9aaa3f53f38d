//! Employees: what is written down of them, and what that means for a registration (HD-2).

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::acts::refuse;
use super::{Decision, Draft, Wrong, clocks, in_brackets, need, whole_desk};
use crate::desk::actor::{Actor, Role};
use crate::desk::command::{Ending, Requester};
use crate::desk::employee::{EMPLOYEES_AT_ONCE_MAX, EMPLOYEES_MAX, Employee, EmployeeAct, Found};
use crate::desk::event::{Event, Fact, Registered};
use crate::desk::refusal::Refusal;
use crate::desk::regulation::Regulation;
use crate::desk::state::Desk;

/// The longest id of an employee, in characters.
const ID_MAX_CHARS: usize = 128;
/// The longest name, address or department, in characters.
const TEXT_MAX_CHARS: usize = 200;

pub(super) fn decide(desk: &Desk, act: &EmployeeAct, actor: &Actor) -> Result<Decision, Refusal> {
    need(actor, Role::Lead, "changing the directory of employees")?;
    whole_desk(actor, "the directory of employees")?;
    let directory = desk.employees();
    let (put, removed) = match act {
        EmployeeAct::Put(employee) => {
            let put = checked(desk, std::slice::from_ref(employee), &[], |_| String::new())?;
            (changed(desk, put), Vec::new())
        }
        EmployeeAct::Change { put, remove } => {
            let put = checked(desk, put, remove, |at| format!("put[{at}]."))?;
            (changed(desk, put), remove.iter().filter(|id| directory.get(id).is_some()).cloned().collect())
        }
        EmployeeAct::Remove(id) if directory.get(id).is_some() => (Vec::new(), vec![id.as_str().into()]),
        EmployeeAct::Remove(id) => {
            return Err(Refusal::NotFound { what: "employee", id: id.clone() });
        }
    };
    let changes = !put.is_empty() || !removed.is_empty();
    let event = changes.then_some(Event::EmployeesChanged { put, removed });
    let facts = event.into_iter().map(|event| Fact { ticket: None, event }).collect();
    Ok(Decision { ticket: None, facts })
}

/// Those of them who are not there, or were written down otherwise.
fn changed(desk: &Desk, put: Vec<Employee>) -> Vec<Employee> {
    put.into_iter().filter(|employee| desk.employees().get(&employee.id) != Some(employee)).collect()
}

/// The employees as they are written down, or all that is wrong with them.
fn checked(
    desk: &Desk,
    put: &[Employee],
    remove: &[SmolStr],
    place: impl Fn(usize) -> String,
) -> Result<Vec<Employee>, Refusal> {
    let mut wrong = Wrong::default();
    for (field, count) in [("put", put.len()), ("remove", remove.len())] {
        if count > EMPLOYEES_AT_ONCE_MAX {
            wrong.add(field, format!("has {count}; at most {EMPLOYEES_AT_ONCE_MAX} at once"));
        }
    }
    if put.is_empty() && remove.is_empty() {
        wrong.add("put", "is required, or `remove`: neither names anybody");
    }
    wrong.done()?;
    let directory = desk.employees();
    let mut wrong = Wrong::default();
    let leaving: BTreeSet<&SmolStr> = remove.iter().collect();
    let named: BTreeSet<&SmolStr> = put.iter().map(|employee| &employee.id).collect();
    let mut taken = BTreeMap::new();
    let mut ids = BTreeSet::new();
    let mut checked = Vec::with_capacity(put.len());
    for (at, given) in put.iter().enumerate() {
        let at = place(at);
        let employee = plain(&at, given, &mut wrong);
        if leaving.contains(&employee.id) {
            wrong.add(&format!("{at}id"), format!("`{}` is in `remove`, too", employee.id));
        } else if !ids.insert(employee.id.clone()) {
            wrong.add(&format!("{at}id"), format!("`{}` is named twice", employee.id));
        }
        for (field, address) in employee.addresses() {
            let other = directory.of_address(&address).map(|other| &other.id);
            // Whoever is taken out or written down anew by this has no address of before.
            let other = other.filter(|id| !leaving.contains(id) && !named.contains(id)).cloned();
            let other = other.or_else(|| taken.insert(address, employee.id.clone()));
            if let Some(other) = other.filter(|other| *other != employee.id) {
                wrong.add(&format!("{at}{field}"), format!("is of the employee {other} already"));
            }
        }
        checked.push(employee);
    }
    wrong.done()?;
    let new = checked.iter().filter(|employee| directory.get(&employee.id).is_none()).count();
    let gone = leaving.iter().filter(|id| directory.get(id).is_some()).count();
    if directory.len() + new - gone > EMPLOYEES_MAX {
        return Err(Refusal::conflict(
            "too-many-employees",
            format!(
                "the directory would have more than {EMPLOYEES_MAX} employees; take out those who have left"
            ),
        ));
    }
    Ok(checked)
}

fn plain(at: &str, given: &Employee, wrong: &mut Wrong) -> Employee {
    let id = &given.id;
    let odd = |c: char| c.is_whitespace() || c.is_control();
    if id.is_empty() || id.chars().count() > ID_MAX_CHARS || id.contains(odd) {
        let message = format!("is required: 1 to {ID_MAX_CHARS} characters without blanks");
        wrong.add(&format!("{at}id"), message);
    }
    let mut short = |field: &str, text: Option<&String>| {
        let text = wrong.optional_text(&format!("{at}{field}"), text)?;
        let chars = text.chars().count();
        if chars > TEXT_MAX_CHARS {
            wrong.add(&format!("{at}{field}"), format!("is {chars} characters; at most {TEXT_MAX_CHARS}"));
        }
        Some(text)
    };
    let name = short("name", Some(&given.name)).unwrap_or_default();
    let email = short("email", given.email.as_ref());
    let phone = short("phone", given.phone.as_ref());
    let login = short("login", given.login.as_ref());
    let department = short("department", given.department.as_ref());
    if name.is_empty() {
        wrong.add(&format!("{at}name"), "is required");
    }
    if email.as_deref().is_some_and(|email| !email.contains('@')) {
        wrong.add(&format!("{at}email"), "is no e-mail address; it has no `@`");
    }
    Employee { id: id.clone(), name, email, phone, login, department }
}

/// Fills in what the directory knows of the requester, where the regulation is for employees only. The reason by which
/// anybody else is refused.
pub(super) fn known(
    desk: &Desk,
    regulation: &Regulation,
    facts: &mut Registered,
) -> Result<Option<SmolStr>, Refusal> {
    let rule = regulation.employees.as_ref().filter(|_| !desk.is_lenient());
    let Some(rule) = rule.filter(|_| !desk.employees().is_empty()) else { return Ok(None) };
    match desk.employees().find(&facts.requester) {
        Found::Employee(employee) => {
            facts.requester = employee.filled_in(&facts.requester);
            Ok(None)
        }
        Found::Nobody => Ok(Some(rule.refuse_others.clone())),
        // What a lead gives as a task has no requester besides the lead (HD-1).
        Found::Unsaid if facts.opened_by.is_some() => Ok(None),
        Found::Unsaid => Err(Refusal::field(
            "requester",
            format!(
                "is required: an e-mail address, a telephone number, a login or a name, by which the directory of employees knows them{}",
                in_brackets(rule.clause.as_ref())
            ),
        )),
    }
}

/// A registration of somebody who is no employee is refused at once by that reason, by name, and stays in the record.
pub(super) fn refuse_others(draft: &mut Draft<'_>, reason: SmolStr) -> Result<(), Refusal> {
    let Requester { name, email, phone, login, inn: _ } = draft.ticket.facts.requester.clone();
    let who = [name, email, phone, login].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let rule = draft.regulation.employees.as_ref();
    let text = rule.map(|rule| format!("{}: {who}", rule.text));
    // Its clocks start with the registration, and stop with the refusal.
    clocks::turn(draft);
    draft.triggers.clear();
    refuse(draft, &Ending { reason: Some(reason.into()), text })
}
