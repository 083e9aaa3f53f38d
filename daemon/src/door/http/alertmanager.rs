//! The webhook of Prometheus Alertmanager: alerts come in as tickets and notes.
//!
//! Alertmanager sends again what was answered with 5xx, and drops what was answered with any other refusal. So 200 says
//! that everything was taken, 503 that nothing is lost if it comes again, and 422 that something in it never will be taken;
//! the rest of it was.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::DoorState;
use super::auth::may_bring;
use super::body::{LONG_BODY_MAX_BYTES, Posted};
use super::problem::Problem;
use crate::desk::{Actor, Command, FieldError, Refusal, TicketNumber};
use crate::door::alertmanager::{self, Notification};
use crate::run::{BATCH_COMMANDS_MAX, CommandBatch, Failure, Outcome, Step};

/// Where alerts come in.
pub(super) const PATH: &str = "/v1/intake/alertmanager";

/// What Alertmanager sends to a webhook, version "4". What is not named here is passed over.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is read without a type, so that one bad alert does not lose the others")]
struct AlertmanagerForm {
    /// `"4"`; nobody looks at it.
    version: Option<String>,
    /// Of an alert that says nothing of its own: `firing` or `resolved`.
    status: Option<String>,
    /// The alerts.
    alerts: Vec<AlertForm>,
    /// How many alerts were left out.
    #[serde(rename = "truncatedAlerts")]
    truncated_alerts: Option<u64>,
}

/// One alert. What is not named here is passed over; one that is none is told by its place, and the others are taken.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "as that of the form")]
struct AlertForm {
    /// `firing` or `resolved`; where it says nothing, the form's own.
    status: Option<String>,
    /// What it is of: a text each. Required where there is no `fingerprint`.
    labels: Option<BTreeMap<String, String>>,
    /// What is said of it: a text each.
    annotations: Option<BTreeMap<String, String>>,
    /// Since when it fires, RFC 3339.
    starts_at: Option<String>,
    /// Where it came from: an address in the monitoring system.
    #[schema(rename = "generatorURL")]
    generator_url: Option<String>,
    /// What it is recognised by: 1 to 64 letters and digits; else a sum over its labels.
    fingerprint: Option<String>,
}

/// What came of the alerts.
#[derive(Serialize, ToSchema)]
pub(super) struct AlertsAnswer {
    /// Each alert, in the same order.
    alerts: Vec<AlertAnswer>,
    /// How many alerts the sender left out (`max_alerts`); nothing is known of them here.
    truncated: u64,
}

/// What came of an alert.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct AlertAnswer {
    /// What it is recognised by.
    #[schema(value_type = String, example = "1a30ba71cca2921f")]
    fingerprint: SmolStr,
    /// Its ticket; null where it has none.
    #[schema(value_type = Option<u64>)]
    ticket: Option<TicketNumber>,
    /// What it came to.
    outcome: AlertOutcome,
}

/// What an alert came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum AlertOutcome {
    /// It opened a ticket.
    Opened,
    /// It was noted on its ticket, or returned it.
    Noted,
    /// Nothing is new.
    Unchanged,
    /// More tickets were opened within the hour than may be; it was counted.
    Counted,
}

impl AlertOutcome {
    const fn id(self) -> &'static str {
        match self {
            AlertOutcome::Opened => "opened",
            AlertOutcome::Noted => "noted",
            AlertOutcome::Unchanged => "unchanged",
            AlertOutcome::Counted => "counted",
        }
    }
}

/// Takes in the alerts of Prometheus Alertmanager.
///
/// One that fires opens a ticket, or is noted on the one it has where it says something new; one that is resolved is noted
/// once. A repetition changes nothing, whoever sends it. 503 means: send it again. 422 means that the alerts it names
/// cannot be taken, now or later, and that the others were.
#[utoipa::path(post, path = PATH, tag = "intake", operation_id = "take_alerts",
    request_body = AlertmanagerForm,
    responses((status = 200, description = "All of it was taken", body = AlertsAnswer)))]
