//! The roster: shifts by agent and date, and the gaps of what is open.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use calendars::{Timestamp, Tz};
use chrono::{Days, NaiveDate, NaiveTime, TimeDelta, TimeZone};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::auth::{Caller, Reader, may_lead};
use super::body::{Posted, parse_as};
use super::problem::Problem;
use super::query::{Named, Query};
use super::{Door, DoorState};
use crate::desk::people::{
    COVERAGE_MAX_DAYS, Cover, Lack, PeopleAct, Place, Shift, ShiftTimes, Stretch, coverage,
};
use crate::desk::reading::ERRORS_MAX;
use crate::desk::{Actor, Command, DeskAct, Event, FieldError};
use crate::run::View;

/// How many days are shown where nobody says.
const DAYS_DEFAULT: u32 = 7;

/// A shift of the roster.
#[derive(Serialize, ToSchema)]
pub(super) struct ShiftView {
    /// Its number.
    id: u64,
    /// Who.
    #[schema(value_type = String, example = "ivanova")]
    agent: SmolStr,
    /// The day on which it begins, in the site's zone.
    #[schema(example = "2026-11-23")]
    date: String,
    /// When it begins, local time.
    #[schema(example = "09:00")]
    from: String,
    /// When it ends, local time; no later than `from` means on the next day.
    #[schema(example = "18:00")]
    to: String,
    /// The first instant of it.
    starts_at: String,
    /// The first instant after it.
    ends_at: String,
}

/// A shift as it is planned, in local times of the site.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PlannedShift {
    /// Who. Required.
    #[schema(value_type = String, required = true, min_length = 1, example = "ivanova")]
    agent: Option<String>,
    /// The day on which it begins. Required.
    #[schema(value_type = String, required = true, pattern = r"^\d{4}-\d{2}-\d{2}$", example = "2026-11-23")]
    date: Option<String>,
    /// When it begins. Required.
    #[schema(value_type = String, required = true, pattern = r"^\d{2}:\d{2}$", example = "09:00")]
    from: Option<String>,
    /// When it ends; no later than `from` means on the next day, `24:00` is the end of the day. Required.
    #[schema(value_type = String, required = true, pattern = r"^\d{2}:\d{2}$", example = "18:00")]
    to: Option<String>,
}

/// Shifts to be added, all or none.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddShifts {
    /// The shifts; at most 5,000.
    #[serde(default)]
    #[schema(max_items = 5000)]
    shifts: Vec<PlannedShift>,
    /// Shifts that begin on these days go before: so a week that is planned anew is sent whole.
    instead_of: Option<PlannedDays>,
    /// Only says what would come and go: nothing is changed.
    #[serde(default)]
    dry_run: bool,
}

/// Days of the site's zone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PlannedDays {
    /// The first. Required.
    #[schema(value_type = String, required = true, pattern = r"^\d{4}-\d{2}-\d{2}$", example = "2026-11-23")]
    from: Option<String>,
    /// How many: 1 to 400. Required.
    #[schema(value_type = u32, required = true, minimum = 1, maximum = 400, example = 7)]
    days: Option<u32>,
    /// Only shifts of these agents go; left out or empty: everybody's.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!([]))]
    agents: Vec<SmolStr>,
}

/// The roster was changed.
#[derive(Serialize, ToSchema)]
pub(super) struct RosterChanged {
    /// Whether anything is otherwise now.
    changed: bool,
    /// How many shifts came; of a dry run: would come.
    added: usize,
    /// How many shifts went.
    removed: usize,
    /// How many of those sent were there already, and stay.
    unchanged: usize,
    /// How many shifts the roster has now, those of the last quarter among them.
    shifts_total: usize,
}

