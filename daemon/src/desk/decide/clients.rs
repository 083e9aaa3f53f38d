//! Clients: what is written down of them, and what that means for a registration (BC-4, BC-5).

use smol_str::SmolStr;

use super::acts::refuse;
use super::fields::{people, phone_complaint};
use super::{Decision, Draft, Wrong, clocks, in_brackets, need, whole_desk};
use crate::desk::actor::{Actor, Role};
use crate::desk::client::{Appointment, CLIENTS_MAX, Client, ClientAct, ClientTerms, plain};
use crate::desk::command::{Ending, Requester};
use crate::desk::event::{Event, Fact, Registered};
use crate::desk::refusal::Refusal;
use crate::desk::regulation::Regulation;
use crate::desk::state::Desk;

/// The longest id and the longest name of a client, in characters.
const NAME_MAX_CHARS: usize = 200;
/// How many domains, channels or systems a client has at most, each.
const LIST_MAX: usize = 50;

pub(super) fn decide(desk: &Desk, act: &ClientAct, actor: &Actor) -> Result<Decision, Refusal> {
    need(actor, Role::Lead, "changing the register of clients")?;
    whole_desk(actor, "the register of clients")?;
    let event = match act {
        ClientAct::Set(terms) => set(desk, terms)?,
        ClientAct::Appoint(appointment) => Some(appoint(desk, appointment)?),
        ClientAct::Remove(id) => {
            let client = known(desk, id)?;
            Some(Event::ClientRemoved { client: client.terms.id.clone() })
        }
    };
    let facts = event.into_iter().map(|event| Fact { ticket: None, event }).collect();
    Ok(Decision { ticket: None, facts })
}

fn known<'a>(desk: &'a Desk, id: &str) -> Result<&'a Client, Refusal> {
    desk.clients().get(id).ok_or_else(|| Refusal::NotFound { what: "client", id: id.to_owned() })
}

fn set(desk: &Desk, terms: &ClientTerms) -> Result<Option<Event>, Refusal> {
    let mut wrong = Wrong::default();
    let clients = desk.clients();
    let is_id = |id: &str| id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if terms.id.is_empty() || terms.id.len() > 64 || !is_id(&terms.id) {
        wrong.add("id", "is required: 1 to 64 of a-z, 0-9 and `-`");
    }
    let name = wrong.text("name", Some(&terms.name));
    let chars = name.chars().count();
    if chars > NAME_MAX_CHARS {
        wrong.add("name", format!("is {chars} characters; at most {NAME_MAX_CHARS}"));
    }
    if !name.is_empty() && plain(&name).is_empty() {
        wrong.add("name", format!("`{name}` says nothing but quotation marks and dashes"));
    }
    let of_another = |client: &&Client| client.terms.id != terms.id;
    for (field, text) in [("name", name.as_str()), ("id", terms.id.as_str())] {
        if let Some(other) = clients.called(text).filter(of_another) {
            wrong.add(field, format!("`{text}` is the client {} already", other.terms.id));
        }
    }
    let domains: Vec<SmolStr> =
        terms.domains.iter().map(|domain| domain.trim().to_lowercase().into()).collect();
    for (at, domain) in domains.iter().enumerate() {
        let field = format!("domains[{at}]");
        let is_domain = |c: char| c.is_alphanumeric() || c == '-' || c == '.';
        if !domain.contains('.') || !domain.chars().all(is_domain) {
            wrong.add(&field, format!("`{domain}` is no domain, such as romashka.example.ru"));
        } else if let Some(other) = clients.of_domain(domain).filter(of_another) {
            wrong.add(&field, format!("`{domain}` is of the client {} already", other.terms.id));
        }
    }
    paid_channels(desk, &terms.paid_channels, &mut wrong);
    for (at, system) in terms.systems.iter().enumerate() {
        wrong.text(&format!("systems[{at}]"), Some(system));
    }
    for (field, len) in [
        ("domains", domains.len()),
        ("paid_channels", terms.paid_channels.len()),
        ("systems", terms.systems.len()),
    ] {
        if len > LIST_MAX {
            wrong.add(field, format!("are {len}; at most {LIST_MAX}"));
        }
    }
    wrong.done()?;
    let before = clients.get(&terms.id).map(|client| &client.terms);
    if before.is_none() && clients.len() >= CLIENTS_MAX {
        return Err(Refusal::conflict(
            "too-many-clients",
            format!("the register has {CLIENTS_MAX} clients, and no more go in; remove one"),
        ));
    }
    let terms = ClientTerms { name, domains, ..terms.clone() };
    Ok((before != Some(&terms)).then(|| Event::ClientSet(Box::new(terms))))
}

