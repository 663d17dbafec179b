<?php
$config = ['people' => ['exampleauth:UserPass'] + json_decode(file_get_contents('{{ folder }}/config/people.json'), true)];
