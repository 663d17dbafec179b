//! Randomness for identifiers, from the system.
//!
//! The trait of `octroi_saml` cannot say that there is none; this source remembers it, and whoever used it
//! asks [`Entropy::sound`] before anything leaves.

use super::code::Code;
use super::refusal::Refusal;
use octroi_saml::Random;

/// The system's generator.
#[derive(Debug, Default)]
pub struct Entropy {
    failed: bool,
}

impl Random for Entropy {
    fn fill(&mut self, out: &mut [u8]) {
        self.failed |= aws_lc_rs::rand::fill(out).is_err();
    }
}

impl Entropy {
    /// Sixteen random bytes.
    pub fn token(&mut self) -> [u8; 16] {
        let mut token = [0; 16];
        self.fill(&mut token);
        token
    }

    /// Whether everything drawn so far really was random.
    ///
    /// # Errors
    /// [`Code::Internal`] when the system had none to give.
    pub fn sound(&self) -> Result<(), Refusal> {
        if self.failed {
            Err(Refusal::new(Code::Internal, "no randomness"))
        } else {
            Ok(())
        }
    }
}