pub(super) async fn take(
    State(door): State<DoorState>,
    mut posted: Posted<LONG_BODY_MAX_BYTES>,
) -> Result<Json<AlertsAnswer>, Problem> {
    may_bring(&posted.caller.0, "passing on an alert")?;
    let facts = &door.shared.facts;
    let config = facts.alertmanager.clone().ok_or_else(|| Problem::not_configured("alertmanager"))?;
    let json = posted.take_json()?;
    let read = alertmanager::read(&json, &config, facts.language);
    let Notification { alerts, truncated } = read.map_err(|error| Problem::fields(vec![error]))?;
    let actor = posted.caller.0;
    let mut taken = Taken::default();
    let mut commands = Vec::new();
    for (place, alert) in alerts.into_iter().enumerate() {
        match alert {
            Ok(alert) => commands.push((place, alert.fingerprint.clone(), Command::Alert(Box::new(alert)))),
            Err(error) => taken.wrong.push(error),
        }
    }
    let mut commands = commands.into_iter().peekable();
    while commands.peek().is_some() {
        let mut told = Vec::new();
        let steps = commands.by_ref().take(BATCH_COMMANDS_MAX).map(|(place, fingerprint, command)| {
            told.push((place, fingerprint));
            Some(Step { command, ticket_from: None, other_from: None })
        });
        let batch = CommandBatch { steps: steps.collect(), stops_on_refusal: false };
        let outcomes = door.batch(batch, actor.clone(), None).await?;
        for ((place, fingerprint), outcome) in told.into_iter().zip(outcomes) {
            taken.note(place, fingerprint, outcome)?;
        }
    }
    if !taken.over_limit.is_empty() {
        let over = alertmanager::over_limit(std::mem::take(&mut taken.over_limit), &config, facts.language);
        door.command(Command::AlertsOverLimit(Box::new(over)), actor.clone(), None).await?;
    }
    door.metrics.alerts_came(taken.alerts.iter().map(|alert| alert.outcome.id()), truncated);
    if truncated > 0 {
        log::warn!(
            "Alertmanager left {truncated} alerts out of what it sent; raise max_alerts of its webhook"
        );
    }
    taken.answer(&actor, truncated).map(Json)
}

/// What came of the alerts so far.
#[derive(Default)]
struct Taken {
    alerts: Vec<AlertAnswer>,
    /// Alerts that cannot be taken.
    wrong: Vec<FieldError>,
    /// The first refusal that is about the sender and not about what was sent.
    refused: Option<Problem>,
    /// Alerts that are to be counted.
    over_limit: Vec<SmolStr>,
}

impl Taken {
    /// Takes down what came of an alert.
    ///
    /// # Errors
    /// A [`Problem`] where all of it is to be sent again.
    fn note(&mut self, place: usize, fingerprint: SmolStr, outcome: Outcome) -> Result<(), Problem> {
        let (ticket, outcome) = match outcome {
            Outcome::Done(done) => {
                let is_new = done.revision == 1;
                let outcome = match (done.changed, is_new) {
                    (false, _) => AlertOutcome::Unchanged,
                    (true, true) => AlertOutcome::Opened,
                    (true, false) => AlertOutcome::Noted,
                };
                (done.ticket, outcome)
            }
            Outcome::Failed(Failure::Refused(refusal)) if refusal.code() == "alerts-over-limit" => {
                self.over_limit.push(fingerprint.clone());
                (None, AlertOutcome::Counted)
            }
            Outcome::Failed(Failure::Refused(
                refusal @ (Refusal::Forbidden(_) | Refusal::OutOfScope { .. } | Refusal::Hidden { .. }),
            )) => {
                self.refused.get_or_insert(refusal.into());
                return Ok(());
            }
            Outcome::Failed(Failure::Refused(refusal)) => {
                self.wrong.push(FieldError::new(&format!("alerts[{place}]"), &refusal.to_string()));
                return Ok(());
            }
            Outcome::Failed(failure) => return Err(failure.into()),
            // There is no key, nothing is read beforehand, and nothing stops.
            Outcome::Before(_) | Outcome::Malformed | Outcome::NotTried => return Err(Problem::internal()),
        };
        self.alerts.push(AlertAnswer { fingerprint, ticket, outcome });
        Ok(())
    }

    fn answer(self, actor: &Actor, truncated: u64) -> Result<AlertsAnswer, Problem> {
        if let Some(refused) = self.refused {
            return Err(refused);
        }
        if self.wrong.is_empty() {
            return Ok(AlertsAnswer { alerts: self.alerts, truncated });
        }
        // Alertmanager does not send it again, and what it logs is far from here. What was sent stays out of our journal.
        let (count, first) = (self.wrong.len(), self.wrong[0].field.as_str());
        log::error!(
            "{count} alerts from {} were not taken, the first is {first}; the answer says why",
            actor.name
        );
        Err(Problem::fields(self.wrong))
    }
}
