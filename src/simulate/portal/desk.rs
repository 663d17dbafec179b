//! A portal's pages: the sign-in desk where one clicks a name, and the tiles of whoever is signed in.

use std::fmt::Write as _;

use http::StatusCode;

use super::{Defect, PortalSite, Session};
use crate::simulate::cli::today;
use crate::simulate::country::Country;
use crate::simulate::country::person::{Person, Profile, Seat};
use crate::simulate::country::school::School;
use crate::simulate::markup::html;
use crate::simulate::pages::page;
use crate::simulate::server::{Answer, Request};
use crate::simulate::tile::{Generation, link};

/// Names shown of one school; the field beside takes any identifier.
const SHOWN: u32 = 60;

impl PortalSite {
    /// The desk, or the tiles when somebody is signed in. A waiting request always shows the desk.
    pub(super) fn home(&self, request: &Request) -> Answer {
        let flow = request
            .query("flow")
            .filter(|flow| self.flows.contains_key(flow));
        match self.session(request) {
            Some(session) if flow.is_none() => self.tiles(&session),
            _ => self.desk(request, flow.as_deref()),
        }
    }

    fn desk(&self, request: &Request, flow: Option<&str>) -> Answer {
        let mut body = String::new();
        if flow.is_some() {
            body.push_str("<section><p>The gateway asks who you are.</p></section>");
        }
        let flow = flow.map_or_else(String::new, |flow| {
            format!(
                "<input type=\"hidden\" name=\"flow\" value=\"{}\">",
                html(flow)
            )
        });
        let _ = write!(
            body,
            "<section><h2>Sign in as anybody</h2><form class=\"row\" method=\"post\" action=\"/sign-in\">{flow}\
             <input type=\"text\" name=\"person\" placeholder=\"GARPersonIdentifiant\" size=\"36\" aria-label=\"identifier\">\
             <select name=\"defect\" aria-label=\"what is wrong\">"
        );
        for defect in Defect::ALL {
            let _ = write!(
                body,
                "<option value=\"{code}\">{code}</option>",
                code = defect.code()
            );
        }
        body.push_str("</select><button>Sign in</button></form><p class=\"soft\">The list says what the portal gets wrong on purpose.</p></section>");
        if !self.listed.is_empty() {
            body.push_str("<section><h2>Listed</h2>");
            people(
                &mut body,
                &flow,
                self.listed.iter().map(|p| (p.id.clone(), p.name.clone())),
            );
            body.push_str("</section>");
        }
        if let Some(country) = &self.country {
            self.desk_of_school(country, request, &flow, &mut body);
        }
        page(StatusCode::OK, &self.portal.name, "portal", &body)
    }

    fn desk_of_school(&self, country: &Country, request: &Request, flow: &str, body: &mut String) {
        let Some(portal) = country.portals.iter().position(|p| p.id == self.portal.id) else {
            return;
        };
        let range = country.schools_of(portal);
        let asked = request
            .query("school")
            .and_then(|s| s.parse().ok())
            .filter(|s| range.contains(s));
        let school = country.school(asked.unwrap_or(range.start));
        let _ = write!(
            body,
            "<section><form class=\"row\" method=\"get\" action=\"/\">"
        );
        if let Some(flow) = request.query("flow") {
            let _ = write!(
                body,
                "<input type=\"hidden\" name=\"flow\" value=\"{}\">",
                html(&flow)
            );
        }
        body.push_str("<select name=\"school\" aria-label=\"school\">");
        for index in range.take(500) {
            let other = country.school(index);
            let selected = if index == school.index {
                " selected"
            } else {
                ""
            };
            let _ = write!(
                body,
                "<option value=\"{index}\"{selected}>{} — {}</option>",
                other.uai,
                html(&other.name)
            );
        }
        let _ = write!(
            body,
            "</select><button>Show</button></form><h2>{} ({})</h2>",
            html(&school.name),
            school.uai
        );
        let shown = (0..school.seats.min(SHOWN)).filter_map(|seat| {
            country.person(Seat {
                school: school.index,
                seat,
            })
        });
        people(
            body,
            flow,
            shown.map(|person| (person.id.clone(), described(&person, &school))),
        );
        body.push_str("</section>");
    }

