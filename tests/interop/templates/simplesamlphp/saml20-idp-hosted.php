<?php
// The product's defaults sign both the Response and the Assertion; here the Assertion is encrypted besides.
$metadata['{{ party.entity_id }}'] = [
    'host' => '__DEFAULT__', 'privatekey' => 'sign.key', 'certificate' => 'sign.pem', 'auth' => 'people',
    'attributes.NameFormat' => '{{ nameformat }}',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'assertion.encryption' => {{ 'true' if encrypt else 'false' }},
    'validate.authnrequest' => true, 'sign.logout' => true, 'validate.logout' => true,
    'SingleLogoutServiceBinding' => [
        'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect', 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST',
    ],
    'SingleSignOnServiceBinding' => [
        'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect', 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST',
    ],
];