/// How something is covered by shifts.
#[derive(Serialize, ToSchema)]
pub(super) struct CoverView {
    /// Whose rule it is.
    #[schema(value_type = String, example = "getmark")]
    regulation: SmolStr,
    /// What is to be covered.
    place: Place,
    /// Which line or channel; null for a shift as the regulation asks for it.
    #[schema(value_type = Option<String>, example = "1")]
    id: Option<SmolStr>,
    /// How long it is open in these days, in seconds.
    open_seconds: i64,
    /// How long of that it is not covered, in seconds.
    gap_seconds: i64,
    /// When it is not, in order.
    gaps: Vec<GapView>,
}

/// A time in which too few are on shift.
#[derive(Serialize, ToSchema)]
pub(super) struct GapView {
    /// The first instant of it.
    starts_at: String,
    /// The first instant after it.
    ends_at: String,
    /// How many are on shift who could.
    on_shift: u32,
    /// How many there should be.
    required: u32,
    /// Which skills too few of them have.
    lacks: Vec<LackView>,
}

/// A skill that too few on shift have.
#[derive(Serialize, ToSchema)]
pub(super) struct LackView {
    /// Which.
    #[schema(value_type = String, example = "technical-specialist")]
    skill: SmolStr,
    /// How many have it.
    on_shift: u32,
    /// How many should.
    required: u32,
}

impl ShiftView {
    fn of(Shift { id, times }: &Shift, zone: Tz) -> Self {
        let ShiftTimes { agent, starts, ends } = times;
        let (from, to) = (starts.local(zone), ends.local(zone));
        let is_midnight = to.time() == NaiveTime::MIN && to.date() > from.date();
        Self {
            id: *id,
            agent: agent.clone(),
            date: from.date().to_string(),
            from: from.format("%H:%M").to_string(),
            to: if is_midnight { "24:00".to_owned() } else { to.format("%H:%M").to_string() },
            starts_at: starts.to_rfc3339(zone),
            ends_at: ends.to_rfc3339(zone),
        }
    }
}

impl PlannedShift {
    /// The shift, or all that is wrong with it; `path` is where it stands.
    fn times(&self, path: &str, zone: Tz) -> Result<ShiftTimes, Vec<FieldError>> {
        let fields = [("agent", &self.agent), ("date", &self.date), ("from", &self.from), ("to", &self.to)];
        let lacking = fields.iter().filter(|(_, value)| value.as_deref().is_none_or(|v| v.trim().is_empty()));
        let mut wrong: Vec<_> =
            lacking.map(|(field, _)| FieldError::new(&format!("{path}{field}"), "is required")).collect();
        let text = |value: &Option<String>| value.as_deref().unwrap_or_default().trim().to_owned();
        let (agent, date) = (text(&self.agent), text(&self.date));
        match ShiftTimes::local(&agent, &date, &text(&self.from), &text(&self.to), zone) {
            Ok(times) if wrong.is_empty() => return Ok(times),
            Ok(_) => {}
            Err(more) => {
                for (field, message) in more {
                    let field = format!("{path}{field}");
                    if wrong.iter().all(|known| known.field != field) {
                        wrong.push(FieldError::new(&field, &message));
                    }
                }
            }
        }
        Err(wrong)
    }
}

/// The days that are asked for: `from`, today where it is left out, and `days`.
fn days(query: &Query, door: &Door) -> Result<(Timestamp, Timestamp), Problem> {
    let (zone, now) = (door.shared.facts.zone, door.shared.handle.view().now());
    let mut errors = query.unknown(&["from", "days"]);
    let from = query.value("from").map_or(Some(now.local(zone).date()), day);
    if from.is_none() {
        errors.push(FieldError::new("from", "is no date; write it as 2026-11-23"));
    }
    let days = query.value("days").map_or(Some(DAYS_DEFAULT), |days| days.parse().ok());
    let days = days.filter(|days| (1..=COVERAGE_MAX_DAYS).contains(days));
    if days.is_none() {
        errors.push(FieldError::new("days", &format!("must be a number from 1 to {COVERAGE_MAX_DAYS}")));
    }
    match (from, days) {
        (Some(from), Some(days)) if errors.is_empty() => stretch(from, days, zone)
            .ok_or_else(|| Problem::field("from", "is too far from now; write it as 2026-11-23")),
        (_, _) => Err(Problem::fields(errors)),
    }
}