    fn tiles(&self, session: &Session) -> Answer {
        let wrong = match session.defect {
            Defect::None => String::new(),
            defect => format!("<span class=\"bad\">{}</span>", defect.code()),
        };
        let mut body = format!(
            "<section><form class=\"row\" method=\"post\" action=\"/sign-out\"><span>Signed in as <b>{}</b></span>{wrong}<button>Sign out</button></form></section>",
            html(&session.person)
        );
        match self.country.as_deref().and_then(|country| Some((country, self.find(country, &session.person)?))) {
            Some((country, person)) => self.tiles_of(country, &person, &mut body),
            None => body.push_str("<section><p>Nobody of this identifier is in the country, so there are no tiles.</p></section>"),
        }
        page(StatusCode::OK, &self.portal.name, "portal", &body)
    }

    fn tiles_of(&self, country: &Country, person: &Person, body: &mut String) {
        let today = today();
        for place in &person.schools {
            let school = country.school(place.school);
            let _ = write!(
                body,
                "<section><h2>{}</h2><p class=\"soft\">{}</p><table><tr><th>Resource</th><th>Expected</th><th>Tile</th></tr>",
                html(&school.name),
                html(&described(person, &school))
            );
            let mut seen = Vec::new();
            for subscription in country.subscriptions_of(&school) {
                if seen.contains(&subscription.resource) {
                    continue;
                }
                seen.push(subscription.resource);
                let resource = country.resource(subscription.resource);
                let expected = match country.expected(person, &resource, Some(&school.uai), today) {
                    Ok(_) => "<span class=\"good\">opens</span>".to_owned(),
                    Err(refused) => format!("<span class=\"bad\">{}</span>", refused.code()),
                };
                let _ = write!(
                    body,
                    "<tr><td>{}<br><code>{}</code></td><td>{expected}</td><td>",
                    html(&resource.title),
                    html(&resource.ark)
                );
                for generation in Generation::ALL {
                    let path = link(
                        generation,
                        &self.portal.ident,
                        &school.uai,
                        &resource.ark,
                        1,
                    );
                    let _ = write!(
                        body,
                        "<a href=\"{}{}\">{}</a> ",
                        html(&self.gateway.base_url),
                        html(&path),
                        generation.words()
                    );
                }
                if self.portal.unsolicited {
                    let ark: String =
                        form_urlencoded::byte_serialize(resource.ark.as_bytes()).collect();
                    let _ = write!(body, "<a href=\"/send?resource={ark}\">portal-first</a>");
                }
                body.push_str("</td></tr>");
            }
            body.push_str("</table></section>");
        }
    }

    /// The person of an identifier. A search: it is for one click of one tester.
    fn find(&self, country: &Country, id: &str) -> Option<Person> {
        let portal = country
            .portals
            .iter()
            .position(|p| p.id == self.portal.id)?;
        country.schools_of(portal).find_map(|index| {
            country
                .people_of(&country.school(index))
                .find(|p| p.id == id)
        })
    }
}

fn people(body: &mut String, flow: &str, people: impl Iterator<Item = (String, String)>) {
    let _ = write!(
        body,
        "<form method=\"post\" action=\"/sign-in\">{flow}<ul class=\"people\">"
    );
    for (id, name) in people {
        let _ = write!(
            body,
            "<li><button name=\"person\" value=\"{}\">{}</button></li>",
            html(&id),
            html(&name)
        );
    }
    body.push_str("</ul></form>");
}

fn described(person: &Person, school: &School) -> String {
    let place = person.schools.iter().find(|a| a.school == school.index);
    let classes: Vec<String> = place
        .map(|a| a.classes.iter().map(|&c| school.class(c).label).collect())
        .unwrap_or_default();
    let what = match person.profile {
        Profile::Pupil => "pupil",
        Profile::Teacher => "teacher",
        Profile::Documentalist => "documentalist",
        Profile::Head => "head",
        Profile::SchoolLife => "vie scolaire",
    };
    if classes.is_empty() {
        format!("{}, {what}", person.full_name())
    } else {
        format!("{}, {what}, {}", person.full_name(), classes.join(" "))
    }
}
