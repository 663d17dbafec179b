//! Drives the planned accesses, a few browsers at a time, and keeps what was seen of each.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::compare::{Identities, Saw, saw};
use super::kind::Kind;
use super::plan::Planned;
use super::setup::World;
use super::{Failure, accesses, refusals};
use crate::simulate::browser::{Browser, Page, Stuck};
use crate::simulate::country::cases::Case;
use crate::simulate::portal::Defect;
use crate::simulate::publisher::Told;
use crate::simulate::tile::link;

/// An assertion that a publisher took: what `xmlsec1` is asked about afterwards.
#[derive(Debug, Clone)]
pub(super) struct Evidence {
    /// Index of the access.
    pub(super) access: usize,
    /// Id of the publisher.
    pub(super) publisher: String,
    /// The Response as posted.
    pub(super) xml: Vec<u8>,
    /// What the publisher read from it.
    pub(super) told: Told,
}

/// One access after it was driven.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) kind: Kind,
    pub(super) granted: bool,
    /// What was not as expected.
    pub(super) difference: Option<String>,
    /// How long the gateway took for the answer that grants or refuses.
    pub(super) took: Duration,
    /// How long it took for each answer before that one.
    pub(super) before: Vec<Duration>,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Driven {
    pub(super) done: Vec<Done>,
    pub(super) evidence: Vec<Evidence>,
    /// CPU time of the gateway for each access that was driven, those that only prepared another included.
    pub(super) cpu_per_access: Duration,
    /// Wall-clock time.
    pub(super) elapsed: Duration,
}

/// One access being driven.
pub(super) struct Visit {
    pub(super) world: Arc<World>,
    pub(super) identities: Arc<Mutex<Identities>>,
    pub(super) planned: Planned,
    pub(super) browser: Browser,
    pub(super) evidence: Option<(String, Vec<u8>, Told)>,
    /// Accesses driven, this one and those that prepared it.
    pub(super) driven: u32,
}

/// What is not as expected, in words.
pub(super) type Difference = String;

impl Visit {
    /// The gateway's address of a case's tile.
    pub(super) fn tile_url(&self, case: &Case) -> Result<String, Difference> {
        let portal = case
            .portal(&self.world.country)
            .ok_or("the case has no portal")?;
        let path = link(
            self.planned.generation(),
            &portal.ident,
            &case.school.uai,
            &case.resource.ark,
            self.planned.number,
        );
        Ok(format!("{}{path}", self.world.view.base_url))
    }

    /// The person clicks the tile on the portal's page.
    pub(super) async fn open_tile(&mut self, case: &Case) -> Result<Page, Difference> {
        self.driven += 1;
        let url = self.tile_url(case)?;
        let from = case.portal(&self.world.country).map(|p| p.host.clone());
        self.open(&url, from.as_deref()).await
    }

    pub(super) async fn open(&mut self, url: &str, from: Option<&str>) -> Result<Page, Difference> {
        self.browser.open(url, from).await.map_err(stuck)
    }

    /// Clicks through choice pages and the portal's desk until there is nothing left to click.
    pub(super) async fn go_through(
        &mut self,
        mut page: Page,
        case: &Case,
        defect: Defect,
    ) -> Result<Page, Difference> {
        for _ in 0..4 {
            page = match saw(&self.world, &page) {
                Saw::Desk => self.sign_in(&page, &case.person.id, defect).await?,
                Saw::Choice => {
                    let portal = case
                        .portal(&self.world.country)
                        .map(|p| p.name.as_str())
                        .unwrap_or_default();
                    let path = page
                        .link(&case.resource.title)
                        .or_else(|| page.link(portal));
                    let path = path
                        .ok_or("a choice page that offers neither the resource nor the portal")?;
                    let url = format!("{}{path}", self.world.view.base_url);
                    let host = page.host().to_owned();
                    self.open(&url, Some(&host)).await?
                }
                _ => return Ok(page),
            };
        }
        Ok(page)
    }

    /// Signs in at the desk that the page is.
    pub(super) async fn sign_in(
        &mut self,
        page: &Page,
        person: &str,
        defect: Defect,
    ) -> Result<Page, Difference> {
        let mut form =
            crate::simulate::pages::form_of(&page.text).ok_or("a desk without a form")?;
        form.fields.retain(|(name, _)| name == "flow");
        form.fields.push(("person".to_owned(), person.to_owned()));
        form.fields
            .push(("defect".to_owned(), defect.code().to_owned()));
        self.browser.send(page, &form).await.map_err(stuck)
    }