fn day(text: &str) -> Option<NaiveDate> {
    text.parse().ok().filter(|_| text.len() == 10)
}

/// So many days from one on: from midnight to midnight.
fn stretch(from: NaiveDate, days: u32, zone: Tz) -> Option<(Timestamp, Timestamp)> {
    let until = from.checked_add_days(Days::new(u64::from(days)))?;
    Some((midnight(from, zone)?, midnight(until, zone)?))
}

/// The beginning of a day; in a zone that has no midnight on it, the first time there is.
fn midnight(day: NaiveDate, zone: Tz) -> Option<Timestamp> {
    let midnight = day.and_time(NaiveTime::MIN);
    let hours = (0..=24).filter_map(|hour| midnight.checked_add_signed(TimeDelta::hours(hour)));
    let first = hours.into_iter().find_map(|local| zone.from_local_datetime(&local).earliest())?;
    Some(Timestamp::from_millis(first.timestamp_millis()))
}

/// Lists the shifts of some days, by their beginnings. A token with a scope is told of its own agent's only.
#[utoipa::path(get, path = "/v1/roster", tag = "people", operation_id = "list_shifts",
    params(("from" = Option<String>, Query, description = "The first day, in the site's zone; else today", example = "2026-11-23"),
        ("days" = Option<u32>, Query, description = "How many days: 1 to 92, else 7")),
    responses((status = 200, description = "The shifts that have some time in these days", body = [ShiftView])))]
pub(super) async fn list(
    State(door): State<DoorState>,
    Reader(caller): Reader,
    query: Query,
) -> Result<Json<Vec<ShiftView>>, Problem> {
    let (from, until) = days(&query, &door)?;
    let zone = door.shared.facts.zone;
    let people = door.shared.handle.view().people();
    let is_told = |shift: &&Shift| caller.scope.is_whole() || shift.times.agent == caller.name;
    let shifts = people.roster().during(from, until).filter(is_told);
    Ok(Json(shifts.map(|shift| ShiftView::of(shift, zone)).collect()))
}

/// Adds shifts, all or none.
#[utoipa::path(post, path = "/v1/roster", tag = "people", operation_id = "add_shifts", request_body = AddShifts,
    responses((status = 200, description = "They are on the roster", body = RosterChanged)))]
pub(super) async fn add(
    State(door): State<DoorState>,
    mut posted: Posted,
) -> Result<(HeaderMap, Json<RosterChanged>), Problem> {
    may_lead(&posted.caller.0, "changing the roster")?;
    let AddShifts { shifts, instead_of, dry_run } = parse_as(posted.take_json()?)?;
    let zone = door.shared.facts.zone;
    let mut errors = Vec::new();
    let instead_of =
        instead_of.and_then(|days| days.stretch(zone).map_err(|wrong| errors.extend(wrong)).ok());
    if shifts.is_empty() && instead_of.is_none() && errors.is_empty() {
        errors.push(FieldError::new("shifts", "is required, unless `instead_of` names days to be cleared"));
    }
    let mut planned = Vec::with_capacity(shifts.len());
    for (place, shift) in shifts.iter().enumerate() {
        match shift.times(&format!("shifts[{place}]."), zone) {
            Ok(times) => planned.push(times),
            Err(wrong) => errors.extend(wrong),
        }
    }
    if !errors.is_empty() {
        errors.truncate(ERRORS_MAX);
        return Err(Problem::fields(errors));
    }
    let act = DeskAct::People(PeopleAct::AddShifts { shifts: planned, instead_of });
    let (added, removed) = comes_and_goes(&door, act.clone(), posted.caller.0.clone()).await?;
    let (headers, changed) =
        if dry_run { (HeaderMap::new(), false) } else { door.desk_act(act, posted).await? };
    let shifts_total = door.look(|desk, _| desk.people().roster().len()).await?;
    let unchanged = shifts.len() - added;
    Ok((headers, Json(RosterChanged { changed, added, removed, unchanged, shifts_total })))
}

