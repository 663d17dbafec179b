<?php
$config = [
    'baseurlpath' => '{{ party.url }}/simplesaml/',
    'certdir' => '{{ folder }}/cert/', 'loggingdir' => '{{ folder }}/log/', 'datadir' => '{{ folder }}/data/',
    'tempdir' => '{{ folder }}/tmp', 'metadatadir' => '{{ folder }}/config/metadata/',
    'attributenamemapdir' => '/etc/simplesamlphp/attributemap/',
    'technicalcontact_name' => 'Interop', 'technicalcontact_email' => 'interop@example.org', 'timezone' => 'UTC',
    'secretsalt' => '{{ secret }}', 'auth.adminpassword' => '{{ secret }}',
    'admin.checkforupdates' => false, 'trusted.url.domains' => null, 'assertion.allowed_clock_skew' => 60,
    'debug' => ['saml' => false, 'backtraces' => true, 'validatexml' => false], 'showerrors' => true, 'errorreporting' => false,
    'logging.level' => SimpleSAML\Logger::INFO, 'logging.handler' => 'file', 'logging.logfile' => 'simplesamlphp.log',
    'statistics.out' => [], 'enable.saml20-idp' => true, 'enable.shib13-idp' => false, 'enable.adfs-idp' => false,
    'module.enable' => ['core' => true, 'saml' => true, 'exampleauth' => true],
    'session.duration' => 28800, 'session.datastore.timeout' => 14400, 'session.state.timeout' => 3600,
    'session.cookie.name' => 'SimpleSAMLSessionID', 'session.cookie.lifetime' => 0, 'session.cookie.path' => '/',
    'session.cookie.domain' => null, 'session.cookie.secure' => true, 'session.cookie.samesite' => 'None',
    'session.phpsession.cookiename' => 'SimpleSAML', 'session.phpsession.savepath' => '{{ folder }}/sessions',
    'session.phpsession.httponly' => true, 'session.authtoken.cookiename' => 'SimpleSAMLAuthToken',
    'session.rememberme.enable' => false,
    'language.available' => ['en'], 'language.rtl' => [], 'language.default' => 'en',
    'theme.use' => 'default', 'production' => true, 'authproc.idp' => [], 'authproc.sp' => [],
    'metadata.sources' => array_merge(
        [['type' => 'flatfile']],
        array_map(fn ($file) => ['type' => 'xml', 'file' => $file], glob('{{ folder }}/service-providers/*.xml'))
    ),
    'metadata.sign.enable' => false, 'store.type' => 'phpsession',
];
