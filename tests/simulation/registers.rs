//! Who is written down: clients with their contacts, and employees. Some of it is refused, since two share an address.

use andon::desk::command::Requester;
use andon::desk::{Appointment, ClientAct, ClientTerms, DeskAct, Employee, EmployeeAct};
use andon_tests::Random;

/// The names that tickets have for clients; the register has some of them, some of the time.
pub(crate) const CLIENTS: [&str; 4] = ["ООО «Ромашка»", "АО «Лютик»", "АО «Василёк»", "Nobody Ltd"];
const IDS: [&str; 3] = ["romashka", "lutik", "vasilek"];
/// Addresses that requesters, contacts and employees have.
pub(crate) const ADDRESSES: [&str; 4] =
    ["a.petrova@example.ru", "boris@example.ru", "vera@romashka.example.ru", "lev@lutik.example.ru"];

/// What a lead or an admin does about them.
pub(crate) fn act(random: &mut Random) -> DeskAct {
    if random.one_in(2) { DeskAct::Client(client(random)) } else { DeskAct::Employee(employees(random)) }
}

fn client(random: &mut Random) -> ClientAct {
    let at = random.index(IDS.len());
    match random.below(4) {
        0 => ClientAct::Remove(IDS[at].to_owned()),
        1 => {
            let email = Some(ADDRESSES[random.index(ADDRESSES.len())].to_owned());
            let contact =
                Requester { name: Some("Анна Петрова".to_owned()), email, ..Requester::default() };
            let notice = format!("Письмо № {}", random.below(100));
            ClientAct::Appoint(Box::new(Appointment { client: IDS[at].into(), contact, notice }))
        }
        _ => ClientAct::Set(ClientTerms {
            id: IDS[at].into(),
            name: CLIENTS[random.index(IDS.len())].to_owned(),
            domains: vec![format!("{}.example.ru", IDS[random.index(IDS.len())]).into()],
            ..ClientTerms::default()
        }),
    }
}

fn employees(random: &mut Random) -> EmployeeAct {
    let mut one = || {
        let id = format!("e{}", random.below(6));
        Employee {
            id: id.as_str().into(),
            name: format!("Сотрудник {id}"),
            email: Some(ADDRESSES[random.index(ADDRESSES.len())].to_owned()),
            ..Employee::default()
        }
    };
    let put = vec![one(), one()];
    match random.below(3) {
        0 => EmployeeAct::Put(Box::new(put[0].clone())),
        1 => EmployeeAct::Remove(put[0].id.to_string()),
        _ => EmployeeAct::Change { put, remove: vec![format!("e{}", random.below(6)).into()] },
    }
}