/// A channel that no regulation opens to some clients only is nothing to pay for.
fn paid_channels(desk: &Desk, channels: &[SmolStr], wrong: &mut Wrong) {
    let rules = desk.regulations().iter().filter_map(|regulation| regulation.clients.as_ref());
    let known: Vec<&str> = rules.flat_map(|rule| &rule.paid_channels).map(SmolStr::as_str).collect();
    for (at, channel) in channels.iter().enumerate().filter(|(_, id)| !known.contains(&id.as_str())) {
        let one_of = if known.is_empty() {
            "no regulation of this desk has channels to be paid for".to_owned()
        } else {
            format!("to be paid for is one of {}", known.join(", "))
        };
        wrong.add(&format!("paid_channels[{at}]"), format!("`{channel}`: {one_of}"));
    }
}

fn appoint(desk: &Desk, appointment: &Appointment) -> Result<Event, Refusal> {
    let client = known(desk, &appointment.client)?.terms.id.clone();
    let mut wrong = Wrong::default();
    let notice = wrong.text("notice", Some(&appointment.notice));
    let given = &appointment.contact;
    let mut text = |field: &str, value: &Option<String>| {
        wrong.optional_text(&format!("contact.{field}"), value.as_ref())
    };
    let contact = Requester {
        name: text("name", &given.name),
        email: text("email", &given.email),
        phone: text("phone", &given.phone),
        inn: text("inn", &given.inn),
        login: text("login", &given.login),
    };
    if contact.name.is_none() {
        wrong.add("contact.name", "is required");
    }
    if [&contact.email, &contact.phone, &contact.login].into_iter().all(Option::is_none) {
        wrong.add("contact.email", "is required, or contact.phone or contact.login: by it they are known");
    }
    people("contact", &contact, &mut wrong);
    if let Some(message) = contact.phone.as_deref().and_then(phone_complaint) {
        wrong.add("contact.phone", message);
    }
    wrong.done()?;
    Ok(Event::ContactAppointed(Box::new(Appointment { client, contact, notice })))
}

/// The client of a registration: by its name, or by the requester's address where the register does not have the name.
/// Whoever writes from a client's address is of that client, whatever they call it (BC-4).
pub(super) fn of<'a>(desk: &'a Desk, facts: &Registered) -> Option<&'a Client> {
    let named = facts.client.as_deref().and_then(|name| desk.clients().named(name));
    named.or_else(|| desk.clients().of_address(facts.requester.email.as_deref()?))
}

/// A client's name as the register has it, where the regulation works by the register and it is there.
pub(super) fn as_registered(desk: &Desk, regulation: &Regulation, name: String) -> String {
    let known = desk.clients().named(&name).filter(|_| regulation.clients.is_some() && !desk.is_lenient());
    known.map_or(name, |client| client.terms.name.clone())
}

/// Refuses a registration by a channel that the client's contract does not pay for (BC-5).
pub(super) fn may_come_by(
    regulation: &Regulation,
    client: &Client,
    facts: &Registered,
) -> Result<(), Refusal> {
    let Some(rule) = &regulation.clients else { return Ok(()) };
    let (channel, terms) = (&facts.channel, &client.terms);
    if !rule.paid_channels.contains(channel) || terms.paid_channels.contains(channel) {
        return Ok(());
    }
    let clause = in_brackets(rule.paid_channels_clause.as_ref());
    let free = regulation.channels.iter().map(|channel| &channel.name.id);
    let free: Vec<_> = free.filter(|id| !rule.paid_channels.contains(id)).map(SmolStr::as_str).collect();
    Err(Refusal::conflict(
        "channel-not-paid",
        format!(
            "the contract of {} does not pay for the channel `{channel}`{clause}; open to it are {}",
            terms.name,
            free.join(", ")
        ),
    ))
}

/// A registration of somebody who does not speak for the client is refused at once, and stays in the record (BC-4).
pub(super) fn refuse_others(draft: &mut Draft<'_>, client: &Client) -> Result<(), Refusal> {
    let rule = draft.regulation.clients.as_ref().and_then(|rule| rule.refuse_others.clone());
    let (Some(reason), Some(false)) = (rule, client.is_spoken_for_by(&draft.ticket.facts.requester)) else {
        return Ok(());
    };
    // Its clocks start with the registration, and stop with the refusal.
    clocks::turn(draft);
    draft.triggers.clear();
    refuse(draft, &Ending { reason: Some(reason.into()), text: None })
}
