//! RSA-OAEP with a digest and a mask generation function of choice.