    /// Signs in at a portal without a request of the gateway, as people do in the morning.
    pub(super) async fn sign_in_at_portal(
        &mut self,
        case: &Case,
        defect: Defect,
    ) -> Result<(), Difference> {
        let portal = case
            .portal(&self.world.country)
            .ok_or("the case has no portal")?;
        let page = self.open(&format!("{}/", portal.origin), None).await?;
        self.sign_in(&page, &case.person.id, defect).await.map(drop)
    }

    /// The publisher's own session ends, so that it asks again: a publisher lets in whom it knows without asking.
    pub(super) fn leave_publisher(&mut self, case: &Case) {
        if let Some(publisher) = case.publisher(&self.world.country) {
            self.browser.forget(&publisher.host);
        }
    }

    /// A tile from the click to where it ends.
    pub(super) async fn whole_tile(
        &mut self,
        case: &Case,
        defect: Defect,
    ) -> Result<Page, Difference> {
        let page = self.open_tile(case).await?;
        self.go_through(page, case, defect).await
    }
}

pub(super) fn stuck(stuck: Stuck) -> Difference {
    stuck.to_string()
}

/// Drives everything.
pub(super) async fn drive(
    world: &Arc<World>,
    planned: Vec<Planned>,
    browsers: usize,
) -> Result<Driven, Failure> {
    let identities = Arc::new(Mutex::new(Identities::default()));
    let queue = Arc::new(Mutex::new(planned.into_iter().enumerate()));
    let start = Instant::now();
    let cpu = world.cpu_time()?;
    let mut workers = JoinSet::new();
    for _ in 0..browsers.max(1) {
        let (world, identities, queue) = (
            Arc::clone(world),
            Arc::clone(&identities),
            Arc::clone(&queue),
        );
        workers.spawn(async move {
            let mut results = Vec::new();
            while let Some((access, planned)) = queue.lock().ok().and_then(|mut queue| queue.next())
            {
                results.push(one(&world, &identities, access, planned).await);
            }
            results
        });
    }
    let mut all = Driven {
        done: Vec::new(),
        evidence: Vec::new(),
        cpu_per_access: Duration::ZERO,
        elapsed: Duration::ZERO,
    };
    let mut driven = 0;
    while let Some(results) = workers.join_next().await {
        for (done, evidence, count) in results? {
            all.done.push(done);
            all.evidence.extend(evidence);
            driven += count;
        }
    }
    all.elapsed = start.elapsed();
    all.cpu_per_access = world.cpu_time()?.saturating_sub(cpu) / driven.max(1);
    Ok(all)
}

/// Drives one access in a new browser.
async fn one(
    world: &Arc<World>,
    identities: &Arc<Mutex<Identities>>,
    access: usize,
    planned: Planned,
) -> (Done, Option<Evidence>, u32) {
    let kind = planned.kind;
    let mut visit = Visit {
        world: Arc::clone(world),
        identities: Arc::clone(identities),
        browser: Browser::new(&world.clients),
        planned,
        evidence: None,
        driven: 0,
    };
    let outcome = if kind.is_refused() {
        refusals::drive(&mut visit).await
    } else {
        accesses::drive(&mut visit).await
    };
    let gateway = world.country.shape().hosts.gateway_host();
    let mut answers: Vec<_> = visit
        .browser
        .hops
        .iter()
        .filter(|hop| hop.host == gateway)
        .collect();
    // The answer that counts: to the portal's Response where there was one, else the last.
    let at = answers
        .iter()
        .rposition(|hop| hop.what == "POST /saml/acs")
        .unwrap_or(answers.len().saturating_sub(1));
    let took = if answers.is_empty() {
        Duration::ZERO
    } else {
        answers.remove(at).took
    };
    let done = Done {
        kind,
        granted: visit.evidence.is_some(),
        difference: outcome.err(),
        took,
        before: answers.iter().map(|hop| hop.took).collect(),
    };
    let evidence = visit.evidence.map(|(publisher, xml, told)| Evidence {
        access,
        publisher,
        xml,
        told,
    });
    (done, evidence, visit.driven.max(1))
}