/// How many shifts would come, and how many go.
async fn comes_and_goes(door: &Door, act: DeskAct, actor: Actor) -> Result<(usize, usize), Problem> {
    let decided = door.look(move |desk, now| desk.decide(&Command::Desk(act), &actor, now)).await??;
    let changed = decided.facts.iter().find_map(|fact| {
        let Event::RosterChanged { removed, added } = &fact.event else { return None };
        Some((added.len(), removed.len()))
    });
    Ok(changed.unwrap_or_default())
}

impl PlannedDays {
    fn stretch(self, zone: Tz) -> Result<Stretch, Vec<FieldError>> {
        let from = self.from.as_deref().and_then(day);
        let days = self.days.filter(|days| (1..=400).contains(days));
        let mut wrong = Vec::new();
        if from.is_none() {
            wrong.push(FieldError::new("instead_of.from", "is required, a date such as 2026-11-23"));
        }
        if days.is_none() {
            wrong.push(FieldError::new("instead_of.days", "is required, a number from 1 to 400"));
        }
        let stretch = from.zip(days).and_then(|(from, days)| stretch(from, days, zone));
        stretch.map(|(from, until)| Stretch { from, until, agents: self.agents }).ok_or(wrong)
    }
}

/// The number of a shift in a path.
fn shift_number(text: &str) -> Result<u64, Problem> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| Problem::not_found("shift", text))
}

/// Shows a shift.
#[utoipa::path(get, path = "/v1/roster/{id}", tag = "people", operation_id = "show_shift",
    params(("id" = u64, Path, description = "The shift's number", example = 1)),
    responses((status = 200, description = "The shift", body = ShiftView)))]
pub(super) async fn show(
    State(door): State<DoorState>,
    reader: Reader,
    Named(id): Named<String>,
) -> Result<Json<ShiftView>, Problem> {
    reader.whole("the roster")?;
    let (zone, people) = (door.shared.facts.zone, door.shared.handle.view().people());
    let shift = people.roster().get(shift_number(&id)?).map(|shift| ShiftView::of(shift, zone));
    shift.map(Json).ok_or_else(|| Problem::not_found("shift", &id))
}

/// Gives a shift another agent or other times.
#[utoipa::path(put, path = "/v1/roster/{id}", tag = "people", operation_id = "replace_shift",
    params(("id" = u64, Path, description = "The shift's number", example = 1)),
    request_body = PlannedShift,
    responses((status = 200, description = "The shift", body = ShiftView)))]
pub(super) async fn replace(
    State(door): State<DoorState>,
    Named(id): Named<String>,
    mut posted: Posted,
) -> Result<(HeaderMap, Json<ShiftView>), Problem> {
    may_lead(&posted.caller.0, "changing the roster")?;
    let id = shift_number(&id)?;
    let shift: PlannedShift = parse_as(posted.take_json()?)?;
    let zone = door.shared.facts.zone;
    let times = shift.times("", zone).map_err(Problem::fields)?;
    let shown = ShiftView::of(&Shift { id, times: times.clone() }, zone);
    let act = DeskAct::People(PeopleAct::ReplaceShift { id, times });
    let (headers, _) = door.desk_act(act, posted).await?;
    Ok((headers, Json(shown)))
}

/// Takes a shift off the roster.
#[utoipa::path(delete, path = "/v1/roster/{id}", tag = "people", operation_id = "remove_shift",
    params(("id" = u64, Path, description = "The shift's number", example = 1)),
    responses((status = 204, description = "It is not on the roster any more")))]
