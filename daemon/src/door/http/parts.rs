//! The wall's parts: which there are, and a test of each.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::DoorState;
use super::auth::{Keeper, Reader};
use super::body::{Posted, parse_as};
use super::problem::Problem;
use crate::board::parts_test::{Ending, Step};

/// The wall's parts.
#[derive(Serialize, ToSchema)]
pub(super) struct PartsView {
    /// Whether lamps and buzzer are connected.
    signals: bool,
    /// Whether there is an acknowledge button.
    button: bool,
    /// The panels, the one whose picture is `/board.png` first.
    panels: Vec<PanelView>,
}

/// A panel.
#[derive(Serialize, ToSchema)]
pub(super) struct PanelView {
    /// Its name: its picture is `/board.png?panel=NAME`.
    #[schema(example = "door")]
    name: String,
    /// What it is: simulated, st7796, ili9341, st7789, max7219, ssd1306 or drm.
    #[schema(value_type = String, example = "st7796")]
    kind: &'static str,
    /// Columns.
    #[schema(example = 480)]
    width: u16,
    /// Rows.
    #[schema(example = 320)]
    height: u16,
}

/// Lists the wall's parts.
#[utoipa::path(get, path = "/v1/board/parts", tag = "board", operation_id = "list_parts",
    responses((status = 200, description = "The parts", body = PartsView)))]
pub(super) async fn list(State(door): State<DoorState>, _: Reader) -> Json<PartsView> {
    let parts = &door.shared.parts;
    let panels = parts.pictures.panels().map(|(name, kind, (width, height))| {
        let name = name.to_owned();
        PanelView { name, kind, width, height }
    });
    Json(PartsView { signals: parts.has_signals, button: parts.has_button, panels: panels.collect() })
}

/// What is to be shown.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AskStep {
    /// Which step. Required.
    step: Option<Step>,
}

/// A step that was shown, or was not.
#[derive(Serialize, ToSchema)]
pub(super) struct ShownStep {
    /// Which step.
    step: Step,
    /// How it ended.
    ending: Ending,
}

/// Has one part of the wall tested, and answers when that is over; the wall then shows the desk again, whoever asked.
///
/// While an alarm calls there is no test, and one that begins to call breaks it off.
#[utoipa::path(post, path = "/v1/board/test", tag = "board", operation_id = "test_board",
    request_body(content = AskStep, example = json!({"step": "red"})),
    responses((status = 200, description = "How it ended", body = ShownStep,
        example = json!({"step": "red", "ending": "done"}))))]
pub(super) async fn test(
    State(door): State<DoorState>,
    _: Keeper,
    mut posted: Posted,
) -> Result<Json<ShownStep>, Problem> {
    let asked: AskStep = parse_as(posted.take_json()?)?;
    let step = asked.step.ok_or_else(|| Problem::field("step", "is required, such as red or cards"))?;
    let ending = door.shared.parts.test.show(step).await;
    Ok(Json(ShownStep { step, ending }))
}
