//! The desk: what a support room promised, to whom, by when, and whether it kept its word.
//!
//! The desk decides, it does not do. It holds no clock, no file, no socket and no randomness: time and identity
//! are arguments, what it decides comes out as [`Event`]s, and nothing changes but by applying them. So a month
//! can be replayed in a second, and every deadline can be proved from the record.
//!
//! # Glossary
//!
//! One word for one thing, in code, HTTP paths, CLI nouns, configuration and on the wall.
//!
//! | word | what it is |
//! | --- | --- |
//! | *regulation* | the rules a desk works by, as data: a TOML file. Has an id, a version and clauses |
//! | *version* | one text of a regulation, from the day it *holds from*; a ticket keeps the one it was opened under until another is *applied* to it |
//! | *impact* | what applying a version does to a ticket: seen before in a *preview* |
//! | *clause* | one rule of a regulation's text, by its id (`GM-5.17`); entries of the file name theirs |
//! | *ticket* | one problem of one requester; has a number, a type, a priority, a status, a line and clocks. In the room's Russian: заявка |
//! | *requester* | who asks; *client* is the organisation they ask for |
//! | *agent* | who answers; *actor* is whoever gives a command, with a role |
//! | *scope* | the tickets an actor has to do with, by regulation and channel; what is of no ticket is the desk's, and in nobody's scope but that of who has none |
//! | *token* | lets a program or an agent in over HTTP: a name, a role, perhaps lines, a scope and an end; kept by the sum of its *secret*. *Expired* when its end has come |
//! | *denial* | a call that the door refused for who made it: 401, 403 or 429. An address is *locked out* while no more unknown tokens are looked up for it |
//! | *line* | a level of support with its calendar (1, 2, 3); a ticket *stands* on one, *routing* moves it |
//! | *channel* | the way a ticket came in |
//! | *status* | where a ticket is in the regulation's own words; *stage* is the same in ours: open, resolved (answered, the requester may still return it), closed |
//! | *clock* | one running term of a ticket: a *metric*, a target, the time used, a deadline |
//! | *metric* | what a clock measures: reaction, resolution, line, … |
//! | *cycle* | how often a clock of that metric has started on that ticket, from 1 |
//! | *basis* | what a clock counts: working or calendar hours or days |
//! | *target* | how much time the regulation gives; *used* is how much of it has gone |
//! | *planned term* | one that an agent promised: an *estimate*, where the regulation asks for one, or an *extension* |
//! | *deadline* | the instant a running clock's target is used up; a fact in an event |
//! | *breach* | a deadline that passed with its clock running |
//! | *calendar* | working hours over a production calendar in a zone; its *revision* names its facts |
//! | *provisional* | reckoned beyond the years a production calendar has facts for |
//! | *missing*, *wished* | fields that a regulation requires, or asks for besides, and a ticket does not have |
//! | *department* | people outside support who are asked; a *topic* says which of them, by which channels, and in what time |
//! | *escalation* | a question of a ticket to a department, with a clock of its own; *answered* by it, or *withdrawn* when the ticket closes |
//! | *complaint* | a requester's word that goes to the head: an alarm that only the head takes |
//! | *queue* | open tickets that nobody has taken and that wait for nobody, in the order to be taken |
//! | *held* | of a ticket in the queue: not to be begun while another of its client, its *holder*, is in work |
//! | *preferred* | of a ticket: its client agreed that it goes before its others |
//! | *register* of clients | which organisations there are, with the *terms* of their contracts: the channels they pay for |
//! | *contact* | the one person who speaks for a client; a *notice* of the client *appoints* another |
//! | *directory* of *employees* | who works for the company: where a regulation is for employees only, anybody else is refused |
//! | *source* | where the cause of a problem lay, with what is done then |
//! | *alarm* | something that needs a person, shown on the wall; raised once for its *cause* |
//! | *calling* | of an alarm: nobody has taken it, so it lights and sounds; a sound may be *silenced* (what calls now), *muted* (for a time) or wait for the end of *quiet hours*; light never is |
//! | *shelved* | of an alarm: put aside until a time, then it calls anew |
//! | *reference* | the key that another system knows a ticket by: its *source* and the *key* there |
//! | *alert* | what a monitoring system tells of one thing it watches, by its *fingerprint*: it fires or is resolved. Theirs, where an *alarm* is ours |
//! | *batch* | commands of one client that are decided one after another and become durable together |
//! | *facet* | one side of a ticket by which a list can be narrowed: status, line, assignee, … |
//! | *command* | a wish to change something; the desk answers with events or a *refusal* |
//! | *event* | something that happened, numbered without a hole; *entry* is all events of one command |
//! | *trusted* | of time: it is what the clock says; *held* time runs on from the newest instant that is known, while the clock cannot be trusted |
//! | *unsynced* | stamped by held time; clocks that began so are *corrected* when the time is trusted again |
//! | *attachment* | a file that belongs to a ticket: the record has its name, kind, length and SHA-256, and not its bytes |
//! | *sealed* | of access data: kept apart, encrypted, shown to the assignee only; a *look* is each time it was shown, and a closing *erases* it |
//! | *late* | of a breach: noticed long after its deadline, since the box was off or did not know the time; several are one alarm |
//! | *problem* | one cause of many tickets, with a number of its own: *suspected*, open, closed or *dismissed*. A ticket is *linked* to it, or *suggested* for it |
//! | *mass problem* | an open problem that has as many tickets of one local day as the regulation says: its requesters are told |
//! | *alike* | of tickets: their subjects are about the same *things*; the *score* is how much so |
//! | *kin* | of alike tickets: those that have type, and what else the regulation names, in common; only they count together |
//! | *apart* | of a ticket: an agent took it out of a problem, so it is alike to nothing that would suspect another |
//! | *lot* | some of the tickets that a problem changes, one lot in a turn of the loop |
//! | *settle* | to act on what time alone has brought about: breaches, warnings, closings |
//! | *feed* | events from a number on, each once and in order; a *stream* is one that a reader follows over HTTP |
//! | *webhook* | a receiver that events are posted to; each post is a *delivery*, and those of one ticket go one after another, in a *lane* |
//! | *presence* | whether an agent is there, *online* or *offline*: for chats, and apart from that for requests |
//! | *skill* | what an agent can do that a regulation may ask for |
//! | *group* | agents who share what comes by some channels; a ticket that nobody has may be a group's |
//! | *roster* | all *shifts*: who works when, `[starts, ends)`. Who is *on shift* follows from it; who has a ticket and is not, is *away* |
//! | *coverage* | whether somebody is on shift whenever a line or a channel is open; where nobody is, there is a *gap* |
//! | *staffing* | whether as many are on shift, with such skills, as a regulation asks for; else the shift is *short* |
//! | *assignment* | giving new tickets to agents in turn, or to their channel's group; *handing back* gives one to its group again |
//! | *mark* | what the requester says of the solution, in the regulation's scale; *late* where its ticket was closed in an earlier month |
//! | *divisor* | what the sum of a month's marks is divided by; the *figure* that comes of it falls into a *band* |
//! | *slice* | a part of a month: the tickets of a regulation, or of one line, agent, service, source or priority of it |
//! | *score* | what one closing, late mark or breach adds to the *tally* of a month, slice by slice |
//! | *closed* | of a month: it is over, and its figures are in the record, for good |
//! | *stint* | whose a line's term was: the line, and who had the ticket there |
//! | *cause* | why a term broke: the first that is so of a short list |
//! | *tracker* | where a product team keeps its tasks; an *issue* is a request there, made for a ticket and *done* when it is over there |
//! | *article* | a page of the knowledge base that helps with a ticket |
//! | *lead question* | what an agent asks the lead about a ticket |
//! | *common group* | a group for mass problems only |
//! | *mail* | what comes to the desk by e-mail; *letters* go out |
//! | *quarantine* | what could not be taken for what it should be, kept as it was: mail that became no ticket is *held* there, until an admin *retries* or *drops* it; stretches of the ledger that cannot be read |
//! | *dead letter* | what was tried for a day and not delivered; an admin may *replay* it |
//! | *letter* | what the desk writes to somebody about a ticket, by mail or into a *chat*; of a *kind*, *queued* by its cause, *held* until working hours where the regulation says so, *skipped* where there is no address |
//!
//! Left to others: keeping entries (`crate::store`), calling in time (`crate::run`), who is let in
//! (`crate::door`), how it looks (`crate::board`).