pub(super) async fn remove(
    State(door): State<DoorState>,
    Caller(actor): Caller,
    Named(id): Named<String>,
) -> Result<StatusCode, Problem> {
    may_lead(&actor, "changing the roster")?;
    let act = PeopleAct::RemoveShift { id: shift_number(&id)? };
    door.command(Command::Desk(DeskAct::People(act)), actor, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tells how lines, channels with a group and shifts are covered, and the gaps.
///
/// A line is covered by an agent who works on it, a channel by one of its group, a shift by as many as the regulation asks for,
/// each in its own hours: holidays and moved days count.
#[utoipa::path(get, path = "/v1/roster/coverage", tag = "people", operation_id = "show_coverage",
    params(("from" = Option<String>, Query, description = "The first day, in the site's zone; else today", example = "2026-11-23"),
        ("days" = Option<u32>, Query, description = "How many days: 1 to 92, else 7")),
    responses((status = 200, description = "How each is covered", body = [CoverView])))]
pub(super) async fn show_coverage(
    State(door): State<DoorState>,
    reader: Reader,
    query: Query,
) -> Result<Json<Vec<CoverView>>, Problem> {
    reader.whole("the roster")?;
    let (from, until) = days(&query, &door)?;
    let (zone, view) = (door.shared.facts.zone, door.shared.handle.view());
    let (people, regulations, now) = (view.people(), view.regulations().clone(), view.now());
    let covers = super::blocking(move || {
        let holding = regulations.ids().into_iter().filter_map(|id| regulations.holding(id, now));
        let covers = holding.flat_map(|regulation| coverage(regulation, &people, from, until));
        covers.map(|cover| CoverView::of(cover, zone)).collect()
    });
    Ok(Json(covers.await?))
}

impl CoverView {
    fn of(cover: Cover, zone: Tz) -> Self {
        let lack = |Lack { skill, on_shift, required }| LackView { skill, on_shift, required };
        let gap_ms: i64 = cover.gaps.iter().map(|gap| gap.until.ms_since(gap.from)).sum();
        let gaps = cover.gaps.into_iter().map(|gap| GapView {
            starts_at: gap.from.to_rfc3339(zone),
            ends_at: gap.until.to_rfc3339(zone),
            on_shift: gap.on_shift,
            required: gap.required,
            lacks: gap.lacks.into_iter().map(lack).collect(),
        });
        Self {
            regulation: cover.regulation,
            place: cover.place,
            id: Some(cover.id).filter(|id| !id.is_empty()),
            open_seconds: cover.open_ms / 1_000,
            gap_seconds: gap_ms / 1_000,
            gaps: gaps.collect(),
        }
    }
}

/// The roster, in short, for `/v1/status`.
#[derive(Serialize, ToSchema)]
pub(super) struct RosterStatus {
    /// The site's zone, in which shifts are planned.
    #[schema(example = "Europe/Moscow")]
    zone: &'static str,
    /// How many agents the desk knows.
    agents: usize,
    /// How many of them are on shift now.
    on_shift: usize,
    /// How many shifts the roster has, those of the last quarter among them.
    shifts: usize,
    /// How many gaps there are in what is open in the week from now on; null where no roster is kept.
    gaps: Option<usize>,
    /// When the first of them begins.
    first_gap_at: Option<String>,
}

/// A week, in milliseconds.
const WEEK_MS: i64 = 7 * 86_400_000;

impl RosterStatus {
    pub(super) fn of(view: &View, now: Timestamp, zone: Tz) -> Self {
        let (people, regulations) = (view.people(), view.regulations());
        let holding = regulations.ids().into_iter().filter_map(|id| regulations.holding(id, now));
        let covers = holding.filter(|_| people.keeps_roster());
        let gaps: Vec<_> = covers
            .flat_map(|regulation| coverage(regulation, &people, now, now.plus_ms(WEEK_MS)))
            .flat_map(|cover| cover.gaps)
            .collect();
        Self {
            zone: zone.name(),
            agents: people.len(),
            on_shift: people.on_shift(),
            shifts: people.roster().len(),
            gaps: people.keeps_roster().then_some(gaps.len()),
            first_gap_at: gaps.iter().map(|gap| gap.from).min().map(|at| at.to_rfc3339(zone)),
        }
    }
}
