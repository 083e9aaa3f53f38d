//! What is sent with each verb: the schema of its body, of which operations and the commands of a batch are made.

use utoipa::ToSchema;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{OpenApi, RefOr};

use crate::desk::command;

/// A schema by its name.
pub(in crate::door::http) type Named = (String, RefOr<Schema>);

/// The body of a verb.
pub(in crate::door::http) struct Body {
    /// What its schema is called.
    pub(in crate::door::http) name: String,
    /// Its schema.
    pub(in crate::door::http) schema: RefOr<Schema>,
    /// The schemas that it is made of.
    pub(in crate::door::http) parts: Vec<Named>,
    /// Whether there must be one.
    pub(in crate::door::http) required: bool,
}

impl Body {
    fn new<T: ToSchema>(required: bool) -> Self {
        let mut parts = Vec::new();
        T::schemas(&mut parts);
        Self { name: T::name().into_owned(), schema: T::schema(), parts, required }
    }

    /// Puts it and what it is made of among the document's schemas.
    pub(super) fn add_to(self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        components.schemas.extend(self.parts);
        let before = components.schemas.insert(self.name.clone(), self.schema.clone());
        debug_assert!(
            before.is_none_or(|before| before == self.schema),
            "two types are called {}",
            self.name
        );
    }
}

/// The body of a verb; none where nothing is sent with it.
pub(in crate::door::http) fn of(verb: &str) -> Option<Body> {
    Some(match verb {
        "register" => Body::new::<command::Register>(true),
        "take-next" => Body::new::<command::TakeNext>(false),
        "reply" => Body::new::<command::Reply>(true),
        "ask" | "answer" | "urgent" | "complain" | "ask-lead" => Body::new::<command::Text>(true),
        "status" => Body::new::<command::StatusMove>(true),
        "classify" => Body::new::<command::Classify>(true),
        "priority" => Body::new::<command::PriorityChange>(true),
        "assign" => Body::new::<command::Assign>(true),
        "transfer" => Body::new::<command::Transfer>(true),
        "route" => Body::new::<command::Route>(true),
        "estimate" => Body::new::<command::Estimate>(true),
        "extend" => Body::new::<command::Extend>(true),
        "defer" => Body::new::<command::Defer>(true),
        "resolve" => Body::new::<command::Resolve>(true),
        "confirm" => Body::new::<command::Confirm>(false),
        "return" => Body::new::<command::Return>(true),
        "refuse" | "close" => Body::new::<command::Ending>(true),
        "link" => Body::new::<command::Link>(true),
        "split" => Body::new::<command::Split>(true),
        "prefer" => Body::new::<command::Prefer>(true),
        "escalate" => Body::new::<command::Escalate>(true),
        "escalation-answer" => Body::new::<command::EscalationAnswer>(true),
        "merge" => Body::new::<command::Merge>(true),
        "issue" => Body::new::<command::OpenIssue>(true),
        "issue-status" => Body::new::<command::TellIssue>(true),
        "lead-answer" => Body::new::<command::LeadAnswer>(true),
        "cite" => Body::new::<command::Cite>(true),
        _ => return None,
    })
}