pub mod actor;
pub mod alarm;
pub mod alert;
pub mod alike;
pub mod attachment;
pub mod client;
pub mod clocks;
pub mod command;
mod decide;
pub mod employee;
pub(crate) use decide::letters as decide_letters;
pub mod escalation;
pub mod event;
pub mod explain;
pub mod help;
pub mod impact;
mod index;
pub mod issue;
pub mod letter;
pub mod packed;
pub mod people;
pub mod problem;
pub mod queue;
pub mod reading;
pub mod reference;
pub mod refusal;
pub mod regulation;
pub mod report;
pub mod scope;
mod state;
pub mod ticket;
pub mod view;
pub mod words;

pub use actor::{Actor, Role};
pub use alarm::{Alarm, AlarmKind, AlarmState, Shelving};
pub use alert::{Alert, AlertState, AlertsOverLimit};
pub use alike::Alike;
pub use attachment::{Attached, Attachment, AttachmentKind, SealedText};
pub use client::{Appointment, Client, ClientAct, ClientTerms, Clients};
pub use clocks::{Basis, Clock, ClockState, Metric};
pub use command::{Act, Command, DeskAct};
pub use employee::{Directory, Employee, EmployeeAct};
pub use escalation::{Escalation, EscalationState};
pub use event::{Entry, Event, Fact};
pub use help::{Article, LeadQuestion};
pub use impact::{Impact, Outcome};
pub use index::{Counts, Due};
pub use issue::Issue;
pub use letter::{Letter, LetterId, LetterKind, LetterNumber, Reach, Recipient};
pub use packed::Held;
pub use people::{People, PeopleAct};
pub use problem::{Problem, ProblemNumber, ProblemState};
pub use queue::{QueuePart, QueueReason, Queued};
pub use reference::Reference;
pub use refusal::{FieldError, Refusal};
pub use regulation::{Regulation, Regulations};
pub use scope::Scope;
pub use state::{Desk, Undo};
pub use ticket::{Stage, Ticket, TicketNumber};
